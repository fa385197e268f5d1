"""Images with joints, found under a folder in the layouts that people have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from ..amounts import so_many
from ..files import unreadable
from ..image import size_or_reason
from ..left_out import MISSING, NAMED_TWICE, UNREADABLE, LeftOut, below, said
from ..parts import PARTS
from ..workers import Workers
from . import body, coco, table
from .found import DAMAGED, ROWLESS, UNSEEN, Arranged, Box, Posed, PoseSet, Rough

EXPECTED = "a table with the columns image, and x and y of each joint, such as knee_x and knee_y; or COCO's keypoints"
TABLE = "table"
KINDS = {TABLE: table.arranged, "COCO": coco.arranged}
LEAST = 2  # joints of a pose
AROUND = 1.25  # how much larger what is looked at is than the box around a person
LIMIT = 0.5  # pixels beyond the first and the last pixel's middle that are still in the image


def find(
    root: Path,
    *,
    bad: Literal["skip", "refuse"] = "skip",
    like: Sequence[str] = (),
    kinds: Sequence[str] = tuple(KINDS),
    sure: bool = True,
) -> PoseSet | None:
    """The images and joints under `root`; None where nothing there names joints.

    Args:
        root: A folder.
        bad: Whether what can't be read is left out, or is an error.
        like: The joints of others, which these must have.
        kinds: Of annotations that are looked for.
        sure: Whether joints without any image are an error; else they are not taken for joints.

    Raises:
        InputError: No image is there; the joints are others than `like`; with "refuse", something can't be read.
    """
    place = next((found for kind in kinds if (found := KINDS[kind](root))), None)
    if place is None:
        return None
    if like and set(place.names) != set(like):
        raise InputError(f"'{root}' has the joints {', '.join(place.names)}; the run has learned {', '.join(like)}")
    names = tuple(like) or place.names
    people, faults, hidden = _read(place, [place.names.index(name) for name in names])
    wrong = [one for one in (*place.left_out, *faults) if _is_wrong(one)]
    if bad == "refuse" and wrong:
        raise InputError(f"'{root}': {wrong[0]}; correct it, or leave `bad` at skip")
    if not people and not sure:
        return None
    if not people:
        first = f": {wrong[0]}" if wrong else ""
        raise InputError(f"no image under '{root}' has joints and can be read{first}")
    if len(names) < LEAST:
        raise InputError(f"a pose is of two joints or more; '{root}' has {', '.join(names)}")
    limbs = place.limbs or body.limbs(names) or body.tree(np.stack([one.places for one in people]))
    everything = tuple(replace(one, path=below(one.path, root)) for one in (*place.left_out, *faults))
    notes = [f"{so_many(len(people), 'images')} with {len(names)} joints", *place.notes]
    notes += [f"{hidden:,} joints are not visible, or outside their image, and count for nothing"] if hidden else []
    notes += [said(everything)] if everything else []
    return PoseSet(tuple(people), names, limbs, everything, tuple(notes))


def _read(place: Arranged, order: Sequence[int]) -> tuple[list[Posed], list[LeftOut], int]:
    """The people whose images can be read, what is wrong with others, and how many joints can't be seen."""
    with Workers(len(place.people)) as workers:
        sizes = list(workers.each(size_or_reason, [one.image for one in place.people]))
    lists = any(one.part == "train" for one in place.people)
    seen, people, faults, hidden = Counter[Path](), list[Posed](), list[LeftOut](), 0
    for one, (size, error) in zip(place.people, sizes, strict=True):
        seen[one.image] += one.box is None
        if isinstance(size, str) or size is None:
            faults.append(unreadable(one.image, size or str(error)))
        elif seen[one.image] > 1:
            faults.append(LeftOut(str(one.image), NAMED_TWICE, f"{one.source} names it again"))
        elif lists and one.part is None:
            faults.append(LeftOut(one.source, "row of no part", "it says none, and others do"))
        else:
            box = _box(one, size)
            places = _visible(one.places[order], box)
            hidden += int(np.isnan(places[:, 0]).sum())
            if np.isnan(places).all():
                faults.append(LeftOut(one.source, UNSEEN, "nothing to learn from"))
            else:
                people.append(Posed(one.image, one.part or "train", box, places))
    return sorted(people, key=lambda one: (PARTS.index(one.part), one.image.parts)), faults, hidden


def _visible(places: NDArray[np.float64], box: Box) -> NDArray[np.float32]:
    """The places, not numbers for those outside the box."""
    left, top, right, bottom = box
    first, last = np.array([left, top]) - LIMIT, np.array([right, bottom]) - 1 + LIMIT
    with np.errstate(invalid="ignore"):
        inside = ((places >= first) & (places <= last)).all(1, keepdims=True)
    return np.where(inside, places, np.nan).astype(np.float32)


def _box(one: Rough, size: tuple[int, int]) -> Box:
    """What is looked at: the image, or more than the box around a person, within it."""
    height, width = size
    if one.box is None or not np.isfinite(one.box).all():
        return 0, 0, width, height
    middle, half = (one.box[:2] + one.box[2:]) / 2, (one.box[2:] - one.box[:2]) / 2 * AROUND
    left, top = np.clip(np.floor(middle - half), 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.clip(np.ceil(middle + half), [left + 1, top + 1], [width, height]).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _is_wrong(one: LeftOut) -> bool:
    return one.kind.startswith(UNREADABLE) or one.kind in (
        MISSING,
        NAMED_TWICE,
        ROWLESS,
        DAMAGED,
    )
