"""Reading characters that touch: the network slides along the ink, and the best row of windows is chosen.

The ink is made as high as the network's characters are, as O. Matan, C. J. C. Burges, Y. LeCun, J. Denker,
"Multi-digit recognition using a space displacement neural network" (NIPS 4, 1992), do; the places that are read
are the cheapest path, a window's cost being minus the logarithm of its best class's probability.

>>> best_path(np.array([9, 0.1, 9, 9, 0.1, 9, 9]), (0, 2), (2, 4), usual=3)
[1, 4]
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from striate.data.recipe import Recipe
from striate.finding.paper import Strengths
from striate.finding.pyramid import prepared
from striate.inside.sliding import Slider

APART = (0.4, 1.0)  # heights from one character's middle to the next one's, at least and at most
FINE = 20  # steps in which a window moves by its character's height, at most
LEAST = 1e-6  # probability that a window is given at least
MARGIN = (0.1, 0.55)  # heights from the ink's edge to the first or last one's middle
USUAL = 0.7  # heights from one character's middle to the next one's, most often
PULL = 2.0  # how much it costs to be twice as far apart as usual


@dataclass(frozen=True, eq=False)
class Strips:
    """Reads strips of ink.

    Attributes:
        slider: The network.
        recipe: How drawings are placed in what it reads.
    """

    slider: Slider
    recipe: Recipe

    @property
    def box(self) -> float:
        """The height of a character, in the network's pixels."""
        assert self.recipe.ink
        return self.recipe.ink.box * self._scale

    @property
    def _scale(self) -> float:
        return self.recipe.shape[1] / self.recipe.source[1] if self.recipe.fit == "resize" else 1.0

    def cuts(self, ink: Strengths) -> list[int]:
        """Where a region's ink is to be cut between characters, in its columns; nowhere if no row of them fits.

        Args:
            ink: (height, width) of a region.
        """
        scale, cost = len(ink) / self.box, -np.log(np.maximum(self._probabilities(ink), LEAST))
        margin, apart = (tuple(round(self.box * share) for share in pair) for pair in (MARGIN, APART))
        path = best_path(cost, margin, apart, USUAL * self.box)
        places = [round(place * scale) for place in path]
        column = ink.sum(0)
        cuts = []
        for one, other in pairwise(places):
            quarter = (other - one) // 4
            cuts.append(one + quarter + int(column[one + quarter : other - quarter].argmin()))
        return cuts

    def _probabilities(self, ink: Strengths) -> NDArray[np.float64]:
        """Of the best class in the window around each of the strip's columns, in the network's pixels; 0 between
        those that are looked at."""
        field = self._field(ink)
        x = prepared(torch.from_numpy(field if self.recipe.background[0] < 0.5 else 1 - field)[None], self.recipe)
        step = self.slider.stride[1]
        width = field.shape[1] - self.slider.window[1] + 1
        found = np.zeros(width)
        for shift in range(0, min(step, width), max(1, int(self.box // FINE))):
            scores = self.slider(x[:, :, :, shift:])[0, :, 0].softmax(0)
            found[shift::step] = scores.max(0).values.numpy()
        return found

    def _field(self, ink: Strengths) -> Strengths:
        """The ink at the network's size with half a window of paper beside it."""
        scale = self.box / len(ink)
        size = max(1, round(ink.shape[1] * scale)), max(1, round(len(ink) * scale))
        method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
        small = np.clip(np.asarray(Image.fromarray(ink).resize(size, method), np.float32), 0, None)
        small /= max(1e-6, float(np.quantile(small[small > 0], 0.95)))
        (height, width), (row, column) = self.slider.window, self._centre
        field = np.zeros((height, size[0] + width - 1), np.float32)
        weights = small.sum(1)
        top = int(np.clip(round(row - float(weights @ np.arange(len(weights)) / weights.sum())), 0, height - size[1]))
        field[top : top + size[1], round(column) : round(column) + size[0]] = np.clip(small, 0, 1)
        return field

    @property
    def _centre(self) -> tuple[float, float]:
        """Of a window's ink, in the network's pixels."""
        assert self.recipe.ink
        added = [(all_ - own) // 2 if self.recipe.fit == "pad" else 0 for all_, own in self._sides]
        row, column = self.recipe.ink.centre
        return row * self._scale + added[0], column * self._scale + added[1]

    @property
    def _sides(self) -> list[tuple[int, int]]:
        return list(zip(self.recipe.shape[1:], self.recipe.source[1:], strict=True))


def best_path(cost: NDArray[np.float64], margin: tuple[int, ...], apart: tuple[int, ...], usual: float) -> list[int]:
    """The places, from left to right, of least cost together, with that of the distances between them.

    Args:
        cost: Of each place.
        margin: How far the first is from the left end and the last from the right end, at least and at most.
        apart: How far one is from the next, at least and at most.
        usual: How far most often; half of it from an end.

    Returns:
        The places; none where no row of them fits.
    """
    count = len(cost)
    ends = np.full(count, np.inf)
    ends[margin[0] : margin[1] + 1] = pull(2 * np.arange(count)[margin[0] : margin[1] + 1], usual)
    total, before = cost + ends, np.full(count, -1)
    for place in range(apart[0], count):
        earlier = np.arange(max(0, place - apart[1]), place - apart[0] + 1)
        ways = total[earlier] + cost[place] + pull(place - earlier, usual)
        if ways.min() < total[place]:
            total[place], before[place] = ways.min(), earlier[ways.argmin()]
    whole = total + ends[::-1]
    if not np.isfinite(whole.min()):
        return []
    path = [int(whole.argmin())]
    while before[path[0]] >= 0:
        path.insert(0, int(before[path[0]]))
    return path


def pull(distance: NDArray[np.int64], usual: float) -> NDArray[np.float64]:
    """What a distance costs: nothing where it is the usual one."""
    return np.asarray(PULL * np.square(distance / usual - 1))
