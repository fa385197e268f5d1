"""A shape with its channels last gets a line; the shapes of real maps get none."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import striate
from striate import zoo
from striate.errors import InputError
from striate.notation import NotationError, measure, notes, read
from striate.notation.notes import input_note

SWAPPED = {
    "32x32x3": "3x32x32",
    "28x28x1": "1x28x28",
    "64x48x4": "4x64x48",
    "227x227x3": "3x227x227",
    "5x5x3": "3x5x5",
    "4x4x3": "3x4x4",
    "3x3x1": "1x3x3",
    "16x112x112x3": "3x16x112x112",
    "64x64x64x1": "1x64x64x64",
    "224x?x3": "3x224x?",
    "16000x1": "1x16000",
    "44100x2": "2x44100",
    "28x28": "1x28x28",
}
MEANT = [
    *("3x224x224", "1x28x28", "4x64x64", "3x?x?", "1x16000", "2x44100", "3x16x112x112", "1x64x64x64", "84", "1"),
    *("64x3x3", "512x1x1", "512x1", "128x2", "64x7x7", "16x5x5", "256x6x6", "16x4x3", "3x4x1", "1x5x1", "3x3", "2x2"),
    *("300x56", "64x128", "2x8x8x8", "1024x4x4x4", "3x32x3", "1x1x1", "96x55x55", "6x28x2"),
]


@pytest.mark.parametrize("written", SWAPPED)
def test_channels_written_last_or_left_out_get_a_line(written: str) -> None:
    first, *rest = written.split("x")
    line = f"input {written} is {first} maps of {'x'.join(rest)}, for channels come first; did you mean input "
    assert notes(read(f"input {written} -> relu")) == (f"{line}{SWAPPED[written]}?",)


@pytest.mark.parametrize("written", [*MEANT, *SWAPPED.values()])
def test_shapes_that_are_meant_get_none(written: str) -> None:
    assert notes(read(f"input {written} -> relu")) == ()


@settings(deadline=None)
@given(st.lists(st.integers(5, 512), min_size=2, max_size=3), st.sampled_from([1, 3, 4]))
def test_an_image_of_any_size_is_told_of_with_its_channels_last_and_never_with_them_first(
    sizes: list[int], channels: int
) -> None:
    right = "x".join(map(str, (channels, *sizes)))
    assert input_note((*sizes, channels)).endswith(f"did you mean input {right}?")
    assert input_note((channels, *sizes)) == ""


@settings(deadline=None)
@given(st.integers(1, 2048), st.integers(1, 64), st.integers(1, 64))
def test_what_is_proposed_gets_no_line_itself(a: int, b: int, c: int) -> None:
    if note := input_note((a, b, c)):
        proposed = note.split("input ")[-1].removesuffix("?")
        assert input_note(tuple(map(int, proposed.split("x")))) == ""


def test_letters_and_bare_inputs_are_looked_at_with_their_sizes() -> None:
    assert notes(read("input (n)x(n)x(k) -> relu", n=32, k=3))
    assert not notes(read("input (n)x(n)x(k) -> relu", n=3, k=3))
    assert notes(read("INPUT -> relu", input=(32, 32, 3)))


@pytest.mark.parametrize("name", zoo.names())
def test_no_network_of_the_zoo_gets_one(name: str) -> None:
    assert notes(zoo.net(name)) == ()


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("input 32x32x3 -> conv 10@5x5", "; channels come first: input 3x32x32"),
        ("input 32x32x3 -> conv 8@3 -> maxpool 2", "; channels come first: input 3x32x32"),
        ("input 28x28 -> conv 6@5x5", "there is 1 axis here: give one size; channels come first: input 1x28x28"),
        ("input 28x28 -> maxpool 2 stride 2x2", "; channels come first: input 1x28x28"),
        ("input 128x128x64 -> conv 6@3x3x3", "; channels come first: input 1x128x128x64"),
        ("input 16000x1 -> conv 8@9", "; channels come first: input 1x16000"),
        ("input 12x12x2 -> avgpool 3", "; channels come first: input 2x12x12"),
        ("input ?x?x3 -> gap", "write it first: input 3x?x?"),
        ("input ?x28 -> gap", "write it first: input 3x28"),
    ],
)
def test_an_error_that_comes_of_it_says_so(text: str, way_out: str) -> None:
    with pytest.raises(NotationError) as caught:
        read(text)
    assert str(caught.value).endswith(way_out)


@pytest.mark.parametrize(
    "text", ["input 3x4x4 -> conv 8@5", "input 3x8x8 -> conv 8@3 -> conv 8@3x3x3", "input 3x8 -> conv 8@9"]
)
def test_an_error_of_another_cause_does_not(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        read(text)
    assert "channels come first" not in str(caught.value)


def test_a_size_given_for_free_axes() -> None:
    network = read("input 3x?x? -> gap")
    with pytest.raises(
        InputError, match=r"only a free axis \('\?'\) takes another size; channels come first: 3x32x48$"
    ):
        measure(network, (32, 48, 3))
    with pytest.raises(InputError, match=r"takes another size$"):
        measure(network, (4, 32, 48))


def test_python_is_warned_where_a_text_is_read() -> None:
    text = "input 12x12x3 -> conv 2@3 -> gap -> fc 2"
    with pytest.warns(UserWarning, match=r"did you mean input 3x12x12\?") as caught:
        network = striate.net(text)
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(UserWarning, match=r"did you mean input 3x12x12\?") as caught:
        striate.build(text)
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        striate.build(network)  # it was said when the text was read
        assert repr(striate.explain(network)).splitlines()[-1] == notes(network)[0]
        striate.build("input 3x12x12 -> gap -> fc 2")


def test_a_step_on_an_array_with_its_channels_last() -> None:
    weights = "1 2 3 4 5 6 7 8"
    shown = striate.step("conv 1@1", np.ones((8, 8, 3)), weights=weights)
    assert shown.notes == ("input 8x8x3 is 8 maps of 8x3, for channels come first; did you mean input 3x8x8?",)
    assert str(shown).endswith(shown.notes[0])
    assert shown.to_json()["notes"] == list(shown.notes)
    assert striate.step("conv 1@1", np.ones((3, 8, 8)), weights="1 2 3").notes == ()
    assert striate.step("conv 1@1", "1 2 3 | 4 5 6 | 7 8 9", weights="1 2 3").notes == ()
