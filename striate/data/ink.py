"""Drawings centred by their ink, as the digits of MNIST are.

"The images were size normalised to fit in a 20×20 box and placed in a 28×28 field by their centre of mass"
(Y. LeCun, C. Cortes, C. Burges, "The MNIST database", 1998). A drawing from elsewhere must be brought to the same
form, or a network that knows MNIST knows nothing.

>>> square = np.zeros((40, 60), np.uint8); square[5:25, 30:50] = 255
>>> centred(255 - square, Ink(box=4, centre=(3.5, 3.5)), (8, 8), background=0.0)[3].tolist()
[0, 0, 255, 255, 255, 255, 0, 0]
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FAINT = 0.1  # share of the full contrast from which a pixel is ink
NEARLY_ALL = 0.95  # share of the images that must be alike
MOST_SPREAD = 1.0  # pixels between a centre of mass and the middle at most, and the most standard deviation


@dataclass(frozen=True)
class Ink:
    """How the drawings of a data set are placed in their images.

    Attributes:
        box: the longer side of the rectangle around the ink, in pixels (20 in MNIST).
        centre: mean (row, column) of the centres of mass, counted from the first pixel's middle.
    """

    box: int
    centre: tuple[float, float]


def infer_ink(images: NDArray[np.float32], background: float) -> Ink | None:
    """How drawings are placed in `images` (N, H, W), 0..1, or None when they are not centred drawings.

    They are when nearly every image has mostly `background` at its border, and the centres of mass are within
    about a pixel of the image's middle.
    """
    num_rows, num_columns = images.shape[1:]
    contrast = np.abs(images - background)
    plain = np.median(contrast[:, _border(num_rows, num_columns)], axis=1) <= FAINT
    contrast[contrast <= FAINT] = 0
    mass = contrast.sum((1, 2))
    drawn = plain & (mass > 0)
    if drawn.mean() < NEARLY_ALL:
        return None
    contrast, mass = contrast[drawn], mass[drawn]
    rows = (contrast.sum(2) @ np.arange(num_rows)) / mass
    columns = (contrast.sum(1) @ np.arange(num_columns)) / mass
    centre = float(rows.mean()), float(columns.mean())
    off = abs(centre[0] - (num_rows - 1) / 2), abs(centre[1] - (num_columns - 1) / 2)
    if max(*off, rows.std(), columns.std()) > MOST_SPREAD:
        return None
    sides = np.maximum(_extent(contrast.any(2)), _extent(contrast.any(1)))
    return Ink(int(np.bincount(sides).argmax()), centre)


def is_inverted(grey: NDArray[np.uint8], background: float) -> bool:
    """Whether `grey` (H, W) is dark on light where the data, whose `background` is 0..1, is light on dark, or the
    other way round. The ink is what moves the mean away from the paper's value at the border."""
    paper, mean = float(np.median(grey[_border(*grey.shape)])), float(grey.mean())
    return paper < 128 and mean > paper if background >= 0.5 else paper >= 128 and mean < paper


def centred(grey: NDArray[np.uint8], ink: Ink, size: tuple[int, int], background: float) -> NDArray[np.uint8]:
    """`grey` (H, W) redrawn as the data set's own images are: `size` (rows, columns), its background, its box,
    its place. An image without ink becomes background."""
    strength = _strength(grey)
    rows, columns = np.nonzero(strength)
    field = np.zeros(size, np.float32)
    if len(rows):
        drawing = strength[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        field = placed(scaled(drawing, min(ink.box, *size)), ink.centre, size)
    levels = field if background < 0.5 else 1 - field
    return np.rint(levels * 255).astype(np.uint8)


def _strength(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much ink each pixel has, 0..1: what stands out from the paper by more than the noise of the paper."""
    border = _border(*grey.shape)
    paper = np.float32(np.median(grey[border]))
    contrast = (grey - paper) if grey.mean() >= paper else (paper - grey)
    noise = min(2 * np.percentile(np.abs(contrast[border]), 95), contrast.max() / 2)
    if contrast.max() <= noise:
        return np.zeros(grey.shape, np.float32)
    strength = np.clip((contrast - noise) / (contrast.max() - noise), 0, 1)
    strength[strength <= FAINT] = 0
    return np.asarray(strength, np.float32)


def scaled(drawing: NDArray[np.float32], box: int) -> NDArray[np.float32]:
    """The drawing with `box` as its longer side, and its strongest ink at 1: thin lines would turn pale."""
    from PIL import Image

    scale = box / max(drawing.shape)
    height, width = (max(1, round(side * scale)) for side in drawing.shape)
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    small = np.asarray(Image.fromarray(drawing).resize((width, height), method))
    return np.asarray(np.clip(small / small.max(), 0, 1), np.float32)


def placed(drawing: NDArray[np.float32], centre: tuple[float, float], size: tuple[int, int]) -> NDArray[np.float32]:
    """The drawing in an empty field, its centre of mass as near to `centre` as whole pixels and the edge allow."""
    field = np.zeros(size, np.float32)
    corner = []
    for axis in (0, 1):
        weights = drawing.sum(1 - axis)
        middle = weights @ np.arange(len(weights)) / weights.sum()
        corner.append(int(np.clip(round(centre[axis] - middle), 0, size[axis] - drawing.shape[axis])))
    field[corner[0] : corner[0] + drawing.shape[0], corner[1] : corner[1] + drawing.shape[1]] = drawing
    return field


def _border(num_rows: int, num_columns: int) -> NDArray[np.bool_]:
    """A mask of the outermost pixels."""
    mask = np.ones((num_rows, num_columns), bool)
    mask[1:-1, 1:-1] = False
    return mask


def _extent(lines: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The distance from the first true position to the last, for each row of `lines`."""
    return np.asarray(lines.shape[1] - lines.argmax(1) - lines[:, ::-1].argmax(1))
