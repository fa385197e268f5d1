"""Where in a folder the classes of the training, validation and test images are.

`dataset/Training/cat`, `seg_train/seg_train/cat` and `cat/train` each name a part. A folder is a part because of its
name and the class folders in it: vehicles may have the classes `bus` and `train`.

>>> _rest("train_images") in FILLERS, _rest("seg_train"), _rest("Extra")
(True, 'seg', 'extra')
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from striate.errors import InputError

from .files import has_image, holds, loose_files, sub_folders
from .left_out import IMAGELESS, LINKED, LeftOut
from .parts import Part, part_of

NOT_USED = "folder not used"
DEEPEST = 4  # folders around the parts
FILLERS = {"", "data", "dataset", "datasets", "images", "image", "imgs", "img", "pictures", "photos", "folder", "split"}
UNUSED = {"pred", "predict", "prediction", "unlabeled", "unlabelled", "sample", "samples", "extra", "submission"}


@dataclass(frozen=True)
class Layout:
    """Where the images of each class are.

    Attributes:
        folders: by part, each class folder with its class's name.
        parts: how the parts' folders are called; {} when there are none and all is for training.
    """

    folders: Mapping[Part, Sequence[tuple[str, Path]]]
    parts: Mapping[Part, str]

    def outside(self, root: Path) -> list[LeftOut]:
        """The files under `root` that are in no class folder."""
        classes = {folder for part in self.folders.values() for _, folder in part}
        around = {root, *(place for folder in classes for place in folder.parents if place.is_relative_to(root))}
        left_out: list[LeftOut] = []
        for place in sorted(around):
            left_out += [_stray(file) if isinstance(file, Path) else file for file in loose_files(place)]
            left_out += [_unused(folder) for folder in sub_folders(place) if folder not in classes | around]
        return left_out


def layout(root: Path) -> Layout:
    """The layout of `root`; without parts, every folder in it is a class to train on.

    Raises:
        InputError: there are images to test by and none to train on.
    """
    parts = _around(root)
    if parts:
        folders = {part: [(folder.name, folder) for folder in _inside(parts[part])] for part in parts}
        names = {part: _below(parts[part], root) for part in parts}
        return Layout(folders, names)
    classes = _inside(root)
    split = _split_classes(classes)
    if split:
        return Layout(split, {part: f"{part}/ of each class" for part in split})
    beside = _beside(classes)
    if beside:
        held = {part: [(folder.name, folder) for folder in _inside(place)] for part, place in beside.items()}
        training = [(folder.name, folder) for folder in classes if folder not in beside.values()]
        return Layout({"train": training, **held}, {part: place.name for part, place in beside.items()})
    return Layout({"train": [(folder.name, folder) for folder in classes]}, {})


def _rest(name: str) -> str:
    """The rest of a name without the part, in lower case."""
    found = part_of(name)
    return found[1] if found else name.lower()


def _around(root: Path) -> dict[Part, Path]:
    """The parts' folders, which are in `root` or deeper; folders that hold a single folder with images are passed."""
    place = root
    for _ in range(DEEPEST):
        if parts := _parts(place):
            return parts
        inner = _inside(place)
        if len(inner) != 1:
            break
        place = inner[0]
    return {}


def _parts(place: Path) -> dict[Part, Path]:
    """The class roots of the parts in `place`; {} when its folders are no parts.

    Raises:
        InputError: no part among them is for training.
    """
    groups: dict[str, dict[Part, Path]] = {}  # "seg_train" goes with "seg_test", and "train" with "test_images"
    others = 0
    for folder in sub_folders(place):
        found = part_of(folder.name)
        root = _class_root(folder) if found else None
        if found and root:
            rest = "" if found[1] in FILLERS else found[1]
            groups.setdefault(rest, {}).setdefault(found[0], root)
        elif not found and folder.name.lower() not in UNUSED:
            others += has_image(folder)
    if not groups:
        return {}
    best = max(groups.values(), key=lambda parts: ("train" in parts, len(parts)))
    if len(best) == 1 and others > 1:  # the class "train" among vehicles
        return {}
    if "train" not in best:
        name = next(iter(best.values())).relative_to(place).parts[0]
        raise InputError(f"'{place}' has {name}/ and no train/; give '{place / name}' itself, or add train/")
    return best


def _class_root(folder: Path) -> Path | None:
    """The folder of the class folders of a part, which may be deeper: `seg_train/seg_train`; None for no part."""
    for _ in range(DEEPEST):
        classes = _inside(folder)
        loose = islice((found for found in loose_files(folder) if isinstance(found, Path)), len(classes))
        if not classes or len(list(loose)) == len(classes):  # most images are in no class folder: it is a class
            return None
        inner = classes[0]
        if len(classes) > 1 or _rest(inner.name) not in FILLERS | {_rest(folder.name)} or not _inside(inner):
            return folder
        folder = inner
    return None


def _split_classes(classes: Sequence[Path]) -> dict[Part, list[tuple[str, Path]]]:
    """`cat/train`, `cat/test`, `dog/train`, …: the parts within each class; {} when any class has others."""
    split: dict[Part, list[tuple[str, Path]]] = {}
    for folder in classes:
        inner = {found[0]: path for path in _inside(folder) if (found := part_of(path.name)) and found[1] in FILLERS}
        if "train" not in inner or len(inner) < len(_inside(folder)):
            return {}
        for part, path in inner.items():
            split.setdefault(part, []).append((folder.name, path))
    return split if len(split) > 1 else {}


def _beside(classes: Sequence[Path]) -> dict[Part, Path]:
    """`cat`, `dog` and `val` with `cat` and `dog` in it: the parts among the class folders."""
    names = {folder.name for folder in classes}
    parts: dict[Part, Path] = {}
    for folder in classes:
        found, inner = part_of(folder.name), {place.name for place in _inside(folder)}
        if found and found[0] != "train" and len(inner) > 1 and inner < names:
            parts.setdefault(found[0], folder)
    return parts


def _inside(root: Path) -> list[Path]:
    """The folders in `root` with images in them."""
    return [folder for folder in sub_folders(root) if not holds(folder, root) and has_image(folder)]


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _stray(image: Path) -> LeftOut:
    return LeftOut(str(image), "image in no class folder", "it is in no class folder")


def _unused(folder: Path) -> LeftOut:
    if holds(folder, folder.parent):
        return LeftOut(f"{folder}/", LINKED, "a link to a folder that it is in")
    if not has_image(folder):
        return LeftOut(f"{folder}/", IMAGELESS, "no image in it")
    return LeftOut(f"{folder}/", NOT_USED, "no part of the data" if _inside(folder) else "no class folders in it")
