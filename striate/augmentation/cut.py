"""Parts of images, cut out anew in every epoch: how networks learn from images of several or of large sizes.

Ronneberger et al. 2015 learn from tiles; turning and mirroring them is right where no direction is up, as under a
microscope.

>>> cuts = Cut((4, 4), times=2, mirror=True, turn=True).drawn(6, torch.Generator())  # three images, two cuts of each
>>> cuts.cut(torch.arange(60).reshape(6, 10), 5).shape
torch.Size([4, 4])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.augmentation.photo import changed, lit
from striate.data.kinds import Moved
from striate.tiling import at


@dataclass(frozen=True)
class Cut(Augment):
    """What may happen to each image, and to the mask with it.

    Attributes:
        size: (height, width) of the part that is cut out, (depth, height, width) of volumes; beyond a smaller image's
            edge it is reflected.
        times: Parts cut out of each image in an epoch.
        mirror: Whether half of them are mirrored left to right, which is along the first axis of a volume.
        turn: Whether they are turned by a random number of quarter turns, or half turns where they are not square.
        colour: How far light and colour change, as for `Photo`.
    """

    size: tuple[int, ...]
    times: int = 1
    mirror: bool = False
    turn: bool = False
    colour: float = 0.0

    way_out: ClassVar[str] = "`augment='none'` leaves them as they are"

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Cuts:
        """The choices of an epoch; every kind is drawn, used or not, so that one does not affect the others."""
        places = torch.rand(count, len(self.size), generator=generator, dtype=torch.float64)
        mirrored = torch.rand(count, generator=generator) < 0.5
        turns = torch.randint(4, (count,), generator=generator)
        light = 2 * torch.rand(count, 5, generator=generator) - 1
        turns = turns if len(set(self.size)) == 1 else turns // 2 * 2
        return Cuts(self, places, mirrored & self.mirror, turns * self.turn, self.colour * light)

    def written(self) -> str:
        """What may happen to a part, by words."""
        colour = [f"colour:{self.colour:g}"] * bool(self.colour)
        return ",".join(["mirror"] * self.mirror + ["turn"] * self.turn + colour) or "none"

    def told(self) -> str:
        """Which parts, and what may happen to them."""
        size = "x".join(map(str, self.size))
        what = "volume" if len(self.size) > 2 else "image"
        many = f"{self.times} pieces" if self.times > 1 else "a piece"
        how = f", {' and '.join(self._changes)} at random" if self._changes else ""
        return f"{many} of {size} of each training {what}, cut out anywhere in every epoch{how}"

    def said(self) -> str:
        """It in one line, with the way out where there is one."""
        return super().said() if self._changes else f"augmentation: {self.told()}"

    @property
    def _changes(self) -> list[str]:
        return ["mirrored"] * self.mirror + ["turned by quarters"] * self.turn + changed(self.colour)


@dataclass(frozen=True, eq=False)
class Cuts(Moved):
    """An epoch's choices.

    Attributes:
        settings: What they were drawn from.
        places: (count, axes), from 0 to 1: where between the image's edges each part is.
        mirrored: (count,) bool.
        turns: (count,) quarter turns.
        light: (count, 5), as `Shots` has it.
    """

    settings: Cut
    places: Tensor
    mirrored: Tensor
    turns: Tensor
    light: Tensor

    def cut(self, values: Tensor, row: int, finer: int = 1) -> Tensor:
        """The part number `row`, (…, *size), of an image (C, H, W), a volume (C, D, H, W), or a mask without C."""
        size = self.settings.size
        free = [have // finer - want for have, want in zip(values.shape[-len(size) :], size, strict=True)]
        corner = tuple(
            int(place * (room + 1)) if room > 0 else room // 2
            for place, room in zip(self.places[row], free, strict=True)
        )
        part = at(values, corner, size, finer)
        part = part.flip(-1 if len(size) < 3 else -len(size)) if self.mirrored[row] else part
        return torch.rot90(part, int(self.turns[row]), (-2, -1)).contiguous()

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, *size) in and out: their light and colour."""
        return lit(images, self.light[rows]) if self.settings.colour else images

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        """(N, *size) in and out: they were cut like the images."""
        return masks
