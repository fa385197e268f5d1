"""Trees as a person would write them: what is left out, what stands on a line, where brackets are needed."""

from textwrap import dedent

import pytest

from striate import zoo
from striate.notation import parse, read, render
from striate.notation.render import node_text
from striate.notation.syntax import Name, Number, Operation, Program, Value, Word
from striate.notation.tree import Conv, Dropout, Group, Network, Pad, Relu


def written(text: str) -> str:
    return render(read(text)).partition("\n")[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv 8@3", "conv 8@3x3"),
        ("conv 8@3x1 stride 1x1 pad 0x0 dilate 1 groups 1", "conv 8@3x1"),
        ("conv 8@3 pad valid", "conv 8@3x3"),
        ("conv 8@3 stride 2x2 pad 1x1", "conv 8@3x3 stride 2 pad 1"),
        ("conv 8@3 stride 2x1 pad 1x0", "conv 8@3x3 stride 2x1 pad 1x0"),
        ("conv 8@3 pad same", "conv 8@3x3 pad same"),
        ("conv 8@3 pad reflect 1x1 nobias", "conv 8@3x3 pad reflect 1 nobias"),
        ("pool 3 stride 3", "maxpool 3"),
        ("pool 3x2", "maxpool 3x2"),
        ("pool 3 stride 2", "maxpool 3 stride 2"),
        ("avgpool 2 ceil", "avgpool 2 ceil"),
        ("deform 8@3 modulated", "deform 8@3x3 modulated"),
        ("dropout 0.5", "dropout"),
        ("dropout 1/4", "dropout 0.25"),
        ("leaky 0.01", "leaky"),
        ("leaky -2", "leaky -2"),
        ("lrn", "lrn"),
        ("lrn 5 alpha 0.0001 beta 0.5", "lrn beta 0.5"),
        ("bn eps 0.001", "bn eps 0.001"),
        ("silu", "swish"),
        ("a: [relu]", "a: [ relu ]"),
        ("[relu]*2", "relu -> relu"),
        ("residual[ relu ]", "residual[ relu ]"),
        ("concat[relu|id|tanh->relu]", "concat[ relu | id | tanh -> relu ]"),
    ],
)
def test_a_bound_layer(text: str, expected: str) -> None:
    assert written(f"input 3x12x12 -> {text}") == expected


def test_words_of_a_table_are_written_with_both_sizes() -> None:
    assert written("input 56 -> embed 300x300") == "embed 300x300"


def test_what_follows_a_layer_stands_on_its_line() -> None:
    text = (
        "input 1x32x32 -> conv 6@5 -> bn -> relu -> maxpool 2 -> residual[ id ] -> relu -> a: tanh -> fc 10 -> softmax"
    )
    assert render(read(text)) == dedent("""\
        input 1x32x32
        conv 6@5x5 -> bn -> relu -> maxpool 2
        residual[ id ] -> relu -> a: tanh
        fc 10 -> softmax""")


def test_the_input_s_free_axes_are_written() -> None:
    assert render(read("input 3x?x32 -> relu")).startswith("input 3x?x32\n")
    assert render(Network((3, None), (Relu(),))) == "input 3x?\nrelu"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INPUT->CONV?->RELU", "input\nconv? -> relu"),
        ("n=2 m=0.5", "n = 2\nm = 0.5"),
        ("b(w,s)=conv w@3 stride s->relu", "b(w, s) = conv w@3 stride s -> relu"),
        ("d = relu", "d() = relu"),
        ("fc c/16", "fc c/16"),
        ("fc (c/16)", "fc c/16"),
        ("fc 2*(w+1)-(k-1)", "fc 2*(w+1)-(k-1)"),
        ("fc (a*b)+c", "fc a*b+c"),
        ("fc (a*b)*c", "fc (a*b)*c"),
        ("f((-1), -2)", "f(-1, -2)"),
        ("conv (2)@(3)x(n)", "conv 2@3x(n)"),
        ("[ relu ]*(2)", "[relu]*2"),
        ("[[relu]*N->pool?]*M", "[[relu]*n -> pool?]*m"),
        ("dense [relu]*6", "dense[ relu ]*6"),
    ],
)
def test_a_text_as_parsed(text: str, expected: str) -> None:
    assert render(parse(text)) == expected


def test_brackets_that_are_needed_and_no_others() -> None:
    a, b, minus = Name("a"), Name("b"), Number(-1)

    def fc(expression: Operation | Number) -> str:
        return render(Program((), (), (Word("fc", (Value((expression,)),)),)))

    assert fc(Operation(Operation(a, (("*", b),)), (("+", a),))) == "fc a*b+a"
    assert fc(Operation(Operation(a, (("+", b),)), (("*", a),))) == "fc (a+b)*a"
    assert fc(Operation(a, (("-", Operation(a, (("-", b),))),))) == "fc a-(a-b)"
    assert fc(Operation(minus, (("*", minus),))) == "fc (-1)*(-1)"
    assert fc(minus) == "fc -1"


def test_a_layer_alone() -> None:
    assert node_text(Conv(6, (5, 5), (1, 1), Pad("zeros", (2, 2)), (1, 1))) == "conv 6@5x5 pad 2"
    assert node_text(Dropout(p=0.3)) == "dropout 0.3"
    assert node_text(Group(((Relu(),),), label="stem")) == "stem"


@pytest.mark.parametrize("name", zoo.names())
def test_the_zoo_comes_back(name: str) -> None:
    network = zoo.net(name)
    assert network.program is not None
    assert parse(render(network.program)) == network.program
    assert read(render(network)) == network
