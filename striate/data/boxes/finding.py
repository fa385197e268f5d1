"""Images with boxes, found under a folder in the layouts that people have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from striate.errors import InputError

from ..amounts import so_many
from ..files import unreadable
from ..image import size_or_reason
from ..left_out import MISSING, NAMED_TWICE, UNREADABLE, LeftOut, below, said
from ..parts import PARTS, Part
from ..workers import Workers
from . import coco, hierarchy, voc, yolo
from .cleaning import MENDED, cleaned
from .found import NO_OBJECT, SECOND, Arranged, Boxed, BoxSet, Rough
from .yolo import numbered

EXPECTED = "VOC's XML files, COCO's JSON, or YOLO's images/ and labels/"
KINDS = {"VOC's": voc.arranged, "COCO's": coco.arranged, "YOLO's": yolo.arranged}
NAMED = 3  # files that a note names


def find(
    root: Path, *, bad: Literal["skip", "refuse"] = "skip", like: Sequence[str] = (), sure: bool = True
) -> BoxSet | None:
    """The images and boxes under `root`; None where nothing there is an annotation.

    Args:
        root: A folder.
        bad: Whether what can't be read is left out, or is an error.
        like: The classes of other boxes, which these must have.
        sure: Whether annotations without any image are an error; else they are not taken for annotations.

    Raises:
        InputError: Annotations are there and no image; with "refuse", an image or a box is wrong.
    """
    every = {kind: found for kind, arrange in KINDS.items() if (found := arrange(root))}
    if not every:
        return None
    kind, place = next(iter(every.items()))
    notes = list(place.notes)
    if others := [other for other in every if other != kind]:
        notes.append(f"there are {' and '.join(others)} annotations too, which are not read; {kind} are")
    if not place.images and not sure:
        return None
    if not place.images:
        first = f": {place.left_out[0]}" if place.left_out else ""
        raise InputError(f"no image under '{root}' has annotations{first}; {EXPECTED} are read")
    if like and not place.classes:  # files without names have the numbers of those that were learned
        place = replace(place, images=[_renamed(one, like) for one in place.images])
    above = hierarchy.tree_of(root)
    place, whole = hierarchy.parted(place, root)
    classes = tuple(like) or tuple(dict.fromkeys((*_classes(place), *above, *whole.values())))
    images, left_out, faults = _read(place, classes, root, whole)
    unfit = {
        _file_of(one, root): odd
        for one in place.images
        if (odd := tuple(label for label in one.labels if label not in classes))
    }
    unknown = Counter(label for labels in unfit.values() for label in labels)
    wrong = [*(file for file in place.left_out if _is_wrong(file)), *left_out]
    if bad == "refuse" and (wrong or faults or unknown):
        what = str(wrong[0]) if wrong else _said(faults)[0] if faults else f"the class '{next(iter(unknown))}'"
        raise InputError(f"'{root}': {what}; correct it, or leave `bad` at skip")
    if not images:
        raise InputError(f"no image under '{root}' can be read: {left_out[0]}")
    if unknown and not any(len(one.classes) for one in images):
        wanted, given = ", ".join(classes), ", ".join(sorted(unknown)[:NAMED])
        raise InputError(f"no object under '{root}' is one of {wanted}; they are {given}")
    everything = (*(replace(file, path=below(file.path, root)) for file in (*place.left_out, *left_out)),)
    notes = [_first(images, classes), *notes, *_said(faults)]
    if unknown:
        names = ", ".join(sorted(unknown)[:NAMED])
        notes.append(f"objects of no known class, left out: {sum(unknown.values()):,} ({names})")
    notes += hierarchy.told(above, whole)
    notes += [said(everything)] if everything else []
    return BoxSet(tuple(images), classes, faults, everything, tuple(notes), hierarchy.positions(classes, above), unfit)


def _classes(place: Arranged) -> tuple[str, ...]:
    """The names: those that a file names, or those that objects have."""
    if place.classes:
        return tuple(dict.fromkeys(place.classes))
    return tuple(sorted({label for one in place.images for label in one.labels if label}))


def _read(
    place: Arranged, classes: Sequence[str], root: Path, whole: Mapping[Path, str]
) -> tuple[list[Boxed], list[LeftOut], dict[str, dict[str, int]]]:
    """The images that can be read with their boxes, those that can't, and what was wrong with boxes, by file."""
    positions = {name: row for row, name in enumerate(classes)}
    lists = any(one.part == "train" for one in place.images)
    images, left_out, faults = list[Boxed](), list[LeftOut](), dict[str, dict[str, int]]()
    with Workers(len(place.images)) as workers:
        sizes = list(workers.each(size_or_reason, [one.image for one in place.images]))
    for one, (size, error) in zip(place.images, sizes, strict=True):
        if isinstance(size, str) or size is None:
            left_out.append(unreadable(one.image, size or str(error)))
            continue
        part: Part = one.part or "train"
        if lists and one.part is None:
            left_out.append(LeftOut(str(one.image), "image in no list", "no list of parts names it"))
            continue
        known = np.array([label in positions for label in one.labels], bool)
        scale = np.array([size[1], size[0]] * 2, np.float64) if one.shares else 1.0
        places, rows, wrong = cleaned(one.places[known] * scale, size)
        numbers = np.array([positions[label] for label in one.labels if label in positions], np.int64)[rows]
        if wrong:
            faults[_file_of(one, root)] = wrong
        aside = np.array(one.aside or (0,) * len(one.labels), np.uint8)[known][rows]
        alone = positions.get(whole.get(one.image, ""), -1)
        images.append(Boxed(one.image, part, size, places, numbers, alone, aside))
    return sorted(images, key=lambda one: (PARTS.index(one.part), one.image.parts)), left_out, faults


def _file_of(one: Rough, root: Path) -> str:
    """The file that an image's objects are in; the image's where many share one."""
    return below(str(one.source if one.source.suffix != ".json" else one.image), root)


def _renamed(one: Rough, like: Sequence[str]) -> Rough:
    """With the learned names in the place of numbers."""
    names = {numbered(number): name for number, name in enumerate(like)}
    return replace(one, labels=tuple(names.get(label, label) for label in one.labels))


def _is_wrong(file: LeftOut) -> bool:
    """Whether something that was left out is a fault, and not just something else."""
    return file.kind.startswith(UNREADABLE) or file.kind in (MISSING, NAMED_TWICE, SECOND, NO_OBJECT)


def _said(faults: dict[str, dict[str, int]]) -> list[str]:
    """A line for each kind of fault: how many boxes, what became of them, and the first files."""
    kinds: dict[str, Counter[str]] = {}
    for path, wrong in faults.items():
        for kind, count in wrong.items():
            kinds.setdefault(kind, Counter())[path] += count
    lines = []
    for kind, counts in kinds.items():
        many, files = sum(counts.values()), sorted(counts)
        what = "box" if many == 1 else "boxes"
        then = "mended" if kind in MENDED else "left out"
        more = f" and {len(files) - NAMED:,} more files" if len(files) > NAMED else ""
        lines.append(f"{many:,} {what} {kind}, {then}: {', '.join(files[:NAMED])}{more}")
    return lines


def _first(images: Sequence[Boxed], classes: Sequence[str]) -> str:
    """How many images of what sizes, and how many objects of each class."""
    sizes = sorted({one.size for one in images})
    low, high = ("x".join(map(str, size)) for size in (sizes[0], sizes[-1]))
    counts = np.bincount(np.concatenate([one.classes for one in images]), minlength=len(classes))
    objects = ", ".join(f"{name} {count:,}" for name, count in zip(classes, counts.tolist(), strict=True))
    bare = sum(not len(one.places) for one in images)
    without = f", {bare:,} without objects" if bare else ""
    span = low if low == high else f"{low} to {high}"
    return f"{so_many(len(images), 'images')}, {span}{without}; {so_many(int(counts.sum()), 'objects')}: {objects}"
