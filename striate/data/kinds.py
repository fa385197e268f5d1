"""What a field of an example is: how it moves when the images of the example are moved.

>>> Image().moves, Label(10).moves, Mask(3).moves
(True, False, True)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from striate.ignored import IGNORED

if TYPE_CHECKING:
    from torch import Tensor


class Moved:
    """What an epoch does to each example, drawn before its first batch: one draw moves all its fields alike."""

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """Images (N, C, …) in and out; `rows` (N,) are the positions of the examples in the training set."""
        return images

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        """Masks (N, …) of whole numbers in and out; what comes from beyond an edge is `ignored`."""
        return masks

    def tokens(self, numbers: Tensor, rows: Tensor) -> Tensor:
        """Sentences (N, length) of numbers of words in and out."""
        return numbers


@dataclass(frozen=True)
class Kind:
    """A kind of field."""

    moves: ClassVar[bool] = False

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """The values of the examples at `rows`, moved as their images are; most kinds do not move."""
        return values


@dataclass(frozen=True)
class Image(Kind):
    """An image, a signal or a volume: (C, *spatial), uint8 or float32."""

    moves: ClassVar[bool] = True

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """Moved."""
        return by.image(values, rows)


@dataclass(frozen=True)
class Mask(Kind):
    """A class for each entry of an image: (*spatial), whole numbers.

    Attributes:
        classes: How many there are.
        ignored: The value of entries that count for nothing.
    """

    classes: int
    ignored: int = IGNORED
    moves: ClassVar[bool] = True

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """Moved, entry by entry."""
        return by.mask(values, rows, self.ignored)


@dataclass(frozen=True)
class Label(Kind):
    """One class: a whole number from 0 to `classes` - 1."""

    classes: int


@dataclass(frozen=True)
class Labels(Kind):
    """Several classes at once: (classes,), 1 where a class is there and 0 where not."""

    classes: int


@dataclass(frozen=True)
class Number(Kind):
    """A row of numbers (size,), or a single one."""

    size: int = 1


@dataclass(frozen=True)
class Tokens(Kind):
    """A sentence: (length,) numbers of words.

    Attributes:
        words: How many words there are.
    """

    words: int

    def moved(self, values: Tensor, by: Moved, rows: Tensor) -> Tensor:
        """With words left out."""
        return by.tokens(values, rows)


Kinds = Mapping[str, Kind]


def moved(kinds: Kinds, name: str, values: Tensor, by: Moved | None, rows: Tensor) -> Tensor:
    """The values of a field, moved as its kind is; those of no known kind, and where nothing moves, as they are."""
    return kinds[name].moved(values, by, rows) if by is not None and name in kinds else values
