"""A hierarchy of the classes of boxes, `tree.txt`, and images that have a class and no box, in folders of `classes/`.

Each line of the file names a class and the one above it, with a blank or a comma between; at the top stands "-".

>>> parents("dog animal\\ncat animal\\nanimal -\\n", "tree.txt")
{'dog': 'animal', 'cat': 'animal', 'animal': ''}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from striate.errors import InputError, nearest

from ..files import sub_folders, walk
from .found import Arranged, Rough

TREE, CLASSES = "tree.txt", "classes"
TOP = ("-", "-1")


def tree_of(root: Path) -> dict[str, str]:
    """The class above each class that `tree.txt` names, empty at the top; {} without the file.

    Raises:
        InputError: It can't be read, names a class twice, one above that is not there, or goes round in a circle.
    """
    path = root / TREE
    if not path.is_file():
        return {}
    try:
        return parents(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read '{path}' ({error})") from error


def parents(text: str, name: str) -> dict[str, str]:
    """The same of a text; errors name it."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = [word for word in line.replace(",", " ").split() if word]
        if not words:
            continue
        if len(words) != 2:
            raise InputError(
                f"{name}, line {number}: a class and the one above it, such as 'dog animal'; or 'animal -'"
            )
        if words[0] in found:
            raise InputError(f"{name}, line {number}: '{words[0]}' has a place already")
        found[words[0]] = "" if words[1] in TOP else words[1]
    for kind, above in found.items():
        if above and above not in found:
            raise InputError(f"{name}: '{above}', above '{kind}', has no line{nearest(above, found)}; add '{above} -'")
        _check_top(kind, found, name)
    return found


def _check_top(kind: str, above: Mapping[str, str], name: str) -> None:
    seen = {kind}
    while kind := above[kind]:
        if kind in seen:
            raise InputError(f"{name}: '{kind}' is above itself")
        if kind not in above:
            return
        seen.add(kind)


def positions(classes: Sequence[str], above: Mapping[str, str]) -> tuple[int, ...]:
    """The position of the class above each; -1 at the top. () without a hierarchy."""
    where = {name: row for row, name in enumerate(classes)}
    return tuple(where.get(above.get(name, ""), -1) for name in classes) if above else ()


def parted(place: Arranged, root: Path) -> tuple[Arranged, dict[Path, str]]:
    """What is arranged, with images that have a class and no box to train on, and the class of each of those.

    They are in the folders of `classes/`, where no annotation is looked for.
    """
    whole = {image: folder.name for folder in sub_folders(root / CLASSES) for image in walk(folder).images}
    images = [one for one in place.images if not one.image.is_relative_to(root / CLASSES)]
    images += [Rough(image, image, (), np.zeros((0, 4)), "train") for image in whole]
    known = {str(root / TREE), *map(str, whole)}
    left_out = tuple(one for one in place.left_out if one.path not in known)
    return replace(place, images=images, left_out=left_out), whole


def told(above: Mapping[str, str], whole: Mapping[Path, str]) -> list[str]:
    """What to say about both."""
    tops = sum(not parent for parent in above.values())
    notes = [f"{TREE}: {len(above):,} classes, {tops:,} of them at the top"] if above else []
    return [*notes, *([f"{len(whole):,} images of {CLASSES}/ have a class and no box"] if whole else [])]
