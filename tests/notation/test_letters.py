"""Which letters a text uses, which of them lack a value, and that the suggested way out makes it a network."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import striate
from striate.errors import InputError
from striate.notation import parse, read
from striate.notation.errors import MissingLettersError
from striate.notation.letters import missing

PATTERN = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        (PATTERN, {"n": 2, "m": 2, "k": 1}),
        (f"N=3\n{PATTERN}", {"m": 2, "k": 1}),
        (
            "input 3x(h)x(w) -> conv 2*f@(k)x3 stride s pad (p,q) dilate d groups g -> fc n",
            dict.fromkeys("hwfkspqdgn", 2),
        ),
        ("input 3x8x8 -> conv 8@3 pad reflect p nobias -> lrn n alpha a beta b k q", dict.fromkeys("pnabq", 2)),
        ("input 3x8x8 -> maps i j -> concat[ conv u@3 | conv v@3 ] -> a: [conv w@3]*r", dict.fromkeys("ijuvwr", 2)),
        ("input 3x8x8 -> p1: maxpool 2 -> unpool p1 -> [fc u]*v", {"u": 2, "v": 1}),
        ("f(w) = conv w@k -> g(w)\ng(u) = conv u@m\nh() = conv z@3\ninput 3x8x8 -> f(n)", {"k": 2, "m": 2, "n": 2}),
        ("input 3x8x8 -> scale[ gap -> fc c/16 -> fc c ] -> conv 8@3 pad same", {}),
        ("input 3x8x8 -> conv 8@3 strid 2 -> conv w@3", {"w": 2}),  # `strid` is no letter, but a slip
        (
            "input 3x8x8 -> conv base@3 -> fc hidden",
            {"base": 2, "hidden": 2},
        ),  # the rules of thumb give these to bare words
    ],
)
def test_letters_that_lack_a_value(text: str, letters: dict[str, int]) -> None:
    program = parse(text)
    found = missing(program, dict(program.letters))
    assert {name: sample for name, (_, sample) in found.items()} == letters
    assert [text[at.start : at.end].lower() for at, _ in found.values()] == list(letters), "each with its place"


@settings(deadline=None)
@given(st.lists(st.sampled_from("NMKW"), unique=True, min_size=1), st.booleans())
def test_all_of_them_are_named_at_once_and_the_way_out_is_one(known: list[str], capitals: bool) -> None:
    text = "INPUT -> [[CONV W@3 pad same -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"
    text = text if capitals else text.lower()
    given = dict.fromkeys(known, 1)
    wanted = [letter if capitals else letter.lower() for letter in "WNMK" if letter not in known]
    if not wanted:
        assert read(text, **given).layers
        return
    with pytest.raises(MissingLettersError) as caught:
        read(text, **given)
    error = caught.value
    assert list(error.letters) == wanted
    assert all(f"'{letter}'" in error.headline for letter in wanted)
    assert f"letters={error.letters}" in str(error)
    assert read(text, **given, **error.letters).layers
    line = " ".join(f"{letter}={value}" for letter, value in error.letters.items())
    assert line in str(error)
    assert read(f"{line}\n{text}", **given).layers


def test_the_place_is_that_of_the_first_or_inside_a_definition_of_the_one_at_hand() -> None:
    with pytest.raises(MissingLettersError) as caught:
        read(PATTERN)
    assert PATTERN[caught.value.span.start : caught.value.span.end] == "N"
    text = "f(w) = conv w@k\ninput 3x8x8 -> f(8) -> conv n@3"
    with pytest.raises(MissingLettersError, match=r"(?s)'k' and 'n' have no value.*in f\(8\), line 2") as caught:
        read(text)
    assert caught.value.span.start == text.index("@k") + 1


def test_a_misspelt_letter_is_told_by_itself() -> None:
    with pytest.raises(MissingLettersError, match=r"'widht' has no value") as caught:
        read("width = 8\ninput 3x8x8 -> conv widht@3 -> conv n@3")
    assert list(caught.value.letters) == ["widht"]
    assert str(caught.value).endswith("; did you mean 'width'?")


def test_the_pattern_as_the_lectures_write_it_is_explained_in_python() -> None:
    letters = {"N": 2, "M": 2, "K": 1}
    assert striate.explain(PATTERN, letters=letters).measure.network == striate.net(PATTERN, **letters)


@pytest.mark.parametrize("letters", [["N", 2], "N=2", {1: 2}])
def test_letters_of_another_form_are_refused(letters: Any) -> None:
    for net in (PATTERN, striate.net(PATTERN, N=2, M=2, K=1)):
        with pytest.raises(InputError, match="letters are given as a dictionary"):
            striate.explain(net, letters=letters)
