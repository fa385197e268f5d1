"""What is found in a folder of images with boxes, before and after the boxes are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..left_out import LeftOut
from ..parts import Part

HARD, CROWD = 1, 2  # objects that count neither as found nor as missed: VOC's difficult ones, COCO's many in one box
UNBOXED = "image without annotations"
SECOND, NO_OBJECT = "second annotations of an image", "line that is no object"


@dataclass(frozen=True, eq=False)
class Rough:
    """What annotations say of an image.

    Attributes:
        image: The image's file.
        source: The file that says it.
        labels: The class of each object, as the annotations call it.
        places: (B, 4): left, top, right and bottom edge of each.
        part: The part of the data it is in; None where nothing tells.
        shares: Whether the places are shares of the image's width and height, not pixels.
        aside: (B,) of each object `HARD`, `CROWD` or 0; () where none is.
    """

    image: Path
    source: Path
    labels: tuple[str, ...]
    places: NDArray[np.float64]
    part: Part | None = None
    shares: bool = False
    aside: tuple[int, ...] = ()


@dataclass(frozen=True)
class Arranged:
    """Images and what is said of them.

    Attributes:
        images: In order of their files' names.
        classes: Where a file names them, in its order; else ().
        left_out: Everything else there; its paths are as they were walked.
        notes: What was decided, a sentence each.
    """

    images: Sequence[Rough]
    classes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Boxed:
    """An image and the objects in it.

    Attributes:
        image: The image's file.
        part: The part of the data it is in.
        size: (height, width) of the image, upright.
        places: (B, 4) float32: left, top, right and bottom edge in pixels, within the image; none is empty.
        classes: (B,) int64, the position of each object's class.
        whole: The class of an image that has one and no box; -1 for others.
        aside: (B,) uint8, of each object `HARD`, `CROWD` or 0.
    """

    image: Path
    part: Part
    size: tuple[int, int]
    places: NDArray[np.float32]
    classes: NDArray[np.int64]
    whole: int = -1
    aside: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))


@dataclass(frozen=True, eq=False)
class BoxSet:
    """Images with boxes.

    Attributes:
        images: In order of their files' names, those of a part after each other: train, validation, test.
        classes: Their names.
        faults: What was wrong with boxes, and how many, by the file that holds them.
        left_out: What was not read; paths relative to the folder.
        notes: What was decided, a sentence each.
        parents: The position of the class above each; () without a hierarchy.
        unknown: The classes of objects that are none of these, by the file that holds them.
    """

    images: tuple[Boxed, ...]
    classes: tuple[str, ...]
    faults: Mapping[str, Mapping[str, int]]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    parents: tuple[int, ...] = ()
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, part: Part) -> tuple[Boxed, ...]:
        """The images of one part."""
        return tuple(one for one in self.images if one.part == part)
