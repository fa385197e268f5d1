"""A variational autoencoder (Kingma & Welling 2014), conditional on the class: a form of the task generate.

The network reads a picture, noise and the class. Of picture and class it says a normal distribution of a code (`mean`
and `spread`), takes the code that the noise picks from it, and makes the picture of code and class again (`made`). A
code is a map, and each of its numbers is picked by the entry of the noise map at its place: by every fourth where the
code has a fourth of the rows and columns (`maxpool 1 stride 4`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from striate.augmentation.coins import normal
from striate.data.anew import Columns
from striate.metrics.metric import Metric
from striate.notation.rules.shape import shown
from striate.notation.tree import Shape
from striate.tasks.generated import MADE
from striate.tasks.generating import FIRST, MADE_NOW, PLAIN, Drawing, Generating, as_maps, scaled
from striate.tasks.labelled import LABEL
from striate.tasks.pictures import IMAGE
from striate.training.fields import Fields
from striate.training.objective import Net

MEAN, SPREAD = "mean", "spread"
PICTURE = "picture"
VARIANCE = 0.05  # of pixels from -1 to 1 around what is made: how much the picture counts beside the code
LEAST = 1e-4  # spread of a code


@dataclass(frozen=True)
class Told:
    """Pictures with noise and their class, and the pictures again.

    Attributes:
        classes: How many there are.
    """

    classes: int

    def __call__(self, fields: Columns, seeds: Tensor, learning: bool) -> tuple[Columns, Columns]:
        """Maps (N, C + 1 + classes, H, W), and the picture (N, C, H, W)."""
        pictures, labels = scaled(fields[IMAGE]), fields[LABEL]
        told = (labels[:, None] == torch.arange(self.classes, device=labels.device)).float()
        inputs = {IMAGE: as_maps(pictures, normal(seeds, (1, *pictures.shape[2:])), told)}
        return inputs | ({} if learning else {FIRST: seeds == 0}), {PICTURE: pictures}


@dataclass(frozen=True)
class FromNoise(Generating):
    """What is made of a map of noise in one pass."""

    @property
    def making(self) -> Told:
        """Of pictures, noise and classes."""
        return Told(len(self.classes))

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """One map."""
        return (1, *self.size)

    def misfit(self, outputs: Mapping[str, Shape], wanted: Mapping[str, str]) -> str:
        """Why a network's heads are not those; `wanted` says each in words."""
        if outputs.keys() == wanted.keys() and tuple(outputs[MADE]) == self.shape:
            return ""
        given = ", ".join(f"{name} of {shown(shape)}" for name, shape in outputs.items())
        asked = ", ".join(f"{name} ({what})" for name, what in wanted.items())
        return f"gives {given}; pictures of {shown(self.shape)} take the heads {asked}"


@dataclass(frozen=True)
class Coded(FromNoise):
    """Pictures of codes."""

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("bound", up=False, share=False),
        Metric("error", up=False, share=False),
    )

    def fits_all(self, outputs: Mapping[str, Shape], name: str) -> str:
        """Mean and spread of a code, and a picture."""
        if why := self.misfit(outputs, {MEAN: "1 map", SPREAD: "1 map as large, above 0", MADE: "the picture"}):
            return why
        mean, spread = tuple(outputs[MEAN]), tuple(outputs[SPREAD])
        whole = len(mean) == 3 and all(side % (few or 1) == 0 for side, few in zip(self.size, mean[1:], strict=True))
        if mean == spread and whole and mean[0] == 1:
            return ""
        return (
            f"gives {shown(mean)} as {MEAN} and {shown(spread)} as {SPREAD}; both are one map, and pictures have a "
            "whole number of times its rows and columns"
        )

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The negative evidence bound for each pixel, apart from a constant."""
        error, divergence = self._parts(outputs, targets)
        return {"picture": error.mean() / (2 * VARIANCE), "code": divergence.mean()}

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """Both parts (N,) of each example."""
        error, divergence = self._parts(outputs, targets)
        return {"error": error, "code": divergence, MADE: outputs[MADE_NOW]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Their means."""
        error, code = (float(rows[name].double().mean()) for name in ("error", "code"))
        return {"bound": error / (2 * VARIANCE) + code, "error": error}

    def _parts(self, outputs: Fields, targets: Fields) -> tuple[Tensor, Tensor]:
        """The mean squared error (N,), and the divergence (N,) of the code's distribution from the normal one."""
        picture = targets[PICTURE]
        mean, spread = outputs[MEAN].flatten(1), outputs[SPREAD].flatten(1).clamp_min(LEAST)
        divergence = (mean.square() + spread.square() - 1).sum(1) / 2 - spread.log().sum(1)
        return (outputs[MADE] - picture).square().flatten(1).mean(1), divergence / picture[0].numel()

    def drawn(self, net: Net, noise: Tensor, shares: Tensor, how: Drawing = PLAIN) -> Tensor:
        """Of codes from the normal distribution: the noise that picks them is found for an empty picture."""
        empty = noise.new_full((len(noise), *self.shape), -1)
        said = net({IMAGE: as_maps(empty, torch.zeros_like(noise), shares)})
        mean, spread = said[MEAN], said[SPREAD]
        down, right = (side // few for side, few in zip(self.size, mean.shape[2:], strict=True))
        picking = torch.zeros_like(noise)
        picking[:, :, ::down, ::right] = (noise[:, :, ::down, ::right] - mean) / spread
        return net({IMAGE: as_maps(empty, picking, shares)})[MADE]
