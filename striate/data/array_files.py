"""A folder of arrays, one in each .npy or NIfTI file: signals, images or volumes in the folders of their classes.

Folders that name a part (`train/cat`, `cat/test`) divide them; a folder that holds all others is passed.

>>> placed(("test", "cat")), placed(("cat", "val")), placed(())
(('test', 'cat'), ('validation', 'cat'), ('train', ''))
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from striate.errors import InputError, why_damaged

from .arrays import DAMAGE, Array, arranged, as_pixels, numbers
from .dataset import Dataset
from .entries import Entry, Listing, Wanted, enough, put_together
from .files import counted, has_image, unreadable
from .layout import FILLERS
from .left_out import LeftOut
from .opening import ImageError
from .parts import PARTS, Part, part_of
from .pictures import Pictures
from .recipe import written
from .volumes.reading import NIFTI, read_volume

SUFFIXES = (".npy", *NIFTI)


def under(root: Path) -> list[Path]:
    """The .npy and NIfTI files under a folder, sorted; none where there are images, which are its examples then."""
    found = list[Path]()
    if not os.path.isdir(root) or has_image(root):
        return found
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]  # where `os.walk` goes on
        found += [Path(place, name) for name in names if name.lower().endswith(SUFFIXES) and not name.startswith(".")]
    return sorted(found, key=counted)


def placed(folders: Sequence[str]) -> tuple[Part, str]:
    """The part and the class that a file has in these folders; no class where it is in none."""
    parts = [found[0] for name in folders if (found := part_of(name)) and found[1] in FILLERS]
    rest = [name for name in folders if not ((found := part_of(name)) and found[1] in FILLERS)]
    return parts[0] if parts else "train", rest[0] if rest else ""


def load(root: Path, source: str, files: Sequence[Path], wanted: Wanted) -> Dataset:
    """Reads them; see `striate.data.load`.

    Raises:
        InputError: They are not of two classes, or none can be read; with "refuse", one can't.
    """
    entries, left_out = list[Entry](), list[LeftOut]()
    around = Path(os.path.commonpath([path.parent for path in files]))
    for path in files:
        inner, outer = path.parent.relative_to(around).parts, around.relative_to(root).parts
        (part, label), outside = placed(inner), placed(outer[::-1])
        part, label = outside[0] if part == "train" else part, label or outside[1]
        if label:
            entries.append(Entry(path, label, part))
        else:
            left_out.append(LeftOut(str(path), "array in no class folder", "it is in no class folder"))
    entries.sort(key=lambda entry: PARTS.index(entry.part))
    classes = sorted({entry.label for entry in entries if entry.part == "train"}, key=counted)
    if not enough(set(classes), wanted.known):
        only = f"of one class, '{classes[0]}'" if classes else "in no class's folder"
        raise InputError(f"'{root}' holds {len(files)} arrays {only}; put those of each class in a folder of its own")
    where = [(part, f"{root}, {part}") for part in PARTS]
    listing = Listing(root.resolve().name, source, root, entries, classes, left_out, where=where)
    return put_together(listing, _read([entry.path for entry in entries], wanted), wanted)


def _read(files: Sequence[Path], wanted: Wanted) -> Pictures:
    """The arrays of one shape, that of most; why the others are none."""
    found = [_array(path) for path in files]
    shapes = Counter(one.shape for one in found if not isinstance(one, str))
    if not shapes:
        raise InputError(str(unreadable(files[0], str(found[0]))))
    shape = shapes.most_common(1)[0][0]
    reasons = [
        one if isinstance(one, str) else None if one.shape == shape else _of_another(one.shape, shape) for one in found
    ]
    kept = [one for one in found if not isinstance(one, str) and one.shape == shape]
    (images,) = as_pixels([arranged(np.stack(kept), "the arrays", wanted.shape)])
    return Pictures(images, reasons, None, f" {images.dtype}, one array a file", ())


def _array(path: Path) -> Array | str:
    """What is in a file; or why it can't be read."""
    if path.name.lower().endswith(NIFTI):
        try:
            volume = read_volume(path).values
        except ImageError as error:
            return error.reason
        return numbers(volume[0] if len(volume) == 1 else volume, path.name)
    try:
        with path.open("rb") as file:
            values = numbers(np.lib.format.read_array(file, allow_pickle=False), path.name)
    except InputError as error:
        return str(error)
    except DAMAGE as error:
        return f"no plain array: {why_damaged(error)}"
    return values if values.size else "empty"


def _of_another(shape: tuple[int, ...], most: tuple[int, ...]) -> str:
    return f"it is {written(shape)}, most are {written(most)}"
