"""Tiles against the whole image, which they must equal wherever their margin covers the receptive field."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from striate.building import build
from striate.errors import InputError
from striate.notation import read
from striate.tiling import at_any_size, fitting_size, middle, tiled

UNET = """
twice(w) = [conv w@3 pad 1 -> relu]*2
input 1x?x?
d1: twice(4) -> maxpool 2
twice(6) -> upconv 4@2 stride 2 -> concat[ from d1 | id ] -> twice(4) -> conv 2@1
"""


def by_sixteen(size: tuple[int, int]) -> bool:
    return all(side % 16 == 0 for side in size)


def convs(layers: int, pad: int) -> nn.Module:
    """A net of 3x3 convolutions, whose outputs see `layers` pixels around each place."""
    torch.manual_seed(layers)
    steps = [nn.Sequential(nn.Conv2d(i, o, 3, padding=pad), nn.ReLU()) for i, o in pairwise([2, *[3] * layers])]
    return nn.Sequential(*steps).double()


@settings(deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    tile=st.tuples(st.integers(7, 20), st.integers(7, 20)),
    layers=st.integers(1, 3),
)
@torch.no_grad()
def test_padded_convolutions_by_tiles_are_the_whole_images(
    size: tuple[int, int], tile: tuple[int, int], layers: int
) -> None:
    """Only along an axis shorter than its tile does the reflection stand where the whole image has zeros."""
    net, image = convs(layers, pad=1), torch.randn(2, 2, *size, dtype=torch.float64)
    got, want = tiled(net, image, tile=tile, margin=layers), net(image)
    down, right = (n if n >= t else max(0, n - layers) for n, t in zip(size, tile, strict=True))
    assert got.shape == want.shape
    assert torch.allclose(got[..., :down, :right], want[..., :down, :right])


@settings(deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    tile=st.tuples(st.integers(7, 20), st.integers(7, 20)),
    margin=st.integers(0, 2),
    blend=st.booleans(),
)
@torch.no_grad()
def test_convolutions_without_padding_by_tiles_are_those_of_the_reflected_image(
    size: tuple[int, int], tile: tuple[int, int], margin: int, blend: bool
) -> None:
    net, image = convs(1, pad=0), torch.randn(1, 2, *size, dtype=torch.float64)
    reflected = torch.tensor(np.pad(image.numpy(), [(0, 0), (0, 0), (1, 1), (1, 1)], "reflect"))
    assert torch.allclose(tiled(net, image, tile=tile, cut=1, margin=margin, blend=blend), net(reflected))


@settings(deadline=None)
@given(st.tuples(st.integers(1, 30), st.integers(1, 30)), st.integers(0, 3), st.integers(1, 4), st.booleans())
def test_what_each_pixel_alone_decides_is_the_same_by_any_tiles(
    size: tuple[int, int], margin: int, multiple: int, blend: bool
) -> None:
    image = torch.randn(1, 1, *size, dtype=torch.float64)
    got = tiled(lambda x: x * 2, image, tile=(10, 11), margin=margin, multiple=multiple, blend=blend)
    assert torch.allclose(got, image * 2)


@torch.no_grad()
def test_a_small_unet_by_tiles_is_the_whole_images_when_tiles_start_at_its_stride() -> None:
    torch.manual_seed(0)
    net, image = build(read(UNET)).eval(), torch.randn(1, 1, 96, 80)
    want = net(image)
    assert torch.allclose(tiled(net, image, tile=(48, 32), margin=12, multiple=2), want, atol=1e-6)
    assert not torch.allclose(tiled(net, image, tile=(48, 32), margin=0, multiple=2), want, atol=1e-3)


@torch.no_grad()
def test_tiles_that_are_thin_start_at_the_stride_of_each_axis() -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.MaxPool3d((1, 4, 4)), torch.nn.Conv3d(1, 2, 1), torch.nn.ConvTranspose3d(2, 1, (1, 4, 4), (1, 4, 4))
    )
    image = torch.randn(1, 1, 5, 24, 24)
    got = tiled(net, image, tile=(2, 16, 16), multiple=(1, 4, 4))
    assert torch.allclose(got, net(image), atol=1e-6)
    with pytest.raises(InputError, match="tiles with 2 outputs are too small"):
        tiled(net, image, tile=(2, 16, 16), multiple=4)


@torch.no_grad()
def test_blending_hides_the_seams_between_tiles_that_overlap_too_little() -> None:
    def own_mean(x: Tensor) -> Tensor:
        return x.mean((2, 3), keepdim=True).expand_as(x)  # an output that depends on the tile alone

    image = torch.arange(64.0)[None, None, None].expand(1, 1, 8, 64)
    cropped, blended = (tiled(own_mean, image, tile=(8, 24), margin=6, blend=blend)[0, 0, 0] for blend in (False, True))
    assert cropped.diff().abs().max() == pytest.approx(12)
    assert blended.diff().abs().max() < 2


@torch.no_grad()
def test_a_whole_image_is_reflected_to_a_size_that_the_network_takes() -> None:
    net = build(read(UNET)).eval()
    image = torch.randn(1, 1, 37, 50)
    given: list[tuple[int, ...]] = []

    def seen(x: Tensor) -> Tensor:
        given.append(tuple(x.shape))
        return torch.as_tensor(net(x))

    got = at_any_size(seen, image, by_sixteen)
    assert given == [(1, 1, 48, 64)]
    padded = torch.tensor(np.pad(image.numpy(), [(0, 0), (0, 0), (0, 11), (0, 14)], "reflect"))
    assert torch.equal(got, net(padded)[..., :37, :50])


@torch.no_grad()
def test_a_network_without_padding_sees_the_reflection_around_the_whole_image() -> None:
    net, image = convs(3, pad=0), torch.randn(1, 2, 9, 2, dtype=torch.float64)
    want = net(torch.tensor(np.pad(image.numpy(), [(0, 0), (0, 0), (3, 3), (3, 3)], "reflect")))
    assert torch.allclose(at_any_size(net, image, lambda size: min(size) > 6, cut=3), want)


def test_the_zoos_unet_takes_the_sizes_of_its_paper() -> None:
    """Of 572 pixels 388 come out; the next size that halves four times is 16 more."""

    def takes(size: tuple[int, int]) -> bool:
        return size[0] % 16 == 572 % 16 and size[0] >= 188

    assert fitting_size((388 + 2 * 92, 400 + 2 * 92), takes) == (572, 588)


def test_middle_is_what_a_network_without_padding_is_asked_for() -> None:
    mask = torch.arange(572)[None, :, None].expand(2, 572, 572)
    assert middle(mask, (388, 388))[0, [0, -1], 0].tolist() == [92, 479]
    assert middle(mask, (572, 572)).shape == mask.shape


def test_impossible_tiles_are_refused_and_possible_ones_are_not() -> None:
    image = torch.zeros(1, 1, 20, 20)
    assert tiled(lambda x: x, image, tile=(9, 9), margin=4).shape == image.shape
    with pytest.raises(InputError, match="tiles with 8 outputs are too small for a margin of 4"):
        tiled(lambda x: x, image, tile=(8, 8), margin=4)
    with pytest.raises(InputError, match="gives outputs of 4x4 for 8x8, and 8x8 are needed"):
        tiled(lambda x: x[..., ::2, ::2], image, tile=(8, 8))
    with pytest.raises(InputError, match="takes no size from 20 to 1043 pixels"):
        fitting_size((20, 20), lambda _: False)
