"""Layers that compute where they read, in half precision: places above 256 are found as exactly as in float32."""

import pytest
import torch
from torch import Tensor, nn

from striate.layers.deform import DeformConv, read_at
from striate.layers.moving import Match, Move
from striate.layers.roi import RoIAlign, RoIPool

WIDE, NEAR = 400, 0.02  # columns; of values from 0 to 1: bfloat16 has steps of 1/256 there


def drawn(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(len(shape)))


def deformed(dims: int, modulated: bool = False) -> nn.Module:
    """Copies what each entry of a row reads, by offsets that its input decides."""
    layer = DeformConv(2, 2, (1,) * dims, (1,) * dims, (1,) * dims, modulated)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(2).view(layer.weight.shape))
        layer.offset.weight.copy_(drawn(*layer.offset.weight.shape) / 2)
        layer.offset.bias.fill_(0.3)  # type: ignore[union-attr, operator]
    return layer


CASES = [
    (deformed(1), (1, 2, WIDE)),
    (deformed(2), (1, 2, 5, WIDE)),
    (deformed(2, modulated=True), (2, 2, WIDE, 4)),
    (deformed(3), (1, 2, 2, 2, WIDE)),
    (Match(2), (1, 6, 5, WIDE)),
    (Match(2, halves=True), (1, 6, 5, WIDE)),
    (Move(3), (1, 2 + 49, 5, WIDE)),
    (Move(2, halves=True), (1, 2 + 81, 5, WIDE)),
]
NAMES = [f"{type(layer).__name__}-{number}" for number, (layer, _) in enumerate(CASES)]


def given(layer: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """Inputs that bfloat16 holds exactly, with weights of moves whose sum is about 1."""
    x = drawn(*shape)
    if isinstance(layer, Move):
        x[:, 2:] /= x[:, 2:].sum(1, keepdim=True)
    return x.bfloat16().float()


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=NAMES)
@pytest.mark.parametrize("half", [False, True], ids=["float32", "bfloat16"])
def test_wide_maps_under_autocast(layer: nn.Module, shape: tuple[int, ...], half: bool) -> None:
    x = given(layer, shape)
    with torch.no_grad():
        exact = layer(x)
        with torch.autocast("cpu", torch.bfloat16):
            found = layer(x.bfloat16() if half else x)
    assert (found.float() - exact).abs().max() < NEAR


@pytest.mark.parametrize(("layer", "shape"), CASES[4:], ids=NAMES[4:])
def test_moves_of_half_numbers_are_summed_exactly(layer: nn.Module, shape: tuple[int, ...]) -> None:
    x = given(layer, shape)
    found = layer(x.bfloat16())
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, layer(x).bfloat16())


def test_float64_stays_so() -> None:
    x = drawn(1, 2, 4, WIDE).double()
    layer = deformed(2).double()
    with torch.no_grad():
        assert (layer(x).float() - layer.float()(x.float())).abs().max() < 1e-3
        assert layer.double()(x).dtype == torch.float64
    places = torch.full((1, 1, 1), 1.5, dtype=torch.float64), torch.full((1, 1, 1), 300 + 2**-30, dtype=torch.float64)
    ramp = torch.arange(WIDE, dtype=torch.float64).expand(1, 1, 4, WIDE)
    assert float(read_at(ramp, places)[0, 0, 0, 0] - 300) == pytest.approx(2**-30, rel=1e-3)


@pytest.mark.parametrize("region", [RoIAlign((2, 3)), RoIPool((2, 3))], ids=["align", "pool"])
def test_regions_far_to_the_right(region: nn.Module) -> None:
    features, boxes = drawn(1, 2, 6, WIDE).bfloat16(), torch.tensor([[0, 301.3, 0.6, 313.9, 5.2]])
    with torch.autocast("cpu", torch.bfloat16):
        found = region(features, boxes)
    assert (found.float() - region(features.float(), boxes)).abs().max() < NEAR
