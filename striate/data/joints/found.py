"""What is found in a folder of images with joints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..left_out import LeftOut
from ..parts import Part

UNPOSED, UNSEEN = "image without joints", "no visible joint"
ROWLESS, DAMAGED = "rows without a file", "joints that are damaged"
Joined = tuple[int, int]  # two joints, by their positions
Box = tuple[int, int, int, int]  # left, top, right and bottom edge in pixels


@dataclass(frozen=True, eq=False)
class Rough:
    """What annotations say of one person, or whatever else has joints.

    Attributes:
        image: The image's file.
        source: Where it is said: `joints.csv:3`.
        places: (J, 2) x and y from the first pixel's middle; not numbers where a joint is not there.
        part: The part of the data it is in; None where nothing tells.
        box: (4,) the edges of what surrounds it; None where it has the image for itself.
    """

    image: Path
    source: str
    places: NDArray[np.float64]
    part: Part | None = None
    box: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Arranged:
    """People and what is said of them.

    Attributes:
        people: In the order of the annotations.
        names: Of the joints.
        limbs: Where the annotations tell which joints are joined; else ().
        left_out: Everything else there; its paths are as they were walked.
        notes: What was decided, a sentence each.
    """

    people: Sequence[Rough]
    names: tuple[str, ...]
    limbs: tuple[Joined, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Posed:
    """A person in an image.

    Attributes:
        image: The image's file.
        part: The part of the data it is in.
        box: What of the image is looked at; within it.
        places: (J, 2) float32, x and y in the image from its first pixel's middle; not numbers where not visible.
    """

    image: Path
    part: Part
    box: Box
    places: NDArray[np.float32]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of what is looked at."""
        left, top, right, bottom = self.box
        return bottom - top, right - left


@dataclass(frozen=True, eq=False)
class PoseSet:
    """Images with joints.

    Attributes:
        people: Those of a part after each other: train, validation, test.
        names: Of the joints.
        limbs: Joints that are joined.
        left_out: What was not read; paths relative to the folder.
        notes: What was decided, a sentence each.
    """

    people: tuple[Posed, ...]
    names: tuple[str, ...]
    limbs: tuple[Joined, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    def of(self, part: Part) -> tuple[Posed, ...]:
        """The people of one part."""
        return tuple(one for one in self.people if one.part == part)
