"""Text and tree are the same thing twice: what `render` writes, `parse` and `read` give back, for any tree at all."""

import dataclasses
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from striate.notation import Network, parse, read, render, rules, tree
from striate.notation.arguments import form
from striate.notation.errors import RuleError
from striate.notation.syntax import (
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
    Program,
    Repeat,
    Sized,
    Value,
    Word,
)
from striate.notation.tree import LAYERS, PAD_MODES, Chain, Layer, Pad, Shape

# syntax: anything that the grammar can say, whether or not it means something

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)
NUMBERS = st.one_of(st.integers(-(10**12), 10**12), st.floats(-1e12, 1e12))
LEAVES = st.one_of(st.builds(Number, NUMBERS), st.builds(Name, NAMES), st.builds(Free))


def operations(operands: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Sums and products; one level has one precedence, as the grammar reads it."""

    def level(signs: str) -> st.SearchStrategy[Expression]:
        rest = st.lists(st.tuples(st.sampled_from(signs), operands), min_size=1, max_size=3)
        return st.builds(Operation, operands, rest.map(tuple))

    return level("+-") | level("*/")


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(LEAVES, operations, max_leaves=8)
VALUES = st.lists(EXPRESSIONS, min_size=1, max_size=4).map(lambda parts: Value(tuple(parts)))
ARGUMENTS = st.lists(VALUES | st.builds(Sized, VALUES, VALUES), max_size=4).map(tuple)
WORDS = st.builds(Word, NAMES, ARGUMENTS, st.booleans())
CALLS = st.builds(Call, NAMES, st.lists(EXPRESSIONS, max_size=3).map(tuple))


def brackets(elements: st.SearchStrategy[Element]) -> st.SearchStrategy[Element]:
    """Blocks, repeats and labels around elements."""
    chains = st.lists(elements, min_size=1, max_size=3).map(tuple)
    blocks = st.builds(Block, st.just("") | NAMES, st.lists(chains, min_size=1, max_size=3).map(tuple))
    repeats = st.builds(Repeat, blocks | CALLS, EXPRESSIONS)
    return st.one_of(blocks, repeats, st.builds(Labelled, NAMES, st.one_of(WORDS, CALLS, blocks, repeats)))


ELEMENTS: st.SearchStrategy[Element] = st.recursive(WORDS | CALLS, brackets, max_leaves=6)
CHAINS = st.lists(ELEMENTS, min_size=1, max_size=5).map(tuple)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    names = draw(st.lists(NAMES, max_size=5, unique=True))
    split = draw(st.integers(0, len(names)))
    letters = tuple((name, draw(NUMBERS)) for name in names[:split])
    parameters = st.lists(NAMES, max_size=3, unique=True).map(tuple)
    definitions = tuple(Definition(name, draw(parameters), draw(CHAINS)) for name in names[split:])
    return Program(letters, definitions, draw(CHAINS | st.just(())))


@settings(max_examples=400, deadline=None)
@given(programs())
def test_a_text_as_parsed(program: Program) -> None:
    text = render(program)
    assert parse(text) == program
    assert render(parse(text)) == text


# bound networks: any layers whose sizes fit

COUNTS = st.integers(1, 6)
FLOATS = st.floats(-1e12, 1e12)


def values(kind: str, dims: int) -> st.SearchStrategy[Any]:
    """What a field of this kind may hold."""
    axes = st.tuples(*[st.integers(1, 3)] * dims)
    padding = st.tuples(*[st.integers(0, 2)] * dims)
    modes = st.sampled_from(["zeros", *(mode for mode in PAD_MODES if mode not in ("same", "valid"))])
    return {
        "count": COUNTS,
        "axes": axes,
        "number": FLOATS,
        "fraction": st.floats(0, 1, exclude_max=True),
        "pad": st.builds(Pad, modes, padding) | st.just(Pad("same", ())),
        "flag": st.booleans(),
        "pair": st.tuples(COUNTS, COUNTS),
    }[kind]


@st.composite
def layers(draw: st.DrawFn, shape: Shape) -> Layer | None:
    """A layer with any arguments that its form allows; None where it does not fit what comes in."""
    kind = draw(st.sampled_from(list(LAYERS.values())))
    fields = [field for field in dataclasses.fields(kind) if field.metadata]
    if len(shape) == 1 and any(field.metadata["kind"] == "axes" for field in fields):
        return None
    drawn = {field.name: draw(values(field.metadata["kind"], len(shape) - 1)) for field in fields}
    layer = kind(**drawn)
    try:
        rules.output(layer, shape)
    except RuleError:
        return None
    return layer


@st.composite
def nodes(draw: st.DrawFn, shape: Shape, depth: int) -> tree.Node | None:
    """A layer, or a block of chains that join."""
    if depth == 2 or draw(st.integers(0, 2)):
        return draw(layers(shape))
    kinds = [tree.Group, *tree.BLOCKS.values()]
    kind = draw(st.sampled_from(kinds if depth == 0 else [k for k in kinds if k is not tree.Aux]))
    least, most = tree.BRANCHES.get(kind.kind, (1, 1))
    branches = [draw(chains(shape, depth + 1)) for _ in range(draw(st.integers(least, min(most, 3))))]
    block = kind(tuple(chain for chain, _ in branches))
    try:
        rules.join(block, shape, tuple(after for _, after in branches))
    except RuleError:
        return None
    return block


@st.composite
def chains(draw: st.DrawFn, shape: Shape, depth: int = 0) -> tuple[Chain, Shape]:
    """A chain of nodes that fit each other, with the shape after it; a group carries a label, others may."""
    made: list[tree.Node] = []
    for number in range(draw(st.integers(1, 6 - 2 * depth))):
        node = draw(nodes(shape, depth)) or tree.Identity()
        if isinstance(node, tree.Group) or draw(st.booleans()):
            node = dataclasses.replace(node, label=f"{draw(NAMES)}_{number}")
        made.append(node)
        shape = after(node, shape)
    return tuple(made), shape


def after(node: tree.Node, shape: Shape) -> Shape:
    """The shape behind a node."""
    if isinstance(node, Layer):
        return rules.output(node, shape).value
    assert isinstance(node, tree.Block)
    ends = []
    for branch in node.branches:
        end = shape
        for child in branch:
            end = after(child, end)
        ends.append(end)
    return rules.join(node, shape, tuple(ends)).value


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Networks in 0 to 3 dimensions; in the spatial ones an axis may be open."""
    axis = st.integers(4, 9) | st.none()
    shape = (draw(st.integers(1, 8)), *draw(st.lists(axis, max_size=3)))
    return Network(shape, draw(chains(shape))[0])


@settings(max_examples=400, deadline=None)
@given(networks())
def test_a_bound_network(network: Network) -> None:
    text = render(network)
    again = read(text)
    assert again == network
    assert render(again) == text


def test_every_layer_is_written_with_all_its_options() -> None:
    """Each option of each layer, set to something else than its default, comes back."""
    for kind in LAYERS.values():
        shape: Shape = (8,) if kind is tree.Embed else (8, 9, 9)
        fields = [field for field in dataclasses.fields(kind) if field.metadata]
        sample: dict[str, object] = {
            "count": 2,
            "axes": (2, 3),
            "number": 0.125,
            "fraction": 0.25,
            "pad": Pad("zeros", (1, 0)),
            "flag": False,
            "pair": (5, 7),
        }
        layer = kind(**{field.name: sample[field.metadata["kind"]] for field in fields})
        if "stride" in form(kind).options:
            layer = dataclasses.replace(layer, stride=(1, 2))
        if kind is tree.ZeroPad:
            layer = tree.ZeroPad(channels=9)
        text = render(Network(shape, (layer,)))
        assert read(text).layers == (layer,)
        assert all(option in text for option in form(kind).options), text
