"""Images with a class per pixel, found under a folder in the layouts that people have.

>>> find(Path("/usr/share/zoneinfo")) is None  # no folder there is called a mask
True
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from ..amounts import so_many
from ..left_out import below, said
from ..parts import parts_said
from ..workers import Workers
from . import coco, pairing, voc
from .coding import MOST_CLASSES, Coding
from .deciding import decided
from .found import Arranged, MaskSet, Pair
from .looking import PHOTOGRAPH, SMEARED, Looked, class_counts, known, look

EXPECTED = "put images in images/ and masks of the same names in masks/, or give a VOC or COCO folder"


class NotMasksError(InputError):
    """All that is called a mask is a photograph: pairs of two images, and data for another task."""


def find(
    root: Path,
    *,
    bad: Literal["skip", "refuse"] = "skip",
    like: Coding | None = None,
    progress: bool = False,
    objects: bool = False,
) -> MaskSet | None:
    """The images and masks under `root`; None, quickly, where no file or folder is called a mask.

    Args:
        root: a folder.
        bad: whether a pair that cannot be read is left out, or is an error.
        like: the classes of other masks, which these must be read as.
        progress: whether to draw it.
        objects: whether numbers that no file names are of objects, and not of classes.

    Raises:
        NotMasksError: every mask is a photograph.
        InputError: masks are there and cannot be read as classes; with "refuse", any pair cannot.
    """
    place = voc.arranged(root) or coco.arranged(root, bad) or pairing.arranged(root, bad)
    if place is None:
        return None
    if not place.pairs:
        first = f" ('{below(place.left_out[0].path, root)}': {place.left_out[0].reason})" if place.left_out else ""
        raise InputError(f"no image under '{root}' has a mask{first}; {EXPECTED}")
    if not like and all(pair.part != "train" for pair in place.pairs):
        raise InputError(f"'{root}' has masks for {place.pairs[0].part} and none to train on; add train/")
    with Workers(2 * len(place.pairs)) as workers:
        looked = look(root, place.pairs, workers, progress)
    reasons = {one.left_out.reason if one.left_out else "" for one in looked}
    if reasons <= {PHOTOGRAPH, SMEARED}:
        raise NotMasksError(f"'{looked[0].pair.where}': {min(reasons)}; so are all under '{root}'")
    good = _good(looked, bad, root)
    coding, notes = _coding(good, place, like, objects)
    looked = [known(one, coding) for one in looked]
    good = _good(looked, bad, root)
    counts = np.array([class_counts(one, coding) for one in good])
    left_out = [*place.left_out, *(one.left_out for one in looked if one.left_out)]
    left_out = [replace(file, path=below(file.path, root)) for file in left_out]
    pairs = tuple(one.pair for one in good)
    lines = [_first(pairs, coding), *place.notes, *notes, *_doubts(pairs, counts, coding)]
    lines += [said(left_out)] if left_out else []
    return MaskSet(pairs, coding, 1 if all(one.grey for one in good) else 3, counts, tuple(left_out), tuple(lines))


def _good(looked: Sequence[Looked], bad: str, root: Path) -> list[Looked]:
    """The pairs that can be read.

    Raises:
        InputError: there are none, or with "refuse" not all.
    """
    good = [one for one in looked if one.left_out is None]
    first = next((one.left_out for one in looked if one.left_out), None)
    if first and bad == "refuse":
        raise InputError(f"'{first.path}': {first.reason}; correct it, or leave it out")
    if first and not good:
        raise InputError(f"no mask under '{root}' can be used: '{below(first.path, root)}': {first.reason}")
    return good


def _coding(good: Sequence[Looked], place: Arranged, like: Coding | None, objects: bool) -> tuple[Coding, list[str]]:
    """What the masks' values mean, and what to say about it."""
    facts = [one.facts for one in good if one.facts]
    if facts:
        if like and like.how == "regions":
            raise InputError("these masks are image files, and the classes are those of COCO's annotations")
        return (like, []) if like else decided(facts, place.named, objects)
    assert place.named, "COCO names its classes"
    names = place.named.names
    if like and like.classes != names:
        raise InputError(f"these masks have the classes {', '.join(names)}, not {', '.join(like.classes)}")
    if len(names) > MOST_CLASSES:
        raise InputError(f"{len(names)} classes are named; at most {MOST_CLASSES} can be told apart")
    return like or Coding("regions", tuple(range(len(names))), names), []


def _first(pairs: Sequence[Pair], coding: Coding) -> str:
    """How many pairs of what sizes, and the classes."""
    sizes = sorted({pair.size for pair in pairs})
    low, high = ("x".join(map(str, size)) for size in (sizes[0], sizes[-1]))
    span = low if low == high else f"{low} to {high}"
    parts = parts_said(pair.part for pair in pairs)
    return f"{so_many(len(pairs), 'images')} with masks, {span}: {parts}; {len(coding.classes)} classes"


def _doubts(pairs: Sequence[Pair], counts: NDArray[np.int64], coding: Coding) -> list[str]:
    """Notes on what the user may not have meant."""
    training = [row for row, pair in enumerate(pairs) if pair.part == "train"]
    if not training:
        return []
    absent = [name for name, count in zip(coding.classes, counts[training].sum(axis=0), strict=True) if not count]
    return [f"no training mask has a pixel of {', '.join(absent[:10])}"] if absent else []
