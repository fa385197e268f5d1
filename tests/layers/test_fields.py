"""What each layer reads against the gradient: which entries of the input change one entry of its output."""

from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from striate.building import build
from striate.notation import Network, measure, rules, tree
from striate.notation.tree import Layer
from tests import drawing
from tests.layers.test_values import CASES as ALL_CASES

ALIKE = 8  # pointwise layers have one field between them, each entry its own: a share of the examples is enough
NONE = 1e-12  # what is read between entries may be off by a rounding
IMAGES = 64  # so many that each entry of a window is the largest one of some


CASES = [(layer, dims) for layer, dims in ALL_CASES if dims]


@pytest.mark.parametrize(("layer_class", "dims"), CASES, ids=[f"{layer.word}-{dims}D" for layer, dims in CASES])
def test_a_field_is_what_changes_the_output(layer_class: type[Layer], dims: int, on_examples: Any) -> None:
    drawn = drawing.fitting(layer_class, drawing.shapes(dims, 3, 7 if dims < 3 else 5))
    shared = sum(other is layer_class for other, _ in CASES) * (ALIKE if issubclass(layer_class, tree.Pointwise) else 1)
    on_examples(_check, shared, drawn=drawn, data=st.data(), seed=st.integers(0, 2**32 - 1))


def _check(drawn: tuple[drawing.Sizes, Layer], data: st.DataObject, seed: int) -> None:
    shape, layer = drawn
    dims, out = len(shape) - 1, rules.output(layer, shape).value
    position = [data.draw(st.integers(0, (size or 1) - 1)) for size in out[1:]]
    torch.manual_seed(seed)
    x = torch.randn(IMAGES, *shape, dtype=torch.float64, requires_grad=True)
    network = Network(shape, (layer,))
    moved = _moved(build(network).double().eval(), x, position)
    measured = measure(network)
    found = [measured.entries(measured.rows[0].name, (position or [0] * dims)[axis], axis) for axis in range(dims)]
    if _repeats_the_input(layer):
        return
    flat = isinstance(layer, tree.Pointwise)  # its slope may be 0: the softmax of one channel
    assert moved.any() == all(found) or flat  # a window may be in the padding, an entry between those of an upconv
    for axis, ends in enumerate(found if moved.any() else ()):
        others = tuple(other for other in range(dims) if other != axis)
        seen = (moved.any(dim=others) if others else moved).nonzero().flatten().tolist()
        assert (seen[0], seen[-1]) == ends


def _moved(model: torch.nn.Module, x: Tensor, position: list[int]) -> Tensor:
    """(*spatial): whether an entry of the input, of any image and channel, moves the output at the position."""
    y = model(x)[(slice(None), slice(None), *position)]
    (gradient,) = torch.autograd.grad((y * torch.rand_like(y)).sum(), x)
    return (gradient.abs() > NONE).flatten(0, 1).any(dim=0)


def _repeats_the_input(layer: Layer) -> bool:
    """Whether its padding stands for entries elsewhere in the input."""
    pad = layer.sizes if isinstance(layer, tree.Padding) else getattr(layer, "pad", None)
    return pad is not None and pad.mode in ("reflect", "replicate", "circular")
