"""The words of `--augment`, each with a number that says how much; what they become is for the data to say.

>>> parsed("shift:2,rotate")
(Wanted(word='shift', number=2.0), Wanted(word='rotate', number=None))
>>> [wanted.word for wanted in parsed("photo")]
['mirror', 'crop', 'colour']
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from striate.errors import InputError, nearest

AUTO, NONE = "auto", "none"


@dataclass(frozen=True)
class Word:
    """A change.

    Attributes:
        help: What it does, and what its number is.
        usual: The number where none is given; None where the size of the images decides, or there is no number.
        most: The largest number; 0 where it takes none.
        least: The smallest.
    """

    help: str
    usual: float | None = None
    most: float = 0.0
    least: float = 0.0


WORDS: dict[str, Word] = {
    "shift": Word("moves by whole pixels, on the background: for drawings", None, 1024, 1),
    "mirror": Word("left and right, half of the time"),
    "alternate": Word("left and right, in every other epoch"),
    "crop": Word("moves by whole pixels, edges reflected: for photographs", None, 1024, 1),
    "turn": Word("quarter turns, where no side is up"),
    "rotate": Word("turns by up to so many degrees", 15, 180),
    "scale": Word("larger or smaller by up to such a share", 0.15, 4),
    "shear": Word("leans by up to so many degrees", 10, 60),
    "elastic": Word("bends by up to so many pixels", None, 1024, 0.01),
    "colour": Word("contrast, brightness and tint by up to such a share", 0.15, 1),
    "noise": Word("noise of up to such a share of the data's spread", 0.1, 10),
    "blur": Word("a blur of up to so many pixels", 1, 64),
    "cutout": Word("empties a square of so many pixels", None, 1024, 1),
    "trivial": Word("TrivialAugment: one of 14 operations of any strength"),
    "randaugment": Word("RandAugment: two of 14 operations of such a strength, to 30", 9, 30),
    "mixup": Word("fades two images into one, with Beta(number)", 0.2, 100, 0.01),
    "cutmix": Word("a box of another image, with Beta(number)", 1, 100, 0.01),
    "stretch": Word("slower or faster by up to such a share: for sounds", 0.15, 0.9),
    "bands": Word("higher or lower by up to so many bands: for sounds", 2, 100),
    "words": Word("makes some words of a sentence unknown"),
}
SHORT = {
    "photo": ("mirror", "crop", "colour"),
    "distort": ("shift", "rotate", "scale", "shear", "elastic"),
}
ALSO = {
    "mirror": ("flip", "hflip", "horizontalflip", "randomhorizontalflip", "fliplr"),
    "crop": ("randomcrop",),
    "colour": ("colorjitter", "jitter"),
    "rotate": ("rotation", "randomrotation"),
    "shift": ("translate", "translation"),
    "scale": ("zoom",),
    "turn": ("rot90",),
    "cutout": ("erase", "randomerasing", "coarsedropout"),
    "trivial": ("trivialaugment", "trivialaugmentwide", "ta"),
    "randaugment": ("randaug", "ra"),
    "noise": ("gaussiannoise",),
    "blur": ("gaussianblur",),
    "elastic": ("elastictransform",),
    "alternate": ("alternatingflip",),
}
OF_SOUNDS = ("stretch", "bands")
ALONE = ("words",)
EITHER = (("shift", "crop"), ("mirror", "alternate"), ("trivial", "randaugment"), ("mixup", "cutmix"))
ALL = (AUTO, NONE, *SHORT, *WORDS)


@dataclass(frozen=True)
class Wanted:
    """A word with its number; None for the usual one."""

    word: str
    number: float | None = None

    @property
    def amount(self) -> float | None:
        """The number given, or the usual one."""
        return WORDS[self.word].usual if self.number is None else self.number


def tidy(written: str) -> str:
    """The same in lower case, without blanks and repetitions.

    >>> tidy(" Auto"), tidy("Mirror, crop:4,mirror")
    ('auto', 'mirror,crop:4')
    """
    return ",".join(dict.fromkeys(part.strip() for part in str(written).lower().split(",")))


def parsed(written: str) -> tuple[Wanted, ...]:
    """The changes that are asked for, in the order in which they are made; () for "none" and for "auto".

    Raises:
        InputError: A word that is not known, does not go with others, or has a wrong number.
    """
    given = [_split(part) for part in tidy(written).split(",")]
    if len(given) == 1 and given[0].word in (AUTO, NONE):
        return ()
    found: dict[str, Wanted] = {}
    for one in given:
        for wanted in [Wanted(word) for word in SHORT[one.word]] if one.word in SHORT else [one]:
            found[wanted.word] = wanted if wanted.number is not None else found.get(wanted.word, wanted)
    for word in (AUTO, NONE, *ALONE):
        if word in found and len(found) > 1:
            raise InputError(f"augment '{word}' stands alone. Received: {written}")
    for pair in EITHER:
        if set(pair) <= set(found):
            raise InputError(f"augment takes {' or '.join(pair)}, not both. Received: {written}")
    return tuple(found[word] for word in WORDS if word in found)


def _split(part: str) -> Wanted:
    """A word and its number.

    Raises:
        InputError: There is no such word, or its number is none.
    """
    name, colon, rest = part.partition(":")
    word = "colour" if name == "color" else name
    if word not in ALL:
        raise InputError(f"no augment '{name}'{nearest(name, ALL, ALSO)}; there are {', '.join(ALL)}")
    if not colon:
        return Wanted(word)
    most, least = (WORDS[word].most, WORDS[word].least) if word in WORDS else (0.0, 0.0)
    if not most:
        raise InputError(f"augment '{word}' takes no number. Received: {part}")
    try:
        number = float(rest)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise InputError(f"augment '{word}' takes a number from {least:g} to {most:g}. Received: {rest}")
    return Wanted(word, number)
