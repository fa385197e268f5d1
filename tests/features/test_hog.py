"""HOG: what it must not see, and what it must."""

import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from striate.errors import InputError
from striate.features import hog

pytest.importorskip("skimage")


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_brightness_and_contrast_do_not_matter(images: torch.Tensor) -> None:
    assert torch.allclose(hog.rows(images), hog.rows(0.5 * images + 0.3), atol=1e-3)


def test_a_negative_has_the_same_edges(images: torch.Tensor) -> None:
    assert torch.allclose(hog.rows(images), hog.rows(1 - images), atol=1e-4)


def test_each_block_is_of_length_one(images: torch.Tensor) -> None:
    blocks = hog.rows(images).reshape(4, -1, 2 * 2 * hog.ORIENTATIONS)
    assert torch.allclose(blocks.norm(dim=2), torch.ones(4, 36), atol=1e-2)


def test_a_shift_by_a_cell_moves_the_blocks() -> None:
    small = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    there, here = torch.zeros(1, 1, 28, 28), torch.zeros(1, 1, 28, 28)
    here[..., 8:16, 8:16], there[..., 8:16, 12:20] = small, small
    first, second = (hog.rows(image).reshape(6, 6, -1) for image in (here, there))
    assert torch.allclose(first[:, :5], second[:, 1:], atol=1e-5)
    assert not torch.allclose(first, second, atol=0.1)


@pytest.mark.parametrize(("axis", "degrees"), [(3, 0), (2, 90)])
def test_a_straight_edge_fills_one_bin(axis: int, degrees: int) -> None:
    """Gradients along x are in the bin that begins at 0 degrees, along y in the one that holds 90."""
    ramp = torch.linspace(0, 1, 28).reshape(1, 1, 28, 1).expand(1, 1, 28, 28)
    image = ramp if axis == 2 else ramp.transpose(2, 3)
    cells = hog.cells(image[0])
    assert cells.shape == (7, 7, hog.ORIENTATIONS)
    assert (cells.argmax(2) == degrees * hog.ORIENTATIONS // 180).all()
    assert np.allclose(cells.max(2), cells.sum(2))


@pytest.mark.parametrize(("axis", "vertical"), [(3, True), (2, False)])
def test_strokes_lie_along_the_edge(axis: int, vertical: bool) -> None:
    ramp = torch.linspace(0, 1, 28).reshape(1, 1, 28, 1).expand(1, 1, 28, 28)
    axes = Figure().subplots()
    hog.draw(axes, (ramp if axis == 2 else ramp.transpose(2, 3))[0])
    (strokes,) = (found for found in axes.collections if isinstance(found, LineCollection))
    strength = np.asarray(strokes.get_colors())[:, 3]
    for segment in np.array(strokes.get_segments())[strength > 0.5]:
        across, down = np.abs(segment[1] - segment[0])
        assert (down > across) == vertical


def test_too_small_an_image_is_refused() -> None:
    assert hog.rows(torch.rand(1, 1, 4, 4)).shape == (1, 36)
    with pytest.raises(InputError, match=r"hog needs images of 4x4 pixels or more\. Received: 3x9"):
        hog.rows(torch.rand(1, 1, 3, 9))
