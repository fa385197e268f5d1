"""The receptive field against the gradient: which input entries move one entry of the output, all weights being 1."""

from fractions import Fraction

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from striate.building import build
from striate.notation import measure, read, rules, tree
from striate.notation.errors import RuleError
from striate.notation.rules import Axis, Field
from striate.notation.rules.window import windows
from striate.notation.tree import Layer, Pad

N = 160  # entries of the input: the middle of the output sees no border


def applied(layer: Layer, x: Tensor) -> Tensor:
    """A layer with all weights 1, by torch's functions, on one axis: (1, C, n) → (1, 1, m)."""
    weight = torch.ones(1, x.shape[1], *getattr(layer, "kernel", (1,)), dtype=torch.float64)
    if isinstance(layer, tree.UpConv):
        return F.conv_transpose1d(x, weight.transpose(0, 1), None, layer.stride, layer.pad.sizes, 0, 1, layer.dilation)
    if isinstance(layer, tree.Shuffle):
        finer = x.expand(1, layer.factor, -1)
        return finer.transpose(1, 2).reshape(1, 1, -1)
    assert isinstance(layer, tree.Conv | tree.AvgPool)
    (window,) = windows(layer)
    x = F.pad(x, window.padding(x.shape[-1]))
    return F.conv1d(x, weight, None, layer.stride, 0, layer.dilation)


def reached(y: Tensor, x: Tensor, position: int) -> tuple[int, int]:
    """The first and the last entry of x that move y at a position."""
    (gradient,) = torch.autograd.grad(y[0, 0, position], x, retain_graph=True)
    entries = gradient[0].sum(0).nonzero().flatten().tolist()
    return entries[0], entries[-1]


@st.composite
def windowed(draw: st.DrawFn) -> Layer:
    """A convolution, a pool, a transposed convolution without gaps, or a shuffle, along one axis."""
    k, stride = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    pad = Pad("same", ()) if draw(st.booleans()) else Pad("zeros", (draw(st.integers(0, k // 2)),))
    kind = draw(st.sampled_from(["conv", "pool", "up", "shuffle"]))
    if kind == "conv":
        return tree.Conv(1, (k,), (stride,), pad, (draw(st.integers(1, 3)),))
    if kind == "pool":
        return tree.AvgPool((k,), (stride,), pad, (draw(st.integers(1, 2)),))
    if kind == "up":
        dilation = draw(st.integers(1, 2)) if stride == 1 else 1
        crop = Pad("zeros", (draw(st.integers(0, k - 1)),))
        return tree.UpConv(1, (k,), (min(stride, k),), crop, (dilation,))
    return tree.Shuffle(factor=stride)


@settings(max_examples=300, deadline=None)
@given(st.lists(windowed(), min_size=1, max_size=4))
def test_a_chain_sees_what_its_gradient_says(layers: list[Layer]) -> None:
    x = torch.ones(1, 1, N, dtype=torch.float64, requires_grad=True)
    y, field = x, Field((Axis(),))
    for layer in layers:
        assume(not isinstance(layer, tree.Conv) or next(windows(layer)).reach <= y.shape[-1])
        shape, y = (y.shape[1], y.shape[2]), applied(layer, y)
        field = rules.receptive_field(layer, (y.shape[1], y.shape[2]), (shape, field))
    (axis,) = field.axes
    assert axis.size is not None
    middle = y.shape[-1] // 2
    positions = range(middle, min(middle + 4, y.shape[-1]))
    expected = [axis.entries(position) for position in positions]
    assume(expected[0][0] > N // 4 and expected[-1][1] < 3 * N // 4)
    seen = [reached(y, x, position) for position in positions]
    assert max(last - first + 1 for first, last in expected) <= int(axis.size)
    if spread_after_a_stride(layers):
        assert all(e[0] <= s[0] <= s[1] <= e[1] for e, s in zip(expected, seen, strict=True))
    else:
        assert seen == expected


def spread_after_a_stride(layers: list[Layer]) -> bool:
    """Whether a map is made finer after a stride; the field is then the smallest that is sure to hold all."""
    strided = [layer.stride[0] > 1 for layer in layers if isinstance(layer, tree.Conv | tree.AvgPool)]
    return any(strided) and any(isinstance(layer, tree.UpConv | tree.Shuffle) for layer in layers)


@settings(max_examples=300, deadline=None)
@given(st.lists(windowed(), min_size=1, max_size=4), st.integers(1, 30))
def test_at_the_border_too(layers: list[Layer], n: int) -> None:
    """Every entry of the output, of inputs so short that strides leave entries out and maps are mostly padding."""
    x = torch.ones(1, 1, n, dtype=torch.float64, requires_grad=True)
    y, field = x, Field((Axis(),))
    for layer in layers:
        assume(fits(layer, y.shape[-1]))
        n, y = y.shape[-1], applied(layer, y)
        field = rules.receptive_field(layer, (1, y.shape[-1]), ((1, n), field))
    (axis,) = field.axes
    for position in range(y.shape[-1]):
        (gradient,) = torch.autograd.grad(y[0, 0, position], x, retain_graph=True)
        entries = gradient[0, 0].nonzero().flatten().tolist()
        first, last = axis.entries(position)
        if spread_after_a_stride(layers) or gapped(layers):
            assert all(first <= entry <= last for entry in entries)
        else:
            assert (entries[0], entries[-1]) == (first, last) if entries else first > last


def fits(layer: Layer, n: int) -> bool:
    try:
        rules.output(layer, (getattr(layer, "factor", 1), n))
    except RuleError:
        return False
    return True


def gapped(layers: list[Layer]) -> bool:
    """Whether a window has gaps: of one that begins in padding the first entry inside may be a gap."""
    windowed = tree.Conv | tree.AvgPool | tree.UpConv
    return any(isinstance(layer, windowed) and layer.dilation != (1,) for layer in layers)


NETS = [
    ("conv 2@5 pad 2 -> concat[ conv 1@1 | conv 1@3 pad 1 -> conv 1@5 pad 2 | id ]", 11),
    ("conv 1@3 pad 1 -> residual[ conv 1@3 pad 1 -> conv 1@3 pad 1 ]", 7),
    ("residual[ conv 1@3 pad 1 stride 2 -> conv 1@3 pad 1 | conv 1@1 stride 2 ] -> conv 1@3", 11),
    ("dense[ conv 1@3 pad 1 ]*3", 7),
    ("sum[ conv 1@3 pad 4 dilate 4 | conv 1@1 ]", 9),
    ("upconv 1@2 stride 2 -> conv 1@3 -> residual[ conv 1@3 pad 1 ]", 3),
    ("concat[ avgpool 3 stride 1 pad 1 | avgpool 2 stride 1 pad same ]", 3),
    ("conv 2@3 pad 1 -> scale[ concat[ channelmean | channelmax ] -> conv 1@7 pad 3 nobias ] -> conv 1@3", 11),
    ("conv 3@3 pad 1 -> scale[ conv 3@5 pad 2 ] -> fc 2 each", 7),
]


@pytest.mark.parametrize(("text", "size"), NETS, ids=[text for text, _ in NETS])
def test_branches_see_the_union(text: str, size: int) -> None:
    """Built as it is trained, on two axes."""
    network = read(f"input 1x40x40 -> {text}")
    model = build(network).double()
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    x = torch.ones(1, 1, 40, 40, dtype=torch.float64, requires_grad=True)
    y = model(x)
    row = measure(network).rows[-1]
    assert row.output.value == tuple(y.shape[1:])
    rows, columns = y.shape[2] // 2, y.shape[3] // 2 + 1
    (gradient,) = torch.autograd.grad(y[0, :, rows, columns].sum(), x)
    for axis, position, seen in zip(row.field.axes, (rows, columns), gradient[0, 0].nonzero().T, strict=True):
        assert axis.entries(position) == (seen.min().item(), seen.max().item())
    assert row.receptive_field == size


def test_a_fully_connected_layer_sees_all() -> None:
    network = read("input 1x32x32 -> conv 6@5x5 -> avgpool 2 -> conv 16@5x5 -> avgpool 2 -> conv 120@5x5 -> fc 10")
    rows = measure(network).rows
    assert [row.receptive_field for row in rows] == [5, 6, 14, 16, 32, 32]
    assert [row.jump for row in rows[:-1]] == [1, 2, 2, 4, 4]
    assert [axis.entries(0) for axis in rows[-1].field.axes] == [(0, 31)] * 2


def test_two_strides_give_two_figures() -> None:
    row = measure(read("input 1x20x20 -> conv 1@3x5 stride 1x2 -> conv 1@3x3")).rows[-1]
    assert (row.receptive_field, row.jump) == ([5, 9], [1, 2])


def test_behind_a_gate_of_one_factor_a_map_every_entry_sees_all() -> None:
    gate = "gap -> fc 2 -> sigmoid"
    rows = measure(read(f"input 1x20x30 -> conv 2@3 pad 1 -> scale[ {gate} ] -> conv 2@3 pad 1")).rows
    for row in rows[-2:]:
        assert row.jump == 0
        assert [axis.entries(7) for axis in row.field.axes] == [(0, 19), (0, 29)]
    own = measure(read("input 1x20x30 -> conv 2@3 pad 1 -> scale[ sigmoid ]")).rows[-1]
    assert (own.receptive_field, own.jump) == (3, 1)
    free = measure(read("input 1x?x30 -> conv 2@3 pad 1 -> scale[ gap -> sigmoid ] -> conv 2@3 pad 1")).rows[-1]
    assert free.receptive_field == [None, 32]
    flat = measure(read("input 1x20x30 -> gap -> fc 4 -> scale[ fc 4 -> sigmoid ]")).rows[-1]
    assert [axis.entries(0) for axis in flat.field.axes] == [(0, 19), (0, 29)]


@pytest.mark.parametrize("word", ["attention 2", "gn 2", "in"])
def test_what_sees_all_keeps_its_place(word: str) -> None:
    rows = measure(read(f"input 1x20x30 -> conv 4@3 pad 1 stride 2 -> {word} -> conv 2@3 pad 1")).rows
    for row in rows[1:]:
        assert row.jump == 0
        assert [axis.entries(3) for axis in row.field.axes] == [(0, 19), (0, 29)]
        assert [axis.spacing for axis in row.field.axes] == [2, 2]
    free = measure(read(f"input 1x?x30 -> conv 4@3 pad 1 stride 2 -> {word}")).rows[-1]
    assert (free.receptive_field, free.field.axes[0].spacing) == ([None, 31], 2)


def test_a_free_axis_leaves_the_whole_open() -> None:
    rows = measure(read("input 3x?x20 -> conv 4@3 -> gap")).rows
    assert rows[0].receptive_field == 3
    assert rows[1].receptive_field == [None, 20]


def test_words_see_their_neighbours() -> None:
    rows = measure(read("input 56 -> embed 100x8 -> conv 4@3 -> gmp -> fc 2")).rows
    assert [row.receptive_field for row in rows] == [1, 3, 56, 56]


def test_the_formulas_come_out() -> None:
    rows = measure(read("input 1x20 -> conv 1@3 -> avgpool 2 -> conv 1@3 dilate 2 -> upconv 1@2 stride 2")).rows
    assert [row.field.axes[0].formula for row in rows] == [
        "1 + (3 - 1)*1 = 3",
        "3 + (2 - 1)*1 = 4",
        "4 + (5 - 1)*2 = 12",
        "12 + (2 - 1)*1 = 13",
    ]
    finer = measure(read("input 1x20 -> upconv 1@2 stride 2 -> conv 1@2 -> shuffle 1")).rows
    assert [row.field.axes[0].formula for row in finer[:2]] == [
        "1 + (2 - 1)*1/2 = 3/2, so 1",
        "3/2 + (2 - 1)*1/2 = 2",
    ]
    assert finer[1].jump == 0.5
    assert finer[1].field.axes[0].first == Fraction(-1, 2)
