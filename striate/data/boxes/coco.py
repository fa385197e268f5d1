"""COCO's annotations: one JSON file for many images, with `bbox` (left, top, width, height) of each object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from ..files import sub_folders, walk
from ..left_out import LeftOut
from ..masks.coco import DEEPEST, KEYS, is_coco
from ..masks.entries import checked
from ..masks.words import told
from ..parts import Part
from .found import MISSING, NAMED_TWICE, UNBOXED, Arranged, Rough

LARGEST = 64 * 2**20  # bytes of a JSON file that is opened only to see what it is


def arranged(root: Path) -> Arranged | None:
    """The images that COCO's files under `root` name; None where none has a box."""
    files = [(path, data) for path in _candidates(root) if (data := _read(path))]
    if not files:
        return None
    found, names = walk(root), _names(files)
    by_name: dict[str, list[Path]] = {}
    for path in found.images:
        by_name.setdefault(path.name, []).append(path)
    images: dict[Path, Rough] = {}
    left_out: list[LeftOut] = []
    notes = [f"COCO's annotations: {', '.join(path.relative_to(root).as_posix() for path, _ in files)}"]
    for path, data in files:
        objects, lost = _objects(data)
        notes += [f"{lost:,} objects of images that {path.name} does not name"] if lost else []
        part = told((*path.relative_to(root).parts[:-1], path.stem)).part
        for one in data["images"]:
            place = _image(root, path, part, one, by_name)
            if place is None:
                gone = str(path.parent / one["file_name"])
                left_out.append(LeftOut(gone, MISSING, f"no such file, which {path.name} names"))
            elif place in images:
                left_out.append(LeftOut(str(place), NAMED_TWICE, f"{path.name} names it again, as {one['id']}"))
            else:
                labels = tuple(
                    names.get(entry["category_id"], f"category {entry['category_id']}") for entry in objects[one["id"]]
                )
                images[place] = Rough(
                    place,
                    path,
                    labels,
                    _places(objects[one["id"]]),
                    part or told(place.relative_to(root).parts[:-1]).part,
                )
    used = {str(path) for path, _ in files}
    left_out += [LeftOut(str(path), UNBOXED, "no annotations name it") for path in found.images if path not in images]
    left_out += [other for other in found.left_out if other.path not in used]
    ordered = sorted(images.values(), key=lambda one: one.image.parts)
    return Arranged(ordered, tuple(names.values()), tuple(left_out), tuple(notes))


def _candidates(root: Path) -> Iterator[Path]:
    waiting = [(root, 0)]
    while waiting:
        place, depth = waiting.pop(0)
        files = sorted(path for path in place.glob("*.json") if path.is_file())
        named = [path for path in files if is_coco(path.name)]
        yield from named or [path for path in files if _says_so(path)]
        waiting += [(folder, depth + 1) for folder in sub_folders(place)] if depth < DEEPEST else []


def _says_so(path: Path) -> bool:
    """Whether a file of another name, such as train.json, has COCO's keys."""
    try:
        if path.stat().st_size > LARGEST:
            return False
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return False
    return all(f'"{key}"' in text for key in (*KEYS, "bbox"))


def _read(path: Path) -> dict[str, Any] | None:
    """A file of annotations; None for one of another kind, or without boxes.

    Raises:
        InputError: It is damaged.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot read the annotations in '{path}' ({error})") from error
    if not isinstance(data, dict) or not all(isinstance(data.get(key), list) for key in KEYS):
        return None
    if data["annotations"] and not any(isinstance(one, dict) and "bbox" in one for one in data["annotations"]):
        return None
    return {key: checked(path, key, data[key]) for key in KEYS}


def _names(files: Sequence[tuple[Path, Mapping[str, Any]]]) -> dict[int, str]:
    """The categories of all files, by number; without Roboflow's root, which no object has."""
    names: dict[int, str] = {}
    for path, data in files:
        used = {one["category_id"] for one in data["annotations"]}
        for one in data["categories"]:
            number, name = one["id"], one["name"]
            if number not in used and one.get("supercategory") == "none":
                continue
            if names.setdefault(number, name) != name:
                raise InputError(f"category {number} is '{name}' in '{path}' and '{names[number]}' in another file")
    return dict(sorted(names.items()))


def _objects(data: Mapping[str, Any]) -> tuple[dict[int | str, list[Mapping[str, Any]]], int]:
    """The objects of each image, and how many are of an image that is not named; crowds are no objects."""
    found: dict[int | str, list[Mapping[str, Any]]] = {one["id"]: [] for one in data["images"]}
    lost = 0
    for one in data["annotations"]:
        if one.get("iscrowd") == 1:
            continue
        if one["image_id"] in found:
            found[one["image_id"]].append(one)
        else:
            lost += 1
    return found, lost


def _image(
    root: Path, path: Path, part: Part | None, image: Mapping[str, Any], by_name: Mapping[str, list[Path]]
) -> Path | None:
    """The file of an image, which may be in any folder; one that fits the annotations' own part first."""
    name = PurePosixPath(image["file_name"].replace("\\", "/"))
    found = [one for one in by_name.get(name.name, ()) if one.parts[-len(name.parts) :] == name.parts]
    found = found or by_name.get(name.name, [])
    near = [one for one in found if one.is_relative_to(path.parent) and path.parent != root]
    best = [one for one in found if part and told(one.relative_to(root).parts[:-1]).part == part]
    return next(iter([*best, *near, *found]), None)


def _places(objects: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """(B, 4) edges; not numbers where a box is none."""
    rows = [_edges(one.get("bbox")) for one in objects]
    return np.array(rows, np.float64).reshape(-1, 4)


def _edges(box: Any) -> list[float]:
    right = isinstance(box, list) and len(box) == 4 and all(type(value) in (int, float) for value in box)
    try:
        left, top, width, height = map(float, box if right else ["nan"] * 4)
    except OverflowError:  # a whole number beyond all others
        return [float("nan")] * 4
    return [left, top, left + width, top + height]
