"""Pictures made worse: published figures of bicubic interpolation, and what each way does."""

import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from striate.data.restoring.degrading import Degradation, degradation, enlarged, whole_part
from striate.data.restoring.luminance import plane, with_plane
from striate.errors import InputError
from striate.metrics.pictures import psnr

DATA = os.environ.get("STRIATE_DATA")


def smooth(chance: np.random.Generator, channels: int = 3) -> NDArray[np.uint8]:
    """A picture with room above and below its values."""
    small = Image.fromarray(chance.integers(60, 196, (6, 7, 3), np.uint8)).resize((42, 36), Image.Resampling.BICUBIC)
    return np.asarray(small).transpose(2, 0, 1)[:channels].copy()


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    return smooth(np.random.default_rng(0))


@pytest.mark.skipif(DATA is None, reason="the pictures of Set5 are not here")
@pytest.mark.parametrize(("scale", "published"), [(2, 33.67), (3, 30.40), (4, 28.43)])
def test_bicubic_interpolation_of_set5_is_as_pillow_s(tmp_path: Path, scale: int, published: float) -> None:
    assert DATA is not None
    with tarfile.open(Path(DATA) / "super-resolution.tar.xz") as packed:
        for one in packed:
            if "Set5/" in one.name and (content := packed.extractfile(one)):
                (tmp_path / Path(one.name).name).write_bytes(content.read())
    found = []
    for file in sorted(tmp_path.rglob("*.bmp")):
        good = whole_part(np.asarray(Image.open(file).convert("RGB")).transpose(2, 0, 1), scale)
        before = enlarged(degradation(f"bicubic:{scale}")(good, file.name), scale)
        inner = np.s_[:, scale:-scale, scale:-scale]
        found.append(psnr(plane(good, True)[inner], plane(before, True)[inner]))
    assert len(found) == 5
    assert round(float(np.mean(found)), 2) == published


def test_noise_has_its_spread_and_is_the_name_s(picture: NDArray[np.uint8]) -> None:
    worse = degradation("noise:10")
    flat = np.full((3, 100, 100), 128, np.uint8)
    assert abs(float(np.std(worse(flat, "a").astype(float))) - 10) < 0.2
    assert abs(float(np.mean(worse(flat, "a").astype(float))) - 128) < 0.3
    assert (worse(picture, "a.png") == worse(picture, "a.png")).all()
    assert (worse(picture, "a.png") != worse(picture, "b.png")).any()


def test_a_blur_is_a_gaussian(picture: NDArray[np.uint8]) -> None:
    point = np.zeros((1, 41, 41), np.uint8)
    point[0, 20, 20] = 255
    made = degradation("blur:2")(point, "")[0] / 255
    assert made[20, 20] == pytest.approx(1 / (2 * np.pi * 4), rel=0.05)
    assert made[20, 22] / made[20, 20] == pytest.approx(np.exp(-4 / 8), rel=0.1)
    assert degradation("blur:3")(np.full((3, 9, 9), 77, np.uint8), "").tolist() == np.full((3, 9, 9), 77).tolist()


def test_a_poorer_jpeg_is_further_away(picture: NDArray[np.uint8]) -> None:
    apart = [np.abs(degradation(f"jpeg:{q}")(picture, "").astype(int) - picture).mean() for q in (95, 50, 5)]
    assert 0 < apart[0] < apart[1] < apart[2]


def test_ways_follow_each_other(picture: NDArray[np.uint8]) -> None:
    both = degradation("blur:1,bicubic:3,noise:5")
    assert both(picture[:, :35, :41], "a").shape == (3, 11, 13)
    assert (str(both), both.scale) == ("blur:1,bicubic:3,noise:5", 3)
    assert degradation("bicubic:2,bicubic:2").scale == 4
    one = degradation("bicubic:3")(degradation("blur:1")(picture, "a"), "a")
    assert (degradation("blur:1,bicubic:3")(picture, "a") == one).all()
    assert degradation("noise") == degradation("noise:25")
    assert degradation("pairs") == Degradation(())


@pytest.mark.parametrize("text", ["noise:25", "rain", "fog"])
def test_a_number_draws_a_picture_anew(picture: NDArray[np.uint8], text: str) -> None:
    worse = degradation(text)
    assert worse.drawn
    assert not degradation("bicubic:2,jpeg").drawn
    assert (worse(picture, "a") == worse(picture, "a")).all()
    others = [worse(picture, *given) for given in (("a",), ("b",), ("a", 1), ("a", 2))]
    assert len({one.tobytes() for one in others}) == 4
    assert (worse(picture, "a", 2) == others[3]).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_of_either_kind_keeps_its_channels(picture: NDArray[np.uint8], channels: int) -> None:
    for text in ("bicubic:2", "noise:5", "blur:1", "jpeg:50", "rain:2", "fog"):
        made = degradation(text)(picture[:channels], "a")
        assert (len(made), made.dtype) == (channels, np.uint8)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bicubik:3", "degrade has no 'bicubik'; did you mean 'bicubic'?"),
        ("gaussian:3", "did you mean 'noise'?"),
        ("", "degrade has no ''; there are bicubic, noise, blur, jpeg, rain, fog, pairs"),
        ("bicubic:1", "bicubic takes a whole number from 2 to 8"),
        ("bicubic:2.5", "times smaller, by Pillow's bicubic filter. Received: 'bicubic:2.5'"),
        ("noise:-1", "noise takes a number from 0.1 to 200"),
        ("noise:nan", "Received: 'noise:nan'"),
        ("jpeg:0", "jpeg takes a whole number from 1 to 100"),
        ("rain:0", "rain takes a whole number from 1 to 20, layers of streaks. Received: 'rain:0'"),
        ("rain:2.5", "rain takes a whole number from 1 to 20"),
        ("fog:11", "fog takes a number from 0 to 10, how thick it is (β); 0 draws 0.4 to 1.6. Received: 'fog:11'"),
        ("fog:-1", "fog takes a number from 0 to 10"),
        ("haze:1", "did you mean 'fog'?"),
        ("derain", "did you mean 'rain'?"),
        ("noise:5,,blur", "degrade has no ''"),
    ],
)
def test_what_there_is_not_is_named(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        degradation(text)
    assert said in str(caught.value)


def test_a_picture_that_is_too_small_is_refused() -> None:
    with pytest.raises(InputError, match="2x9 pixels are too few to be made 3 times smaller"):
        degradation("bicubic:3")(np.zeros((3, 2, 9), np.uint8), "a")


@pytest.mark.parametrize("studio", [False, True])
def test_a_new_luminance_leaves_the_colour(picture: NDArray[np.uint8], studio: bool) -> None:
    old = plane(picture, studio)
    assert (with_plane(picture, old, old, studio) == picture).all()
    brighter = with_plane(picture, old, old + np.float32(0.1), studio)
    assert plane(brighter, studio) - old == pytest.approx(np.full(old.shape, 0.1), abs=2 / 255)
    more = brighter.astype(int) - picture
    assert np.ptp(more, axis=0).max() <= 1  # the same for red, green and blue
