"""Pages with several digits, for tests."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from striate import data

Grey = NDArray[np.uint8]
Place = tuple[int, int, int]  # left, top, height


def digits(labels: Sequence[int]) -> list[Grey]:
    """The first digit of MNIST's test part with each label, cut to its ink."""
    test = data.load("mnist").test
    assert test is not None
    made = []
    for label in labels:
        ink = test.images[int((test.labels == label).nonzero()[0]), 0].numpy()
        rows, columns = np.nonzero(ink > 25)
        made.append(ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    return made


def page(drawings: Sequence[Grey], places: Sequence[Place], size: tuple[int, int] = (240, 320)) -> Grey:
    """Dark digits on light paper, each with its left, top and height, `size` being (height, width)."""
    ink = np.zeros(size, np.float32)
    for drawing, (left, top, height) in zip(drawings, places, strict=True):
        width = round(drawing.shape[1] * height / drawing.shape[0])
        large = np.asarray(Image.fromarray(drawing).resize((width, height), Image.Resampling.BICUBIC), np.float32)
        there = np.s_[top : top + height, left : left + width]
        ink[there] = np.maximum(ink[there], large / 255)
    return np.rint(240 - 210 * ink).astype(np.uint8)
