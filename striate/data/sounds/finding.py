"""From a path to sound files with their classes.

The forms are a folder for each class, maybe in folders of parts, with the lists testing_list.txt and
validation_list.txt of Speech Commands or without; one folder of files that are called CLASS_SPEAKER_NUMBER, of which
numbers 0 to 4 are the test, as the Free Spoken Digit Dataset has them; and a table with the columns path, label and
maybe split.

>>> class_of("7_jackson_32"), class_of("seven")
(('7', 32), None)
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from striate.data.amounts import so_many
from striate.data.dataset import ALIKE, ALL, parted_for_test
from striate.data.files import counted
from striate.data.layout import FILLERS
from striate.data.loading import places_of
from striate.data.parts import PARTS, Part, part_of
from striate.errors import InputError

from .waves import SUFFIXES

NAMED = re.compile(r"([^_]+)_(?:[^_]+_)*(\d+)")
TEST_NUMBERS = 5  # of each speaker and digit, FSDD's test
LISTS: dict[str, Part] = {"testing_list.txt": "test", "validation_list.txt": "validation"}
TABLES = (".csv", ".tsv")
DEEP = 4  # folders below the one that is given


@dataclass(frozen=True)
class Entry:
    """A file with its class and its part."""

    path: Path
    label: str
    part: Part


@dataclass(frozen=True)
class SoundSet:
    """Sound files with their classes.

    Attributes:
        name: A short name.
        source: As it was given.
        parts: The files of each part.
        classes: Those of the training part: in order of their values where all are numbers, else of the alphabet.
        notes: One line for each thing to report.
    """

    name: str
    source: str
    parts: Mapping[Part, tuple[Entry, ...]]
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def sounds_under(folder: Path) -> list[Path]:
    """The sound files under a folder, in the order of the numbers in their names."""
    found = list[Path]()
    for place, folders, names in os.walk(folder):
        deep = len(Path(place).relative_to(folder).parts)
        folders[:] = [] if deep >= DEEP else [name for name in folders if not name.startswith((".", "__MACOSX"))]
        found += [Path(place, one) for one in names if one.lower().endswith(SUFFIXES) and not one.startswith(".")]
    return sorted(found, key=counted)


def class_of(stem: str) -> tuple[str, int] | None:
    """The class and the number in a name like FSDD's."""
    found = NAMED.fullmatch(stem)
    return (found[1], int(found[2])) if found else None


def find(
    source: str | Path, *, hold_out: bool = True, known: Sequence[str] = (), tables: bool = True
) -> SoundSet | None:
    """The sound files at `source`, from here or from $STRIATE_DATA; None where there are none.

    Args:
        source: A folder, or a table of files.
        hold_out: Whether a test part is held out where there is none; else all of it is judged.
        known: Classes that a network has learned.
        tables: Whether it may be a table.

    Raises:
        InputError: There are some, and they are not in classes.
    """
    for place in places_of(source):
        if os.path.isdir(place) and (files := sounds_under(place)):
            entries, notes = _of_folder(place, files)
            return _put_together(place.resolve().name, str(source), entries, notes, hold_out, known)
        if tables and os.path.isfile(place) and place.suffix.lower() in TABLES:
            return _put_together(place.stem, str(source), _of_table(place), [], hold_out, known)
    return None


def _of_folder(root: Path, files: Sequence[Path]) -> tuple[list[Entry], list[str]]:
    named = [found for path in files if (found := class_of(path.stem))]
    if len(named) == len(files) and len({path.parent for path in files}) == 1:
        return _by_name(files, named)
    listed = {line: part for name, part in LISTS.items() for line in _lines(root / name)}
    entries = list[Entry]()
    for path in files:
        part, label = _placed(path.relative_to(root).parts[:-1])
        if label:
            entries.append(Entry(path, label, listed.get(path.relative_to(root).as_posix(), part)))
    if not entries:
        tables = [path for path in root.iterdir() if path.suffix.lower() in TABLES]
        if len(tables) == 1:
            return _of_table(tables[0]), [f"{tables[0].name} says which class each is"]
        raise InputError(
            f"'{root}' holds {so_many(len(files), 'sounds')} in no class's folder; put those of each class in a folder "
            "of its own, or call them CLASS_SPEAKER_NUMBER.wav"
        )
    missed = len(files) - len(entries)
    are = "is" if missed == 1 else "are"
    return entries, [f"left out: {so_many(missed, 'sounds')} that {are} in no class's folder"] if missed else []


def _by_name(files: Sequence[Path], named: Sequence[tuple[str, int]]) -> tuple[list[Entry], list[str]]:
    """Those whose names say a class and a number; low numbers are the test unless that leaves a class one sound."""
    left = Counter(label for label, number in named if number >= TEST_NUMBERS)
    apart = all(left[label] > 1 for label, _ in named)
    entries = [
        Entry(path, label, "test" if apart and number < TEST_NUMBERS else "train")
        for path, (label, number) in zip(files, named, strict=True)
    ]
    tested = f"; numbers below {TEST_NUMBERS} are the test" if apart else ""
    return entries, [f"the class is the first part of each name{tested}"]


def _placed(folders: Sequence[str]) -> tuple[Part, str]:
    """The part and the class that a file has in these folders; no class in one like `_background_noise_`."""
    if any(name.startswith("_") for name in folders):
        return "train", ""
    parts = [found[0] for name in folders if (found := part_of(name)) and found[1] in FILLERS]
    rest = [name for name in folders if not ((found := part_of(name)) and found[1] in FILLERS)]
    return parts[0] if parts else "train", rest[-1] if rest else ""


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").split() if path.is_file() else []


def _of_table(path: Path) -> list[Entry]:
    """The files that a table names, from its own folder.

    Raises:
        InputError: It has other columns, or a file is not there.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"cannot read '{path}'; save it as UTF-8 text") from None
    try:
        rows = list(csv.DictReader(lines, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True))
    except csv.Error as error:  # a quote that opens and never closes
        raise InputError(f"'{path}' is no table: {error}") from None
    if not rows or not {"path", "label"} <= rows[0].keys():
        raise InputError(
            f"'{path}' is no table of sounds; its first line names the columns path, label and maybe split"
        )
    entries = list[Entry]()
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise InputError(f"'{path}', line {number}: it has another number of cells than the first")
        if not row["path"] or not row["label"]:
            raise InputError(f"'{path}', line {number}: its path or its label is empty")
        part = part_of(row.get("split") or "train")
        if part is None:
            raise InputError(f"'{path}', line {number}: '{row['split']}' is no part; write train, val or test")
        place = path.parent / row["path"]
        if not place.is_file():
            raise InputError(f"'{path}', line {number}: there is no file '{place}'")
        entries.append(Entry(place, row["label"], part[0]))
    return entries


def _put_together(
    name: str, source: str, entries: Sequence[Entry], notes: Sequence[str], hold_out: bool, known: Sequence[str]
) -> SoundSet:
    parts = {part: tuple(one for one in entries if one.part == part) for part in PARTS}
    parts = {part: some for part, some in parts.items() if some}
    if "train" not in parts:
        if not known:
            raise InputError(f"'{source}' has nothing to train on; a part called train holds that")
        parts = {"train": next(iter(parts.values())), **parts}
    classes = tuple(sorted({one.label for one in parts["train"]}, key=counted))
    if len(classes) < 2 and not known:
        raise InputError(f"'{source}' has only one class, '{classes[0]}'; give sounds of at least two")
    if unknown := sorted({one.label for one in entries} - {*classes, *known}):
        raise InputError(f"'{source}' has a class '{unknown[0]}' in another part that no training sound has")
    counts = Counter(one.label for one in entries)
    few, many = min(counts.values()), max(counts.values())
    each = f"{few:,} of each" if few == many else f"{few:,} to {many:,} of each"
    told = [f"{len(entries):,} sounds of {len(classes)} classes, {each}", *notes]
    if "test" not in parts:
        told.append(_with_test(parts, hold_out, source))
    return SoundSet(name, source, parts, classes, tuple(f"{name}: {line}" for line in told))


def _with_test(parts: dict[Part, tuple[Entry, ...]], hold_out: bool, source: str) -> str:
    if not hold_out:
        parts["test"] = parts.get("validation", parts["train"])
        return ALL
    train = parts["train"]
    labels, names = [one.label for one in train], [one.path.name for one in train]
    rest, chosen, said = parted_for_test(labels, names, source, "sounds", ALIKE)
    parts["train"], parts["test"] = (tuple(train[row] for row in rows) for rows in (rest, chosen))
    return said
