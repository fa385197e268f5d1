"""A folder of image files, one sub-folder per class.

Folders for training, validation and test (`striate.data.layout`), each with the class folders in it, are the split;
without a test folder a part of each class is held out, chosen by the hash of the file's name, so that it is the same
part every time.

>>> _parts_said(Layout({}, {"train": "Training", "test": "Testing"}))
['the training set is Training/, the test set is Testing/']
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import InputError, nearest

from .classes import counted
from .dataset import ALL, Dataset, Split, held_out
from .files import holds, sub_folders, unreadable, walk
from .image import ImageError
from .layout import NOT_USED, Layout, layout
from .lazy import Lazy
from .left_out import LeftOut, said
from .levels import Levels
from .many import Many
from .parts import PARTS, Part, part_of
from .pictures import pictures
from .workers import Workers

TEST_SHARE = 0.15


@dataclass(frozen=True)
class _Entry:
    """An image file, its class, and the part that it is in."""

    path: Path
    label: str
    part: Part


def load(
    root: Path,
    source: str,
    *,
    shape: Sequence[int | None] | None,
    bad: Literal["skip", "refuse"],
    hold_out: bool,
    known: Sequence[str] = (),
    progress: bool,
    levels: Levels | None,
) -> Dataset:
    """Reads the folder `root`; see `striate.data.load`."""
    name, place = root.resolve().name, layout(root)
    entries, left_out = _entries(root, place)
    if not _enough({entry.label for entry in entries if entry.part == "train"}, known):
        raise InputError(_no_classes(root))
    with Workers(len(entries)) as workers:
        many = Many(name, root, [entry.path for entry in entries], workers, progress)
        read = pictures(many, shape, levels)
    for entry, reason in zip(entries, read.reasons, strict=True):
        if reason is not None and bad == "refuse":
            raise ImageError(entry.path, reason)
        left_out += [] if reason is None else [unreadable(entry.path, reason)]
    entries = [entry for entry, reason in zip(entries, read.reasons, strict=True) if reason is None]
    entries, images, lost = _of_classes(entries, read.images, place, root)
    classes = tuple(dict.fromkeys(entry.label for entry in entries if entry.part == "train"))
    if not _enough(set(classes), known):
        raise InputError(_unreadable_classes(root, classes, [*left_out, *lost]))
    splits, decided = _splits(root, entries, images, classes, hold_out)
    left_out = [replace(file, path=_below(file.path, root)) for file in (*left_out, *lost)]
    first = f"{len(images):,} images of {len(classes)} classes, {'x'.join(map(str, _form(images)))}{read.form}"
    counts = [sum(entry.label == label for entry in entries) for label in classes]
    lines = [first, counted(classes, counts), *_parts_said(place), *decided, *_doubts(place, classes, left_out)]
    lines += [*read.notes, *many.notes]
    notes = [f"{name}: {note}" for note in (*lines, *([said(left_out)] if left_out else []))]
    train, validation, test = (splits.get(part) for part in PARTS)
    assert train
    return Dataset(name, source, train, test, classes, tuple(notes), read.levels, validation, tuple(left_out))


def _form(images: NDArray[np.uint8] | Lazy) -> tuple[int, ...]:
    return images.shape if isinstance(images, Lazy) else images.shape[1:]


def _enough(classes: set[str], known: Sequence[str]) -> bool:
    """Whether there are two classes to learn from, or one known class to test on."""
    return len(classes) > 1 or not classes.isdisjoint(known)


def _entries(root: Path, place: Layout) -> tuple[list[_Entry], list[LeftOut]]:
    """The image files of the class folders, those to learn from first; and all other files there."""
    entries: list[_Entry] = []
    left_out = place.outside(root)
    for part in PARTS:
        for label, folder in place.folders.get(part, ()):
            found = walk(folder)
            entries += [_Entry(path, label, part) for path in found.images]
            left_out += found.left_out
    return entries, left_out


def _no_classes(root: Path) -> str:
    """Why there are not two classes under `root`, and what to do."""
    images = walk(root).images
    others = walk(root).left_out
    rule = "put the images of each class in a sub-folder of its own"
    if not images:
        other = f"only {len(others)} other files, such as '{others[0].path}'" if others else "it is empty"
        return f"no image in '{root}': {other}; {rule}"
    folders = [folder for folder in sub_folders(root) if not holds(folder, root) and walk(folder).images]
    if len(folders) != 1:
        return f"'{root}' holds {len(images)} images, none in a sub-folder; {rule}"
    inner = f"; did you mean '{folders[0]}'?" if len(sub_folders(folders[0])) > 1 else ""
    return f"'{root}' has only one class, '{folders[0].name}'; {rule}{inner}"


def _unreadable_classes(root: Path, classes: Sequence[str], left_out: Sequence[LeftOut]) -> str:
    only = f"only the class '{classes[0]}' has" if classes else "no class has"
    return f"'{root}': {only} images that can be read, and two must have some; {said(left_out)}"


def _of_classes(
    entries: list[_Entry], images: NDArray[np.uint8] | Lazy, place: Layout, root: Path
) -> tuple[list[_Entry], NDArray[np.uint8] | Lazy, list[LeftOut]]:
    """The entries without those of classes that have no training images, which are left out.

    Raises:
        InputError: validation or test images have a class that the training folder lacks.
    """
    known = dict(place.folders["train"])
    for entry in entries:
        if entry.label not in known:
            where = {part: root / name for part, name in place.parts.items()}
            other = f"'{where[entry.part]}' has a class '{entry.label}' that '{where['train']}' lacks"
            raise InputError(other + nearest(entry.label, known))
    trained = {entry.label for entry in entries if entry.part == "train"}
    lost = [
        LeftOut(f"{folder}/", "folder without readable images", "no image in it can be read")
        for label, folder in known.items()
        if label not in trained
    ]
    kept = [entry.label in trained for entry in entries]
    if all(kept):
        return entries, images, lost
    why = ("image of a class left out", "its class has no image to learn from")
    lost += [LeftOut(str(entry.path), *why) for entry in entries if entry.label not in trained]
    rows = [row for row, keep in enumerate(kept) if keep]
    left = images.part(rows) if isinstance(images, Lazy) else images[kept]
    return [entries[row] for row in rows], left, lost


def _splits(
    root: Path, entries: Sequence[_Entry], images: NDArray[np.uint8] | Lazy, classes: tuple[str, ...], hold_out: bool
) -> tuple[dict[Part, Split], list[str]]:
    """The images of each part, and what was decided about them."""
    positions = {label: position for position, label in enumerate(classes)}
    labels = torch.tensor([positions[entry.label] for entry in entries])
    splits: dict[Part, Split] = {}
    for part in PARTS:
        rows = [row for row, entry in enumerate(entries) if entry.part == part]
        if rows:  # the images of a part follow each other
            span = slice(rows[0], rows[-1] + 1)
            paths = tuple(str(entry.path) for entry in entries[span])
            here = images.part(rows) if isinstance(images, Lazy) else torch.from_numpy(images[span])
            splits[part] = Split(here, labels[span], paths)
    if "test" in splits:
        return splits, []
    if not hold_out:
        splits["test"] = splits.get("validation", splits["train"])
        judged = "it has no test set, so its validation images are judged" if "validation" in splits else ALL
        return splits, [judged]
    keys = [Path(path).relative_to(root).as_posix() for path in splits["train"].paths]
    chosen = held_out(splits["train"].labels.tolist(), keys, TEST_SHARE)
    if not chosen:
        raise InputError(f"'{root}' has one readable image per class; give more, so that some can be the test")
    rest = sorted(set(range(len(keys))) - set(chosen))
    splits["train"], splits["test"] = splits["train"].take(rest), splits["train"].take(chosen)
    return splits, [f"held out {len(chosen)} images as test, about {TEST_SHARE:.0%} of each class, chosen by file name"]


def _parts_said(place: Layout) -> list[str]:
    """Which folders were taken for the parts."""
    names = {part: name for part, name in place.parts.items() if (part, name) != ("train", "train")}
    called: Mapping[Part, str] = {"train": "training", "validation": "validation", "test": "test"}
    lines = [", ".join(f"the {called[part]} set is {name}/" for part, name in names.items())] if names else []
    if "validation" in names and "test" not in names:
        lines.append(f"{names['validation']}/ chooses the best epoch, so it is not the test set")
    return lines


def _doubts(place: Layout, classes: Sequence[str], left_out: Sequence[LeftOut]) -> list[str]:
    """Notes on what the user may have meant otherwise."""
    unused = [file.path for file in left_out if file.kind == NOT_USED]
    lines = [f"not used: {', '.join(unused)}"] if unused else []
    if not place.parts and all(part_of(label) for label in classes):
        lines.append(
            f"{', '.join(classes)} are read as classes; if they are parts, put a folder for each class in them"
        )
    return lines


def _below(path: str, root: Path) -> str:
    """`path` as seen from `root`, with the "/" at a folder's end."""
    return Path(path).relative_to(root).as_posix() + "/" * path.endswith("/")
