"""SURF: integral images by loops, the detector on known blobs, and that turned and enlarged images match."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from striate.features import surf
from striate.features.hessian import detect, determinant
from striate.features.integral import box, integral

Floats = NDArray[np.float64]
SIDE = 240


def blobs(seed: int) -> Floats:
    """Eighty bright and dark ellipses of many sizes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    image = np.zeros((SIDE, SIDE))
    for _ in range(80):
        (cx, cy), size, ratio, angle = rng.uniform(15, SIDE - 15, 2), *rng.uniform((2, 0.5, 0), (9, 1, np.pi))
        along = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        across = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        strength = rng.choice((-1, 1)) * rng.uniform(0.5, 1)
        image += strength * np.exp(-(along**2 + (across / ratio) ** 2) / (2 * size**2))
    return np.asarray((image - image.min()) / np.ptp(image))


def changed(image: Floats, degrees: float, times: float) -> tuple[Floats, Callable[[Floats], Floats]]:
    """The image enlarged and turned counter-clockwise, and where its points (P, 2) go."""
    side = round(len(image) * times)
    grown = Image.fromarray(image.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    turned = grown.rotate(degrees, Image.Resampling.BICUBIC)
    angle, middle = np.deg2rad(degrees), (side - 1) / 2

    def where(points: Floats) -> Floats:
        x, y = ((points + 0.5) * times - 0.5 - middle).T
        return np.column_stack([np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x]) + middle

    return np.asarray(turned, dtype=np.float64), where


def matches(ours: Floats, theirs: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows whose nearest neighbour is much nearer than the next."""
    distance = np.linalg.norm(ours[:, None] - theirs[None], axis=2)
    best, next_best = np.sort(distance, 1)[:, :2].T
    clear = np.flatnonzero(best < 0.7 * next_best)
    return clear, distance.argmin(1)[clear]


@pytest.mark.parametrize(("degrees", "times"), [(0, 1.5), (0, 2), (30, 1), (90, 1), (30, 1.5)])
@pytest.mark.parametrize("seed", [0, 1])
def test_points_are_found_again(degrees: float, times: float, seed: int) -> None:
    image = blobs(seed)
    other, where = changed(image, degrees, times)
    points, rows = surf.surf(image)
    other_points, other_rows = surf.surf(other)
    mine, yours = matches(rows, other_rows)
    assert len(mine) >= 30
    off = np.linalg.norm(where(points[mine, :2]) - other_points[yours, :2], axis=1) / times
    right = off < 2
    assert right.mean() > 0.85
    assert np.median(off) < 0.75
    grown = other_points[yours, 2] / points[mine, 2]
    assert np.median(grown[right]) == pytest.approx(times, rel=0.08)
    turned = np.angle(np.exp(1j * (points[mine, 3] - other_points[yours, 3])))  # the picture's y axis points down
    assert np.median(np.rad2deg(turned[right])) == pytest.approx(degrees, abs=3)


def test_without_its_orientation_a_turned_image_is_not_recognised() -> None:
    """What the test above shows is due to the orientation, not to luck."""
    image = blobs(0)
    other, where = changed(image, 90, 1)

    def upright(image: Floats) -> tuple[Floats, Floats]:
        points, _ = surf.surf(image)
        return points, surf.descriptors(integral(image), points[:, :2], points[:, 2], np.zeros(len(points)))

    (points, rows), (other_points, other_rows) = upright(image), upright(other)
    mine, yours = matches(rows, other_rows)
    off = np.linalg.norm(where(points[mine, :2]) - other_points[yours, :2], axis=1)
    assert (off < 2).sum() < 10


@pytest.mark.parametrize("sigma", [2.5, 4.0, 6.0])
def test_a_blob_is_found_where_it_is_with_its_scale(sigma: float) -> None:
    y, x = np.mgrid[:120, :120]
    image = np.exp(-((x - 62.3) ** 2 + (y - 55.6) ** 2) / (2 * sigma**2))
    point = detect(image)[0]
    assert (point.x, point.y) == (pytest.approx(62.3, abs=0.5), pytest.approx(55.6, abs=0.5))
    assert point.scale == pytest.approx(sigma, rel=0.3)  # the best scale of a Gaussian blob is its own


def test_a_saddle_and_a_flat_image_have_no_point() -> None:
    y, x = np.mgrid[-1:1:60j, -1:1:60j]
    assert detect(0.5 + x * y / 2) == []
    assert detect(np.full((60, 60), 0.5)) == []
    assert surf.surf(np.full((60, 60), 0.5))[1].shape == (0, 64)
    assert surf.surf(np.zeros((5, 5)))[0].shape == (0, 4)


def test_a_box_is_its_sum_even_over_the_border() -> None:
    image = np.random.default_rng(0).random((2, 5, 7))
    table = integral(image)
    for top, left, bottom, right in ((0, 0, 5, 7), (1, 2, 4, 3), (2, 2, 2, 5), (-3, 4, 2, 12)):
        wanted = image[:, max(top, 0) : bottom, left : min(right, 7)].sum((1, 2))
        np.testing.assert_allclose(box(table, top, left, bottom, right), wanted, atol=1e-12)


def test_the_determinant_is_that_of_the_masks() -> None:
    """The 9×9 masks of the paper's figure 2, written out."""
    dyy, dxy = np.zeros((9, 9)), np.zeros((9, 9))
    dyy[:, 2:7] = np.repeat([1, -2, 1], 3)[:, None]
    dxy[1:4, 1:4] = dxy[5:8, 5:8] = 1
    dxy[1:4, 5:8] = dxy[5:8, 1:4] = -1
    image = np.random.default_rng(1).random((13, 12))
    found = determinant(integral(image), 9)
    for row in range(4, 9):
        for column in range(4, 8):
            window = image[row - 4 : row + 5, column - 4 : column + 5]
            xx, yy, xy = ((mask * window).sum() / 81 for mask in (dyy.T, dyy, dxy))
            assert found[row, column] == pytest.approx(xx * yy - 0.81 * xy**2)
    assert found[:4].max() == found[:, :4].max() == 0


def test_rows_of_many_images_are_those_of_each() -> None:
    images = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    alone = torch.cat([surf.rows(image[None]) for image in images])
    assert torch.equal(surf.rows(images), alone)
    assert torch.allclose(alone.reshape(3, 9, 64).norm(dim=2), torch.ones(3, 9))
