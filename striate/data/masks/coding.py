"""The classes of a set of masks, and what the values in its files mean: decided once, then the same for every mask.

>>> coding = Coding("number", (0, 1, 2), ("background", "cat", "dog"), ignored=(255,))
>>> coding.positions(Raw("grey", np.array([[0, 2], [1, 255]]))).tolist()
[[0, 2], [1, 255]]
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError
from striate.ignored import IGNORED as IGNORED

from .names import Colour
from .values import GREY_LEVELS, MaskFacts, Raw

MOST_CLASSES = IGNORED  # from 0 on
MOST_SAID = 5  # values named in one message

How = Literal["number", "shade", "halves", "colour", "objects", "regions"]


@dataclass(frozen=True)
class Coding:
    """What a mask's values mean. JSON can hold it.

    Attributes:
        how: "number" and "shade": a value is a class; "halves": dark is class 0, light is class 1; "colour": a colour
            is a class; "objects": any number but 0 is class 1; "regions": positions are stored, as COCO's are made.
        values: the value of each class, by its position; a colour as 65536 red + 256 green + blue.
        classes: their names.
        colours: their colours, where the data give them; else ().
        ignored: values whose pixels count for nothing: position 255.
    """

    how: How
    values: tuple[int, ...]
    classes: tuple[str, ...]
    colours: tuple[Colour, ...] = ()
    ignored: tuple[int, ...] = ()

    def positions(self, raw: Raw) -> NDArray[np.uint8]:
        """The class position of each pixel (height, width), 255 where it is ignored.

        Raises:
            InputError: a value is none of the classes.
        """
        if self.how in ("halves", "objects"):
            return (raw.values >= (128 if self.how == "halves" else 1)).astype(np.uint8)
        values = raw.colours() if self.how == "colour" else raw.values
        if raw.kind == "bit" and self.how == "number":
            values = values // 255
        known = np.array(sorted((*self.values, *self.ignored)))
        places = np.searchsorted(known, values).clip(max=len(known) - 1)
        strange = known[places] != values
        if strange.any():
            raise InputError(self.says_unknown(np.unique(values[strange]).tolist()))
        table = np.array([self.position(value) for value in known.tolist()], np.uint8)
        result: NDArray[np.uint8] = table[places]
        return result

    def position(self, value: int) -> int:
        """The position of a value's class, 255 if it is ignored."""
        if self.how == "halves":
            return int(value >= 128)
        if self.how == "objects":
            return int(value > 0)
        return IGNORED if value in self.ignored else self.values.index(value)

    def unknown(self, values: Iterable[int]) -> list[int]:
        """Those of the values that are no class."""
        if self.how in ("halves", "objects"):
            return []
        return [value for value in values if value not in self.values and value not in self.ignored]

    def says_unknown(self, values: Sequence[int]) -> str:
        """That a mask holds values that are no class, in a few words."""
        named = ", ".join(said(value) if self.how == "colour" else str(value) for value in values[:MOST_SAID])
        what = "colour" if self.how == "colour" else "value"
        more = f" and {len(values) - MOST_SAID} more" if len(values) > MOST_SAID else ""
        return f"{what}{'s' * (len(values) > 1)} {named}{more}: none of the {len(self.classes)} classes"

    def of_facts(self, facts: MaskFacts) -> list[tuple[int, int]]:
        """Each value of a mask as this coding reads it, with its number of pixels."""
        if self.how == "colour":
            return [(colour_of(facts, value, colour), count) for value, count, colour in facts.values]
        divisor = 255 if facts.kind == "bit" and self.how == "number" else 1
        return [(value // divisor, count) for value, count, _ in facts.values]

    def counts(self, facts: MaskFacts) -> NDArray[np.int64]:
        """The number of pixels of each class (K,) in a mask whose values are all known."""
        totals = np.zeros(IGNORED + 1, np.int64)
        for value, count in self.of_facts(facts):
            totals[self.position(value)] += count
        return totals[: len(self.classes)]


def colour_of(facts: MaskFacts, value: int, colour: int) -> int:
    """The colour of one of a mask's values, whatever its kind."""
    if facts.kind == "palette":
        return max(colour, 0)
    return value if facts.kind == "colour" else value * GREY_LEVELS


def split(colour: int) -> Colour:
    """A colour as red, green and blue.

    >>> split(0xFF8000)
    (255, 128, 0)
    """
    return colour >> 16 & 255, colour >> 8 & 255, colour & 255


def joined(colour: Colour) -> int:
    """Red, green and blue as one number."""
    red, green, blue = colour
    return red << 16 | green << 8 | blue


def said(colour: int) -> str:
    """A colour as web pages write it.

    >>> said(0xFF8000)
    '#ff8000'
    """
    return f"#{colour:06x}"
