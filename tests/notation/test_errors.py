"""The errors of wrong texts, word for word: the rule, the values, a way out, and a caret under the place.

The texts stand in `wrong_texts.txt`, each beside its nearest legal one.
"""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from striate.errors import InputError
from striate.notation import NotationError, bind, measure, parse, read, tree
from striate.notation.arguments import form
from striate.notation.errors import RuleError, Span

CASE = re.compile(r"^==== ([^\n]+)\n(.*?)\n---- legal\n(.*?)\n---- told\n(.*?)\n(?=\n====|\n########|\Z)", re.M | re.S)
CASES = CASE.findall(Path(__file__).with_name("wrong_texts.txt").read_text(encoding="utf-8"))
TITLES = [title for title, *_ in CASES]
STANDS_FOR = {  # so that a new word of the notation changes no message here
    "<every block>": ", ".join(tree.BLOCKS),
    "<every pad mode>": ", ".join(tree.PAD_MODES),
    **{f"<usage of {word}>": form(layer).usage for word, layer in tree.WORDS.items()},
}


def written_out(message: str) -> str:
    """A message with the words of the notation that it leaves open."""
    return re.sub(r"<(every|usage of) [a-z ]+>", lambda found: STANDS_FOR[found[0]], message)


def told(text: str) -> str:
    """What is said about a wrong text."""
    with pytest.raises(NotationError) as caught:
        read(text)
    return str(caught.value)


def test_each_case_is_read() -> None:
    assert len(CASES) >= 200
    assert len(set(TITLES)) == len(TITLES)


@pytest.mark.parametrize(("wrong", "message"), [(wrong, message) for _, wrong, _, message in CASES], ids=TITLES)
def test_a_wrong_text_is_told(wrong: str, message: str) -> None:
    assert told(wrong) == written_out(message)


@pytest.mark.parametrize("legal", [legal for _, _, legal, _ in CASES], ids=TITLES)
def test_its_legal_neighbour_is_a_network(legal: str) -> None:
    assert read(legal).layers


LENET5 = """\
input 1x32x32
conv 6@5x5  -> tanh -> avgpool 2          # "6@28x28" is how the 1998 figure writes a map
conv 16@5x5 -> tanh -> avgpool 2
conv 120@5x5 -> tanh
fc 84 -> tanh
fc 10
"""


def test_the_design_page_s_example() -> None:
    text = LENET5.replace("input 1x32x32\n", "# LeNet-5\ninput 1x32x32\n").replace("16@5x5", "16@15x15")
    with pytest.raises(NotationError) as caught:
        read(text.replace(" -> avgpool 2\nconv 120", "\nconv 120"), source="lenet.net")
    assert str(caught.value) == dedent("""\
        lenet.net:4: conv 16@15x15 does not fit its 14x14 input
            conv 16@15x15 -> tanh
                 ^^^^^^^^
          output = floor((14 + 2*0 - 15)/1) + 1 = 0; use a kernel of at most 14, or pad 1""")


@pytest.mark.parametrize("way_out", ["conv 16@14x14", "conv 16@15x15 pad 1"])
def test_the_ways_out_that_are_offered_work(way_out: str) -> None:
    text = LENET5.replace("conv 16@5x5 -> tanh -> avgpool 2", way_out).replace("conv 120@5x5", "conv 120@1")
    assert read(text).layers[3].label == ""


def test_an_error_carries_its_parts() -> None:
    text = "input 3x32x32 -> relv"
    with pytest.raises(NotationError) as caught:
        read(text)
    error = caught.value
    assert (error.headline, error.detail, error.span) == ("no layer 'relv'", "did you mean 'relu'?", Span(17, 21))
    assert isinstance(error, InputError)
    assert error.exit_status == 2


def test_a_long_line_is_shown_around_the_place() -> None:
    chain = " -> ".join(["relu"] * 40)
    assert told(f"input 3x32x32 -> {chain} -> relv -> {chain}") == dedent("""\
        line 1: no layer 'relv'
            …relu -> relu -> relu -> relu -> relu -> relu -> relv -> relu -> relu -> relu -> relu -> relu -> …
                                                             ^^^^
          did you mean 'relu'?""")


def test_the_place_is_found_in_later_lines_and_behind_tabs() -> None:
    assert told("# one\n\ninput 3x8x8\n\tconv 4@3\n\t->\trelv # last\n") == dedent("""\
        line 5: no layer 'relv'
             -> relv # last
                ^^^^
          did you mean 'relu'?""")


def test_a_sign_that_can_not_be_shown_has_its_number() -> None:
    assert told("input 3x8x8 -> relu\x00\u202e") == dedent("""\
        line 1: the character U+0000 is no part of the notation
            input 3x8x8 -> relu��
                               ^
          it knows the letters a-z, digits and -> @ x [ ] ( ) | * + - / = : , ? #""")


def test_many_calls_are_told_in_short() -> None:
    definitions = "".join(f"d{i}() = d{i + 1}()\n" for i in range(8)) + "d8() = relv\n"
    assert told(f"{definitions}input 3x8x8 -> d0()") == dedent("""\
        line 9: no layer 'relv'
            d8() = relv
                   ^^^^
          in d0(), line 10
          in d1(), line 1
          in d2(), line 2
          … 5 more
          in d8(), line 8
          did you mean 'relu'?""")


# what is given from outside the text


@pytest.mark.parametrize(
    ("letters", "message"),
    [
        ({"m": 3}, "the text has no letter 'm'; it has n, w"),
        ({"wide": 3}, "the text has no letter 'wide'; it has n, w"),
        ({"stride": 2}, "the text has no letter 'stride'; it has n, w"),
        ({"n": float("nan")}, "the letter 'n' stands for a number up to 1,000,000,000,000, not nan"),
        ({"n": float("inf")}, "the letter 'n' stands for a number up to 1,000,000,000,000, not inf"),
        ({"n": 1e13}, "the letter 'n' stands for a number up to 1,000,000,000,000, not 10000000000000.0"),
        ({"n": "2"}, "the letter 'n' stands for a number up to 1,000,000,000,000, not '2'"),
    ],
)
def test_a_letter_that_does_not_fit(letters: dict[str, float], message: str) -> None:
    with pytest.raises(InputError) as caught:
        bind(parse("w = 8\ninput 3x8x8 -> [conv w@3 stride 1 pad same]*n"), letters)
    assert str(caught.value) == message


def test_a_text_without_letters_takes_none() -> None:
    with pytest.raises(InputError, match=r"^the text has no letter 'n'; it has none$"):
        read("input 3x8x8 -> relu", n=2)


@pytest.mark.parametrize("shape", [(), (0, 8, 8), (3, 2.5, 3), (None, 8, 8), (1, 2, 3, 4, 5), (3, -1)])
def test_a_shape_that_is_none(shape: tuple[int, ...]) -> None:
    rule = "an input is channels and at most three axes, whole numbers from 1, None for a free axis"
    with pytest.raises(InputError) as caught:
        read("INPUT -> relu", input=shape)
    assert str(caught.value) == f"{rule}; received {shape}"


def test_a_shape_for_a_text_that_has_its_own() -> None:
    message = r"^the text has its own input, 3x\?x\?; only a bare INPUT takes another$"
    with pytest.raises(InputError, match=message):
        read("input 3x?x? -> relu", input=(3, 8, 8))
    assert read("input 3x?x? -> relu", input=(3, None, None)).input == (3, None, None)


# when a network is measured


def test_a_shape_at_which_a_layer_does_not_fit() -> None:
    with pytest.raises(RuleError) as caught:
        measure(read("input 3x?x? -> conv 8@5 -> gap"), (3, 4, 9))
    assert isinstance(caught.value, InputError)
    assert str(caught.value) == (
        "conv 8@5x5 does not fit its 4x9 input; "
        "output = floor((4 + 2*0 - 5)/1) + 1 = 0; use a kernel of at most 4, or pad 1"
    )


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 8, 8), "4x8x8 does not fit 'input 3x8x?'; only a free axis ('?') takes another size"),
        ((3, 9, 9), "3x9x9 does not fit 'input 3x8x?'; only a free axis ('?') takes another size"),
        ((8, 9, 3), "8x9x3 does not fit 'input 3x8x?'; only a free axis ('?') takes another size; "
                    "channels come first: 3x8x9"),
        ((3, 8), "3x8 does not fit 'input 3x8x?'; write a size for each of its 3"),
        ((8, 96), "8x96 does not fit 'input 3x8x?'; write a size for each of its 3: the channels too, 3x8x96"),
        ((8,), "8 is not all of 'input 3x8x?'; write every axis, 3x8x8, or `size=8`"),
        ((1, 3, 8, 9), "1x3x8x9 for 'input 3x8x?': leave out the number of examples, 3x8x9"),
    ],
)  # fmt: skip
def test_a_shape_that_the_input_does_not_take(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError) as caught:
        measure(read("input 3x8x? -> relu"), shape)
    assert str(caught.value) == message


def test_an_unknown_optimiser_and_an_empty_batch() -> None:
    measured = measure(read("input 3x8x8 -> relu"))
    with pytest.raises(InputError, match=r"^no optimiser 'adan'; did you mean 'adam'\?$"):
        measured.training_memory(64, "adan")
    with pytest.raises(InputError, match=r"^no optimiser 'xyz'; it knows sgd, momentum, nesterov, adagrad, rmsprop, "):
        measured.training_memory(64, "xyz")
    with pytest.raises(InputError, match=r"^a batch has at least 1 example, not 0$"):
        measured.training_memory(0)
