"""A folder of image files, one sub-folder a class.

`train/` and `test/` (or `val/`), each with the class folders in it, are the split; without them a part of each
class is held out, chosen by the hash of the file's name, so that it is the same part next time.

>>> _form([((90, 60), False), ((60, 90), True)], shape=(3, 32, 32))
(3, (32, 32), '; each scaled to cover 32x32 and cut to its middle')
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import InputError, nearest

from .dataset import Dataset, Split, held_out
from .files import holds, sub_folders, walk
from .image import ImageError, decode, header
from .progress import bar

T = TypeVar("T")

TEST_SHARE = 0.15
TEST_NAMES = ("test", "val", "valid", "validation")
FREE_SIZE = (64, 64)  # of images of several sizes, when the network takes any
MOST_NAMED = 5  # bad files named in a note


@dataclass(frozen=True)
class _Entry:
    """An image file, its class, and whether it lies in the test folder."""

    path: Path
    label: str
    test: bool


def load(
    root: Path,
    source: str,
    *,
    shape: Sequence[int | None] | None,
    bad: Literal["skip", "refuse"],
    hold_out: bool,
    known: Sequence[str] = (),
    progress: bool,
) -> Dataset:
    """Reads the folder `root`; see `striate.data.load`."""
    name = root.resolve().name
    train_root, test_root, notes = _parts(root)
    entries, errors = _entries(train_root, test_root)
    classes = _classes(train_root, entries, known)
    headed, unheaded = _each(header, entries, f"{name}: sizes", progress)
    channels, size, said = _form([found for _, found in headed], shape)
    read = partial(decode, channels=channels, size=size)
    decoded, undecoded = _each(read, [entry for entry, _ in headed], f"{name}: images", progress)
    errors += unheaded + undecoded
    if bad == "refuse" and errors:
        raise errors[0]
    entries = [entry for entry, _ in decoded]
    _check_classes(entries, classes, train_root, test_root, errors)
    images = _stacked([pixels for _, pixels in decoded])
    train, test, how = _split(root, entries, images, classes, hold_out)
    form = "x".join(map(str, images.shape[1:]))
    first = f"{len(images):,} images of {len(classes)} classes, {form}{said}"
    notes = [f"{name}: {note}" for note in (first, *notes, *how, *_left_out(errors))]
    return Dataset(name, source, train, test, classes, tuple(notes))


def _parts(root: Path) -> tuple[Path, Path | None, list[str]]:
    """The folders that hold the classes of the training and the test images, and what to say about it."""
    folders = {path.name.lower(): path for path in sub_folders(root)}
    tests = [folders[name] for name in TEST_NAMES if name in folders and sub_folders(folders[name])]
    if "train" not in folders or not sub_folders(folders["train"]):  # "train" may also be a class
        if tests:
            raise InputError(f"'{root}' has {tests[0].name}/ and no train/; give '{tests[0]}' itself, or add train/")
        return root, None, []
    test = tests[0] if tests else None
    notes = [] if test is None else [f"the test set is {test.name}/"]
    unused = [f"{path.name}/" for path in folders.values() if path not in (folders["train"], test)]
    return folders["train"], test, notes + ([f"not used: {', '.join(unused)}"] if unused else [])


def _classes(root: Path, entries: Sequence[_Entry], known: Sequence[str]) -> tuple[str, ...]:
    """The names of the class folders.

    Raises:
        InputError: there are not two of them and none that is known already, or no image.
    """
    folders = [folder for folder in sub_folders(root) if not holds(folder, root)]
    if entries and (len(folders) > 1 or (folders and folders[0].name in known)):
        return tuple(folder.name for folder in folders)
    images, others = walk(root)
    rule = "put the images of each class in a sub-folder of its own"
    if not images:
        other = f"only {len(others)} other files, such as '{others[0]}'" if others else "it is empty"
        raise InputError(f"no image in '{root}': {other}; {rule}")
    if len(folders) != 1:
        raise InputError(f"'{root}' holds {len(images)} images, none in a sub-folder; {rule}")
    inner = f"; did you mean '{folders[0]}'?" if len(sub_folders(folders[0])) > 1 else ""
    raise InputError(f"'{root}' has only one class, '{folders[0].name}'; {rule}{inner}")


def _entries(train_root: Path, test_root: Path | None) -> tuple[list[_Entry], list[ImageError]]:
    """The image files of the class folders, those to learn from first."""
    entries: list[_Entry] = []
    errors = []
    for root in filter(None, (train_root, test_root)):
        for folder in sub_folders(root):
            if holds(folder, root):
                errors.append(ImageError(folder, "a link to a folder that it lies in"))
            else:
                entries += [_Entry(path, folder.name, root is test_root) for path in walk(folder)[0]]
    return entries, errors


def _each(
    work: Callable[[Path], T], entries: Sequence[_Entry], what: str, show: bool
) -> tuple[list[tuple[_Entry, T]], list[ImageError]]:
    """The files that can be read, in order, with the result of `work`; and why the others cannot."""

    def one(entry: _Entry) -> T | ImageError:
        try:
            return work(entry.path)
        except ImageError as error:
            return error

    done: list[tuple[_Entry, T]] = []
    errors: list[ImageError] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool, bar(what, len(entries), show=show) as advance:
        try:
            for entry, result in zip(entries, pool.map(one, entries), strict=True):
                if isinstance(result, ImageError):
                    errors.append(result)
                else:
                    done.append((entry, result))
                advance(1)
        except BaseException:  # Ctrl-C: do not read the rest first
            pool.shutdown(cancel_futures=True)
            raise
    return done, errors


def _form(
    headers: Sequence[tuple[tuple[int, int], bool]], shape: Sequence[int | None] | None
) -> tuple[int, tuple[int, int], str]:
    """Channels and (height, width) to decode to, and what to say about it."""
    sizes = {size for size, _ in headers}
    common = next(iter(sizes)) if len(sizes) == 1 else None
    wanted = _wanted_size(shape)
    channels = 1 if all(grey for _, grey in headers) or (shape and shape[0] == 1) else 3
    if common and (wanted is None or (common[0] <= wanted[0] and common[1] <= wanted[1])):
        return channels, common, ""
    size = wanted or FREE_SIZE
    return channels, size, f"; each scaled to cover {size[0]}x{size[1]} and cut to its middle"


def _wanted_size(shape: Sequence[int | None] | None) -> tuple[int, int] | None:
    if shape is None or len(shape) != 3 or shape[1] is None or shape[2] is None:
        return None
    return shape[1], shape[2]


def _check_classes(
    entries: Sequence[_Entry],
    classes: tuple[str, ...],
    train_root: Path,
    test_root: Path | None,
    errors: Sequence[ImageError],
) -> None:
    """Every class has an image to learn from, and the test images have no class of their own."""
    trained = {entry.label for entry in entries if not entry.test}
    for name in classes:
        if name not in trained:
            folder = train_root / name
            why = [f" ({error.reason}: '{error.path}')" for error in errors if folder in error.path.parents]
            raise InputError(f"no readable image in the class '{folder}'{''.join(why[:1])}; add some or delete it")
    for name in sorted({entry.label for entry in entries} - set(classes)):
        raise InputError(f"'{test_root}' has a class '{name}' that '{train_root}' has not{nearest(name, classes)}")


def _stacked(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """(N, C, H, W); colour files without any colour in them come out grey."""
    stacked = np.stack(images)
    coloured = any((image != image[:1]).any() for image in stacked)
    return stacked if coloured else stacked[:, :1].copy()


def _split(
    root: Path, entries: Sequence[_Entry], images: NDArray[np.uint8], classes: tuple[str, ...], hold_out: bool
) -> tuple[Split, Split, list[str]]:
    """Training and test images, and what to say about it."""
    labels = [classes.index(entry.label) for entry in entries]
    every = Split(torch.from_numpy(images), torch.tensor(labels), tuple(str(entry.path) for entry in entries))
    first_test = sum(not entry.test for entry in entries)
    if first_test < len(entries):
        parts = slice(None, first_test), slice(first_test, None)
        train, test = (Split(every.images[part], every.labels[part], every.paths[part]) for part in parts)
        return train, test, []
    if not hold_out:
        return every, every, ["all images are both training and test set"]
    keys = [entry.path.relative_to(root).as_posix() for entry in entries]
    chosen = held_out(labels, keys, TEST_SHARE)
    if not chosen:
        raise InputError(f"'{root}' has one readable image a class; give more, so that some can be the test")
    rest = sorted(set(range(len(labels))) - set(chosen))
    said = f"held out {len(chosen)} images as test, about {TEST_SHARE:.0%} of each class, chosen by file name"
    return every.take(rest), every.take(chosen), [said]


def _left_out(errors: Sequence[ImageError]) -> list[str]:
    if not errors:
        return []
    named = ", ".join(f"{error.path} ({error.reason})" for error in errors[:MOST_NAMED])
    more = f" and {len(errors) - MOST_NAMED} more" if len(errors) > MOST_NAMED else ""
    return [f"left out {len(errors)} that cannot be read: {named}{more}"]
