"""PASCAL VOC's annotations: an XML file for each image, in `Annotations/` beside `JPEGImages/`, or beside the image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..files import walk
from ..left_out import MISSING, LeftOut
from ..masks.lists import listed
from ..masks.words import told
from ..parts import Part
from .found import HARD, SECOND, UNBOXED, Arranged, Rough

LISTS = ("ImageSets/Main", "ImageSets/Layout", "splits", "lists", "")
EDGES = ("xmin", "ymin", "xmax", "ymax")


def arranged(root: Path) -> Arranged | None:
    """The images that XML files under `root` name; None where there are no such files."""
    found = walk(root)
    files = [Path(file.path) for file in found.left_out if file.kind == ".xml"]
    read = [(path, one) for path in files if (one := _read(path)) is not None]
    if not any(isinstance(one, ElementTree.Element) for _, one in read):
        return None
    by_stem: dict[str, list[Path]] = {}
    for path in found.images:
        by_stem.setdefault(path.stem, []).append(path)
    known = {str(path) for path, _ in read}
    left_out = [other for other in found.left_out if other.path not in known]
    images: dict[Path, Rough] = {}
    parts, lists = _lists(root)
    for path, one in read:
        if isinstance(one, str):
            left_out.append(LeftOut(str(path), "unreadable .xml", one))
            continue
        image = _image(path, one, by_stem)
        if image is None:
            left_out.append(LeftOut(str(path), MISSING, "the image that it is of is not there"))
        elif image in images:
            left_out.append(LeftOut(str(path), SECOND, f"{images[image].source.name} is of the same image"))
        else:
            images[image] = _rough(
                image, path, one, parts.get(image.stem) or told(image.relative_to(root).parts[:-1]).part
            )
    left_out += [LeftOut(str(path), UNBOXED, "no XML file is of it") for path in found.images if path not in images]
    left_out = [other for other in left_out if Path(other.path) not in lists]
    notes = ["PASCAL VOC's annotations: an XML file for each image"]
    notes += [f"parts are listed in {', '.join(path.name for path in lists)}"] if lists else []
    return Arranged(sorted(images.values(), key=lambda one: one.image.parts), (), tuple(left_out), tuple(notes))


def _lists(root: Path) -> tuple[dict[str, Part], tuple[Path, ...]]:
    """The parts that lists give, wherever in the folder they are: VOC has some for each year."""
    parts, lists = dict[str, Part](), list[Path]()
    for place in dict.fromkeys((root, *sorted(folder.parent.parent for folder in root.glob("**/ImageSets/Main")))):
        more, found = listed(place, LISTS)
        parts |= more
        lists += found
    return parts, tuple(dict.fromkeys(lists))


def _read(path: Path) -> ElementTree.Element | str | None:
    """The annotation in a file; why it can't be read; None for a file of another kind."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError, ValueError, LookupError) as error:  # an encoding that nobody knows
        return f"not XML ({error})"
    return root if root.tag == "annotation" else None


def _image(path: Path, root: ElementTree.Element, by_stem: dict[str, list[Path]]) -> Path | None:
    """The image of an annotation: of its name, or of the name that it says."""
    said = Path((root.findtext("filename") or "").replace("\\", "/")).stem
    for stem in (path.stem, said):
        found = by_stem.get(stem, [])
        near = [image for image in found if image.parent == path.parent or image.parent.parent == path.parent.parent]
        if found:
            return (near or found)[0]
    return None


def _rough(image: Path, path: Path, root: ElementTree.Element, part: Part | None) -> Rough:
    each = list(_objects(root))
    places = np.array([place for _, place, _ in each], np.float64).reshape(-1, 4)
    return Rough(image, path, tuple(label for label, *_ in each), places, part, aside=tuple(hard for *_, hard in each))


def _objects(root: ElementTree.Element) -> Iterator[tuple[str, list[float], int]]:
    for one in root.iter("object"):
        box, hard = one.find("bndbox"), HARD * ((one.findtext("difficult") or "").strip() == "1")
        yield (one.findtext("name") or "").strip(), [_number(box, edge) for edge in EDGES], hard


def _number(box: ElementTree.Element | None, edge: str) -> float:
    """An edge; not a number where there is none."""
    try:
        return float((box.findtext(edge) if box is not None else None) or "nan")
    except ValueError:
        return float("nan")
