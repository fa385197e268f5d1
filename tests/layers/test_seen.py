"""What the entries of whole networks see, against gradients: every place of every row of drawn chains and branches.

Each path is open: weights are positive, and averages stand where maxima were (the window is the same, and all of it
gets a gradient). An unpool then spreads an entry over its pool's window, for any place in it may have been the largest.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor, nn

from striate.building import build
from striate.layers import Joined
from striate.notation import Network, measure, tree
from striate.notation.errors import RuleError
from striate.notation.measure import Measure
from striate.notation.tree import Block, Chain, Layer, Node, Pad
from tests import drawing

Sizes: TypeAlias = tuple[int, ...]
MOST = {1: 40, 2: 12}  # entries along an axis, by the number of axes
LONG = 480  # so long that the middle sees no edge

# drawn layers


@st.composite
def convs(draw: st.DrawFn, sizes: Sizes) -> Chain:
    axes = len(sizes) - 1
    kernel, stride, dilation = (draw(drawing.per_axis(axes, 1, most)) for most in (4, 3, 3))
    pad = draw(drawing.pads((3,) * axes, ("zeros", "same")))
    return (tree.Conv(draw(st.integers(1, 2)), kernel, stride, pad, dilation, floor=draw(st.booleans())),)


@st.composite
def pools(draw: st.DrawFn, sizes: Sizes) -> Chain:
    kind = draw(st.sampled_from([tree.AvgPool, tree.MaxPool]))
    return (draw(drawing.layers(kind, sizes)),)


@st.composite
def upconvs(draw: st.DrawFn, sizes: Sizes) -> Chain:
    axes = len(sizes) - 1
    kernel, stride, dilation = (draw(drawing.per_axis(axes, 1, most)) for most in (5, 4, 3))
    return (
        tree.UpConv(draw(st.integers(1, 2)), kernel, stride, draw(drawing.pads((2,) * axes, ("zeros",))), dilation),
    )


@st.composite
def shuffles(draw: st.DrawFn, sizes: Sizes) -> Chain:
    axes, factor = len(sizes) - 1, draw(st.integers(2, 3))
    return _conv(factor**axes, axes, draw(st.integers(1, 3)), 1), tree.Shuffle(factor)


@st.composite
def unpools(draw: st.DrawFn, sizes: Sizes) -> Chain:
    pool = draw(drawing.layers(tree.MaxPool, sizes))
    between = draw(st.sampled_from([(), (_conv(sizes[0], len(sizes) - 1, 3, 1),)]))
    label = f"p{draw(st.integers(0, 10**6))}"
    return replace(pool, label=label), *between, tree.Unpool(label)


@st.composite
def keeping(draw: st.DrawFn, sizes: Sizes) -> Chain:
    """A branch that keeps the sizes: by windows, through a coarser map or through a finer one."""
    channels, axes = sizes[0], len(sizes) - 1
    conv = _conv(channels, axes, draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    stride, wider = draw(st.integers(2, 3)), draw(st.integers(0, 2))
    crop = Pad("zeros", (wider,) * axes)
    up = tree.UpConv(channels, (stride + 2 * wider,) * axes, (stride,) * axes, crop, (1,) * axes)
    down = tree.AvgPool((stride,) * axes, (stride,) * axes, Pad("zeros", (0,) * axes), (1,) * axes)
    return draw(
        st.sampled_from([(conv,), (conv, conv), (down, conv, up), (down, up), (up, conv, down), (tree.Identity(),)])
    )


@st.composite
def joins(draw: st.DrawFn, sizes: Sizes) -> Chain:
    kind = draw(st.sampled_from([tree.Residual, tree.Dense, tree.Concat, tree.Sum, tree.Scale]))
    if kind is tree.Scale:
        gate = tree.GlobalAvgPool(), tree.FullyConnected(sizes[0])  # no sigmoid: its slope may be 0
        return _conv(sizes[0], len(sizes) - 1, 1, 1), tree.Scale((gate,))  # by the bias no factor is 0
    least, most = {tree.Residual: (1, 2), tree.Dense: (1, 1)}.get(kind, (2, 3))
    return (kind(tuple(draw(st.lists(keeping(sizes), min_size=least, max_size=most)))),)


def _conv(filters: int, axes: int, size: int, dilation: int) -> Layer:
    return tree.Conv(filters, (size,) * axes, (1,) * axes, Pad("same", ()), (dilation,) * axes)


KINDS: Mapping[str, Callable[[Sizes], st.SearchStrategy[Chain]]] = {
    "conv": convs,
    "pool": pools,
    "upconv": upconvs,
    "shuffle": shuffles,
    "unpool": unpools,
    "join": joins,
}


@st.composite
def networks(draw: st.DrawFn, kind: str, axes: st.SearchStrategy[int], most: Mapping[int, int] = MOST) -> Network:
    """A network with a part of this kind, before and behind parts of any."""
    count = draw(axes)
    network = Network((draw(st.integers(1, 2)), *draw(st.tuples(*[st.integers(3, most[count] // 2)] * count))), ())
    kinds = [draw(st.sampled_from(list(KINDS))) for _ in range(draw(st.integers(0, 3)))]
    kinds.insert(draw(st.integers(0, len(kinds))), kind)
    for one in kinds:
        sizes = measured_sizes(network)
        assert sizes
        more = draw(KINDS[one](sizes))
        more = more if count == 1 or "join" not in kinds else closed(more)
        longer = replace(network, layers=network.layers + more)
        after = measured_sizes(longer)
        fits = after and max(after[1:]) <= most[count]
        assume(fits or one != kind)
        network = longer if fits else network
    return network


def closed(chain: Chain) -> Chain:
    """The chain without gaps, so that no entry sees nothing.

    On two axes a branch can see nothing along one of them, and then it sees nothing at all; an axis is looked at by
    itself and does not know.
    """
    return tuple(_closed(node) for node in chain)


def _closed(node: Node) -> Node:
    if isinstance(node, Block):
        return replace(node, branches=tuple(closed(branch) for branch in node.branches))
    if isinstance(node, tree.UpConv):
        larger = tuple(map(max, zip(node.kernel, node.stride, strict=True)))
        return replace(node, kernel=larger, dilation=(1,) * len(larger))
    if isinstance(node, tree.Conv | tree.Pool):
        stride = tuple(map(min, zip(node.kernel, node.stride, strict=True)))
        sizes, after = (
            tuple(map(min, zip(node.kernel, pad, strict=False))) for pad in (node.pad.sizes, node.pad.after)
        )
        less = Pad(node.pad.mode, tuple(max(n - 1, 0) for n in sizes), tuple(max(n - 1, 0) for n in after))
        return replace(node, stride=stride, pad=less, dilation=(1,) * len(stride))
    return node


def measured_sizes(network: Network) -> Sizes | None:
    """(C, *spatial) that comes out; None where a layer does not fit."""
    try:
        return tuple(size or 0 for size in measure(network).output) if network.layers else network.input  # type: ignore[return-value]
    except RuleError:
        return None


# the module with every path open


class Spread(nn.Module):
    """What the mean of each window does, backwards: an entry goes to all of its window."""

    def __init__(self, mean: nn.Module) -> None:
        super().__init__()
        self.mean = (mean,)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        zeros = torch.zeros_like(seen, requires_grad=True)
        (spread,) = torch.autograd.grad(self.mean[0](zeros), zeros, x, create_graph=True)
        return spread


def shifted(x: Tensor, shift: Tensor) -> Tensor:
    """A gate whose values are added: a product with an entry of 0 would hide them."""
    return x + shift.reshape(*shift.shape, *[1] * (x.ndim - shift.ndim))


def opened(measured: Measure) -> nn.Module:
    model = build(measured.network).double().eval()
    for module in model.modules():
        if isinstance(module, Joined) and module.kind == "scale":
            module.meet = shifted
    for vertex in measured.graph.vertices:
        if isinstance(pool := vertex.node, tree.MaxPool):
            _put(model, f"{vertex.name}_pad", nn.Identity())
            _put(model, vertex.name, _mean(pool, measured.shape(vertex.entry)))
        elif isinstance(vertex.node, tree.Unpool):
            assert vertex.node.source
            _put(model, vertex.name, Spread(_mean(vertex.node.source, measured.shape(vertex.inputs[1]))))
    for name, parameter in model.named_parameters():
        nn.init.uniform_(parameter, 0.5, 1)
        parameter.data /= 1 if name.endswith("bias") else parameter[0].numel()
    return model


def _mean(pool: tree.MaxPool, shape: tree.Shape) -> nn.Module:
    mean = tree.AvgPool(pool.kernel, pool.stride, pool.pad, pool.dilation, pool.floor)
    return build(Network(shape, (mean,))).double()


def _put(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    if name in model.get_submodule(parent)._modules:
        model.get_submodule(parent)._modules[name] = module


def gradients(measured: Measure) -> dict[str, Tensor]:
    """For each row (positions, *spatial): which entries of the input move the output at each position."""
    places = {row.name: positions(row.output.value) for row in measured.rows}
    images = max(map(len, places.values()))
    x = torch.rand(1, *measured.network.input, dtype=torch.float64).repeat(images, *[1] * len(measured.network.input))  # type: ignore[arg-type]
    x.requires_grad_()
    found: dict[str, Tensor] = {}
    model = opened(measured)
    for path, module in model.named_modules():
        module.register_forward_hook(lambda _m, _x, y, path=path: found.update({path: y}))
    model(x)
    return {name: _moved(found.get(f"{name}_crop", found[name]), x, at) for name, at in places.items()}


def positions(shape: tree.Shape) -> list[Sizes]:
    return list(itertools.product(*(range(size or 0) for size in shape[1:])))


def _moved(y: Tensor, x: Tensor, places: list[Sizes]) -> Tensor:
    """Each position has its own image of the batch."""
    at = [y[image].flatten(1)[:, image].sum() if y.ndim > 2 else y[image].sum() for image in range(len(places))]
    (gradient,) = torch.autograd.grad(
        torch.stack(at).sum(), x, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return gradient[: len(places)].sum(dim=1) != 0


def ends(mask: Tensor) -> tuple[int, int] | None:
    """The first and the last entry of (n) that is true."""
    entries = mask.nonzero().flatten().tolist()
    return (entries[0], entries[-1]) if entries else None


# tests


@pytest.mark.parametrize("kind", ["upconv", "shuffle", "unpool", "join", "conv"])
def test_every_place_sees_what_its_gradient_says(kind: str, on_examples: Any) -> None:
    def check(network: Network, seed: int) -> None:
        torch.manual_seed(seed)
        measured = measure(network)
        moved = gradients(measured)
        for row in measured.rows:
            compare(measured, row.name, positions(row.output.value), moved[row.name])

    on_examples(check, network=networks(kind, st.integers(1, 2)), seed=st.integers(0, 2**32 - 1))


def compare(measured: Measure, name: str, places: list[Sizes], moved: Tensor) -> None:
    """Checks the entries of each place along every axis against those of which a gradient comes."""
    axes = range(moved.ndim - 1)
    told = {(axis, place[axis]): None for place in places for axis in axes if place}
    told |= {(axis, 0): None for axis in axes}
    said = {key: measured.entries(name, key[1], key[0]) for key in told}
    for place, mask in zip(places, moved, strict=True):
        found = [said[axis, place[axis] if place else 0] for axis in axes]
        sees = [ends(mask.any(dim=1 - axis) if mask.ndim == 2 else mask) for axis in axes]
        assert sees == (found if all(found) else [None for _ in axes]), (name, place)


@pytest.mark.parametrize("kind", ["upconv", "shuffle", "unpool", "join", "conv"])
def test_where_no_edge_is_near_the_table_says_it_for_every_place(kind: str, on_examples: Any) -> None:
    """On inputs so long that all phases of a map are in the middle of it."""

    def check(network: Network) -> None:
        assume(measured_sizes(long := replace(network, input=(network.input[0], LONG))))
        measured = measure(long)
        rows = [row for row in measured.rows if row.jump and len(row.output.value) > 1 and row.output.value[1] != 1]
        assume(rows)
        for row in rows:
            (field,) = row.field.axes
            assert field.phases
            entries = row.output.value[1] or 0
            first = next((at for at in range(entries) if (field.at(at) or (0, 0))[0] > LONG // 3), entries // 2)
            middle = range(first, first + len(field.phases))
            assume(middle.stop <= entries)
            inside = [ends for at in middle if (ends := field.at(at))]
            assume(max([0, *(last for _, last in inside)]) < LONG - LONG // 3)
            found = [measured.entries(row.name, at) for at in middle]
            assert found == [field.at(at) for at in middle]
            assert field.size == max([0, *(last - first + 1 for first, last in inside)])

    on_examples(check, network=networks(kind, st.just(1), {1: 80}))
