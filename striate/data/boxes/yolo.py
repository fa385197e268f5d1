"""YOLO's folders: `labels/7.txt` for `images/7.jpg`, a line an object: class, middle x and y, width, height, in shares.

`data.yaml`, or `classes.txt`, names the classes. An image without a file of labels has no objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ..files import walk
from ..left_out import LeftOut
from ..masks.words import told
from ..parts import Part, part_of
from .found import MISSING, NO_OBJECT, Arranged, Rough

NAMES = ("classes.txt", "obj.names", "names.txt", "_darknet.labels")
SKIPPED = ("readme", "classes", "names", "requirements", "license", "train", "val", "valid", "test")
NUMBERS = 5  # of a line; outlines have more
MOST = 10**6  # a class's number is below


def arranged(root: Path) -> Arranged | None:
    """The images that files of labels under `root` belong to; None where there are no such files."""
    found = walk(root)
    texts = [Path(file.path) for file in found.left_out if file.kind == ".txt"]
    labels = {_key(root, path): path for path in texts if path.stem.lower() not in SKIPPED and _is_label(path)}
    if not labels:
        return None
    names, described, described_in = _names(root)
    parts = _listed(root, described)
    images: list[Rough] = []
    read = {*labels.values(), described_in}
    left_out = [other for other in found.left_out if Path(other.path) not in read]
    bare = 0
    for image in found.images:
        path = labels.pop(_key(root, image), None)
        part = parts.get(image.name) or told(image.relative_to(root).parts[:-1]).part
        if path is None:
            bare += 1
            images.append(Rough(image, image, (), np.zeros((0, 4)), part, True))
            continue
        rows, wrong = _rows(path)
        left_out += [LeftOut(str(path), NO_OBJECT, wrong)] if wrong else []
        called = tuple(names[number] if number < len(names) else f"class {number}" for number, *_ in rows)
        images.append(Rough(image, path, called, _edges([row[1:] for row in rows]), part, True))
    left_out += [LeftOut(str(path), MISSING, "the image that it is of is not there") for path in labels.values()]
    notes = ["YOLO's labels: a text file for each image"]
    notes += [f"{bare:,} images have no file of labels, and so no objects"] if bare else []
    return Arranged(images, tuple(names), tuple(left_out), tuple(notes))


def _key(root: Path, path: Path) -> tuple[str, ...]:
    """What an image and its labels have in common: their places, but for `images` and `labels`."""
    places = [part for part in path.relative_to(root).parts[:-1] if part.lower() not in ("images", "labels")]
    return (*places, path.stem)


def _is_label(path: Path) -> bool:
    """Whether a text file holds objects, or nothing."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        return False
    called = any(part.lower() == "labels" for part in path.parts)
    return all(_object(line) is not None for line in lines[:1]) and (bool(lines) or called)


def _object(line: str) -> tuple[float, ...] | None:
    """Class, middle x and y, width and height; of an outline, those around it. None for another line."""
    try:
        number, *values = map(float, line.split())
    except ValueError:
        return None
    if not (number.is_integer() and 0 <= number < MOST) or len(values) < NUMBERS - 1:
        return None
    if len(values) > NUMBERS and len(values) % 2 == 0:  # an outline: x and y in turn
        xs, ys = values[::2], values[1::2]
        left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
        return number, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    return number, *values[:4]


def _rows(path: Path) -> tuple[list[tuple[Any, ...]], str]:
    """The objects in a file, and what is wrong with its first wrong line."""
    rows, wrong = list[tuple[Any, ...]](), ""
    for count, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        one = _object(line)
        if one is None:
            wrong = wrong or f"line {count}: '{line[:40]}' is not a class and four numbers"
        else:
            rows.append((int(one[0]), *one[1:]))
    return rows, wrong


def _edges(rows: Sequence[Sequence[float]]) -> Any:
    """(B, 4) edges in shares, from middles and sizes."""
    given = np.array(rows, np.float64).reshape(-1, 4)
    return np.concatenate([given[:, :2] - given[:, 2:] / 2, given[:, :2] + given[:, 2:] / 2], 1)


def _names(root: Path) -> tuple[list[str], Mapping[str, Any], Path | None]:
    """The classes' names, the description of the data that names them, and the file that either is in."""
    for path in sorted([*root.glob("*.yaml"), *root.glob("*.yml"), *root.glob("*/*.yaml")]):
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, yaml.YAMLError):
            continue
        names = found.get("names") if isinstance(found, dict) else None
        if isinstance(names, dict):
            names = [names[key] for key in sorted(names)] if all(isinstance(key, int) for key in names) else None
        if isinstance(names, list):
            return [str(name) for name in names], found, path
    for path in (place / name for place in (root, *sorted(root.glob("*/"))) for name in NAMES):
        if path.is_file():
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            return [line.strip() for line in lines if line.strip()], {}, path
    return [], {}, None


def _listed(root: Path, described: Mapping[str, Any]) -> dict[str, Part]:
    """The parts that lists of images give, by the names of the files."""
    parts: dict[str, Part] = {}
    for key in ("train", "val", "test"):
        place, found = described.get(key), part_of(key)
        if isinstance(place, str) and place.endswith(".txt") and found and (root / Path(place).name).is_file():
            for line in (root / Path(place).name).read_text(encoding="utf-8-sig").splitlines():
                parts.setdefault(Path(line.strip()).name, found[0])
    return parts
