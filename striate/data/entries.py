"""Image files with one class each, however they were found, as a data set: read, in their parts, with what to say.

>>> enough({"cat"}, known=("cat", "dog")), enough({"cat"}, known=())
(True, False)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from striate.errors import InputError, nearest

from .classes import counted
from .dataset import ALL, Dataset, Split, parted_for_test
from .files import unreadable
from .image import ImageError
from .lazy import Lazy
from .left_out import LeftOut, said
from .levels import Levels
from .many import Many
from .parts import PARTS, Part
from .pictures import Pictures, pictures
from .workers import Workers

Images = NDArray[Any]  # (N, C, *spatial)


@dataclass(frozen=True)
class Entry:
    """An image file, its class, and the part that it is in."""

    path: Path
    label: str
    part: Part


@dataclass(frozen=True)
class Wanted:
    """How the images of a data set are to be read; as for `striate.data.load`."""

    shape: Sequence[int | None] | None = None
    bad: str = "skip"
    hold_out: bool = True
    known: Sequence[str] = ()
    progress: bool = False
    levels: Levels | None = None


@dataclass(frozen=True)
class Listing:
    """Image files with their classes.

    Attributes:
        name: The data's short name.
        source: As it was given.
        root: The folder that they are in.
        entries: Those to learn from first.
        classes: All classes that there are to learn, in their order.
        left_out: What was found and not read.
        notes, doubts: What to say of them after their number, and after the split.
        where: How each part is called in errors.
        folders: The folder of each class, where it has one.
    """

    name: str
    source: str
    root: Path
    entries: Sequence[Entry]
    classes: Sequence[str]
    left_out: Sequence[LeftOut] = ()
    notes: Sequence[str] = ()
    doubts: Sequence[str] = ()
    where: Sequence[tuple[Part, str]] = ()
    folders: Mapping[str, Path] = field(default_factory=dict)


def dataset_of(listing: Listing, wanted: Wanted) -> Dataset:
    """Reads the images.

    Raises:
        InputError: As `put_together`.
    """
    with Workers(len(listing.entries)) as workers:
        many = Many(listing.name, listing.root, [entry.path for entry in listing.entries], workers, wanted.progress)
        read = pictures(many, wanted.shape, wanted.levels)
        return put_together(listing, read, wanted, many.notes)


def put_together(listing: Listing, read: Pictures, wanted: Wanted, more: Sequence[str] = ()) -> Dataset:
    """The data set of what was read; `more` is said of it at the end.

    Raises:
        InputError: Fewer than two classes have images that can be read, or a class to judge by is not learned; with
            "refuse", a file can't be read.
    """
    root, entries, left_out = listing.root, list(listing.entries), list(listing.left_out)
    for entry, reason in zip(entries, read.reasons, strict=True):
        if reason is not None and wanted.bad == "refuse":
            raise ImageError(entry.path, reason)
        left_out += [] if reason is None else [unreadable(entry.path, reason)]
    entries = [entry for entry, reason in zip(entries, read.reasons, strict=True) if reason is None]
    entries, images, lost = _of_classes(entries, read.images, listing)
    trained = {entry.label for entry in entries if entry.part == "train"}
    classes = tuple(label for label in listing.classes if label in trained)
    if not enough(trained, wanted.known):
        raise InputError(_unreadable_classes(root, classes, [*left_out, *lost]))
    splits, decided = _splits(root, entries, images, classes, wanted.hold_out)
    left_out = [replace(file, path=below(file.path, root)) for file in (*left_out, *lost)]
    first = f"{len(images):,} images of {len(classes)} classes, {'x'.join(map(str, _form(images)))}{read.form}"
    counts = [sum(entry.label == label for entry in entries) for label in classes]
    lines = [first, counted(classes, counts), *listing.notes, *decided, *listing.doubts, *read.notes, *more]
    notes = [f"{listing.name}: {note}" for note in (*lines, *([said(left_out)] if left_out else []))]
    train, validation, test = (splits.get(part) for part in PARTS)
    assert train
    return Dataset(
        listing.name, listing.source, train, test, classes, tuple(notes), read.levels, validation, tuple(left_out)
    )


def _form(images: Images | Lazy) -> tuple[int, ...]:
    return images.shape if isinstance(images, Lazy) else images.shape[1:]


def enough(classes: set[str], known: Sequence[str]) -> bool:
    """Whether there are two classes to learn from, or one known class to test on."""
    return len(classes) > 1 or not classes.isdisjoint(known)


def _unreadable_classes(root: Path, classes: Sequence[str], left_out: Sequence[LeftOut]) -> str:
    only = f"only the class '{classes[0]}' has" if classes else "no class has"
    return f"'{root}': {only} images that can be read, and two must have some; {said(left_out)}"


def _of_classes(
    entries: list[Entry], images: Images | Lazy, listing: Listing
) -> tuple[list[Entry], Images | Lazy, list[LeftOut]]:
    """The entries without those of classes that have no training images, which are left out.

    Raises:
        InputError: Images to validate or test on have a class that is not learned.
    """
    known, where = listing.classes, dict(listing.where)
    for entry in entries:
        if entry.label not in known:
            other = f"'{where[entry.part]}' has a class '{entry.label}' that '{where['train']}' lacks"
            raise InputError(other + nearest(entry.label, known))
    trained = {entry.label for entry in entries if entry.part == "train"}
    lost = [
        LeftOut(f"{listing.folders.get(label, label)}/", "folder without readable images", "no image in it can be read")
        for label in known
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
    root: Path, entries: Sequence[Entry], images: Images | Lazy, classes: tuple[str, ...], hold_out: bool
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
    train = splits["train"].labels.tolist()
    rest, chosen, said = parted_for_test(train, keys, str(root), "images", "chosen by file name")
    splits["train"], splits["test"] = splits["train"].take(rest), splits["train"].take(chosen)
    return splits, [said]


def below(path: str, root: Path) -> str:
    """`path` as seen from `root`, with the "/" at a folder's end."""
    return Path(path).relative_to(root).as_posix() + "/" * path.endswith("/")
