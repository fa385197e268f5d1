from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from striate.data import Recipe, infer, load, read_image, reading
from striate.data.image import decode
from striate.data.ink import Ink
from striate.errors import InputError

MNIST = Recipe((1, 28, 28), (1, 32, 32), "pad", (0.0,), (0.13,), (0.31,), Ink(20, (14.0, 14.0)))
COLOUR = Recipe((3, 10, 12), (3, 10, 12), "as is", (0.0,) * 3, (0.5,) * 3, (0.5,) * 3)


@pytest.fixture(scope="module")
def digit() -> np.ndarray:
    """A digit as MNIST's are: in a box of 20, by its centre of mass."""
    canvas = Image.new("L", (400, 400), 0)
    ImageDraw.Draw(canvas).text((150, 60), "5", 255, ImageFont.load_default(260))
    canvas = canvas.crop(canvas.getbbox())
    small = canvas.resize((round(canvas.width * 20 / canvas.height), 20), Image.Resampling.BOX)
    pixels = np.asarray(small).astype(float)
    row = pixels.sum(1) @ np.arange(20) / pixels.sum()
    column = pixels.sum(0) @ np.arange(pixels.shape[1]) / pixels.sum()
    field = np.zeros((28, 28), np.uint8)
    top, left = round(14 - row), round(14 - column)
    field[top : top + 20, left : left + pixels.shape[1]] = pixels
    return field


def test_an_image_of_the_set_comes_out_bit_for_bit(tmp_path: Path, digit: np.ndarray) -> None:
    for name, image in (
        ("a.png", Image.fromarray(digit)),
        ("rgb.png", Image.fromarray(digit).convert("RGB")),
        ("deep.png", Image.fromarray(digit.astype(np.uint16) * 257)),
    ):
        image.save(tmp_path / name)
        read = read_image(tmp_path / name, MNIST)
        assert read.dtype == torch.uint8
        assert read.shape == (1, 28, 28)
        assert np.array_equal(read[0].numpy(), digit)
        assert MNIST(read[None]).shape == (1, 1, 32, 32)


def test_of_the_same_size_but_inverted(tmp_path: Path, digit: np.ndarray) -> None:
    Image.fromarray(255 - digit).save(tmp_path / "a.png")
    assert np.array_equal(read_image(str(tmp_path / "a.png"), MNIST)[0].numpy(), digit)
    light = replace(MNIST, background=(1.0,))  # a set of dark ink on light paper
    assert np.array_equal(read_image(tmp_path / "a.png", light)[0].numpy(), 255 - digit)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("method", [Image.Resampling.NEAREST, Image.Resampling.BICUBIC])
@pytest.mark.parametrize("corner", [(0, 0), (130, 20), (3, 90)])
def test_enlarged_and_off_centre(
    tmp_path: Path, digit: np.ndarray, inverted: bool, method: int, corner: tuple[int, int]
) -> None:
    canvas = Image.new("L", (420, 380), 0)
    canvas.paste(Image.fromarray(digit).resize((280, 280), method), corner)
    pixels = np.asarray(canvas)
    Image.fromarray(255 - pixels if inverted else pixels).save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.png", MNIST)[0].numpy()
    assert np.abs(read.astype(int) - digit).mean() < (0.5 if method == Image.Resampling.NEAREST else 12)


def test_big_black_digits_on_white_paper(tmp_path: Path) -> None:
    for character in "0123456789":
        page = Image.new("RGB", (640, 480), "white")
        ImageDraw.Draw(page).text((380, 20), character, "black", ImageFont.load_default(180))
        page.save(tmp_path / "page.jpg", quality=90)
        read = read_image(tmp_path / "page.jpg", MNIST)[0].numpy().astype(float)
        rows, columns = np.nonzero(read > 25)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)
        assert read.sum(1) @ np.arange(28) / read.sum() == pytest.approx(14, abs=0.6)
        assert read.sum(0) @ np.arange(28) / read.sum() == pytest.approx(14, abs=0.6)
        assert read.max() == 255
        assert np.median(read) == 0


def test_a_drawing_on_nothing(tmp_path: Path, digit: np.ndarray) -> None:
    """Black ink on a transparent page, as drawing programs save it."""
    large = Image.fromarray(digit).resize((280, 280), Image.Resampling.NEAREST)
    page = Image.new("RGBA", (280, 280), (0, 0, 0, 0))
    page.putalpha(large)
    page.save(tmp_path / "a.png")
    assert np.abs(read_image(tmp_path / "a.png", MNIST)[0].numpy().astype(int) - digit).mean() < 0.5


def test_photographs_are_scaled_and_cut(tmp_path: Path, draw: Callable[..., Path]) -> None:
    same = draw(tmp_path / "same.png")
    assert np.array_equal(read_image(same, COLOUR).permute(1, 2, 0).numpy(), np.asarray(Image.open(same)))
    large = draw(tmp_path / "large.png", size=(100, 60))
    assert read_image(large, COLOUR).shape == (3, 10, 12)
    grey = draw(tmp_path / "grey.png", mode="L")
    read = read_image(grey, COLOUR)
    assert torch.equal(read[0], read[2])
    one = replace(COLOUR, source=(1, 10, 12))
    assert read_image(same, one).shape == (1, 10, 12)


def test_what_a_folder_was_read_as_is_what_one_image_is_read_as(classes: Path, draw: Callable[..., Path]) -> None:
    draw(classes / "cat" / "large.jpg", 7, size=(300, 200))
    found = load(classes, shape=(3, 24, 20), hold_out=False)
    recipe = infer(found, (3, 24, 20))
    for path, image in zip(found.train.paths, found.train.images, strict=True):
        assert torch.equal(read_image(path, recipe), image)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("words")
    for recipe in (MNIST, COLOUR):
        with pytest.raises(InputError, match=r"cannot read the image '.*words.png' \(not an image\)"):
            read_image(tmp_path / "words.png", recipe)
        with pytest.raises(InputError, match="no such file"):
            read_image(tmp_path / "none.png", recipe)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe((1, 100), (1, 100), "as is", (0.0,), (0.0,), (1.0,)),
        Recipe((4, 8, 8), (4, 8, 8), "as is", (0.0,) * 4, (0.0,) * 4, (1.0,) * 4),
        replace(COLOUR, pixels=False),
    ],
)
def test_a_network_that_does_not_read_pictures(draw: Callable[..., Path], tmp_path: Path, recipe: Recipe) -> None:
    with pytest.raises(InputError, match=r"learned from arrays .* give it an .npz archive"):
        read_image(draw(tmp_path / "a.png"), recipe)


def test_real_digits(real_data: Path, tmp_path: Path) -> None:
    found = load("mnist")
    assert found.test is not None
    recipe = infer(found, (1, 28, 28))
    changes = []
    for image in found.test.images[:100, 0].numpy():
        Image.fromarray(image).save(tmp_path / "same.png")
        assert np.array_equal(read_image(tmp_path / "same.png", recipe)[0].numpy(), image)
        Image.fromarray(255 - image).save(tmp_path / "inverted.png")
        assert np.array_equal(read_image(tmp_path / "inverted.png", recipe)[0].numpy(), image)
        canvas = Image.new("L", (420, 380), 0)
        canvas.paste(Image.fromarray(image).resize((280, 280), Image.Resampling.NEAREST), (120, 30))
        Image.fromarray(255 - np.asarray(canvas)).save(tmp_path / "large.png")
        changes.append(np.abs(read_image(tmp_path / "large.png", recipe)[0].numpy().astype(int) - image).mean())
    assert np.median(changes) < 0.5
    assert np.mean(changes) < 2  # a few are placed one pixel beside, their centre lying between two


def test_a_drawing_on_a_large_page_is_looked_for_in_a_small_copy(
    tmp_path: Path, digit: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Image.new("L", (6000, 4500), 255)
    page.paste(Image.fromarray(255 - digit).resize((700, 700), Image.Resampling.NEAREST), (3000, 500))
    page.save(tmp_path / "page.png", compress_level=1)
    sides = []

    def spied(*args: Any, **kwargs: Any) -> np.ndarray:
        pixels = decode(*args, **kwargs)
        sides.append(max(pixels.shape))
        return pixels

    monkeypatch.setattr(reading, "decode", spied)
    assert np.abs(read_image(tmp_path / "page.png", MNIST)[0].numpy().astype(int) - digit).mean() < 2
    assert sides == [2000]
