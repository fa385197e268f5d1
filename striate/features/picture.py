"""Images beside their features, as one picture.

>>> import torch
>>> from striate.features import FEATURES
>>> figure = sheet(FEATURES["sobel"], torch.rand(3, 1, 8, 8), ["a", "b", "c"])
>>> [axes.get_title() for axes in figure.axes]
['a', 'sobel', 'b', 'sobel', 'c', 'sobel']
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from torch import Tensor

from .base import Feature, grey

PAIRS = 4  # images beside one another; each takes two places
INCHES = 1.5
LONGEST_NAME = 16


def sheet(feature: Feature, images: Tensor, names: Sequence[str]) -> Figure:
    """Each image (N, C, H, W), 0..1, beside what the feature makes of it, under its name."""
    pairs = min(PAIRS, len(images))
    height = -(-len(images) // pairs)
    figure = Figure(figsize=(2 * pairs * INCHES, height * (INCHES + 0.25)), layout="constrained")
    places = figure.subplots(height, 2 * pairs, squeeze=False).ravel()
    for axes in places:
        axes.set_axis_off()
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        left, right = places[2 * number : 2 * number + 2]
        if len(image) == 3:
            left.imshow(image.permute(1, 2, 0).numpy(), interpolation="none")
        else:
            left.imshow(grey(image)[0].numpy(), cmap="gray", interpolation="none")
        feature.draw(right, image)
        left.set_title(name[:LONGEST_NAME], fontsize=8, parse_math=False)
        right.set_title(feature.name, fontsize=8)
    for axes in places[2 * len(images) :]:
        axes.remove()
    return figure


def save(figure: Figure, path: Path) -> None:
    """Writes the picture as a PNG; no window system is needed."""
    with matplotlib.rc_context({"savefig.dpi": 110}):
        figure.savefig(path, format="png")
