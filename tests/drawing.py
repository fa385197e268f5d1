"""Layers with every option drawn, as the tree says that they have them.

What an option may be follows from its kind, or stands in `OPTIONS` where its kind does not say enough. An option with
neither is an error: a new layer cannot be left out of what is drawn, nor a new option of an old one.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hypothesis import assume
from hypothesis import strategies as st

from striate.notation import rules, tree
from striate.notation.errors import RuleError
from striate.notation.tree import Layer, Pad

Sizes: TypeAlias = tuple[int, ...]  # (C, *spatial) that come in
Drawn: TypeAlias = Mapping[str, Any]  # the options before this one
Draw: TypeAlias = Callable[[Sizes, Drawn], st.SearchStrategy[Any]]

MODES = ("zeros", "same", "reflect", "replicate", "circular")
DIVISIBLE = (1, 2, 3, 4, 6, 8)  # channels with divisors for groups, pieces and factors


def shapes(dims: int, least: int = 3, most: int = 7, channels: tuple[int, ...] = DIVISIBLE) -> st.SearchStrategy[Sizes]:
    """(C, *spatial)."""
    return st.tuples(st.sampled_from(channels), *[st.integers(least, most)] * dims)


def per_axis(dims: int, least: int, most: int) -> st.SearchStrategy[tuple[int, ...]]:
    """A number an axis."""
    return st.tuples(*[st.integers(least, most)] * dims)


def divisors(*numbers: int) -> st.SearchStrategy[int]:
    """A divisor that all the numbers share."""
    common = math.gcd(*numbers)
    return st.sampled_from([n for n in range(1, common + 1) if common % n == 0])


def tenths(least: int, most: int) -> st.SearchStrategy[float]:
    """0, and both signs where the ends have them."""
    return st.integers(least, most).map(lambda n: n / 10)


@st.composite
def pads(draw: st.DrawFn, most: Sizes, modes: tuple[str, ...]) -> Pad:
    """Up to `most` on an axis, in half of them with another number at its end."""
    mode = draw(st.sampled_from(modes))
    if mode == "same":
        return Pad(mode, ())
    before, after = (draw(st.tuples(*(st.integers(0, n) for n in most))) for _ in range(2))
    return Pad(mode, before, after if before != after and draw(st.booleans()) else ())


def _window_pads(sizes: Sizes, drawn: Drawn) -> st.SearchStrategy[Pad]:
    return pads(tuple(min(3, n - 1) for n in sizes[1:]), MODES)


def _dilations(sizes: Sizes, drawn: Drawn) -> st.SearchStrategy[tuple[int, ...]]:
    """Up to 3 where the window still fits."""
    pad, most = drawn["pad"], []
    for axis, (n, k) in enumerate(zip(sizes[1:], drawn["kernel"], strict=True)):
        room = 99 if pad.mode == "same" else n + pad.sizes[axis] + pad.ends[axis] - 1
        most.append(min(3, max(1, room // max(1, k - 1))))
    return st.tuples(*(st.integers(1, n) for n in most))


def _filters(sizes: Sizes, drawn: Drawn) -> st.SearchStrategy[int]:
    return st.integers(1, 9) | st.sampled_from([n * sizes[0] for n in (1, 2)])


def _extra(sizes: Sizes, drawn: Drawn) -> st.SearchStrategy[tuple[int, ...]]:
    """Fewer than the stride or the dilation, and none in half of them."""
    limits = zip(drawn["stride"], drawn["dilation"], strict=True)
    drawn_sizes = st.tuples(*(st.integers(0, max(limit) - 1) for limit in limits))
    return st.just(()) | drawn_sizes.map(lambda extra: extra if any(extra) else ())


def _groups(sizes: Sizes, drawn: Drawn) -> st.SearchStrategy[int]:
    return divisors(sizes[0], drawn["filters"])


def _sections(sizes: Sizes, drawn: Drawn) -> st.SearchStrategy[int]:
    """Divisors of the rows that come out; any where the kernel does not fit."""
    how = {name: drawn[name] for name in ("filters", "kernel", "stride", "pad")}
    try:
        rows = rules.output(tree.Lws(**how), sizes).value[1]
    except RuleError:
        return st.integers(1, 3)
    return divisors(rows or 1)


def _selected(sizes: Sizes, drawn: Drawn) -> st.SearchStrategy[tuple[int, ...]]:
    """Neighbours, or any in any order."""
    orders = st.just(list(range(sizes[0]))) | st.permutations(range(sizes[0]))
    spans = st.tuples(st.integers(0, sizes[0] - 1), st.integers(1, sizes[0]))
    return st.tuples(orders, spans).map(lambda drawn: tuple(drawn[0][drawn[1][0] :][: drawn[1][1]]))


KINDS: dict[tree.Kind, Draw] = {
    "flag": lambda sizes, drawn: st.booleans(),
    "axes": lambda sizes, drawn: per_axis(len(sizes) - 1, 1, 3),
    "fraction": lambda sizes, drawn: st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 0.99]),
    "pair": lambda sizes, drawn: st.tuples(st.integers(1, 9), st.integers(1, 5)),
}
OPTIONS: dict[tuple[type[Layer], str], Draw] = {
    **{
        (layer, name): draw
        for layer in (tree.Conv, tree.Local, tree.Lws, tree.Deform)
        for name, draw in {
            "filters": _filters,
            "kernel": lambda sizes, drawn: per_axis(len(sizes) - 1, 1, 4 if len(sizes) < 4 else 3),
            "pad": _window_pads,
            "dilation": _dilations,
            "groups": _groups,
        }.items()
    },
    (tree.Lws, "sections"): _sections,
    (tree.Deform, "taken"): lambda sizes, drawn: st.sampled_from(range(0, sizes[0] + 1, drawn["groups"])),
    (tree.Deform, "filters"): lambda sizes, drawn: st.integers(1, 3),
    (tree.Deform, "kernel"): lambda sizes, drawn: per_axis(len(sizes) - 1, 1, 3 if len(sizes) < 4 else 2),
    (tree.UpConv, "filters"): _filters,
    (tree.UpConv, "kernel"): lambda sizes, drawn: per_axis(len(sizes) - 1, 1, 4),
    (tree.UpConv, "extra"): _extra,
    (tree.UpConv, "pad"): lambda sizes, drawn: pads((2,) * (len(sizes) - 1), ("zeros",)),
    (tree.UpConv, "groups"): _groups,
    (tree.Pool, "kernel"): lambda sizes, drawn: per_axis(len(sizes) - 1, 1, 4),
    (tree.Pool, "pad"): lambda sizes, drawn: pads(drawn["kernel"], ("zeros", "same")),
    (tree.Pool, "dilation"): _dilations,
    (tree.Subsample, "kernel"): lambda sizes, drawn: per_axis(len(sizes) - 1, 1, 4),
    (tree.Shuffle, "factor"): lambda sizes, drawn: st.sampled_from(
        [r for r in range(1, 5) if sizes[0] % r ** (len(sizes) - 1) == 0]
    ),
    (tree.Unshuffle, "factor"): lambda sizes, drawn: divisors(*sizes[1:]),
    (tree.Resampling, "factor"): lambda sizes, drawn: per_axis(len(sizes) - 1, 1, 4 if len(sizes) < 4 else 3),
    (tree.Resampling, "size"): lambda sizes, drawn: per_axis(len(sizes) - 1, 1, 11),
    (tree.Resampling, "corners"): lambda sizes, drawn: st.booleans() if drawn["bilinear"] else st.just(False),
    (tree.Adaptive, "size"): lambda sizes, drawn: per_axis(len(sizes) - 1, 1, 9),
    (tree.Padding, "sizes"): lambda sizes, drawn: pads(tuple(n - 1 for n in sizes[1:]), MODES[2:] + MODES[:1]),
    (tree.Crop, "sizes"): lambda sizes, drawn: pads(tuple(n // 2 for n in sizes[1:]), MODES[:1]),
    (tree.Maxout, "pieces"): lambda sizes, drawn: divisors(sizes[0]),
    (tree.FullyConnected, "units"): lambda sizes, drawn: st.integers(1, 5),
    (tree.RBF, "units"): lambda sizes, drawn: st.integers(1, 5),
    (tree.Leaky, "slope"): lambda sizes, drawn: tenths(-20, 20),
    (tree.Elu, "alpha"): lambda sizes, drawn: tenths(-20, 20),
    (tree.Clip, "min"): lambda sizes, drawn: tenths(-20, 5),
    (tree.Clip, "max"): lambda sizes, drawn: tenths(6, 20),
    (tree.BatchNorm, "eps"): lambda sizes, drawn: st.sampled_from([1e-8, 1e-5, 1e-3, 0.1, 1.0, 10.0]),
    (tree.BatchNorm, "momentum"): lambda sizes, drawn: st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]),
    **{
        (layer, "eps"): lambda sizes, drawn: st.sampled_from([1e-3, 0.1, 1.0, 10.0])
        for layer in (tree.LayerNorm, tree.GroupNorm, tree.InstanceNorm)  # of near numbers float32 has no difference
    },
    (tree.GroupNorm, "groups"): lambda sizes, drawn: divisors(sizes[0]),
    (tree.RMSNorm, "eps"): lambda sizes, drawn: st.sampled_from([1e-8, 1e-6, 1e-3, 0.1, 1.0, 10.0]),
    (tree.LayerScale, "init"): lambda sizes, drawn: st.just(1e-6) | tenths(-20, 20),
    (tree.Attention, "heads"): lambda sizes, drawn: divisors(sizes[0]),
    (tree.LSTM, "units"): lambda sizes, drawn: st.integers(1, 4),
    (tree.LRN, "size"): lambda sizes, drawn: st.integers(1, 9),  # odd, even, more than there are channels
    (tree.LRN, "alpha"): lambda sizes, drawn: st.just(1e-4) | tenths(0, 20),
    (tree.LRN, "beta"): lambda sizes, drawn: st.just(0.75) | tenths(-10, 20),
    (tree.LRN, "k"): lambda sizes, drawn: tenths(5, 30),
    (tree.ZeroPad, "channels"): lambda sizes, drawn: st.integers(sizes[0], sizes[0] + 9),
    (tree.Maps, "numbers"): _selected,
    (tree.Interleave, "groups"): lambda sizes, drawn: divisors(sizes[0]),
    (tree.Moving, "reach"): lambda sizes, drawn: st.integers(1, 2),
    (tree.RoI, "size"): lambda sizes, drawn: per_axis(2, 1, 4),
    (tree.RoIAlign, "points"): lambda sizes, drawn: st.integers(1, 3),
    (tree.Unpool, "pool"): lambda sizes, drawn: st.sampled_from(["p1", "top"]),
}


def options(layer: type[Layer]) -> list[dataclasses.Field[Any]]:
    """The arguments a text may give a layer, in the order of its fields; but for labels of other layers."""
    return [f for f in dataclasses.fields(layer) if f.metadata.get("kind", "labels") != "labels"]


def strategy(layer: type[Layer], field: dataclasses.Field[Any]) -> Draw:
    """How an option is drawn.

    Raises:
        LookupError: Nobody has said how.
    """
    for kind in layer.__mro__:
        if (kind, field.name) in OPTIONS:
            return OPTIONS[kind, field.name]
    if field.metadata["kind"] not in KINDS:
        raise LookupError(f"say in tests/drawing.py what '{field.name}' of {layer.word} may be")
    return KINDS[field.metadata["kind"]]


@st.composite
def layers(draw: st.DrawFn, layer: type[Layer], sizes: Sizes) -> Any:
    """A layer with all of its options drawn, for a map of these sizes; it may not fit."""
    drawn: dict[str, Any] = {}
    for field in options(layer):
        drawn[field.name] = draw(strategy(layer, field)(sizes, drawn), label=field.name)
    return layer(**drawn)


@st.composite
def fitting(draw: st.DrawFn, layer: type[Layer], sizes: st.SearchStrategy[Sizes]) -> tuple[Sizes, Any]:
    """Sizes, and a layer whose shape rule takes them."""
    shape = draw(sizes, label="shape")
    if layer is tree.Unshuffle:  # a factor divides every axis
        times = draw(st.integers(1, 3 if len(shape) < 4 else 2))
        shape = (shape[0], *(n * times for n in shape[1:]))
    drawn = draw(layers(layer, shape), label="layer")
    if isinstance(drawn, tree.Moving):  # the maps of two frames, and for one of the layers a weight for each move
        shape = (2 * shape[0] + (drawn.num_moves if isinstance(drawn, tree.Move) else 0), *shape[1:])
    assume(fits(drawn, shape))
    return shape, drawn


def fits(layer: Layer, shape: tree.Shape) -> bool:
    """Whether the shape rule takes it."""
    try:
        rules.output(layer, shape)
    except RuleError:
        return False
    return True


FLAT_TOO = range(4)
EXCEPT: dict[type[Layer], range] = {
    tree.Embed: range(1),
    tree.RoIPool: range(2, 3),
    tree.LSTM: range(1, 2),
    tree.Match: range(2, 3),
    tree.Move: range(2, 3),
    tree.RoIAlign: range(2, 3),
    **dict.fromkeys((tree.GlobalAvgPool, tree.GlobalMaxPool, tree.Shuffle, tree.Unshuffle), range(1, 4)),
    **dict.fromkeys((tree.InstanceNorm, tree.Attention), range(1, 4)),
}


def dims_of(layer: type[Layer]) -> range:
    """How many spatial axes there may be."""
    needs_axes = any(field.metadata["kind"] in ("axes", "label", "pad") for field in options(layer))
    return EXCEPT.get(layer, range(1, 4) if needs_axes else FLAT_TOO)


def cases(layers: Any, most: int = 3) -> list[tuple[type[Layer], int]]:
    """Each layer with each number of axes up to `most`."""
    return [(layer, dims) for layer in layers for dims in dims_of(layer) if dims <= most]
