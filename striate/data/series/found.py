"""Series with their classes, in the parts to learn from, to choose by and to judge by.

>>> import numpy as np
>>> two = Rows((np.zeros((1, 5), np.float32), np.zeros((1, 9), np.float32)), ("up", "down"), ("a:1", "a:2"))
>>> two.longest, two.take([1]).labels
(9, ('down',))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from striate.data.dataset import ALIKE, ALL, parted_for_test
from striate.data.files import counted
from striate.data.left_out import LeftOut
from striate.data.left_out import said as left_out_said
from striate.data.parts import PARTS, Part
from striate.errors import InputError

from .cleaning import Values, cleaned

SHORT = "series"  # the kind of what is left out


@dataclass(frozen=True, eq=False)
class Row:
    """One series as a file has it.

    Attributes:
        values: (channels, length), with NaN for what is missing and beyond the end.
        name: Where it stands: "a.csv:7".
        label: Its class; None where the file says none.
        side: Numbers beside it, (S,).
    """

    values: NDArray[np.floating]
    name: str
    label: str | None = None
    side: NDArray[np.floating] | None = None


@dataclass(frozen=True, eq=False)
class Rows:
    """Series that can be read, with their classes.

    Attributes:
        values: (channels, length) each, finite.
        labels: A class each; empty where they have none.
        names: Where each stands.
        side: (N, S), numbers beside each; None where there are none.
        missing: How many of them had missing values.
        left_out: Those that can't be read.
    """

    values: tuple[Values, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    side: NDArray[np.float32] | None = None
    missing: int = 0
    left_out: tuple[LeftOut, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def longest(self) -> int:
        """The length of the longest."""
        return max(int(one.shape[1]) for one in self.values)

    @property
    def shortest(self) -> int:
        """The length of the shortest."""
        return min(int(one.shape[1]) for one in self.values)

    def take(self, rows: Sequence[int]) -> Rows:
        """Those at these positions, in that order."""
        values = tuple(self.values[row] for row in rows)
        labels, names = (tuple(one[row] for row in rows) for one in (self.labels, self.names))
        side = None if self.side is None else self.side[list(rows)]
        return replace(self, values=values, labels=labels, names=names, side=side, missing=0, left_out=())


@dataclass(frozen=True, eq=False)
class SeriesSet:
    """A set of series.

    Attributes:
        name: A short name.
        source: As it was given.
        parts: The parts that there are.
        classes: Those of the training part: in order of their values where all are numbers, else of the alphabet.
        notes: One line for each thing to report.
    """

    name: str
    source: str
    parts: Mapping[Part, Rows]
    classes: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The series of all parts that can't be read."""
        return tuple(one for part in self.parts.values() for one in part.left_out)

    @property
    def channels(self) -> int:
        """How many values a series has at each moment."""
        return int(self.parts["train"].values[0].shape[0])


def rows_of(raw: Sequence[Row], bad: str, where: str, channels: int = 0) -> Rows:
    """The series that can be read.

    Args:
        raw: As a file has them.
        bad: Whether one that can't be read is left out ("skip") or refused ("refuse").
        where: The file, for errors.
        channels: How many each must have; 0 for as many as most have.

    Raises:
        InputError: None can be read; or one can't and that is refused.
    """
    channels = channels or Counter(one.values.shape[0] for one in raw).most_common(1)[0][0] if raw else 0
    kept, missing, left_out = list[tuple[Values, Row]](), 0, list[LeftOut]()
    for one in raw:
        clean = cleaned(one.values)
        fault = clean.fault or _unlike(one, channels)
        if fault and bad == "refuse":
            raise InputError(f"'{one.name}': {fault}; correct it, or leave it out")
        if fault:
            left_out.append(LeftOut(one.name, SHORT, fault))
            continue
        kept.append((clean.values, one))
        missing += clean.missing > 0
    if not kept:
        why = f"; the first: {left_out[0]}" if left_out else ""
        raise InputError(f"'{where}' holds no series that can be read{why}")
    labels = tuple(one.label for _, one in kept if one.label is not None)
    sides = [one.side for _, one in kept if one.side is not None]
    side = np.stack(sides).astype(np.float32) if sides else None
    names = tuple(one.name for _, one in kept)
    return Rows(tuple(values for values, _ in kept), labels, names, side, missing, tuple(left_out))


def _unlike(row: Row, channels: int) -> str:
    if row.values.shape[0] != channels:
        return f"it has {row.values.shape[0]} channels and the others {channels}"
    if row.side is not None and not np.isfinite(row.side).all():
        return "a number beside it is not finite"
    return ""


def put_together(
    name: str, source: str, parts: Mapping[Part, Rows], hold_out: bool, known: Sequence[str], notes: Sequence[str]
) -> SeriesSet:
    """The set of these parts; a test part is held out where there is none.

    Raises:
        InputError: They have no classes, or too few, or unlike series.
    """
    parts = dict(parts)
    if "train" not in parts:
        if not known:
            raise InputError(f"'{source}' has nothing to train on; a file or key called train holds that")
        parts = {"train": replace(next(iter(parts.values())), missing=0, left_out=()), **parts}
    train = parts["train"]
    for part, rows in parts.items():
        if len(rows.labels) != len(rows):
            raise InputError(f"'{source}' has series without a class to {part}")
        if rows.values[0].shape[0] != train.values[0].shape[0]:
            few, many = rows.values[0].shape[0], train.values[0].shape[0]
            raise InputError(f"'{source}' has series of {few} channels to {part} and of {many} to train")
        if (rows.side is None) != (train.side is None):
            raise InputError(f"'{source}' has numbers beside the series of one part and not of the other")
    classes = _classes(source, parts, known)
    told = [*notes]
    if "test" not in parts:
        told.append(_with_test(parts, hold_out, source))
    shape = f"{train.values[0].shape[0]} channels" if train.values[0].shape[0] > 1 else "one channel"
    longest, shortest = max(one.longest for one in parts.values()), min(one.shortest for one in parts.values())
    lengths = f"{longest:,} values long" if longest == shortest else f"{shortest:,} to {longest:,} values long"
    side = "" if train.side is None else f", with {train.side.shape[1]} numbers beside each"
    total = sum(map(len, {id(rows.values): rows for rows in parts.values()}.values()))  # one part may stand for two
    first = f"{total:,} series of {len(classes)} classes, {shape}, {lengths}{side}"
    told += _oddities(parts)
    ordered = {part: parts[part] for part in PARTS if part in parts}
    return SeriesSet(name, source, ordered, classes, tuple(f"{name}: {line}" for line in (first, *told) if line))


def _classes(source: str, parts: Mapping[Part, Rows], known: Sequence[str]) -> tuple[str, ...]:
    classes = tuple(sorted(set(parts["train"].labels), key=counted))
    if len(classes) < 2 and not known:
        raise InputError(f"'{source}' has only one class, '{classes[0]}'; give series of at least two")
    for part, rows in parts.items():
        if unknown := sorted(set(rows.labels) - set(classes) - set(known)):
            raise InputError(f"'{source}' has a class '{unknown[0]}' to {part} that no training series has")
    return classes


def _with_test(parts: dict[Part, Rows], hold_out: bool, source: str) -> str:
    if not hold_out:
        parts["test"] = replace(parts.get("validation", parts["train"]), missing=0, left_out=())
        return ALL
    train = parts["train"]
    rest, chosen, said = parted_for_test(train.labels, train.names, source, SHORT, ALIKE)
    kept = replace(train.take(rest), missing=train.missing, left_out=train.left_out)
    parts["train"], parts["test"] = kept, train.take(chosen)
    return said


def missing_said(missing: int) -> list[str]:
    """What there is to tell of so many series with missing values."""
    return [f"{missing:,} series had missing values, which lie between their neighbours now"] if missing else []


def _oddities(parts: Mapping[Part, Rows]) -> list[str]:
    """What there is to tell of the series' values."""
    told = missing_said(sum(one.missing for one in parts.values()))
    same = [
        one
        for rows in {id(rows.values): rows for rows in parts.values()}.values()
        for one in rows.values
        if bool((one == one[:, :1]).all())
    ]
    are = "is" if len(same) == 1 else "are"
    told += [f"{len(same):,} series {are} the same value all along"] if same else []
    left_out = [one for rows in parts.values() for one in rows.left_out]
    return told + ([left_out_said(left_out)] if left_out else [])
