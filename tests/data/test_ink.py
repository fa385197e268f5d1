import numpy as np
import pytest
from numpy.typing import NDArray

from striate.data import load
from striate.data.ink import Ink, centred, infer_ink, is_inverted

MNIST = Ink(20, (13.6, 13.6))  # a little off the middle, so that nothing falls between two pixels
Images = NDArray[np.float32]


def drawings(count: int = 200, side: int = 28, box: int = 20, spread: float = 0.3) -> Images:
    """Bright rectangles, one side `box`, centred but for a little."""
    rng = np.random.default_rng(0)
    images = np.zeros((count, side, side), np.float32)
    for image in images:
        height, width = rng.permutation([box, int(rng.integers(box // 3, box // 2)) * 2])
        top, left = ((side - n) / 2 + rng.normal(0, spread) for n in (height, width))
        image[round(top) : round(top) + height, round(left) : round(left) + width] = 0.8
    return images


def test_centred_drawings_are_found() -> None:
    ink = infer_ink(drawings(), 0.0)
    assert ink is not None
    assert ink.box == 20
    assert ink.centre == pytest.approx((13.5, 13.5), abs=0.1)
    assert infer_ink(1 - drawings(), 1.0) == ink


def test_a_few_odd_ones_do_not_matter() -> None:
    images = drawings()
    images[:4] = np.random.default_rng(1).random((4, 28, 28))
    images[4] = 0
    assert infer_ink(images, 0.0) is not None


def test_other_images_are_not_drawings() -> None:
    photographs = np.random.default_rng(0).random((50, 28, 28), np.float32)
    assert infer_ink(photographs, 0.0) is None
    assert infer_ink(drawings(spread=4), 0.0) is None
    assert infer_ink(np.roll(drawings(), 4, axis=2), 0.0) is None
    assert infer_ink(np.zeros((50, 28, 28), np.float32), 0.0) is None
    assert infer_ink(drawings(), 1.0) is None


def test_inverted_is_told_from_the_border() -> None:
    dark = (drawings(1)[0] * 255).astype(np.uint8)
    assert not is_inverted(dark, 0.0)
    assert is_inverted(255 - dark, 0.0)
    assert is_inverted(dark, 1.0)
    assert not is_inverted(255 - dark, 1.0)
    mostly_ink = np.zeros((28, 28), np.uint8)
    mostly_ink[1:-1, 1:-1] = 255
    assert not is_inverted(mostly_ink, 0.0)


def scene(
    ink: int, paper: int, size: tuple[int, int] = (300, 400), at: tuple[int, int] = (150, 40)
) -> NDArray[np.uint8]:
    image = np.full(size, paper, np.uint8)
    image[at[0] : at[0] + 100, at[1] : at[1] + 50] = ink
    return image


@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (0, 255), (20, 235), (90, 160), (160, 90)])
def test_any_ink_on_any_paper_becomes_the_same(ink: int, paper: int) -> None:
    out = centred(scene(ink, paper), MNIST, (28, 28), 0.0)
    expected = np.zeros((28, 28), np.uint8)
    expected[4:24, 9:19] = 255
    assert np.array_equal(out, expected)


def test_data_of_dark_ink_on_light_paper() -> None:
    assert np.array_equal(
        centred(scene(0, 255), MNIST, (28, 28), 1.0), 255 - centred(scene(0, 255), MNIST, (28, 28), 0.0)
    )


def test_noise_of_the_paper_is_not_ink() -> None:
    rng = np.random.default_rng(0)
    noisy = np.clip(scene(40, 200) + rng.normal(0, 10, (300, 400)), 0, 255).astype(np.uint8)
    clean = centred(scene(40, 200), MNIST, (28, 28), 0.0).astype(int)
    assert np.abs(centred(noisy, MNIST, (28, 28), 0.0) - clean).mean() < 5


def test_small_drawings_are_enlarged() -> None:
    small = scene(255, 0)[::20, ::20]
    assert small.shape == (15, 20)
    out = centred(small, MNIST, (28, 28), 0.0)
    rows, columns = np.nonzero(out > 100)
    assert np.ptp(rows) + 1 == 20
    assert 8 <= np.ptp(columns) + 1 <= 12


def test_thin_lines_stay_bright() -> None:
    image = np.zeros((500, 500), np.uint8)
    image[50:450, 250:252] = 255
    assert centred(image, MNIST, (28, 28), 0.0).max() == 255


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 50), (300, 2)])
@pytest.mark.parametrize("value", [0, 77, 255])
def test_an_image_without_ink_is_background(shape: tuple[int, int], value: int) -> None:
    for background, expected in ((0.0, 0), (1.0, 255)):
        out = centred(np.full(shape, value, np.uint8), MNIST, (28, 28), background)
        assert out.shape == (28, 28)
        assert (out == expected).all()


def test_a_drawing_that_touches_every_edge() -> None:
    out = centred(np.random.default_rng(0).integers(0, 256, (50, 70), np.uint8), Ink(8, (3.5, 3.5)), (8, 8), 0.0)
    assert out.shape == (8, 8)


def test_lopsided_ink_is_kept_inside() -> None:
    image = np.zeros((100, 100), np.uint8)
    image[10:90, 50] = 40
    image[10:20, 45:55] = 255  # nearly all of the mass at the top
    out = centred(image, MNIST, (28, 28), 0.0)
    rows = np.flatnonzero(out.any(1))
    assert (rows[0], rows[-1]) == (8, 27)


def test_digits_of_the_set_itself_hardly_change() -> None:
    images = load("digits").train.images[:, 0].numpy()
    ink = infer_ink((images / 255).astype(np.float32), 0.0)
    assert ink is not None
    changes = []
    for image in images[:200]:
        large = np.zeros((100, 110), np.uint8)
        large[5:85, 20:100] = image.repeat(10, 0).repeat(10, 1)
        changes.append(np.abs(centred(large, ink, (8, 8), 0.0).astype(int) - image).mean())
    assert np.median(changes) < 8  # of 255
