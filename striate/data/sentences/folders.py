"""A folder with one sub-folder of text files per class, a document each, as IMDB's `train/pos/0_9.txt`.

>>> is_document("0_9.txt"), is_document("51060"), is_document("urls.json")
(True, True, False)
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from striate.data.files import sub_folders
from striate.data.layout import UNUSED
from striate.data.parts import PARTS, Part, part_of

from .grouping import is_candidate

NOT_CLASSES = {*UNUSED, "unsup", "unlabelled", "unlabeled"}


@dataclass(frozen=True)
class Documents:
    """Where the documents of each class are.

    Attributes:
        folders: by part, each class folder; its name is the class's.
        others: folders that are no class.
    """

    folders: Mapping[Part, tuple[Path, ...]]
    others: tuple[Path, ...]


def documents(root: Path) -> Documents | None:
    """The class folders in `root`, or in `train/` and `test/` in it; None when there are none."""
    parts: dict[Part, Path] = {}
    for folder in sub_folders(root):
        found = part_of(folder.name)
        if found and _classes(folder):
            parts.setdefault(found[0], folder)
    if "train" not in parts:
        parts = {"train": root}
    folders = {part: tuple(_classes(parts[part])) for part in PARTS if part in parts}
    if len(folders["train"]) < 2:
        return None
    used = {*parts.values(), *(folder for found in folders.values() for folder in found)}
    around = sorted({root, *parts.values()})
    others = (folder for place in around for folder in sub_folders(place) if folder not in used)
    return Documents(folders, tuple(others))


def is_document(name: str) -> bool:
    """Whether a file is a text by its name: `.txt`, no suffix, or a number as one."""
    suffix = Path(name).suffix[1:]
    return is_candidate(name) and (suffix.lower() in ("", "txt", "text") or suffix.isdigit())


def documents_in(folder: Path) -> list[Path]:
    """The text files directly in a folder, sorted."""
    return sorted(_listed(folder))


def _classes(folder: Path) -> list[Path]:
    """The folders in `folder` that hold text files."""
    found = (inner for inner in sub_folders(folder) if inner.name.lower() not in NOT_CLASSES)
    return [inner for inner in found if next(_listed(inner), None)]


def _listed(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            yield from (Path(entry.path) for entry in entries if is_document(entry.name) and entry.is_file())
    except OSError:  # a folder that may not be listed holds no class
        return
