"""COCO's files: JSON with images, categories, and what is said of objects; what boxes and joints need of them alike.

>>> edges([10, 20, 30, 5]).tolist()
[10.0, 20.0, 40.0, 25.0]
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from .files import sub_folders
from .left_out import MISSING, NAMED_TWICE, LeftOut
from .masks.coco import DEEPEST, KEYS, is_coco
from .masks.entries import checked
from .masks.words import told
from .parts import Part

LARGEST = 64 * 2**20  # bytes of a JSON file that is opened only to see what it is


def files(root: Path, needs: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """COCO's files under `root` whose objects say what one `needs`, such as "bbox".

    Raises:
        InputError: One is damaged.
    """
    for path in _candidates(root, needs):
        if data := _read(path, needs):
            yield path, data


def placed(
    root: Path, path: Path, data: Mapping[str, Any], images: Sequence[Path], known: set[Path]
) -> tuple[dict[int | str, Path], list[LeftOut]]:
    """The file of each image that annotations name, by its number, and what they name in vain.

    Args:
        root: The data's folder.
        path: The annotations.
        data: What they hold.
        images: All image files there are, in any folder.
        known: Those that other annotations name; these are added.
    """
    by_name: dict[str, list[Path]] = {}
    for one in images:
        by_name.setdefault(one.name, []).append(one)
    found: dict[int | str, Path] = {}
    left_out = []
    for one in data["images"]:
        place = _image(root, path, one, by_name)
        if place is None:
            gone = str(path.parent / one["file_name"])
            left_out.append(LeftOut(gone, MISSING, f"no such file, which {path.name} names"))
        elif place in known:
            left_out.append(LeftOut(str(place), NAMED_TWICE, f"{path.name} names it again, as {one['id']}"))
        else:
            known.add(place)
            found[one["id"]] = place
    return found, left_out


def part_of_file(root: Path, path: Path) -> Part | None:
    """The part that a file of annotations is for, by its name and its folders."""
    return told((*path.relative_to(root).parts[:-1], path.stem)).part


def part_of_image(root: Path, image: Path) -> Part | None:
    """The part that an image is in, by its folders."""
    return told(image.relative_to(root).parts[:-1]).part


def edges(box: Any) -> NDArray[np.float64]:
    """(4,) left, top, right and bottom edge of a `bbox`; not numbers where it is none."""
    right = isinstance(box, list) and len(box) == 4 and all(type(value) in (int, float) for value in box)
    try:
        left, top, width, height = map(float, box if right else ["nan"] * 4)
    except OverflowError:  # a whole number beyond all others
        return np.full(4, np.nan)
    return np.array([left, top, left + width, top + height])


def _candidates(root: Path, needs: str) -> Iterator[Path]:
    waiting = [(root, 0)]
    while waiting:
        place, depth = waiting.pop(0)
        found = sorted(path for path in place.glob("*.json") if path.is_file())
        named = [path for path in found if is_coco(path.name)]
        yield from named or [path for path in found if _says_so(path, needs)]
        waiting += [(folder, depth + 1) for folder in sub_folders(place)] if depth < DEEPEST else []


def _says_so(path: Path, needs: str) -> bool:
    """Whether a file of another name, such as train.json, has COCO's keys."""
    try:
        if path.stat().st_size > LARGEST:
            return False
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return False
    return all(f'"{key}"' in text for key in (*KEYS, needs))


def _read(path: Path, needs: str) -> dict[str, Any] | None:
    """A file of annotations; None for one of another kind, or whose objects lack what is needed."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot read the annotations in '{path}' ({error})") from error
    if not isinstance(data, dict) or not all(isinstance(data.get(key), list) for key in KEYS):
        return None
    if data["annotations"] and not any(isinstance(one, dict) and needs in one for one in data["annotations"]):
        return None
    return {key: checked(path, key, data[key]) for key in KEYS}


def _image(root: Path, path: Path, image: Mapping[str, Any], by_name: Mapping[str, list[Path]]) -> Path | None:
    """The file of an image, which may be in any folder; one that fits the annotations' own part first."""
    name, part = PurePosixPath(image["file_name"].replace("\\", "/")), part_of_file(root, path)
    found = [one for one in by_name.get(name.name, ()) if one.parts[-len(name.parts) :] == name.parts]
    found = found or by_name.get(name.name, [])
    near = [one for one in found if one.is_relative_to(path.parent) and path.parent != root]
    best = [one for one in found if part and part_of_image(root, one) == part]
    return next(iter([*best, *near, *found]), None)
