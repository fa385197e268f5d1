"""All pictures of a transfer, at any size, in the colours in which they are compared; and the result in its colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from striate.checks import check_number
from striate.errors import InputError, nearest
from striate.styling.colours import check_varied, colours_like, luminance, luminance_like, luminances, with_luminance
from striate.styling.pictures import Picture, as_image, fitted, read, read_mask, resized

STYLE, KEEP, MATCH = COLOURS = ("style", "keep", "match")
LARGEST, SMALLEST = 512, 128  # pixels of the longer side: of the result where nobody says; of the coarsest size
MOST = 8192  # pixels of the longer side


@dataclass(frozen=True, eq=False)
class Wanted:
    """The pictures of one size, from 0 to 1; C is 1 where only luminance is transferred, else 3.

    Attributes:
        content: (C, H, W).
        styles: (C, h, w) each.
        masks: (1, H, W) each; none for everywhere.
        least, greatest: Between which values the result is, scalars or (1, H, W).
    """

    content: Tensor
    styles: Sequence[Tensor]
    masks: Sequence[Tensor]
    least: Tensor
    greatest: Tensor

    def on(self, device: torch.device) -> Wanted:
        """The same on a device."""
        styles, masks = ([one.to(device) for one in some] for some in (self.styles, self.masks))
        return Wanted(self.content.to(device), styles, masks, self.least.to(device), self.greatest.to(device))


@dataclass(frozen=True, eq=False)
class Material:
    """What a picture is made from.

    Attributes:
        content: What it shows.
        styles: Whose styles it gets.
        masks: Where each of them holds, (1, H, W) of the content's size; empty for everywhere.
        colour: Whose colours it gets; one of `COLOURS`.
        scale: The size of the styles relative to the content.
        longer: The longer side of the result, in pixels.
    """

    content: Picture
    styles: Sequence[Picture]
    masks: Sequence[Tensor]
    colour: str
    scale: float
    longer: int

    @staticmethod
    def read(
        content: Any, styles: Sequence[Any], masks: Sequence[Any], colour: str, scale: float, size: int | None
    ) -> Material:
        """Of files, PIL images or arrays; as for `style`.

        Raises:
            InputError: One can't be read or does not fit, or a word or a number is wrong.
        """
        if not styles:
            raise InputError("a style is needed: one picture or several after the content")
        if masks and len(masks) != len(styles):
            each = "each style has one mask, or none has; `mask` is given again for each"
            raise InputError(f"{each}. Received: {len(masks)} for {len(styles)} styles")
        if colour not in COLOURS:
            raise InputError(f"no colour '{colour}'{nearest(colour, COLOURS)}; there are {', '.join(COLOURS)}")
        check_number(scale, "scale", least=0.05, most=20, whole=False)
        if size is not None:
            check_number(size, "size", least=16, most=MOST)
        shown, drawn = read(content), [read(one) for one in styles]
        for one in drawn:
            check_varied(one.pixels, f"style {one.name}")
        where = [read_mask(mask, shown.size) for mask in masks]
        return Material(shown, drawn, where, colour, scale, size or min(max(shown.size), LARGEST))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the result."""
        return fitted(self.content.size, self.longer)

    @property
    def longer_sides(self) -> list[int]:
        """From coarse to fine, in pixels: each is twice the one before."""
        sides = [self.longer]
        while sides[0] >= 2 * SMALLEST:
            sides.insert(0, sides[0] // 2)
        return sides

    def at(self, longer: int) -> Wanted:
        """The pictures where the content's longer side has so many pixels."""
        size = fitted(self.content.size, longer)
        shown = resized(self.content.pixels, size)
        drawn = [resized(one.pixels, fitted(one.size, max(1, round(longer * self.scale)))) for one in self.styles]
        masks = [resized(mask, size) for mask in self.masks]
        if self.colour == KEEP:
            light = [luminance_like(one, shown) for one in drawn]
            return Wanted(luminance(shown), light, masks, *luminances(shown))
        if self.colour == MATCH:
            drawn = [colours_like(one, shown).clamp(0, 1) for one in drawn]
        return Wanted(shown, drawn, masks, torch.tensor(0.0), torch.tensor(1.0))

    def finished(self, made: Tensor) -> Image.Image:
        """The result: a picture (C, h, w) at its full size, with the content's chroma and transparency."""
        pixels = resized(made.cpu().clamp(0, 1), self.size)
        if self.colour == KEEP:
            pixels = with_luminance(pixels, resized(self.content.pixels, self.size))
        opaque = self.content.opaque
        return as_image(pixels, None if opaque is None else resized(opaque, self.size))

    def notes(self) -> Iterator[str]:
        """What was decided, a sentence each."""
        (height, width), (tall, wide) = self.content.size, self.size
        if (tall, wide) != (height, width):
            yield f"the result has {tall}x{wide} pixels, the content {height}x{width}; `size` is its longer side"
        if self.masks and float(sum(self.masks, start=self.masks[0] * 0).amin()) < 0.5:
            yield "where no mask is white, no style holds: the content stays as it is there"
