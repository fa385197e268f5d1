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
from ..left_out import MISSING, LeftOut
from ..masks.lists import text_of
from ..masks.words import told
from ..parts import Part, part_of
from .found import NO_OBJECT, Arranged, Rough

NAMES = ("classes.txt", "obj.names", "names.txt", "_darknet.labels")
SKIPPED = ("readme", "classes", "names", "requirements", "license", "train", "val", "valid", "test")
NUMBERS = 5  # of a line; outlines have more
MOST = 10**6  # a class's number is below


def arranged(root: Path) -> Arranged | None:
    """The images that files of labels under `root` belong to; None where there are no such files."""
    found = walk(root)
    pictured = {_key(root, image) for image in found.images}
    texts = [Path(file.path) for file in found.left_out if file.kind == ".txt"]
    meant = [path for path in texts if _key(root, path) in pictured or _in_labels(root, path)]
    named = {_key(root, path): path for path in meant if path.stem.lower() not in SKIPPED}
    labels = {key: path for key, path in named.items() if _is_label(root, path)}
    if not labels.keys() & pictured:
        return None
    labels |= {key: path for key, path in named.items() if key in pictured}  # what is wrong in one is told
    names, described, described_in = _names(root)
    parts = _Parts(root, described)
    images: list[Rough] = []
    read = {*labels.values(), described_in}
    left_out = [other for other in found.left_out if Path(other.path) not in read]
    bare = 0
    for image in found.images:
        path = labels.pop(_key(root, image), None)
        part = parts.of(image)
        if path is None:
            bare += 1
            images.append(Rough(image, image, (), np.zeros((0, 4)), part, True))
            continue
        rows, wrong = _rows(path)
        left_out += [LeftOut(str(path), NO_OBJECT, wrong)] if wrong else []
        called = tuple(names.get(number) or numbered(number) for number, *_ in rows)
        images.append(Rough(image, path, called, _edges([row[1:] for row in rows]), part, True))
    left_out += [LeftOut(str(path), MISSING, "the image that it is of is not there") for path in labels.values()]
    notes = ["YOLO's labels: a text file for each image"]
    notes += [f"{bare:,} images have no file of labels, and so no objects"] if bare else []
    return Arranged(images, tuple(names[number] for number in sorted(names)), tuple(left_out), tuple(notes))


def _key(root: Path, path: Path) -> tuple[str, ...]:
    """What an image and its labels have in common: their places, but for `images` and `labels`."""
    places = [part for part in path.relative_to(root).parts[:-1] if part.lower() not in ("images", "labels")]
    return (*places, path.stem)


def _in_labels(root: Path, path: Path) -> bool:
    return any(part.lower() == "labels" for part in path.relative_to(root).parts[:-1])


def _is_label(root: Path, path: Path) -> bool:
    """Whether a text file holds objects, or nothing; its first line tells."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = next((line for line in file if line.strip()), "")
    except (OSError, UnicodeDecodeError):
        return False
    return _object(first) is not None if first else _in_labels(root, path)


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
    for count, line in enumerate(text_of(path).splitlines(), start=1):
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


def numbered(number: int) -> str:
    """What a class without a name is called."""
    return f"class {number}"


def _names(root: Path) -> tuple[dict[int, str], Mapping[str, Any], Path | None]:
    """The classes' names by number, the description of the data that names them, and the file that either is in."""
    for path in sorted([*root.glob("*.yaml"), *root.glob("*.yml"), *root.glob("*/*.yaml")]):
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, yaml.YAMLError):
            continue
        names = found.get("names") if isinstance(found, dict) else None
        if isinstance(names, list):
            names = dict(enumerate(names))
        if isinstance(names, dict) and names and all(isinstance(key, int) and 0 <= key < MOST for key in names):
            return {key: str(name) for key, name in names.items()}, found, path
    for path in (place / name for place in (root, *sorted(root.glob("*/"))) for name in NAMES):
        if path.is_file():
            lines = [line.strip() for line in text_of(path).splitlines() if line.strip()]
            return dict(enumerate(lines)), {}, path
    return {}, {}, None


class _Parts:
    """Which part an image is in: by a list that names it, a folder that `data.yaml` names, or its folders' names."""

    def __init__(self, root: Path, described: Mapping[str, Any]) -> None:
        self.root, self.lists, self.folders = root, dict[str, Part](), list[tuple[str, Part]]()
        base = str(described.get("path") or "")
        for key in ("train", "val", "valid", "test"):
            places, part = described.get(key), part_of(key)
            for place in places if isinstance(places, list) else [places] if isinstance(places, str) else []:
                if part and str(place).endswith(".txt"):
                    self._listed(root / Path(str(place)).name, part[0])
                elif part and str(place).strip("./"):
                    self.folders.append((f"{base}/{place}".replace("../", "").strip("./"), part[0]))
            if part:
                self._listed(root / f"{key}.txt", part[0])

    def _listed(self, path: Path, part: Part) -> None:
        for line in text_of(path).splitlines() if path.is_file() else ():
            self.lists.setdefault(Path(line.strip().replace("\\", "/")).name, part)

    def of(self, image: Path) -> Part | None:
        """Its part; None where nothing tells."""
        if image.name in self.lists:
            return self.lists[image.name]
        place = f"/{image.parent.relative_to(self.root).as_posix()}/"
        for folder, part in self.folders:
            if f"/{folder}/" in place or f"/{folder.rpartition('/')[2]}/" in place:
                return part
        return told(image.relative_to(self.root).parts[:-1]).part
