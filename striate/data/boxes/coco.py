"""COCO's annotations: one JSON file for many images, with `bbox` (left, top, width, height) of each object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from striate.errors import InputError

from .. import coco
from ..files import walk
from ..left_out import LeftOut
from .found import CROWD, UNBOXED, Arranged, Rough


def arranged(root: Path) -> Arranged | None:
    """The images that COCO's files under `root` name; None where none has a box."""
    files = list(coco.files(root, "bbox"))
    if not files:
        return None
    found, names = walk(root), _names(files)
    images: dict[Path, Rough] = {}
    left_out: list[LeftOut] = []
    known: set[Path] = set()
    notes = [f"COCO's annotations: {', '.join(path.relative_to(root).as_posix() for path, _ in files)}"]
    for path, data in files:
        objects, lost = _objects(data)
        notes += [f"{lost:,} objects of images that {path.name} does not name"] if lost else []
        part = coco.part_of_file(root, path)
        places, missing = coco.placed(root, path, data, found.images, known)
        left_out += missing
        for number, place in places.items():
            labels = tuple(
                names.get(entry["category_id"], f"category {entry['category_id']}") for entry in objects[number]
            )
            boxes = np.array([coco.edges(one.get("bbox")) for one in objects[number]], np.float64).reshape(-1, 4)
            crowds = tuple(CROWD * (one.get("iscrowd") == 1) for one in objects[number])
            of = part or coco.part_of_image(root, place)
            images[place] = Rough(place, path, labels, boxes, of, aside=crowds)
    used = {str(path) for path, _ in files}
    left_out += [LeftOut(str(path), UNBOXED, "no annotations name it") for path in found.images if path not in images]
    left_out += [other for other in found.left_out if other.path not in used]
    ordered = sorted(images.values(), key=lambda one: one.image.parts)
    return Arranged(ordered, tuple(names.values()), tuple(left_out), tuple(notes))


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
    """The objects of each image, and how many are of an image that is not named."""
    found: dict[int | str, list[Mapping[str, Any]]] = {one["id"]: [] for one in data["images"]}
    lost = 0
    for one in data["annotations"]:
        if one["image_id"] in found:
            found[one["image_id"]].append(one)
        else:
            lost += 1
    return found, lost
