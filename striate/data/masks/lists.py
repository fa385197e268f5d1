"""Lists of which images are for training, validation and test: a text file per part, or a table of names and parts.

>>> parts_of_table("name,split\\na,train\\nb,test\\n")
{'a': 'train', 'b': 'test'}
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from striate.errors import InputError

from ..left_out import LeftOut
from ..parts import Part, part_of
from .found import Pair

FOLDERS = ("ImageSets/Segmentation", "splits", "lists", "")
TABLES = ("split.csv", "splits.csv")
NAMES = ("name", "image", "file", "filename", "id", "image_id", "stem")
SPLITS = ("split", "part", "set", "subset", "fold")
UNLISTED = "in no list"


def listed(root: Path, folders: Sequence[str] = FOLDERS) -> tuple[dict[str, Part], tuple[Path, ...]]:
    """The part of each image that a list under `root` names, by its file's stem; and the lists that were read.

    Raises:
        InputError: a list cannot be read, or an image is in two.
    """
    for name in TABLES:
        if (root / name).is_file() and (table := parts_of_table(text_of(root / name))):
            return table, (root / name,)
    for folder in folders:
        texts = {part: path for path in _texts(root / folder) if (part := _part(path.stem))}
        if texts:
            return _of_texts(texts), tuple(texts.values())
    return {}, ()


def with_parts(
    pairs: Sequence[Pair], parts: Mapping[str, Part], lists: Sequence[Path]
) -> tuple[list[Pair], list[LeftOut]]:
    """The pairs in the parts that lists give them, and those left out; unlisted ones are for training where no list
    names training images.

    Raises:
        InputError: a list names images and none of them is there.
    """
    if not parts:
        return list(pairs), []
    known = {pair: parts.get(pair.image.stem) for pair in pairs}
    if not any(known.values()):
        raise InputError(f"no image has a name in '{lists[0]}', such as '{next(iter(parts))}'")
    rest: Part | None = None if "train" in parts.values() else "train"
    kept = [replace(pair, part=part) for pair, part in ((pair, known[pair] or rest) for pair in pairs) if part]
    left_out = [
        LeftOut(str(pair.image), f"image {UNLISTED}", f"it is not in {lists[0].name}")
        for pair in pairs
        if not (known[pair] or rest)
    ]
    return kept, left_out


def parts_of_table(text: str) -> dict[str, Part]:
    """The part of each name in a table with a column of names and one of parts; {} for another table."""
    rows = list(csv.DictReader(io.StringIO(text)))
    heads = {head.strip().lower(): head for head in (rows[0] if rows else {}) if head}
    name, split = (next((heads[word] for word in words if word in heads), None) for words in (NAMES, SPLITS))
    if not name or not split:
        return {}
    found = ((PurePosixPath(row[name] or "").stem, _part(row[split] or "")) for row in rows)
    return {stem: part for stem, part in found if part}


def _texts(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("*.txt")) if folder.is_dir() else ()


def _part(word: str) -> Part | None:
    """The part that a list's name is for; "trainval" is the sum of two lists, and no part."""
    found = part_of(word)
    return found[0] if found and not found[1] and word.lower() != "trainval" else None


def _of_texts(texts: Mapping[Part, Path]) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    for part, path in texts.items():
        for line in text_of(path).splitlines():
            stem = PurePosixPath(line.split()[0]).stem if line.strip() else ""
            if stem and parts.setdefault(stem, part) != part:
                raise InputError(f"'{stem}' is in {texts[parts[stem]].name} and in {path.name}; an image has one part")
    return parts


def text_of(path: Path) -> str:
    """A list's text.

    Raises:
        InputError: It can't be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the list '{path}' ({error})") from error
