"""What is found in a folder of images and masks, before and after the masks are looked at.

>>> pair = Pair(Path("images/1.png"), Path("masks/1.png"), "train")
>>> pair.where
'masks/1.png'
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..left_out import LeftOut
from ..parts import Part
from .coding import Coding
from .names import Named
from .regions import Regions

UNMASKED = "image without mask"
UNPAIRED = "mask without image"


@dataclass(frozen=True)
class Pair:
    """An image and its mask.

    Attributes:
        image: the image's file.
        mask: the mask's file, or the regions that a file of annotations gives.
        part: the part of the data it is in.
        size: (height, width) of the image, upright.
        turn: how the mask's stored pixels must be turned to be upright, 1 to 8, as in EXIF.
    """

    image: Path
    mask: Path | Regions
    part: Part
    size: tuple[int, int] = (0, 0)
    turn: int = 1

    @property
    def where(self) -> str:
        """Which file an error about the mask names."""
        return str(self.mask if isinstance(self.mask, Path) else self.mask.source)


@dataclass(frozen=True)
class Arranged:
    """Images and masks that belong together by their names.

    Attributes:
        pairs: in order of their files' names, those of a part after each other.
        left_out: everything else there; its paths are as they were walked.
        named: the classes, where a file names them.
        notes: what was decided, a sentence each.
    """

    pairs: tuple[Pair, ...]
    left_out: tuple[LeftOut, ...]
    named: Named | None
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class MaskSet:
    """Images with a class per pixel.

    Attributes:
        pairs: in order of their files' names, those of a part after each other: train, validation, test.
        coding: the classes, and what the values in the masks mean.
        channels: 1 where all images are grey, else 3.
        counts: (pairs, K) int64, the pixels of each class in each mask.
        left_out: what was not read; paths relative to the folder.
        notes: what was decided, a sentence each.
    """

    pairs: tuple[Pair, ...]
    coding: Coding
    channels: int
    counts: NDArray[np.int64]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by position."""
        return self.coding.classes

    def of(self, part: Part) -> tuple[Pair, ...]:
        """The pairs of one part."""
        return tuple(pair for pair in self.pairs if pair.part == part)
