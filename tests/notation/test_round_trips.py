"""Text and tree are the same thing twice: what `render` writes, `parse` and `read` give back, for any tree at all."""

import dataclasses
from typing import Any, TypeVar

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from striate.building import build
from striate.notation import Network, measure, parse, read, render, rules, tree
from striate.notation.arguments import form
from striate.notation.errors import RuleError
from striate.notation.graph import FORMS
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
    Pair,
    Program,
    Repeat,
    Sized,
    Value,
    Word,
)
from striate.notation.tree import LAYERS, PAD_MODES, Chain, Layer, Pad, Shape
from tests.shapes import after, joined

T = TypeVar("T")

# syntax: anything that the grammar can say, whether or not it means something

NAMES = st.sampled_from(
    ["n", "w", "c", "x", "e", "e5", "ex", "x3", "_", "a_b", "max", "conv", "input", "stride", "same", "block"]
)
NUMBERS = st.one_of(
    st.integers(0, 9),
    st.integers(-(10**12), 10**12),
    st.sampled_from([0.5, -1.0, 1e-05, -2.5e-17, 1e11, -0.0, 1.2345678901234567e-308]),
    st.floats(-1e12, 1e12),
)
LEAVES = st.builds(Number, NUMBERS) | st.builds(Name, NAMES) | st.just(Free())


def some(strategy: st.SearchStrategy[T], least: int, most: int) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def operations(operands: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Plain operands, and sums and products of them; one level has one precedence, as the grammar reads it."""
    sums = st.builds(Operation, operands, some(st.tuples(st.sampled_from("+-"), operands), 1, 3))
    products = st.builds(Operation, operands, some(st.tuples(st.sampled_from("*/"), operands), 1, 3))
    return operands | sums | products


EXPRESSIONS = LEAVES | operations(operations(LEAVES))
PARTS = EXPRESSIONS | st.builds(Pair, EXPRESSIONS, EXPRESSIONS)
VALUES = st.builds(Value, some(PARTS, 1, 1) | some(PARTS, 2, 4))
WORDS = st.builds(Word, NAMES, some(VALUES | st.builds(Sized, VALUES, VALUES), 0, 3), st.booleans())
CALLS = st.builds(Call, NAMES, some(EXPRESSIONS, 0, 3))


def wrapped(elements: st.SearchStrategy[Element]) -> st.SearchStrategy[Element]:
    """Plain elements, and blocks, repeats and labels around them."""
    blocks = st.builds(Block, st.just("") | NAMES, some(some(elements, 1, 2), 1, 3))
    repeats = st.builds(Repeat, blocks | CALLS, EXPRESSIONS)
    return st.one_of(WORDS, CALLS, blocks, repeats, st.builds(Labelled, NAMES, WORDS | CALLS | blocks | repeats))


ELEMENTS = wrapped(wrapped(WORDS | CALLS))
CHAINS = some(ELEMENTS, 1, 4)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    split = draw(st.integers(0, len(names)))
    letters = tuple((name, draw(NUMBERS)) for name in names[:split])
    parameters = st.lists(NAMES, max_size=3, unique=True).map(tuple)
    drawn = [(name, draw(parameters)) for name in names[split:]]
    names_alone = {name if own else f"{name}_alone": own for name, own in drawn}  # a bare one is a use, not a word
    definitions = tuple(Definition(name, own, draw(CHAINS)) for name, own in names_alone.items())
    return Program(letters, definitions, draw(some(ELEMENTS, 0, 4)))


@settings(max_examples=100, deadline=None)
@given(programs())
def test_a_text_as_parsed(program: Program) -> None:
    text = render(program)
    assert parse(text) == program
    assert render(parse(text)) == text


# bound networks: any layers whose sizes fit

COUNTS = st.integers(1, 6)
FLOATS = st.floats(-1e12, 1e12).map(lambda value: value + 0.0)  # no -0.0: it is written 0


def _unequal(mode: str, before: tuple[int, ...], after: tuple[int, ...]) -> Pad:
    return Pad(mode, before, () if after == before else after)


def values(kind: str, dims: int) -> st.SearchStrategy[Any]:
    """What a field of this kind may hold."""
    axes = st.tuples(*[st.integers(1, 3)] * dims)
    padding = st.tuples(*[st.integers(0, 2)] * dims)
    modes = st.sampled_from(["zeros", *(mode for mode in PAD_MODES if mode not in ("same", "valid"))])
    return {
        "count": COUNTS,
        "axes": axes,
        "sizes": st.just(()) | axes,
        "number": FLOATS,
        "fraction": st.floats(0, 1, exclude_max=True),
        "pad": st.builds(_unequal, modes, padding, padding) | st.just(Pad("same", ())),
        "flag": st.booleans(),
        "pair": st.tuples(COUNTS, COUNTS),
        "list": st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True).map(tuple),
    }[kind]


BOUND_TO_THEIR_PLACE = (tree.Unpool, tree.RoIPool, tree.RoIAlign)  # in a chain; they have tests of their own below


@st.composite
def layers(draw: st.DrawFn, shape: Shape) -> Layer | None:
    """A layer with any arguments that its form allows; None where it does not fit what comes in."""
    kinds = [kind for kind in LAYERS.values() if kind not in BOUND_TO_THEIR_PLACE]
    windows = [tree.Conv, tree.Conv, tree.UpConv, tree.MaxPool, tree.AvgPool, tree.Deform]
    kind = draw(st.sampled_from(windows * 2 + kinds if len(shape) > 1 else kinds))
    fields = [field for field in dataclasses.fields(kind) if field.metadata.get("kind", "labels") != "labels"]
    if len(shape) == 1 and any(field.metadata["kind"] in ("axes", "pad") for field in fields):
        return None
    drawn = {field.name: draw(values(field.metadata["kind"], len(shape) - 1)) for field in fields}
    layer: Layer = kind(**drawn)
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
    kinds: list[type[tree.Block]] = [tree.Group, *tree.BLOCKS.values()]
    kind = draw(st.sampled_from([k for k in kinds if k is not tree.Heads and (depth == 0 or k is not tree.Aux)]))
    least, most = (1, 1) if kind is tree.Group else FORMS[kind].branches
    branches = [draw(chains(shape, depth + 1)) for _ in range(draw(st.integers(least, min(most, 3))))]
    block = kind(tuple(chain for chain, _ in branches))
    try:
        joined(block, shape, [end for _, end in branches])
        measure(Network(shape, (block,)))  # branches of different scales do not meet
    except RuleError:
        return None
    return block


@st.composite
def chains(draw: st.DrawFn, shape: Shape, depth: int = 0) -> tuple[Chain, Shape]:
    """A chain of nodes that fit each other, with the shape after it; a group carries a label, others may."""
    made: list[tree.Node] = []
    for number in range(draw(st.integers(1, 6 - 2 * depth))):
        tries = (draw(nodes(shape, depth)) for _ in range(3))
        node = next((node for node in tries if node), tree.Identity())
        if isinstance(node, tree.Group) or draw(st.booleans()):
            node = dataclasses.replace(node, label=f"{draw(NAMES)}_{number}")
        made.append(node)
        shape = after(node, shape)
    return tuple(made), shape


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Networks in 0 to 3 dimensions; in the spatial ones an axis may be open."""
    axis = st.integers(4, 9) | st.none()
    shape = (draw(st.integers(1, 8)), *draw(st.lists(axis, max_size=3)))
    network = Network(shape, draw(chains(shape))[0])
    assume(_measurable(network))
    return network


def _measurable(network: Network) -> bool:
    """Whether maps that meet lie alike on the input."""
    try:
        measure(network)
    except RuleError:
        return False
    return True


@settings(max_examples=100, deadline=None)
@given(networks())
def test_a_bound_network(network: Network) -> None:
    text = render(network)
    again = read(text)
    assert again == network
    assert render(again) == text


def test_every_layer_is_written_with_all_its_options() -> None:
    """Each option of each layer, set to something other than its default, comes back."""
    for kind in LAYERS.values():
        if kind is tree.Unpool:  # by itself it is no network
            continue
        shapes: dict[Any, Shape] = {
            tree.Embed: (8,),
            tree.LSTM: (8, 9),
            tree.Unshuffle: (8, 8, 8),
            tree.Move: (2 + 81, 9, 9),
        }  # two frames, moves
        shape = shapes.get(kind, (8, 9, 9))
        fields = [f for f in dataclasses.fields(kind) if f.metadata and f.metadata["kind"] != "labels"]
        sample: dict[str, Any] = {
            "count": 2,
            "axes": (2, 3),
            "sizes": (1, 2),
            "number": 0.125,
            "fraction": 0.25,
            "pad": Pad("zeros", (1, 0)),
            "pair": (5, 7),
            "list": (7, 0, 3),
        }
        flags = {field.name: not field.default for field in fields if field.metadata["kind"] == "flag"}
        given = flags | {f.name: sample[f.metadata["kind"]] for f in fields if f.name not in flags}
        given |= {"stride": (1, 2)} if "stride" in given else {"channels": 9} if kind is tree.ZeroPad else {}
        given |= {"points": 3} if "points" in given else {"max": 2.5} if "max" in given else {}
        layer = kind(**given)
        text = render(Network(shape, (layer,)))
        assert read(text).layers == (layer,)
        assert all(word in text for word, f in form(kind).options.items() if f.metadata["kind"] != "labels"), text


def test_an_unpool_names_its_pool() -> None:
    network = read("input 2x8x9 -> p1: maxpool 2 -> part: [p1: maxpool 2 stride 1 -> unpool p1] -> unpool p1")
    assert read(render(network)) == network
    assert render(network).endswith("unpool p1")


def test_a_roi_layer_knows_its_place() -> None:
    text = "input 3x?x?\nconv 8@3x3 stride 2 -> relu -> maxpool 2\nroialign 7x5 points 3\nfc 10"
    network = read(text)
    assert network.layers[3] == tree.RoIAlign((7, 5), points=3)
    assert build(network).get_submodule("roialign1").scale == 1 / 4
    assert read(render(network)) == network
    assert render(network) == text
