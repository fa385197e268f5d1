"""The polygon around pixels is drawn again as the same pixels."""

import numpy as np
import pytest
from scipy import ndimage

from striate.polygons import outline, polygon_mask


@pytest.mark.parametrize("seed", range(30))
def test_an_outline_is_filled_as_it_was(seed: int) -> None:
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).random((14, 15)), seed % 2 * 0.8)
    inside = ndimage.binary_fill_holes(ndimage.label(smooth > 0.5)[0] == 1)
    corners = outline(inside)
    flat = [place for corner in corners for place in corner]
    assert (polygon_mask(flat, inside.shape) == inside).all()
    steps = np.diff([*corners, corners[0]], axis=0)
    assert ((steps == 0).sum(1) == 1).all(), "sides go along rows and columns in turn"
    assert ((steps[1:] == 0) != (steps[:-1] == 0)).all()


def test_holes_and_what_does_not_touch_are_left_out() -> None:
    ring = np.ones((3, 5), bool)
    ring[1, 1], ring[:, 3] = False, False
    assert outline(ring) == [(0, 0), (3, 0), (3, 3), (0, 3)]
    assert outline(np.ones((1, 1), bool)) == [(0, 0), (1, 0), (1, 1), (0, 1)]
