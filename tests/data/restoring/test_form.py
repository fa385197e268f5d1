"""What networks read of pictures in files and of frames of videos: the same, and as much worse as was asked for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data.restoring import Pair
from striate.data.restoring.degrading import degradation
from striate.data.restoring.form import Form

SPREAD = 25


def pair(place: Path, framed: bool) -> Pair:
    """An even colour, in a file or as a frame of a video."""
    pixels = np.empty((3, 120, 120), np.uint8)
    pixels[:] = np.array([140, 120, 100])[:, None, None]
    path = place / "a.png"
    Image.fromarray(pixels.transpose(1, 2, 0)).save(path)
    return Pair(path, "train", (120, 120), pixels=pixels if framed else None)


@pytest.mark.parametrize("framed", [False, True], ids=["picture", "frame"])
@pytest.mark.parametrize("channels", [1, 3])
def test_noise_has_the_spread_that_was_asked_for(tmp_path: Path, channels: int, framed: bool) -> None:
    form = Form(degradation(f"noise:{SPREAD}"), channels, 1, 1)
    one = pair(tmp_path, framed)
    more = 255 * (form.worse(one) - form.good(one))
    assert len(more) == channels
    assert more.std(axis=(1, 2)) == pytest.approx([SPREAD] * channels, rel=0.03)
    assert abs(more.mean()) < 1


@pytest.mark.parametrize("way", ["noise:10", "blur:2", "jpeg:30", "bicubic:2", "rain:3"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_frame_is_read_as_a_picture_of_it(tmp_path: Path, channels: int, way: str) -> None:
    worse = degradation(way)
    form = Form(worse, channels, worse.scale, worse.scale)
    file, frame = pair(tmp_path, False), pair(tmp_path, True)
    np.testing.assert_allclose(form.good(file), form.good(frame), atol=1.1 / 255)
    np.testing.assert_allclose(form.worse(file), form.worse(frame), atol=2.1 / 255)
