"""A folder of image files, or of arrays in .npy files, one sub-folder per class.

Folders for training, validation and test (`striate.data.layout`), each with the class folders in it, are the split;
without a test folder a part of each class is held out, chosen by the hash of the file's name, so that it is the same
part every time.

>>> _parts_said(Layout({}, {"train": "Training", "test": "Testing"}))
['the training set is Training/, the test set is Testing/']
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from striate.errors import InputError

from . import array_files
from .dataset import Dataset
from .entries import Entry, Listing, Wanted, below, dataset_of, enough
from .files import holds, sub_folders, walk
from .layout import NOT_USED, Layout, layout
from .left_out import LeftOut
from .parts import PARTS, Part, part_of


def load(root: Path, source: str, wanted: Wanted) -> Dataset:
    """Reads the folder `root`; see `striate.data.load`."""
    if stored := array_files.under(root):
        return array_files.load(root, source, stored, wanted)
    name, place = root.resolve().name, layout(root)
    entries, left_out = _entries(root, place)
    if not enough({entry.label for entry in entries if entry.part == "train"}, wanted.known):
        raise InputError(_no_classes(root))
    folders = dict(place.folders["train"])
    where = [(part, str(root / folder)) for part, folder in place.parts.items()]
    notes, doubts = _parts_said(place), _doubts(place, [*folders], left_out, root)
    return dataset_of(Listing(name, source, root, entries, [*folders], left_out, notes, doubts, where, folders), wanted)


def _entries(root: Path, place: Layout) -> tuple[list[Entry], list[LeftOut]]:
    """The image files of the class folders, those to learn from first; and all other files there."""
    entries: list[Entry] = []
    left_out = place.outside(root)
    for part in PARTS:
        for label, folder in place.folders.get(part, ()):
            found = walk(folder)
            entries += [Entry(path, label, part) for path in found.images]
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
        other = "or name a task whose images have none, such as restore or stylize"
        return f"'{root}' holds {len(images)} images, none in a sub-folder; {rule}, {other}"
    inner = f"; did you mean '{folders[0]}'?" if len(sub_folders(folders[0])) > 1 else ""
    return f"'{root}' has only one class, '{folders[0].name}'; {rule}{inner}"


def _parts_said(place: Layout) -> list[str]:
    """Which folders were taken for the parts."""
    names = {part: name for part, name in place.parts.items() if (part, name) != ("train", "train")}
    called: Mapping[Part, str] = {"train": "training", "validation": "validation", "test": "test"}
    lines = [", ".join(f"the {called[part]} set is {name}/" for part, name in names.items())] if names else []
    if "validation" in names and "test" not in names:
        lines.append(f"{names['validation']}/ chooses the best epoch, so it is not the test set")
    return lines


def _doubts(place: Layout, classes: Sequence[str], left_out: Sequence[LeftOut], root: Path) -> list[str]:
    """Notes on what the user may have meant otherwise."""
    unused = [below(file.path, root) for file in left_out if file.kind == NOT_USED]
    lines = [f"not used: {', '.join(unused)}"] if unused else []
    if not place.parts and all(part_of(label) for label in classes):
        lines.append(
            f"{', '.join(classes)} are read as classes; if they are parts, put a folder for each class in them"
        )
    return lines
