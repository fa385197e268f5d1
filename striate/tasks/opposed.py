"""A generator and a critic (Goodfellow et al. 2014; Radford et al. 2015), conditional: a form of the task generate.

One text holds both: `made` is a picture of noise and class, `real` what the critic says of a true picture, and `fake`
what the same critic (`shared`) says of the made one. Both learn in every step, from one pass: the gradient of the
critic's loss flows back through `fake`, and where it enters the made picture it is turned, for each example, into that
of the generator's, which differs from it by a factor alone, for a critic says one number of a picture.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.augmentation.augment import Augment
from striate.augmentation.words import AUTO
from striate.errors import InputError
from striate.metrics.metric import Metric
from striate.notation.tree import Shape
from striate.tasks.coded import PICTURE, FromNoise
from striate.tasks.generated import MADE
from striate.tasks.generating import MADE_NOW, PLAIN, Drawing, as_maps
from striate.tasks.pictures import IMAGE
from striate.training.fields import Fields
from striate.training.objective import Net
from striate.training.options import FLOAT32, Options

REAL, FAKE = "real", "fake"
DIRECTIONS = 64  # in which the pictures of an epoch are compared
SUREST = 30.0  # the score beyond which a critic counts as no surer: e^30 is still far from overflow


@dataclass(frozen=True)
class Opposed(FromNoise):
    """Pictures that a critic takes for true ones."""

    metrics: ClassVar[tuple[Metric, ...]] = (Metric("distance", up=False, share=False),)

    def fits_all(self, outputs: Mapping[str, Shape], name: str) -> str:
        """A picture, and what a critic says of a true one and of it."""
        return self.misfit(outputs, {MADE: "the picture", REAL: "1 number", FAKE: "1 number"})

    def usual(self, options: Options, count: int, augment: Augment | None, started: bool) -> Options:
        """In float32 and not compiled: both pass the picture on as a copy, where its gradient can't be turned.

        Raises:
            InputError: Another precision or a compiled network was asked for.
        """
        if options.precision not in (AUTO, FLOAT32) or options.compiled:
            raise InputError("a generator and its critic train in float32 and not compiled; leave these options out")
        usual = super().usual(options, count, augment, started)
        return dataclasses.replace(usual, precision=FLOAT32, compile="no")

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The critic's; its gradient is turned into the generator's where it enters the picture (not saturating)."""
        real, fake = (outputs[name].flatten(1) for name in (REAL, FAKE))
        if outputs[MADE].requires_grad:
            turn_gradient(outputs[MADE], fake.detach())
        return {REAL: F.softplus(-real).mean(), FAKE: F.softplus(fake).mean()}

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """True and made pictures along some directions, (N, 64) each."""
        return {
            REAL: along(targets[PICTURE]),
            FAKE: along(outputs[MADE]),
            MADE: outputs[MADE_NOW],
        }

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """The sliced Wasserstein distance of pixels (Rabin et al. 2012), which tells epochs apart."""
        real, fake = (rows[name].double().sort(0).values for name in (REAL, FAKE))
        return {"distance": float((real - fake).abs().mean())}

    def drawn(self, net: Net, noise: Tensor, shares: Tensor, how: Drawing = PLAIN) -> Tensor:
        """In one pass."""
        empty = noise.new_full((len(noise), *self.shape), -1)
        return net({IMAGE: as_maps(empty, noise, shares)})[MADE]


def turn_gradient(made: Tensor, fake: Tensor) -> None:
    """Turn the gradient of the critic's loss, where it comes back to pictures, into that of the generator's.

    The critic makes log(1 + e^s) of a made picture's score s small, whose slope is σ(s); the generator log(1 + e^-s),
    whose slope is -σ(-s). Their quotient is -e^-s.

    Args:
        made: (N, C, H, W), of which the scores were made.
        fake: (N, 1) scores.
    """
    quotient = -(-fake.clamp(-SUREST, SUREST)).exp().view(-1, *[1] * (made.ndim - 1))
    made.register_hook(lambda gradient: gradient * quotient)  # type: ignore[no-untyped-call]


def along(pictures: Tensor) -> Tensor:
    """(N, 64): pictures (N, …) along random directions of length 1, always the same."""
    flat = pictures.flatten(1).float().cpu()
    directions = torch.randn(flat.shape[1], DIRECTIONS, generator=torch.Generator().manual_seed(0))
    return torch.matmul(flat, directions / directions.norm(dim=0))
