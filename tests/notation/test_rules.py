"""Every rule against something that does not share its code: torch's own layers, loops that count, arithmetic."""

import itertools
import math
import re
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from striate.notation import rules, tree
from striate.notation.errors import RuleError
from striate.notation.rules import Figure
from striate.notation.rules.window import Window, windows
from striate.notation.tree import Pad, Shape
from tests.shapes import joined

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
UPCONV = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX_POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVG_POOL = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
DIMS = st.integers(1, 3)
FAST = settings(max_examples=150, deadline=None)


def axes(dims: int, least: int, most: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[st.integers(least, most)] * dims)


def shapes(channels: int, dims: int, most: int = 9) -> st.SearchStrategy[tuple[int, ...]]:
    return axes(dims, 1, most).map(lambda spatial: (channels, *spatial))


@st.composite
def convolutions(draw: st.DrawFn, most: int = 9) -> tuple[tree.Conv, tuple[int, ...]]:
    """Any convolution with zero padding, and an input that its groups divide."""
    dims, groups = draw(DIMS), draw(st.integers(1, 3))
    layer = tree.Conv(
        filters=groups * draw(st.integers(1, 3)),
        kernel=draw(axes(dims, 1, 4)),
        stride=draw(axes(dims, 1, 3)),
        pad=Pad("zeros", draw(axes(dims, 0, 3))),
        dilation=draw(axes(dims, 1, 3)),
        groups=groups,
        bias=draw(st.booleans()),
    )
    return layer, draw(shapes(groups * draw(st.integers(1, 2)), dims, most))


def convolve(layer: tree.Conv, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that torch gives; ValueError where it refuses."""
    weight = torch.zeros(layer.filters, shape[0] // layer.groups, *layer.kernel)
    return torch_shape(
        CONV[len(layer.kernel)], shape, weight, None, layer.stride, layer.pad.sizes, layer.dilation, layer.groups
    )


def torch_shape(function: Any, shape: tuple[int, ...], *arguments: Any) -> tuple[int, ...]:
    """The shape that a function gives; ValueError where it refuses, or gives nothing or the largest of nothing."""
    try:
        output = function(torch.zeros(1, *shape), *arguments)
    except RuntimeError as error:
        raise ValueError(str(error)) from None
    if not output.numel() or not output.isfinite().all():
        raise ValueError("nothing is left")
    return tuple(output.shape[1:])


def agree(layer: tree.Layer, shape: Shape, oracle: Any) -> None:
    """The same shape, or both refuse."""
    try:
        expected = oracle()
    except ValueError:
        with pytest.raises(RuleError):
            rules.output(layer, shape)
    else:
        assert rules.output(layer, shape).value == expected


# output shapes


@FAST
@given(convolutions())
def test_a_convolution_has_torch_s_shape(case: tuple[tree.Conv, tuple[int, ...]]) -> None:
    layer, shape = case
    agree(layer, shape, lambda: convolve(layer, shape))


@FAST
@given(st.data(), DIMS, st.sampled_from([tree.MaxPool, tree.AvgPool]), st.booleans())
def test_a_pool_has_torch_s_shape(data: st.DataObject, dims: int, kind: type[tree.Pool], floor: bool) -> None:
    kernel = data.draw(axes(dims, 1, 4))
    layer = kind(
        kernel=kernel,
        stride=data.draw(axes(dims, 1, 4)),
        pad=Pad("zeros", tuple(data.draw(st.integers(0, k // 2)) for k in kernel)),
        dilation=data.draw(axes(dims, 1, 3)) if kind is tree.MaxPool else (1,) * dims,
        floor=floor,
    )
    shape = data.draw(shapes(2, dims))
    if kind is tree.AvgPool and dims == 3:  # torch's own refuses inputs that fit with their padding only
        assume(all(n >= k for n, k in zip(shape[1:], kernel, strict=True)))
    dilation = [layer.dilation] if kind is tree.MaxPool else []
    pool = MAX_POOL[dims] if kind is tree.MaxPool else AVG_POOL[dims]
    ceil = not floor
    agree(layer, shape, lambda: torch_shape(pool, shape, kernel, layer.stride, layer.pad.sizes, *dilation, ceil))


@FAST
@given(st.data(), DIMS)
def test_a_transposed_convolution_has_torch_s_shape(data: st.DataObject, dims: int) -> None:
    groups = data.draw(st.integers(1, 2))
    layer = tree.UpConv(
        filters=2,
        kernel=data.draw(axes(dims, 1, 4)),
        stride=data.draw(axes(dims, 1, 3)),
        pad=Pad("zeros", data.draw(axes(dims, 0, 2))),
        dilation=data.draw(axes(dims, 1, 3)),
        groups=groups,
    )
    shape = data.draw(shapes(2, dims, 5))
    weight = torch.zeros(2, 2 // groups, *layer.kernel)
    sizes: Any = (layer.stride, layer.pad.sizes, 0, groups, layer.dilation)
    agree(layer, shape, lambda: torch_shape(UPCONV[dims], shape, weight, None, *sizes))
    assert rules.parameters(layer, shape).value == weight.numel() + layer.filters


@FAST
@given(st.integers(1, 9), st.integers(1, 5), st.integers(1, 4), st.integers(0, 3), st.integers(0, 3))
def test_cropping_unequally_is_torch_s_output_padding(n: int, k: int, stride: int, pad: int, more: int) -> None:
    """Padding p with output padding o crops p before the axis and p - o after it."""
    assume(more < stride and more <= pad)
    layer = tree.UpConv(1, (k,), (stride,), Pad("zeros", (pad,), (pad - more,) if more else ()), (1,))
    agree(layer, (1, n), lambda: torch_shape(F.conv_transpose1d, (1, n), torch.zeros(1, 1, k), None, stride, pad, more))


@FAST
@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 5), st.integers(1, 3))
def test_same_is_tensorflow_s_rule(n: int, k: int, stride: int, dilation: int) -> None:
    """As its documentation writes it: ceil(n / s) outputs; an odd padding has its extra entry at the end."""
    reach = dilation * (k - 1) + 1
    outputs = -(-n // stride)
    padding = max((outputs - 1) * stride + reach - n, 0)
    window = Window(k, stride, Pad("same", ()), dilation, True)
    assert window.output(n).value == outputs
    assert window.padding(n) == (padding // 2, padding - padding // 2)
    padded = F.pad(torch.zeros(1, 1, n), window.padding(n))
    assert F.conv1d(padded, torch.zeros(1, 1, k), None, stride, 0, dilation).shape[-1] == outputs


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@FAST
@given(n=st.integers(1, 8), pad=st.integers(0, 10), k=st.integers(1, 4))
def test_pad_modes_reach_as_far_as_torch_s(mode: str, n: int, pad: int, k: int) -> None:
    layer = tree.Conv(filters=1, kernel=(k,), stride=(1,), pad=Pad(mode, (pad,)), dilation=(1,))

    def oracle() -> tuple[int, ...]:
        padded = torch_shape(F.pad, (1, n), (pad, pad), mode)
        return torch_shape(F.conv1d, padded, torch.zeros(1, 1, k))

    agree(layer, (1, n), oracle)


@pytest.mark.parametrize(
    ("layer", "module", "shape"),
    [
        (tree.Shuffle(factor=3), nn.PixelShuffle(3), (18, 4, 5)),
        (tree.Unshuffle(factor=3), nn.PixelUnshuffle(3), (2, 9, 6)),
        (tree.Upsample(factor=(2, 3)), nn.Upsample(scale_factor=(2, 3)), (2, 4, 5)),
        (tree.UpsampleTo(size=(7, 3)), nn.Upsample(size=(7, 3), mode="bilinear"), (2, 4, 5)),
        (tree.AdaptiveAvgPool(size=(3, 7)), nn.AdaptiveAvgPool2d((3, 7)), (7, 4, 5)),
        (tree.AdaptiveMaxPool(size=(3,)), nn.AdaptiveMaxPool1d(3), (7, 8)),
        (tree.Padding(Pad("reflect", (1, 2), (0, 3))), nn.ReflectionPad2d((2, 3, 1, 0)), (2, 4, 5)),
        (tree.Crop(Pad("zeros", (1, 2), (0, 1))), nn.ZeroPad2d((-2, -1, -1, 0)), (2, 4, 5)),
        (tree.GlobalAvgPool(), nn.AdaptiveAvgPool2d(1), (7, 4, 5)),
        (tree.GlobalMaxPool(), nn.AdaptiveMaxPool1d(1), (7, 9)),
        (tree.FullyConnected(units=9), nn.Sequential(nn.Flatten(), nn.Linear(140, 9)), (7, 4, 5)),
        (tree.BatchNorm(), nn.BatchNorm3d(3), (3, 4, 5, 6)),
        (tree.LayerNorm(), nn.LayerNorm(5), (5,)),
        (tree.GroupNorm(groups=3), nn.GroupNorm(3, 6), (6, 4, 5)),
        (tree.InstanceNorm(), nn.InstanceNorm3d(3), (3, 4, 5, 6)),
        (tree.RMSNorm(), nn.RMSNorm(5), (5,)),
        (tree.LRN(size=5), nn.LocalResponseNorm(5), (3, 4, 5)),
        (tree.Softmax(), nn.Softmax(1), (10,)),
    ],
    ids=lambda value: getattr(value, "word", None),
)
def test_other_layers_have_torch_s_shape(layer: tree.Layer, module: nn.Module, shape: tuple[int, ...]) -> None:
    assert rules.output(layer, shape).value == tuple(module(torch.zeros(2, *shape)).shape[1:])


def test_layers_that_torch_lacks() -> None:
    assert rules.output(tree.Maxout(pieces=3), (12, 4, 5)).value == (4, 4, 5)
    assert rules.output(tree.ZeroPad(channels=20), (12, 4, 5)).value == (20, 4, 5)
    assert rules.output(tree.RBF(units=10), (84,)).value == (10,)
    assert rules.output(tree.Embed(table=(20_000, 300)), (56,)).value == (300, 56)
    unshared = tree.Local(filters=4, kernel=(3, 2), stride=(2, 1), pad=Pad("zeros", (1, 0)))
    shared = tree.Conv(filters=4, kernel=(3, 2), stride=(2, 1), pad=Pad("zeros", (1, 0)), dilation=(1, 1))
    assert rules.output(unshared, (3, 9, 8)) == rules.output(shared, (3, 9, 8))


def test_a_layer_that_gives_a_size_closes_a_free_axis() -> None:
    for kind in (tree.AdaptiveAvgPool, tree.AdaptiveMaxPool, tree.UpsampleTo):
        assert rules.output(kind(size=(7, 5)), (3, None, 8)).value == (3, 7, 5)
    assert rules.output(tree.Upsample(factor=(2, 2)), (3, None, 8)).value == (3, None, 16)
    assert rules.output(tree.Unshuffle(factor=2), (3, None, 8)).value == (12, None, 4)
    assert rules.output(tree.Padding(Pad("reflect", (1, 1))), (3, None, 8)).value == (3, None, 10)
    assert rules.output(tree.Crop(Pad("zeros", (1, 1))), (3, None, 8)).value == (3, None, 6)


def test_a_free_axis_stays_free() -> None:
    conv = tree.Conv(filters=4, kernel=(3, 3), stride=(2, 2), pad=Pad("zeros", (1, 1)), dilation=(1, 1))
    assert rules.output(conv, (3, None, 8)).value == (4, None, 4)
    assert rules.output(conv, (3, None, 8)).formula == "floor((? + 2*1 - 3)/2) + 1; floor((8 + 2*1 - 3)/2) + 1 = 4"
    assert rules.macs(conv, (3, None, 8)) == Figure(None, "3*3*3*4*?*4")
    assert rules.parameters(conv, (3, None, 8)).value == 112
    assert rules.activation_bytes((4, None, 4)) == Figure(None, "4*4*?*4")


# how branches join


def block(kind: type[tree.Block], branches: int) -> tree.Block:
    return kind(((tree.Identity(),),) * branches)


@pytest.mark.parametrize(
    ("kind", "shape", "outputs", "expected"),
    [
        (tree.Concat, (3, 8, 8), ((4, 8, 8), (5, 8, 8), (6, 8, 8)), (15, 8, 8)),
        (tree.Concat, (3, None), ((4, None), (5, None)), (9, None)),
        (tree.Concat, (3, 8, 8), ((4,), (5,)), (9,)),
        (tree.Dense, (3, 8, 8), ((4, 8, 8),), (7, 8, 8)),
        (tree.Sum, (3, 8, 8), ((4, 6, 6), (4, 6, 6)), (4, 6, 6)),
        (tree.Residual, (3, 8, 8), ((3, 8, 8),), (3, 8, 8)),
        (tree.Residual, (3, None, None), ((3, 1, 1),), (3, 1, 1)),
        (tree.Residual, (3, 8, 8), ((6, 4, 4), (6, 4, 4)), (6, 4, 4)),
        (tree.Scale, (3, 8, 8), ((3,),), (3, 8, 8)),
        (tree.Scale, (3, 8, 8), ((3, 1, 1),), (3, 8, 8)),
        (tree.Scale, (3, 8, 8), ((3, 8, 8),), (3, 8, 8)),
        (tree.Aux, (3, 8, 8), ((10,),), (3, 8, 8)),
        (tree.Group, (3, 8, 8), ((10,),), (10,)),
    ],
)
def test_branches_join(kind: type[tree.Block], shape: Shape, outputs: tuple[Shape, ...], expected: Shape) -> None:
    assert joined(block(kind, len(outputs)), shape, outputs) == expected


@pytest.mark.parametrize(
    ("kind", "shape", "outputs"),
    [
        (tree.Concat, (3, 8, 8), ((4, 8, 8), (4, 8, 7))),
        (tree.Concat, (3, 8, 8), ((4, 8, 8), (4,))),
        (tree.Dense, (3, 8, 8), ((4, 6, 6),)),
        (tree.Sum, (3, 8, 8), ((3, 8, 8), (4, 8, 8))),
        (tree.Residual, (3, 8, 8), ((4, 8, 8),)),
        (tree.Residual, (3, 8, 8), ((3, 8, 8), (3, 4, 4))),
        (tree.Scale, (3, 8, 8), ((4,),)),
        (tree.Scale, (3, 8, 8), ((3, 4, 4),)),
        (tree.Scale, (3,), ((3, 1),)),
    ],
)
def test_branches_that_do_not_join(kind: type[tree.Block], shape: Shape, outputs: tuple[Shape, ...]) -> None:
    with pytest.raises(RuleError):
        joined(block(kind, len(outputs)), shape, outputs)


# parameters


def numel(*modules: nn.Module) -> int:
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


@FAST
@given(convolutions())
def test_a_convolution_has_torch_s_parameters(case: tuple[tree.Conv, tuple[int, ...]]) -> None:
    layer, (channels, *_) = case
    kind = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[len(layer.kernel)]
    module = kind(channels, layer.filters, layer.kernel, groups=layer.groups, bias=layer.bias)  # type: ignore[arg-type]
    assert rules.parameters(layer, case[1]).value == numel(module)


SIX: dict[str, Any] = {"kernel": (3, 2), "stride": (1, 1), "pad": Pad("zeros", (0, 0))}


@pytest.mark.parametrize(
    ("layer", "modules", "shape"),
    [
        (tree.UpConv(filters=5, dilation=(1, 1), **SIX), [nn.ConvTranspose2d(4, 5, (3, 2))], (4, 9, 9)),
        (
            tree.UpConv(filters=5, dilation=(1, 1), bias=False, **SIX),
            [nn.ConvTranspose2d(4, 5, (3, 2), bias=False)],
            (4, 9, 9),
        ),
        (tree.Local(filters=5, **SIX), [nn.Linear(24, 5)] * (7 * 8), (4, 9, 9)),
        (tree.Local(filters=5, bias=False, **SIX), [nn.Linear(24, 5, bias=False)] * (7 * 8), (4, 9, 9)),
        (
            tree.Deform(filters=5, dilation=(1, 1), **SIX),
            [nn.Conv2d(4, 5, (3, 2)), nn.Conv2d(4, 2 * 6, (3, 2))],
            (4, 9, 9),
        ),
        (
            tree.Deform(filters=5, dilation=(1, 1), plain=False, bias=False, **SIX),
            [nn.Conv2d(4, 5, (3, 2), bias=False), nn.Conv2d(4, 3 * 6, (3, 2))],
            (4, 9, 9),
        ),
        (
            tree.Deform(filters=6, dilation=(1, 1), groups=3, taken=3, **SIX),
            [nn.Conv2d(3, 6, (3, 2), groups=3), nn.Conv2d(4, 2 * 6, (3, 2))],
            (4, 9, 9),
        ),
        (tree.FullyConnected(units=9), [nn.Linear(140, 9)], (7, 4, 5)),
        (tree.FullyConnected(units=9, bias=False), [nn.Linear(140, 9, bias=False)], (7, 4, 5)),
        (tree.Embed(table=(20, 6)), [nn.Embedding(20, 6)], (11,)),
        (tree.LSTM(units=6), [nn.LSTM(4, 6)], (4, 11)),
        (tree.LSTM(units=6, bias=False), [nn.LSTM(4, 6, bias=False)], (4, 11)),
        (tree.BatchNorm(), [nn.BatchNorm2d(7)], (7, 4, 5)),
        (tree.Subsample(kernel=(2, 2), stride=(2, 2)), [nn.Conv2d(1, 1, 1)] * 7, (7, 4, 5)),
        (tree.PRelu(), [nn.PReLU(7)], (7, 4, 5)),
        (tree.RBF(units=10), [], (84,)),
        (tree.Relu(), [nn.ReLU()], (7, 4, 5)),
        (tree.MaxPool(kernel=(2, 2), stride=(2, 2), dilation=(1, 1)), [nn.MaxPool2d(2)], (7, 4, 5)),
    ],
    ids=lambda value: getattr(value, "word", None),
)
def test_other_layers_have_torch_s_parameters(layer: tree.Layer, modules: list[nn.Module], shape: Shape) -> None:
    assert rules.parameters(layer, shape).value == numel(*modules)


# multiply-accumulates, counted one by one


def positions(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(itertools.product(*map(range, shape)))


@settings(max_examples=40, deadline=None)
@given(convolutions(most=5))
def test_a_convolution_s_products_are_counted(case: tuple[tree.Conv, tuple[int, ...]]) -> None:
    """Padding counts like any entry, as it does in every published table."""
    layer, shape = case
    try:
        out = convolve(layer, shape)
    except ValueError:
        assume(False)
    count = 0
    for _filter, _position in itertools.product(range(layer.filters), positions(out[1:])):
        for _offset, _channel in itertools.product(positions(layer.kernel), range(shape[0] // layer.groups)):
            count += 1
    assert rules.macs(layer, shape).value == count


def test_other_layers_products_are_counted() -> None:
    shape, kernel = (2, 4, 3), (2, 3)
    filters, offsets = range(3), positions(kernel)
    fields: dict[str, Any] = {"filters": 3, "kernel": kernel, "stride": (1, 2), "pad": Pad("zeros", (1, 1))}
    inputs, outputs = positions(shape), positions((5, 2))

    spread = sum(1 for _ in itertools.product(inputs, filters, offsets))
    assert rules.macs(tree.UpConv(dilation=(1, 1), **fields), shape).value == spread

    unshared = sum(1 for _ in itertools.product(outputs, filters, offsets, range(2)))
    assert rules.macs(tree.Local(**fields), shape).value == unshared

    maps = [*filters, *[f"{axis} of {offset}" for offset in offsets for axis in "yx"]]
    deformed = sum(1 for _ in itertools.product(outputs, maps, offsets, range(2)))
    figure = rules.macs(tree.Deform(dilation=(1, 1), **fields), shape)
    assert figure == rules.Figure(deformed, "2*3*2*(3 + 12)*5*2")

    some = [(c, m) for c in range(2) for m in maps if c < 1 or m not in filters]  # the filters read one channel
    figure = rules.macs(tree.Deform(dilation=(1, 1), taken=1, **fields), shape)
    assert figure == rules.Figure(sum(1 for _ in itertools.product(outputs, some, offsets)), "2*3*(1*3 + 2*12)*5*2")

    full = sum(1 for _ in itertools.product(inputs, range(7)))
    assert rules.macs(tree.Subsample(kernel=(2, 2), stride=(2, 1)), shape).value == len(positions((2, 2, 2)))
    assert rules.macs(tree.FullyConnected(units=7), shape).value == full
    assert rules.macs(tree.RBF(units=7), shape).value == full
    assert rules.macs(tree.Relu(), shape).value == 0


# formulas: the numbers filled in come to the value


def computed(formula: str) -> float:
    """The value of a formula."""
    assert re.fullmatch(r"[0-9 ()*/+\-.floreci]+", formula), formula
    return float(eval(formula, {"floor": math.floor, "ceil": math.ceil, "__builtins__": {}}))


@FAST
@given(convolutions(), st.booleans())
def test_a_convolution_s_formulas_come_out(case: tuple[tree.Conv, tuple[int, ...]], same: bool) -> None:
    layer, shape = case
    if same:
        layer = tree.Conv(layer.filters, layer.kernel, layer.stride, Pad("same", ()), layer.dilation, layer.groups)
    try:
        out = rules.output(layer, shape)
    except RuleError:
        assume(False)
    parts = out.formula.split("; ") * (1 if "; " in out.formula else len(layer.kernel))
    for size, formula in zip(out.value[1:], parts, strict=True):
        left, right = formula.split(" = ")
        assert computed(left) == computed(right) == size
    for figure in (rules.parameters(layer, shape), rules.macs(layer, shape), rules.activation_bytes(out.value)):
        assert computed(figure.formula) == figure.value


@FAST
@given(convolutions(), st.data())
def test_the_way_out_is_one_and_the_nearest(case: tuple[tree.Conv, tuple[int, ...]], data: st.DataObject) -> None:
    """Each kernel, dilation and padding that an error offers fits, and no smaller change would."""
    layer, (channels, *_) = case
    shape = (channels, *[data.draw(st.integers(1, 4))] * len(layer.kernel))
    dilation, kernel, pads = layer.dilation[:1], layer.kernel[:1], layer.pad.sizes[:1]
    layer = tree.Conv(
        *(layer.filters, kernel * len(shape[1:]), (1,) * len(shape[1:])),
        *(Pad("zeros", pads * len(shape[1:])), dilation * len(shape[1:]), layer.groups),
    )
    try:
        rules.output(layer, shape)
    except RuleError as error:
        offered = re.search(r"of at most (\d+)(?:, or dilate at most (\d+))?, or pad (\d+)$", error.detail)
    else:
        return
    assert offered

    def fits(kernel: int, pad: int, dilate: int = dilation[0]) -> bool:
        sizes = len(shape) - 1
        changed = tree.Conv(
            *(layer.filters, (kernel,) * sizes, layer.stride),
            *(Pad("zeros", (pad,) * sizes), (dilate,) * sizes, layer.groups),
        )
        try:
            return bool(rules.output(changed, shape).value)
        except RuleError:
            return False

    most, nearer, least = int(offered[1]), int(offered[2] or 0), int(offered[3])
    assert fits(most, pads[0])
    assert not fits(most + 1, pads[0])
    assert fits(kernel[0], least)
    assert not fits(kernel[0], least - 1)
    if dilation[0] > 1:
        assert nearer == 0 or fits(kernel[0], pads[0], nearer)
        assert not fits(kernel[0], pads[0], nearer + 1)


# every layer has every rule


SAMPLES: dict[str, tuple[dict[str, Any], Shape]] = {
    "conv": ({"filters": 4, "dilation": (1, 1), **SIX}, (4, 9, 9)),
    "local": ({"filters": 4, **SIX}, (4, 9, 9)),
    "lws": ({"filters": 4, "sections": 7, **SIX}, (4, 9, 9)),
    "deform": ({"filters": 4, "dilation": (1, 1), **SIX}, (4, 9, 9)),
    "upconv": ({"filters": 4, "dilation": (1, 1), **SIX}, (4, 9, 9)),
    "maxpool": ({"dilation": (1, 1), **SIX}, (4, 9, 9)),
    "avgpool": ({"dilation": (1, 1), **SIX}, (4, 9, 9)),
    "embed": ({"table": (9, 4)}, (5,)),
    "match": ({"reach": 2, "whole": True}, (4, 9, 9)),
    "move": ({"reach": 1, "whole": True}, (13, 9, 9)),
    "zeropad": ({"channels": 6}, (4, 9, 9)),
    "fc": ({"units": 6}, (4, 9, 9)),
    "rbf": ({"units": 6}, (4, 9, 9)),
    "shuffle": ({"factor": 2}, (4, 9, 9)),
    "maxout": ({"pieces": 2}, (4, 9, 9)),
    "subsample": ({"kernel": (3, 2), "stride": (3, 2)}, (4, 9, 9)),
    "unpool": (
        {
            "pool": "p",
            "source": tree.MaxPool((3, 2), (2, 2), dilation=(1, 1), pad=Pad("zeros", (0, 0))),
        },
        (4, 4, 4),
    ),
    "roipool": ({"size": (3, 2)}, (4, 9, 9)),
    "roialign": ({"size": (3, 2), "points": 3}, (4, 9, 9)),
    "unshuffle": ({"factor": 3}, (4, 9, 9)),
    "upsample": ({"factor": (3, 2), "bilinear": True}, (4, 9, 9)),
    "upsample to": ({"size": (3, 20)}, (4, 9, 9)),
    "maxpool to": ({"size": (3, 20)}, (4, 9, 9)),
    "avgpool to": ({"size": (4, 2)}, (4, 9, 9)),
    "pad": ({"sizes": Pad("circular", (1, 2), (0, 2))}, (4, 9, 9)),
    "crop": ({"sizes": Pad("zeros", (1, 2), (0, 2))}, (4, 9, 9)),
    "maps": ({"numbers": (2, 0)}, (4, 9, 9)),
    "interleave": ({"groups": 2}, (4, 9, 9)),
    "gn": ({"groups": 2}, (4, 9, 9)),
    "attention": ({"heads": 2}, (4, 9, 9)),
    "lstm": ({"units": 5}, (4, 9)),
}


@pytest.mark.parametrize("word", tree.LAYERS)
def test_every_layer_has_every_rule(word: str) -> None:
    fields, shape = SAMPLES.get(word, ({}, (4, 9, 9)))
    layer = tree.LAYERS[word](**fields)
    others = [(4, 9, 9)] if word == "unpool" else []  # what the pool saw
    out = rules.output(layer, shape, *others).value
    assert all(size is not None and size > 0 for size in out)
    for figure in (rules.parameters(layer, shape), rules.macs(layer, shape)):
        assert isinstance(figure.value, int)
        assert figure.value == 0 or computed(figure.formula) == figure.value
    field = rules.Field(tuple(rules.Axis() for _ in shape[1:]))
    seen = rules.receptive_field(layer, out, *((shape, field) for shape in (shape, *others)))
    assert seen
    assert len(seen.axes) == (1 if word == "embed" else len(shape) - 1)
    assert all(isinstance(axis.size, int) and axis.size >= 1 for axis in seen.axes)


def test_windows_take_their_part_of_the_sizes() -> None:
    layer = tree.MaxPool(kernel=(3, 2), stride=(2, 1), pad=Pad("zeros", (1, 0)), dilation=(1, 2), floor=False)
    assert [(w.size, w.stride, w.pad.sizes, w.dilation, w.floor) for w in windows(layer)] == [
        (3, 2, (1,), 1, False),
        (2, 1, (0,), 2, False),
    ]
