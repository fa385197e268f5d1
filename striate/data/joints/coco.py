"""COCO's keypoints: `person_keypoints_train2017.json` with x, y and visibility of each joint of each person."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from .. import coco
from ..files import walk
from ..left_out import LeftOut
from .found import DAMAGED, UNPOSED, Arranged, Joined, Rough


def arranged(root: Path) -> Arranged | None:
    """The people that COCO's files under `root` name with their joints; None where none has any.

    Raises:
        InputError: A file is damaged, or names other joints than the one before.
    """
    files = {path: data for path, data in coco.files(root, "keypoints") if _names(data)}
    if not files:
        return None
    first, every = next(iter(files)), walk(root)
    names, limbs = _names(files[first]), _limbs(files[first])
    people, left_out, crowds = list[Rough](), list[LeftOut](), 0
    known = set[Path]()
    for path, data in files.items():
        if _names(data) != names:
            raise InputError(f"'{path}' has other joints than '{first}'; give each a folder of its own")
        part = coco.part_of_file(root, path)
        images, lost = coco.placed(root, path, data, every.images, known)
        left_out += lost
        for number, one in enumerate(data["annotations"], start=1):
            where, place = f"{path.name}:{number}", images.get(one["image_id"])
            if place is None or not one.get("num_keypoints", 1):
                continue
            if one.get("iscrowd") == 1:
                crowds += 1
                continue
            joints = _joints(one.get("keypoints"), len(names))
            if joints is None:
                left_out.append(LeftOut(where, DAMAGED, f"its keypoints are not {len(names)} times x, y, visibility"))
                continue
            of = part or coco.part_of_image(root, place)
            people.append(Rough(place, where, joints, of, coco.edges(one.get("bbox"))))
    used, named = {str(path) for path in files}, {one.image for one in people}
    left_out += [LeftOut(str(one), UNPOSED, "no person in it") for one in every.images if one not in named]
    left_out += [other for other in every.left_out if other.path not in used]
    notes = [
        f"COCO's keypoints of {', '.join(path.relative_to(root).as_posix() for path in files)}: {', '.join(names)}"
    ]
    notes += [f"{crowds:,} crowds are left out"] if crowds else []
    return Arranged(people, names, limbs, tuple(left_out), tuple(notes))


def _category(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one that has joints."""
    return next((one for one in data["categories"] if isinstance(one.get("keypoints"), list)), {})


def _names(data: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, _category(data).get("keypoints", ())))


def _limbs(data: Mapping[str, Any]) -> tuple[Joined, ...]:
    """Its skeleton, whose numbers begin at 1; () where it is damaged."""
    count, skeleton = len(_names(data)), _category(data).get("skeleton")
    pairs = [tuple(one) for one in skeleton if isinstance(one, list)] if isinstance(skeleton, list) else []
    whole = all(len(pair) == 2 and all(type(end) is int and 1 <= end <= count for end in pair) for pair in pairs)
    return tuple((a - 1, b - 1) for a, b in pairs) if whole else ()


def _joints(given: Any, count: int) -> NDArray[np.float64] | None:
    """(J, 2); not numbers where the visibility is 0. None where they are damaged."""
    if not isinstance(given, list) or len(given) != 3 * count or not _are_numbers(given):
        return None
    rows = np.array(given, np.float64).reshape(count, 3)
    return np.where(rows[:, 2:] > 0, rows[:, :2], math.nan)


def _are_numbers(given: Sequence[Any]) -> bool:
    return all(type(value) in (int, float) and abs(value) < 1e9 for value in given)
