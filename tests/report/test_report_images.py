"""Images and filters inside the page are what they were outside it."""

import base64
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from striate.report.images import LONGEST_SIDE, MOST_FILTERS, data_uri, filter_sheet


def pixels(uri: str) -> NDArray[np.uint8]:
    """The pixels that a browser finds in a `data:` address."""
    kind, data = uri.split(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3), (1, 5), (96, 20, 3)])
def test_small_images_are_kept_to_the_pixel(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert (pixels(data_uri(image)) == image).all()


def test_large_images_are_reduced_in_proportion() -> None:
    image = np.full((480, 640, 3), 77, dtype=np.uint8)
    reduced = pixels(data_uri(image))
    assert reduced.shape == (LONGEST_SIDE * 3 // 4, LONGEST_SIDE, 3)
    assert (reduced == 77).all()


def test_grey_filters_share_one_scale_around_zero() -> None:
    filters = np.array([[[[0.0, 2.0]]], [[[-2.0, -1.0]]]], dtype=np.float32)  # (2, 1, 1, 2)
    sheet = filter_sheet(filters)
    assert sheet.extent == 2
    assert [pixels(uri).tolist() for uri in sheet.uris] == [[[128, 255]], [[0, 64]]]
    assert "one input channel" in sheet.convention


def test_filters_over_colours_are_shown_in_colour() -> None:
    filters = np.zeros((1, 3, 2, 2), dtype=np.float32)
    filters[0, 0] = 0.5  # red
    assert (pixels(filter_sheet(filters).uris[0]) == [255, 128, 128]).all()


def test_filters_over_many_channels_are_shown_as_their_mean() -> None:
    filters = np.zeros((2, 4, 1, 1), dtype=np.float32)
    filters[0, :, 0, 0] = [1, 2, 3, 6]
    sheet = filter_sheet(filters)
    assert sheet.extent == 3
    assert [pixels(uri).item() for uri in sheet.uris] == [255, 128]
    assert "mean over the 4 input channels" in sheet.convention


def test_filters_that_are_all_zero_are_grey() -> None:
    assert pixels(filter_sheet(np.zeros((1, 1, 3, 3), dtype=np.float32)).uris[0]).max() == 128


def test_only_the_first_filters_are_shown() -> None:
    sheet = filter_sheet(np.ones((MOST_FILTERS + 1, 1, 1, 1), dtype=np.float32))
    assert (len(sheet.uris), sheet.num_filters) == (MOST_FILTERS, MOST_FILTERS + 1)
