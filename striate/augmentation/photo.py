"""More photographs from the same ones: each changed as in another shot of the same thing, anew in every epoch.

Mirroring and padded crops are how CIFAR networks are trained (He et al. 2015, section 4.2); the light follows
Krizhevsky et al. 2012, section 4.1, in a plainer form.

>>> photo = Photo(mirror=True, crop=1, colour=0.1)
>>> photo.drawn(8, torch.Generator()).image(torch.zeros(2, 3, 8, 8), torch.tensor([5, 0])).shape
torch.Size([2, 3, 8, 8])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.augmentation.augment import Augment, pixels
from striate.data.kinds import Moved, Size

SHARE = 8  # a photograph is moved by up to one entry per this many of its shorter side: 4 for 32x32
COLOUR = 0.15  # how far contrast, brightness and tint change by default


@dataclass(frozen=True)
class Photo(Augment):
    """What may happen to each image.

    Attributes:
        mirror: Whether half of the images, drawn by chance, are mirrored left to right.
        crop: Entries by which the image is extended on every side, its own edge reflected; a window of the image's
            size is then cut out anywhere. 0 leaves it where it is; at most the shorter side less 1.
        colour: Contrast changes by a factor within 1 ± colour, brightness by up to ± colour and each channel by half
            of that, in units of the data's spread. 0 leaves it.
    """

    mirror: bool
    crop: int
    colour: float

    way_out: ClassVar[str] = "`augment='crop,colour'` leaves out the mirror, `augment='none'` all of it"

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Shots:
        """The choices of an epoch; every kind is drawn, used or not, so that one does not affect the others."""
        mirrored = torch.rand(count, generator=generator) < 0.5
        down, right = torch.randint(2 * self.crop + 1, (2, count), generator=generator)
        light = 2 * torch.rand(count, 5, generator=generator) - 1
        return Shots(self, mirrored & self.mirror, down, right, self.colour * light)

    def written(self) -> str:
        """Its parts by their words.

        >>> Photo(mirror=True, crop=4, colour=0.0).written()
        'mirror,crop:4'
        """
        numbers = [f"{word}:{number:g}" for word, number in (("crop", self.crop), ("colour", self.colour)) if number]
        return ",".join(["mirror"] * self.mirror + numbers)

    def told(self) -> str:
        """What may happen."""
        steps = ["mirrored half of the time"] * self.mirror
        steps += [f"moved by up to {pixels(self.crop)}"] * bool(self.crop)
        steps += changed(self.colour)
        return f"each training image is {', '.join(steps)}"

    def said(self) -> str:
        """It in one line, with the way out."""
        return f"augmentation, as for photographs: {self.told()}; {self.way_out}"


def changed(colour: float) -> list[str]:
    """A change of light and colour in words, where there is any."""
    return [f"changed in light and colour by up to {colour:.0%}".replace("%", " %")] * bool(colour)


@dataclass(frozen=True, eq=False)
class Shots(Moved):
    """An epoch's choices.

    Attributes:
        photo: The settings they were drawn from.
        mirrored: (count,) bool.
        down: (count,) int64, where in the extended image each window begins.
        right: The same along the other axis.
        light: (count, 5), within ± colour: contrast, brightness, and up to three channels.
    """

    photo: Photo
    mirrored: Tensor
    down: Tensor
    right: Tensor
    light: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out, C at most 3, scaled by the data's mean and spread."""
        x = self._placed(images, rows)
        return lit(x, self.light[rows]) if self.photo.colour else x

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        """(N, H, W) in and out: mirrored and moved like the images, whose edges are reflected."""
        return self._placed(masks[:, None].double(), rows)[:, 0].to(masks.dtype)  # PyTorch reflects no whole numbers

    def points(self, points: Tensor, rows: Tensor, size: Size) -> Tensor:
        """(N, P, 2) in and out: of the image itself, not of its reflection."""
        x, y = points.unbind(2)
        x = x.where(~self.mirrored[rows, None].to(x.device), size[1] - 1 - x)
        moves = torch.stack([self.right, self.down], 1)[rows, None].to(points)
        return torch.stack([x, y], 2) + self.photo.crop - moves

    def mirrored_now(self, rows: Tensor) -> Tensor:
        """Those that are."""
        return self.mirrored[rows]

    def _placed(self, images: Tensor, rows: Tensor) -> Tensor:
        """Mirrored, and cut out of the extended image."""
        mirrored, down, right = (c[rows].to(images.device) for c in (self.mirrored, self.down, self.right))
        x = torch.where(mirrored.view(-1, 1, 1, 1), images.flip(3), images)
        if self.photo.crop:
            height, width = x.shape[2:]
            windows = F.pad(x, (self.photo.crop,) * 4, mode="reflect").unfold(2, height, 1).unfold(3, width, 1)
            x = windows[torch.arange(len(x), device=x.device), :, down, right]
        return x


def lit(images: Tensor, light: Tensor) -> Tensor:
    """Images (N, C, *spatial) in another light: (N, 5) contrast, brightness, and up to three channels."""
    light = light.to(images.device).view(-1, 5, *[1] * (images.ndim - 2))
    contrast, brightness, tint = light[:, :1], light[:, 1:2], light[:, 2 : 2 + images.shape[1]]
    mean = images.mean(tuple(range(1, images.ndim)), keepdim=True)
    return (images - mean) * (1 + contrast) + mean + brightness + tint / 2
