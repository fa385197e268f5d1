"""Text → syntax: each piece of the notation, and the many ways to set it on the page."""

import pytest

from striate.notation import parse
from striate.notation.scan import scan
from striate.notation.syntax import (
    Argument,
    Block,
    Call,
    Definition,
    Element,
    Expression,
    Free,
    Labelled,
    Name,
    Number,
    Operation,
    Repeat,
    Sequence,
    Sized,
    Value,
    Word,
)

RELU, TANH = Word("relu"), Word("tanh")


def chain(text: str) -> Sequence:
    return parse(text).layers


def first(text: str) -> Element:
    (element,) = chain(text)
    return element


def size(*parts: float | str | Expression) -> Value:
    """A size: numbers, letters, or expressions, one an axis."""
    plain = [Number(p) if isinstance(p, int | float) else Name(p) if isinstance(p, str) else p for p in parts]
    return Value(tuple(plain))


def word(name: str, *arguments: Argument | float | str) -> Word:
    return Word(name, tuple(a if isinstance(a, Value | Sized) else size(a) for a in arguments))


CONV = word("conv", Sized(size(64), size(3, 3)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relu", RELU),
        ("fc 84", word("fc", 84)),
        ("dropout 0.5", word("dropout", 0.5)),
        ("leaky -0.1", word("leaky", -0.1)),
        ("lrn 5 alpha 1e-4", word("lrn", 5, "alpha", 0.0001)),
        ("input 3x224x224", word("input", size(3, 224, 224))),
        ("input 3x?x?", word("input", size(3, Free(), Free()))),
        ("conv 6@5x5", word("conv", Sized(size(6), size(5, 5)))),
        ("conv 64@3", word("conv", Sized(size(64), size(3)))),
        ("conv 6 @ 5x5", word("conv", Sized(size(6), size(5, 5)))),
        ("conv w@k", word("conv", Sized(size("w"), size("k")))),
        ("conv 8@(n)x3", word("conv", Sized(size(8), size("n", 3)))),
        (
            "conv 32@3x5x5 stride 1x2x2 pad 1x2x2",
            word("conv", Sized(size(32), size(3, 5, 5)), "stride", size(1, 2, 2), "pad", size(1, 2, 2)),
        ),
        (
            "conv 64@3 stride 2 pad reflect 1 dilate 2 groups 4 nobias",
            word(
                "conv",
                *(Sized(size(64), size(3)), "stride", 2, "pad", "reflect", 1, "dilate", 2, "groups", 4, "nobias"),
            ),
        ),
        ("pool?", Word("pool", optional=True)),
        ("maxpool 3 stride 2?", Word("maxpool", (size(3), size("stride"), size(2)), optional=True)),
        ("pool (n)?", Word("pool", (size("n"),), optional=True)),
        ("fc ??", Word("fc", (size(Free()),), optional=True)),
        ("c4: relu", Labelled("c4", RELU)),
        ("[relu -> tanh]", Block("", ((RELU, TANH),))),
        ("[relu]*2", Repeat(Block("", ((RELU,),)), Number(2))),
        ("[relu]*n", Repeat(Block("", ((RELU,),)), Name("n"))),
        ("[relu]*(n+1)", Repeat(Block("", ((RELU,),)), Operation(Name("n"), (("+", Number(1)),)))),
        ("dense[ relu ]*6", Repeat(Block("dense", ((RELU,),)), Number(6))),
        ("concat[ relu | tanh -> relu | id ]", Block("concat", ((RELU,), (TANH, RELU), (Word("id"),)))),
        ("residual[ relu ]", Block("residual", ((RELU,),))),
        ("b()", Call("b", ())),
        ("b(64, 1)", Call("b", (Number(64), Number(1)))),
        ("b(-1, n)*3", Repeat(Call("b", (Number(-1), Name("n"))), Number(3))),
        ("a: [relu]*2", Labelled("a", Repeat(Block("", ((RELU,),)), Number(2)))),
        ("a: b(2)", Labelled("a", Call("b", (Number(2),)))),
        (
            "[[relu]*2 -> pool]*3",
            Repeat(Block("", ((Repeat(Block("", ((RELU,),)), Number(2)), Word("pool")),)), Number(3)),
        ),
    ],
)
def test_an_element(text: str, expected: Element) -> None:
    assert first(text) == expected


def operation(first: Expression, *rest: tuple[str, Expression]) -> Operation:
    return Operation(first, rest)


A, B, C, ONE, TWO = Name("a"), Name("b"), Name("c"), Number(1), Number(2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("c/16", operation(C, ("/", Number(16)))),
        ("4*w", operation(Number(4), ("*", Name("w")))),
        ("a+b-c", operation(A, ("+", B), ("-", C))),
        ("a*b/c", operation(A, ("*", B), ("/", C))),
        ("a+b*c", operation(A, ("+", operation(B, ("*", C))))),
        ("a*b+c", operation(operation(A, ("*", B)), ("+", C))),
        ("(a+b)*c", operation(operation(A, ("+", B)), ("*", C))),
        ("a-(b-c)", operation(A, ("-", operation(B, ("-", C))))),
        ("((a))", A),
        ("a - 1", operation(A, ("-", ONE))),
        ("a-1", operation(A, ("-", ONE))),
        ("2*-1", operation(TWO, ("*", Number(-1)))),
        ("(-1)*2", operation(Number(-1), ("*", TWO))),
        ("max-1", operation(Name("max"), ("-", ONE))),
        ("1e5", Number(100_000.0)),
        ("2e-3", Number(0.002)),
        ("1.50", Number(1.5)),
    ],
)
def test_arithmetic(text: str, expected: Expression) -> None:
    assert first(f"fc {text}") == word("fc", size(expected))
    assert first(f"f({text})") == Call("f", (expected,))


def test_a_minus_after_a_blank_and_before_a_digit_begins_a_value() -> None:
    assert first("f 2 -1") == word("f", 2, -1)
    assert first("f 2 - 1") == word("f", size(operation(TWO, ("-", ONE))))


# lines


@pytest.mark.parametrize(
    "text",
    [
        "relu -> tanh",
        "relu->tanh",
        "relu → tanh",
        "RELU -> TanH",
        "relu\ntanh",
        "relu\n\n\n  tanh\n",
        "relu ->\ntanh",
        "relu\n-> tanh",
        "relu\n\n→\n\ntanh",
        "relu\r\n-> tanh\r\n",
        "\trelu ->\ttanh",
        "relu # the first\ntanh # the second",
        "# a comment\nrelu -> # another -> [\ntanh",
        "relu # one\n# two\n# three\n-> tanh",
        "\n# only\n\nrelu\ntanh\n#",
    ],
)
def test_two_layers_on_the_page(text: str) -> None:
    assert chain(text) == (RELU, TANH)


@pytest.mark.parametrize(
    "text",
    [
        "concat[ relu | tanh ]",
        "concat[relu|tanh]",
        "CONCAT [ relu | tanh ]",
        "concat[\n  relu\n  | tanh\n]",
        "concat[ relu |\n tanh # here\n ]",
        "concat\t[ relu\n\n| tanh ]",
    ],
)
def test_branches_on_the_page(text: str) -> None:
    assert chain(text) == (Block("concat", ((RELU,), (TANH,))),)


def test_times_and_minus_of_print() -> None:
    assert chain("conv 64@3×3 → leaky −0.5") == (CONV, word("leaky", -0.5))


def test_capitals_do_not_matter() -> None:
    assert parse("N=2\nB(W) = CONV W@3\nINPUT 3X8X8 -> [B(N)]*N") == parse(
        "n=2\nb(w) = conv w@3\ninput 3x8x8 -> [b(n)]*n"
    )


# letters and definitions


def test_letters() -> None:
    expected = (("n", 2), ("m", 3), ("k", 1), ("p", 0.5), ("q", -1))
    assert parse("n = 2\nm = 3\nk = 1\np = 0.5\nq = -1").letters == expected
    assert parse("N=2 M=3 K=1 P=0.5 Q=-1").letters == expected
    assert parse("N=2 M=3\nrelu\nK=1\nP=0.5 Q=-1").letters == expected


def test_definitions() -> None:
    program = parse("b(w, s) = relu -> conv w@3 stride s\nd() = tanh\ne = tanh\ninput 3 -> b(8, 1)")
    body = (RELU, word("conv", Sized(size("w"), size(3)), "stride", "s"))
    assert program.definitions == (
        Definition("b", ("w", "s"), body),
        Definition("d", (), (TANH,)),
        Definition("e", (), (TANH,)),
    )
    assert program.layers == (word("input", 3), Call("b", (Number(8), ONE)))


def test_a_definition_may_go_on_behind_an_arrow_and_in_brackets() -> None:
    expected = Definition("b", (), (RELU, Block("sum", ((TANH,), (RELU,)))))
    assert parse("b() = relu ->\n  sum[ tanh\n | relu ]\n").definitions == (expected,)
    assert parse("b(\n) = relu\n  -> sum[ tanh | relu ]").definitions == (expected,)


def test_nothing_is_a_program_without_layers() -> None:
    assert parse("") == parse("  \n# nothing\n") == parse("\n\n")
    assert not parse("").layers


# where things stand


def test_every_part_knows_its_place() -> None:
    text = "n = 2\nb(w) = conv w@3\n# here\nInput 3x8x8 -> [conv 2*n@3x3]*2"
    program = parse(text, source="my.net")

    def at(part: Element | Expression | Argument | Definition) -> str:
        return text[part.span.start : part.span.end]

    repeat = program.layers[1]
    assert isinstance(repeat, Repeat)
    assert isinstance(repeat.body, Block)
    conv = repeat.body.branches[0][0]
    assert isinstance(conv, Word)
    sized = conv.arguments[0]
    assert isinstance(sized, Sized)
    assert [at(part) for part in (program.layers[0], repeat, repeat.body, conv, sized, sized.size)] == [
        *("Input 3x8x8", "[conv 2*n@3x3]*2", "[conv 2*n@3x3]", "conv 2*n@3x3", "2*n@3x3", "3x3")
    ]
    assert at(sized.count.parts[0]) == "2*n"
    assert at(program.definitions[0]) == "b(w)"
    assert [text[place.start : place.end] for place in program.places] == ["n = 2"]
    assert (program.text, program.source) == (text, "my.net")


def test_places_do_not_count_when_trees_are_compared() -> None:
    assert parse("relu -> tanh") == parse("# moved\n\n   relu\ntanh")


def test_the_scan_keeps_every_character_in_its_place() -> None:
    text = "INPUT 3×8×8 # a comment → [\n\n  -> [RELU\n| TANH]  \n"
    plain = scan(text)
    assert len(plain) == len(text)
    assert plain.index("relu") == text.index("RELU")
    assert plain.index("tanh") == text.index("TANH")
    assert "\n" not in plain
