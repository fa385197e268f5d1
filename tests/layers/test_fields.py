"""The receptive field rule against the gradient: which entries of the input change one entry of a layer's output."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor

from striate.building import build
from striate.notation import Network, rules, tree
from striate.notation.rules import Axis, Field
from striate.notation.tree import Layer
from tests import drawing
from tests.layers.test_values import CASES as ALL_CASES

IMAGES = 64  # so many that each entry of a window is the largest one of some


CASES = [(layer, dims) for layer, dims in ALL_CASES if dims]


@pytest.mark.parametrize(("layer_class", "dims"), CASES, ids=[f"{layer.word}-{dims}D" for layer, dims in CASES])
def test_a_field_is_what_changes_the_output(layer_class: type[Layer], dims: int, on_examples: Any) -> None:
    drawn = drawing.fitting(layer_class, drawing.shapes(dims, 3, 7 if dims < 3 else 5))
    shared = sum(other is layer_class for other, _ in CASES)
    on_examples(_check, shared, drawn=drawn, data=st.data(), seed=st.integers(0, 2**32 - 1))


def _check(drawn: tuple[drawing.Sizes, Layer], data: st.DataObject, seed: int) -> None:
    shape, layer = drawn
    dims, out = len(shape) - 1, rules.output(layer, shape).value
    position = [data.draw(st.integers(0, (size or 1) - 1)) for size in out[1:]]
    torch.manual_seed(seed)
    x = torch.randn(IMAGES, *shape, dtype=torch.float64, requires_grad=True)
    moved = _moved(build(Network(shape, (layer,))).double().eval(), x, position)
    assume(moved.any())  # a window may be in the padding, an entry between those that an upconv reaches
    field = rules.receptive_field(layer, out, (shape, Field((Axis(),) * dims)))
    for number, axis in enumerate(field.axes):
        others = tuple(other for other in range(dims) if other != number)
        seen = (moved.any(dim=others) if others else moved).nonzero().flatten().tolist()
        at = position[number] if position else 0
        first, last = axis.entries(at)
        if (first, last) == replace(axis, limits=None).entries(at) and not _has_gaps(layer):
            assert (seen[0], seen[-1]) == (first, last)
        elif not _repeats_the_input(layer):
            assert first <= seen[0] <= seen[-1] <= last


def _moved(model: torch.nn.Module, x: Tensor, position: list[int]) -> Tensor:
    """(*spatial): whether an entry of the input, of any image and channel, moves the output at the position."""
    y = model(x)[(slice(None), slice(None), *position)]
    (gradient,) = torch.autograd.grad((y * torch.rand_like(y)).sum(), x)
    return (gradient != 0).flatten(0, 1).any(dim=0)


def _has_gaps(layer: Layer) -> bool:
    """Whether some entries inside its field may not reach an entry: the field is then the smallest sure to hold all."""
    axes = zip(layer.kernel, layer.stride, layer.dilation, strict=True) if isinstance(layer, tree.UpConv) else ()
    return any(k < s or (d > 1 and s > 1) for k, s, d in axes)


def _repeats_the_input(layer: Layer) -> bool:
    """Whether its padding stands for entries elsewhere in the input."""
    pad = layer.sizes if isinstance(layer, tree.Padding) else getattr(layer, "pad", None)
    return pad is not None and pad.mode in ("reflect", "replicate", "circular")
