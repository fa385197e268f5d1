"""COCO's annotations: `annotations/instances_train.json` with polygons or run lengths for each object.

Roboflow's `_annotations.coco.json` beside its images is read, too. Each category is a class, after 0, the background.

>>> is_coco("instances_val2017.json"), is_coco("package.json")
(True, False)
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from striate.errors import InputError

from ..files import sub_folders, unreadable, walk
from ..left_out import LeftOut
from ..parts import PARTS, Part
from .entries import checked, region
from .found import UNMASKED, Arranged, Pair
from .names import Named
from .regions import Regions
from .words import told

NAME = re.compile(r"instances\w*|annotations?|_?annotations?[._]coco|\w*coco\w*", re.IGNORECASE)
DEEPEST = 2
KEYS = ("images", "annotations", "categories")


@dataclass
class _File:
    """One file of annotations, as far as it is needed."""

    path: Path
    part: Part
    images: Sequence[Mapping[str, Any]]
    categories: Mapping[int, str]
    regions: dict[int | str, list[Mapping[str, Any]]] = field(default_factory=dict)


def is_coco(name: str) -> bool:
    """Whether a file of this name may hold COCO's annotations."""
    return name.lower().endswith(".json") and bool(NAME.fullmatch(name[:-5]))


def arranged(root: Path, bad: Literal["skip", "refuse"] = "skip") -> Arranged | None:
    """The images and regions that COCO's files under `root` name; None where there are none with regions.

    Raises:
        InputError: a file is damaged, or two files name other classes; with "refuse", an image is missing, or a region
            can't be drawn.
    """
    files = [file for path in _candidates(root) if (file := _read(path, root))]
    if not files:
        return None
    names, found = _names(files), walk(root)
    by_name: dict[str, list[Path]] = {}
    for path in sorted(found.images, key=lambda path: _is_mask(path, root)):  # masks of the same names come last
        by_name.setdefault(path.name, []).append(path)
    pairs: dict[Path, Pair] = {}
    left_out: list[LeftOut] = []
    unread = 0
    for file, image in [(one, image) for one in files for image in one.images]:
        place = _image(file, image, by_name)
        if place is None:
            left_out.append(_missing(file, image))
            continue
        regions, skipped = _regions(file, image, names)
        pairs[place], unread = Pair(place, regions, file.part), unread + skipped
    said = [f"{unread:,} regions are empty or damaged, and not drawn"] if unread else []
    said += [line for file in files if (line := _nowhere(file, root))]
    if bad == "refuse" and (left_out or said):
        first = f"'{left_out[0].path}': {left_out[0].reason}" if left_out else f"'{files[0].path.parent}': {said[0]}"
        raise InputError(f"{first}; correct the annotations")
    used = {str(file.path) for file in files}
    left_out += [_unnamed(path, root) for path in found.images if path not in pairs]
    left_out += [other for other in found.left_out if other.path not in used]
    notes = [f"COCO's annotations: {', '.join(file.path.relative_to(root).as_posix() for file in files)}"]
    notes += said
    ordered = sorted(pairs.values(), key=lambda pair: (PARTS.index(pair.part), pair.image.parts))
    named = Named((("background", None), *((name, None) for name in names.values())), str(files[0].path))
    return Arranged(tuple(ordered), tuple(left_out), named, tuple(notes))


def _missing(file: _File, image: Mapping[str, Any]) -> LeftOut:
    return unreadable(file.path.parent / image["file_name"], f"no such file, which {file.path.name} names")


def _unnamed(path: Path, root: Path) -> LeftOut:
    if _is_mask(path, root):
        return LeftOut(str(path), "mask beside annotations", "the annotations are read in its place")
    return LeftOut(str(path), UNMASKED, "no annotations name it")


def _is_mask(path: Path, root: Path) -> bool:
    """Whether its folder is called one of masks."""
    return told(path.relative_to(root).parts[:-1]).mask


def _nowhere(file: _File, root: Path) -> str:
    """That regions are of images that their file does not name."""
    known = {one["id"] for one in file.images}
    count = sum(len(found) for image, found in file.regions.items() if image not in known)
    return f"{count:,} regions of images that {file.path.relative_to(root).as_posix()} does not name" if count else ""


def _candidates(root: Path) -> Iterator[Path]:
    waiting = [(root, 0)]
    while waiting:
        place, depth = waiting.pop(0)
        yield from sorted(path for path in place.glob("*.json") if is_coco(path.name))
        waiting += [(folder, depth + 1) for folder in sub_folders(place)] if depth < DEEPEST else []


def _read(path: Path, root: Path) -> _File | None:
    """A file of annotations; None for one of another kind, or without regions."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:  # brackets in brackets in brackets
        raise InputError(f"cannot read the annotations in '{path}' ({error})") from error
    if not isinstance(data, dict) or not all(isinstance(data.get(key), list) for key in KEYS):
        return None
    if not any(isinstance(one, dict) and one.get("segmentation") for one in data["annotations"]):
        return None
    images, annotations, categories = (checked(path, key, data[key]) for key in KEYS)
    words = told((*path.relative_to(root).parts[:-1], path.stem))
    used = {one["category_id"] for one in annotations}
    known = [one for one in categories if one["id"] in used or one.get("supercategory") != "none"]  # Roboflow's root
    file = _File(path, words.part or "train", images, {one["id"]: one["name"] for one in known})
    for one in annotations:
        if one["category_id"] not in file.categories:
            raise InputError(f"'{path}' has a region of category {one['category_id']}, which it does not name")
        file.regions.setdefault(one["image_id"], []).append(one)
    return file


def _names(files: Sequence[_File]) -> dict[int, str]:
    """The categories of all files, by number."""
    names: dict[int, str] = {}
    for file in files:
        for number, name in file.categories.items():
            if names.setdefault(number, name) != name:
                other = next(one.path for one in files if one.categories.get(number, name) != name)
                raise InputError(f"category {number} is '{name}' in '{file.path}' and another in '{other}'")
    return dict(sorted(names.items()))


def _image(file: _File, image: Mapping[str, Any], by_name: Mapping[str, list[Path]]) -> Path | None:
    """The file of an image, which may be in any folder; one that fits the annotations' own part first."""
    name = PurePosixPath(image["file_name"].replace("\\", "/"))
    found = [path for path in by_name.get(name.name, ()) if path.parts[-len(name.parts) :] == name.parts]
    found = found or by_name.get(name.name, [])
    best = [path for path in found if told(path.parts[:-1]).part == file.part or path.parent == file.path.parent]
    return next(iter([*best, *found]), None)


def _regions(file: _File, image: Mapping[str, Any], names: Mapping[int, str]) -> tuple[Regions, int]:
    """The regions of an image, and how many can't be drawn."""
    size = int(image["height"]), int(image["width"])
    positions = {number: place for place, number in enumerate(names, start=1)}
    every = file.regions.get(image["id"], ())
    found = [(region(one.get("segmentation"), positions[one["category_id"]], size), one) for one in every]
    drawn = tuple(replace(made, crowd=bool(one.get("iscrowd"))) for made, one in found if made)
    return Regions(str(file.path), size, drawn), len(found) - len(drawn)
