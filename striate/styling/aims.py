"""What is wanted of a picture at one size: the content's features, the styles' Gram matrices, and smoothness.

With masks each style counts where its mask is: Gram matrices are means over those places (Gatys et al. 2017,
"Controlling perceptual factors in neural style transfer", section 4). Without, the styles share all places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.losses.style import apart, gram, mean_of, total_variation
from striate.styling.material import Wanted
from striate.styling.opening import Chosen
from striate.tasks.perceiving import with_edge
from striate.training.fields import Fields

OUTSIDE = 100.0  # how much values count that a picture can't have


@dataclass(frozen=True)
class Balance:
    """How much each part counts beside the content, which counts 1.

    Attributes:
        style: The styles.
        smooth: The differences of neighbouring pixels.
        shares: Of each style; they add up to 1.
    """

    style: float
    smooth: float
    shares: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a loss, scalars.

    Attributes:
        content: The mean distance in the content's layers, as a share.
        styles: That to each style, in its layers.
        rough: The total variation.
        outside: The mean square of how far values are beyond those that a picture can have.
    """

    content: Tensor
    styles: tuple[Tensor, ...]
    rough: Tensor
    outside: Tensor

    def total(self, balance: Balance) -> Tensor:
        """What is made small."""
        styles = sum(share * one for share, one in zip(balance.shares, self.styles, strict=True))
        return self.content + balance.style * styles + balance.smooth * self.rough + OUTSIDE * self.outside


@dataclass(frozen=True, eq=False)
class Aim:
    """What is wanted.

    Attributes:
        chosen: The network and its layers.
        content: The values wanted of the layers for the content.
        styles: For each style the Gram matrices wanted, by layer.
        masks: Where each style holds, (1, 1, H, W); None for everywhere.
        least, greatest: Between which values a picture is, scalars or (1, H, W).
    """

    chosen: Chosen
    content: Fields
    styles: Sequence[Mapping[str, Tensor]]
    masks: Sequence[Tensor] | None
    least: Tensor
    greatest: Tensor

    @staticmethod
    @torch.no_grad()
    def of(chosen: Chosen, wanted: Wanted) -> Aim:
        """Of the pictures of one size.

        Raises:
            InputError: A picture is too small.
        """
        seen = chosen.eyes.see(wanted.content[None])
        content = {name: seen[name] for name in chosen.content}
        styles = [_grams(chosen, one) for one in wanted.styles]
        masks = [mask[None] for mask in wanted.masks] or None
        return Aim(chosen, content, styles, masks, wanted.least, wanted.greatest)

    def parts(self, picture: Tensor) -> Parts:
        """How far a picture (1, C, H, W) is from it."""
        seen = self.chosen.eyes.see(picture)
        content = mean_of([apart(seen[name], wanted)[0] for name, wanted in self.content.items()])
        outside = (picture - self.within(picture)).square().mean()
        return Parts(content, tuple(self._styles(seen)), total_variation(picture), outside)

    def within(self, picture: Tensor) -> Tensor:
        """The nearest picture of values that one can have."""
        return picture.maximum(self.least).minimum(self.greatest)

    def _styles(self, seen: Fields) -> list[Tensor]:
        """The distance to each style."""
        if self.masks is None:
            found = {name: gram(seen[name]) for name in self.chosen.style}
            return [mean_of([apart(found[name], one[name])[0] for name in one]) for one in self.styles]
        pairs = zip(self.styles, self.masks, strict=True)
        return [
            mean_of([apart(gram(seen[name], at_places(mask, seen[name])), one[name])[0] for name in one])
            for one, mask in pairs
        ]


def _grams(chosen: Chosen, picture: Tensor) -> dict[str, Tensor]:
    """The Gram matrices of a style (C, H, W)."""
    seen = chosen.eyes.see(picture[None])
    return {name: gram(seen[name]) for name in chosen.style}


def at_places(mask: Tensor, values: Tensor) -> Tensor:
    """A mask (1, 1, H, W) of a picture, as a mean at each place of a layer's values (N, C, h, w).

    >>> mask = torch.zeros(1, 1, 64, 64); mask[..., 32:] = 1
    >>> at_places(mask, torch.zeros(1, 2, 8, 8))[0, 0, 0].tolist()  # an edge of 8 pixels is reflected on each side
    [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    """
    return F.interpolate(with_edge(mask), values.shape[2:], mode="area")
