"""Which part of a data set a name means: training, validation or test, in the spellings people use.

>>> [part_of(name) for name in ("Training", "seg_test", "valSet", "X_train", "train_images", "trainer")]
[('train', ''), ('test', 'seg'), ('validation', ''), ('train', 'x'), ('train', 'images'), None]
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")  # in "trainSet_2" and "TRAIN": train, Set, 2; TRAIN
XY = re.compile(r"(?<=^[xyXY])(?=(?i:train|val|test))")  # "Xtrain" is two words
SPELLINGS: dict[Part, str] = {
    "train": "train|training|trainval",
    "validation": "val|valid|validation|validate|dev",
    "test": "test|tests|testing|eval|evaluation",  # Food-11 has training, validation and evaluation
}
SPELT = {part: re.compile(f"(?:{words})(?:set)?") for part, words in SPELLINGS.items()}


def part_of(name: str) -> tuple[Part, str] | None:
    """The part that `name` means, and its other words joined by "_" without "set"; None for no part or two."""
    words = [word.lower() for word in WORD.findall(XY.sub("_", name))]
    found = [(part, at) for at, word in enumerate(words) for part in PARTS if SPELT[part].fullmatch(word)]
    if len(found) != 1:
        return None
    part, at = found[0]
    return part, "_".join(word for i, word in enumerate(words) if i != at and word not in ("set", "sets"))


def part_around(folders: Sequence[str]) -> Part:
    """The part that one of the folders around a file means, by their names; training where none does.

    >>> part_around(["clips", "test", "walk"]), part_around(["walk"])
    ('test', 'train')
    """
    return next((part[0] for name in folders if (part := part_of(name))), "train")


def parts_said(parts: Iterable[Part]) -> str:
    """How many examples each part has.

    >>> parts_said(["test", "train", "train"])
    '2 to train, 1 to test'
    """
    words: dict[Part, str] = {"train": "to train", "validation": "to validate", "test": "to test"}
    counts = Counter(parts)
    return ", ".join(f"{counts[part]:,} {words[part]}" for part in PARTS if counts[part])
