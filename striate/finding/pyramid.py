"""A network that slides over a whole picture at several sizes, for what stands out by no ink.

Each level of the pyramid is the picture made smaller; a window on it is a larger piece of the picture. A network that
has learned no background names one of its classes everywhere, so only sure windows count.

>>> [tuple(level.shape) for level in levels(torch.zeros(1, 40, 60), (20, 20))]
[(1, 40, 60), (1, 28, 42), (1, 20, 30)]
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.data.recipe import Recipe
from striate.finding.found import Found, alone
from striate.inside.sliding import Slider

STEP = 2**0.5  # between the sizes of two levels
PLAIN = 0.05  # standard deviation, of 1, below which a window shows nothing
MOST = 1000  # windows of a level that are looked at further


def levels(image: Tensor, window: tuple[int, int]) -> Iterator[Tensor]:
    """An image (C, H, W) at each size, the largest first, down to the window's; a smaller one made as large."""
    least = max(need / have for need, have in zip(window, image.shape[1:], strict=True))
    for number in range(1 + max(0, math.floor(math.log(1 / least, STEP) + 1e-6))):
        scale = max(least, STEP**-number)
        size = [max(need, round(side * scale)) for need, side in zip(window, image.shape[1:], strict=True)]
        yield F.interpolate(image[None], size=size, mode="bilinear", antialias=True, align_corners=False)[0]


def prepared(image: Tensor, recipe: Recipe) -> Tensor:
    """An image (C, H, W), 0 to 1, of the network's own scale as the network reads it, (1, C, H, W)."""
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (recipe.mean, recipe.std))
    return ((image - mean) / std)[None]


def swept(slider: Slider, recipe: Recipe, image: Tensor, classes: Sequence[str], least: float) -> list[Found]:
    """What a network finds in windows of all sizes.

    Args:
        slider: The network.
        recipe: How its images are scaled.
        image: (C, H, W), 0 to 1, with the network's channels.
        classes: The names of its outputs.
        least: The probability of a find.
    """
    finds = list[Found]()
    for level in levels(image, slider.window):
        scale = image.shape[1] / level.shape[1]
        x = prepared(level, recipe)
        busy = _spread(level, slider) > PLAIN
        scores = slider(x, busy)[0].softmax(0)
        sure, label = (scores * busy).max(0)
        rows, columns = (sure >= least).nonzero(as_tuple=True)
        best = sure[rows, columns].argsort(descending=True)[:MOST]
        for row, column in zip(rows[best].tolist(), columns[best].tolist(), strict=True):
            top, left = row * slider.stride[0], column * slider.stride[1]
            right, bottom = left + slider.window[1], top + slider.window[0]
            box = (round(left * scale), round(top * scale), round(right * scale), round(bottom * scale))
            finds.append(Found(classes[int(label[row, column])], float(sure[row, column]), box))
    return alone(finds)


def _spread(level: Tensor, slider: Slider) -> Tensor:
    """The standard deviation in each window, (rows, columns)."""
    grey = level.mean(0, keepdim=True)[None]
    mean, square = (F.avg_pool2d(x, slider.window, slider.stride)[0, 0] for x in (grey, grey.square()))
    return (square - mean.square()).clamp_min(0).sqrt()
