"""All characters or objects in an image, by a trained network.

Where the network knows drawings centred by their ink, as those of MNIST, the ink is found first; each region is given
the size and the place that the network knows, and along wide regions the network slides. Else it slides over the whole
picture at several sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from striate.data.ink import centred
from striate.data.recipe import Recipe, with_channels
from striate.finding.found import Box, Found, alone, in_reading_order
from striate.finding.paper import Strengths, strengths
from striate.finding.pyramid import swept
from striate.finding.regions import INK, SMALLEST, Region, regions
from striate.finding.strips import Strips
from striate.inside.sliding import Slider, fully_convolutional
from striate.inside.watching import looking

SURE = 0.5  # probability from which a region is a character: chosen on pages composed of training digits
CERTAIN = 0.9  # the same for windows of a picture, where all that is no object has to be told apart
WIDE, LONG = 1.2, 20  # width of a region, of its height, between which it may be several characters
WIDEST = 2.0  # the same, up to which it may be one
BORDER = 3  # pixels of paper around a region


@dataclass(frozen=True, eq=False)
class Finder:
    """Finds what a network knows.

    Attributes:
        model: Gives a score for each class, (N, K), of what `recipe` makes of images.
        recipe: How images become what it reads.
        classes: The names of the K classes.
    """

    model: nn.Module
    recipe: Recipe
    classes: Sequence[str]

    @cached_property
    def slider(self) -> Slider:
        """The network that slides."""
        return fully_convolutional(self.model, self.recipe.shape)

    def found(self, image: Tensor) -> list[Found]:
        """What is in an image (C, H, W) of bytes, grey or RGB, in reading order."""
        pixels = with_channels(image[None].float() / 255, self.recipe.shape[0])[0]
        if self.recipe.ink is None:
            finds = swept(self.slider, self.recipe, pixels, self.classes, CERTAIN)
        else:
            grey = with_channels(image[None].float(), 1)[0, 0].round().to(torch.uint8)
            finds = self._read(strengths(grey.numpy()))
        return in_reading_order(finds)

    def _read(self, ink: Strengths) -> list[Found]:
        """The characters of a page."""
        finds = [find for region in regions(ink) for find in self._likeliest(region)]
        return alone(find for find in finds if find.probability >= SURE)

    def _likeliest(self, region: Region) -> list[Found]:
        """A region as one character, as its parts, or cut into several: the surest."""
        height, width = region.ink.shape
        single = [region] if width <= WIDEST * height else []
        ways = [single, list(region.parts), list(self._cut(region))]
        return max((self.named(way) for way in ways if way), key=_sure, default=[])

    def _cut(self, region: Region) -> Iterator[Region]:
        """A wide region cut into characters; nothing of one that is not, or of a line."""
        height, width = region.ink.shape
        if height < SMALLEST or not WIDE * height < width <= LONG * height:
            return
        edges = [0, *Strips(self.slider, self.recipe).cuts(region.ink), width]
        for left, right in pairwise(edges):
            rows, columns = np.nonzero(region.ink[:, left:right] > INK)
            if len(rows) and len(edges) > 2:
                box = (left + columns.min(), rows.min(), left + columns.max() + 1, rows.max() + 1)
                yield Region(_moved(box, region.box), region.ink[box[1] : box[3], box[0] : box[2]])

    def named(self, some: Sequence[Region]) -> list[Found]:
        """What the network makes of regions, each placed as the drawings that it knows."""
        assert self.recipe.ink
        size = (self.recipe.source[1], self.recipe.source[2])
        drawn = [
            centred(np.pad((one.ink * 255).astype(np.uint8), BORDER), self.recipe.ink, size, self.recipe.background[0])
            for one in some
        ]
        with torch.no_grad(), looking(self.model):
            scores = self.model(self.recipe(torch.from_numpy(np.stack(drawn))[:, None])).flatten(1).softmax(1)
        sure, labels = scores.max(1)
        return [
            Found(self.classes[label], probability, one.box)
            for one, label, probability in zip(some, labels.tolist(), sure.tolist(), strict=True)
        ]


def _moved(box: tuple[int, ...], by: Box) -> Box:
    return int(box[0] + by[0]), int(box[1] + by[1]), int(box[2] + by[0]), int(box[3] + by[1])


def _sure(finds: Sequence[Found]) -> float:
    """The geometric mean of the probabilities."""
    return float(np.exp(np.mean([np.log(find.probability) for find in finds])))
