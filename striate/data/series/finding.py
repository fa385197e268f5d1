"""From a path to series with their classes: one file, or NAME_TRAIN and NAME_TEST as in the UCR and UEA archives.

>>> find("/nowhere/GunPoint") is None
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from striate.data.arrays import DAMAGE
from striate.data.left_out import LeftOut
from striate.data.loading import places_of
from striate.data.parts import Part, part_of
from striate.data.sentences.decoding import text_of
from striate.errors import InputError, why_damaged

from . import archive, table, ts
from .found import Row, Rows, SeriesSet, put_together, rows_of

ENDS = (archive.SUFFIX, ts.SUFFIX, *table.SUFFIXES)
TAKES = "predict takes series: arrays (channels, length), or .csv, .ts, .npy and .npz files of some"


def find(
    source: str | Path, *, bad: str = "skip", hold_out: bool = True, known: Sequence[str] = ()
) -> SeriesSet | None:
    """The series at `source`, from here or from $STRIATE_DATA; None where there is no file of any.

    Args:
        source: A file; one of two for training and test; the folder of both; or what their names begin with.
        bad: Whether a series that can't be read is left out and noted ("skip") or refused ("refuse").
        hold_out: Whether a test part is held out where there is none; else all series are judged.
        known: Classes that a network has learned.

    Raises:
        InputError: There is such a file, and it is not what it should be.
    """
    files = next((found for place in places_of(source) if (found := _files(place))), None)
    if files is None:
        return None
    parts: dict[Part, Rows] = {}
    for given_part, path in files.items():
        for part, rows in _read(path, given_part, bad).items():
            if part in parts:
                raise InputError(f"'{source}' has series to {part} in two files; {path.name} is one of them")
            parts[part] = rows
    first = next(iter(files.values()))
    name = _stem(first) if len(files) > 1 else first.stem
    said = [f"{part} is {path.name}" for part, path in files.items()] if len(files) > 1 else []
    return put_together(name, str(source), parts, hold_out, known, said)


def _files(place: Path) -> dict[Part, Path]:
    """The file of each part; nothing where there is none."""
    try:
        if place.is_dir():
            return _pair([path for path in sorted(place.iterdir()) if path.suffix.lower() in ENDS], str(place))
        if place.is_file():
            return _with_other(place) if place.suffix.lower() in ENDS else {}
        if not place.name:
            return {}
        begun = sorted(path for path in place.parent.glob(f"{place.name}*") if path.suffix.lower() in ENDS)
        return _pair([path for path in begun if _stem(path) == place.name], str(place)) if begun else {}
    except InputError:
        raise
    except (OSError, ValueError):  # a name that is too long, or holds a NUL byte; a folder that may not be read
        return {}


def _with_other(path: Path) -> dict[Part, Path]:
    """A file, and the one of the other part beside it."""
    if part_of(path.stem) is None:
        return {"train": path}
    beside = [one for one in sorted(path.parent.iterdir()) if one.suffix.lower() in ENDS and _stem(one) == _stem(path)]
    return _pair(beside, str(path), path.suffix.lower())


def _pair(files: Sequence[Path], where: str, wanted: str = "") -> dict[Part, Path]:
    """The file of each part; where they stand there in several formats, of the wanted one or of that with most parts.

    Raises:
        InputError: They are of several sets, or two of a part.
    """
    by_suffix: dict[str, dict[Part, Path]] = {}
    stems = sorted({_stem(path) for path in files if part_of(path.stem)})
    if len(stems) > 1:
        raise InputError(f"'{where}' holds several sets of series, {', '.join(stems[:3])}; say which")
    for path in files:
        if (part := part_of(path.stem)) is None:
            continue
        other = by_suffix.setdefault(path.suffix.lower(), {}).setdefault(part[0], path)
        if other != path:
            raise InputError(f"'{where}' has two files to {part[0]}, {other.name} and {path.name}; move one elsewhere")
    if not by_suffix:
        return {"train": files[0]} if len(files) == 1 else {}
    found: dict[Part, Path] = {}
    for suffix in sorted(by_suffix, key=lambda one: (one != wanted, -len(by_suffix[one]), ENDS.index(one))):
        found = {**by_suffix[suffix], **found}
    return found


def _stem(path: Path) -> str:
    """What a set is called, without its part: GunPoint of GunPoint_TRAIN.ts."""
    part = part_of(path.stem)
    return path.stem if part is None else path.stem.rpartition("_")[0] or path.stem.rpartition("-")[0] or part[1]


def _read(path: Path, part: Part, bad: str) -> dict[Part, Rows]:
    if path.suffix.lower() == archive.SUFFIX:
        raw = archive.read_archive(path)
        raw = {part: raw["train"]} if [*raw] == ["train"] else raw  # x in NAME_TEST.npz is to test
        return {one: rows_of(rows, bad, str(path)) for one, rows in raw.items()}
    rows, left_out = _lines(path, bad, labelled=True)
    found = rows_of(rows, bad, str(path))
    return {part: replace(found, left_out=(*left_out, *found.left_out))}


def _lines(path: Path, bad: str, labelled: bool) -> tuple[list[Row], list[LeftOut]]:
    lines = text_of(path).lines
    if path.suffix.lower() == ts.SUFFIX:
        return ts.read_ts(lines, path.name), []
    return table.read_table(lines, path.name, bad, labelled)


def files_of(some: Any) -> list[Any]:
    """The files of series in a folder that a user hands to `predict`; what is no folder as it is.

    Raises:
        InputError: It holds none.
    """
    if not isinstance(some, str | Path) or not Path(some).is_dir():
        return [some]
    found = sorted(path for path in Path(some).iterdir() if path.suffix.lower() in (*ENDS, ".npy"))
    if not found:
        raise InputError(f"'{some}' holds no file of series; {TAKES}")
    return list[Any](found)


def given(some: Any, bad: str, channels: int, number: int, classes: Sequence[str] = ()) -> Rows:
    """What a user hands to `predict`: a file, an array, or a list of numbers.

    Args:
        some: It.
        bad: As for `find`.
        channels: How many a series has.
        number: Which of the things handed over it is, from 1.
        classes: Where each line of a table begins with one of these, that is no value.

    Raises:
        InputError: It holds no series.
    """
    if isinstance(some, str | Path):
        path, aside = Path(some), list[LeftOut]()
        if not path.is_file():
            raise InputError(f"no file '{some}'; {TAKES}")
        if path.suffix.lower() == archive.SUFFIX:
            raw = [row for rows in archive.read_archive(path).values() for row in rows]
        elif path.suffix.lower() == ".npy":
            raw = _of_array(_stored(path), str(path), channels)
        elif path.suffix.lower() in ENDS:
            try:
                raw, aside = _lines(path, bad, labelled=True)
                labelled = all(row.label in classes for row in raw if row.label is not None)
            except table.NoLabelError:
                labelled = False
            if not labelled:
                raw, aside = _lines(path, bad, labelled=False)
        else:
            raise InputError(f"'{some}' is no file of series; {TAKES}")
        raw = [replace(raw[0], name=str(some))] if len(raw) == 1 else raw
        found = rows_of(raw, bad, str(some), channels)
        return replace(found, left_out=(*aside, *found.left_out))
    try:
        array = np.asarray(some)
    except ValueError as error:
        raise InputError(f"{TAKES}. Received: {error}") from None
    return rows_of(_of_array(array, f"array {number}", channels), bad, f"array {number}", channels)


def _stored(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except DAMAGE as error:
        raise InputError(f"'{path}' can't be read: {why_damaged(error)}") from None


def _of_array(values: Any, name: str, channels: int) -> list[Row]:
    if values.ndim == 1:
        values = values[None, None]
    elif values.ndim == 2:
        values = values[None] if channels > 1 or values.shape[0] == 1 else values[:, None]
    every = archive.series_in(values, name)
    return [Row(one, f"{name}[{row}]" if len(every) > 1 else name) for row, one in enumerate(every)]
