"""Making pictures of a class: by a flow from noise to pictures, or as the network's heads say.

A flow learns at each moment t from 0 (noise) to 1 (a picture), on the straight line between the two, in which direction
the picture is (rectified flow, Liu et al. 2022; flow matching, Lipman et al. 2022). This is diffusion with straight
paths: few steps lead from noise to a picture. The class is left out for some examples, so that it can be asked for more
strongly than it was learned (classifier-free guidance, Ho & Salimans 2022).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor

from striate.augmentation.coins import noise, normal
from striate.data.anew import Columns
from striate.metrics.metric import Metric
from striate.native.losses import Loss as NativeLoss
from striate.notation.rules.shape import shown
from striate.notation.tree import Shape
from striate.tasks.coded import MEAN, Coded
from striate.tasks.generated import MADE
from striate.tasks.generating import FIRST, MADE_NOW, PLAIN, Drawing, Generating, as_maps, scaled
from striate.tasks.labelled import LABEL
from striate.tasks.opposed import FAKE, Opposed
from striate.tasks.pictures import IMAGE
from striate.tasks.task import LossName, Task
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

VELOCITY = "velocity"
SQUARED = "squared-error"  # as the native engine calls it
CLASSLESS = 0.1  # share of the examples that are learned without their class


@dataclass(frozen=True)
class Noised:
    """Pictures on their way from noise, with the direction in which they are.

    Attributes:
        classes: How many there are.
    """

    classes: int

    def __call__(self, fields: Columns, seeds: Tensor, learning: bool) -> tuple[Columns, Columns]:
        """Maps (N, C + 1 + classes, H, W), and (N, C, H, W) of picture minus noise."""
        pictures, labels = scaled(fields[IMAGE]), fields[LABEL]
        chance, drawn = noise(seeds, (2,)), normal(seeds + 1, tuple(pictures.shape[1:]))
        time = chance[:, 0].view(-1, 1, 1, 1)
        told = labels[:, None] == torch.arange(self.classes, device=labels.device)
        if learning:
            told = told & (chance[:, 1:] >= CLASSLESS)
        inputs = {IMAGE: as_maps(time * pictures + (1 - time) * drawn, time, told.float())}
        inputs |= {} if learning else {FIRST: seeds == 0}
        return inputs, {VELOCITY: pictures - drawn}


@dataclass(frozen=True)
class Generate(Generating):
    """Pictures at the end of a flow; a network with heads is another form."""

    word: ClassVar[str] = "generate"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("error", up=False, share=False),)
    plainest: ClassVar[str] = "colours = 1\nclasses = 1\ninput (colours+1+classes)x?x? -> conv colours@3 pad 1"

    @classmethod
    def form(cls, heads: Collection[str]) -> type[Task]:
        """By the heads that there are: those of an autoencoder, or of a critic."""
        return Coded if MEAN in heads else Opposed if FAKE in heads else cls

    @property
    def making(self) -> Noised:
        """Of pictures and noise."""
        return Noised(len(self.classes))

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """A picture's."""
        return self.shape

    def fits(self, output: Shape, name: str) -> str:
        """A map for each colour."""
        if tuple(output) == self.shape:
            return ""
        return (
            f"gives {shown(output)}, and pictures of {name} are {shown(self.shape)}; end it with conv colours@3 pad 1"
        )

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The mean square of what the direction is wrong by."""
        return {SQUARED: (outputs[OUTPUT] - targets[VELOCITY]).square().mean()}

    def native(self, loss: LossName) -> NativeLoss:
        """The engine has it."""
        return SQUARED

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """The error (N,) of each example, and pictures that were made."""
        apart = (outputs[OUTPUT] - targets[VELOCITY]).square().flatten(1).mean(1)
        return {"error": apart, MADE: outputs[MADE_NOW]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Its mean."""
        return {"error": float(rows["error"].double().mean())}

    def drawn(self, net: Net, noise: Tensor, shares: Tensor, how: Drawing = PLAIN) -> Tensor:
        """Along the flow by Heun's method: the mean of the directions at a step's beginning and its end."""
        moments = torch.linspace(0, 1, how.steps + 1).tolist()
        x = noise
        for now, then in pairwise(moments):
            first = self._velocity(net, x, now, shares, how.guidance)
            end = x + (then - now) * first
            again = first if then == 1 else self._velocity(net, end, then, shares, how.guidance)
            x = x + (then - now) * (first + again) / 2
        return x

    def _velocity(self, net: Net, x: Tensor, time: float, shares: Tensor, guidance: float) -> Tensor:
        at = x.new_full((len(x), 1, 1, 1), time)
        told = net({IMAGE: as_maps(x, at, shares)})[OUTPUT]
        if guidance == 1:
            return told
        alone = net({IMAGE: as_maps(x, at, torch.zeros_like(shares))})[OUTPUT]
        return alone + guidance * (told - alone)
