"""Examples of a data set, whatever they are: named fields for each, in memory or in files.

>>> import torch
>>> some = Table({"image": torch.zeros(4, 1, 2, 2), "label": torch.tensor([0, 1, 0, 1])}, ("a", "b", "c", "d"))
>>> part = some.part([3, 1])
>>> len(part), part.name(0), part.columns["label"].tolist()
(2, 'd', [1, 1])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol, Self

from striate.errors import InputError

from .anew import Making
from .dataset import folds_of, held_out
from .framed import beside, ends_of, fold_of_clips
from .kinds import Kinds
from .lazy import Lazy, chosen, together
from .left_out import LeftOut
from .parts import Part

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from .levels import Levels


SHORT = "parts share no frame, and the clips are too few or too short for that; give more, or longer ones"


class Examples(Protocol):
    """Examples of one part of a data set: named fields, told apart by their position."""

    def __len__(self) -> int:
        """How many there are."""

    def name(self, row: int) -> str:
        """Where one comes from: its file, or its number where it has none."""

    def part(self, rows: Sequence[int]) -> Self:
        """Those at these positions, in that order."""

    def take(self, rows: Sequence[int]) -> Mapping[str, Tensor]:
        """The fields of those at these positions, (N, …) each."""

    def sample(self) -> Mapping[str, Tensor]:
        """The fields of all of them; of some, where all take too much memory."""

    def digest(self) -> bytes:
        """A number that changes with the examples."""


@dataclass(frozen=True, eq=False)
class Table:
    """Examples in memory.

    Attributes:
        columns: Their fields by name, (N, …) each; images may stay in their files.
        names: The N files that they come from, or () where they come from one archive.
    """

    columns: Mapping[str, Tensor | Lazy]
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def name(self, row: int) -> str:
        """Its file, or its position."""
        return self.names[row] if len(self.names) else str(row)

    def part(self, rows: Sequence[int]) -> Table:
        """Those at these positions, in that order; a copy."""
        import torch

        index = torch.tensor(rows, dtype=torch.int64)
        names = chosen(self.names, rows) if len(self.names) else ()
        columns = {
            name: values.part(rows) if isinstance(values, Lazy) else values[index]
            for name, values in self.columns.items()
        }
        return Table(columns, names)

    @property
    def streams(self) -> bool:
        """Whether some of it stays in files."""
        return any(isinstance(values, Lazy) for values in self.columns.values())

    def take(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """The fields of those at these positions."""
        found = self.part(rows).columns
        return {
            name: values.read(range(len(rows))) if isinstance(values, Lazy) else values
            for name, values in found.items()
        }

    def sample(self) -> Mapping[str, Tensor]:
        """All fields; of images in files, some, and not those of the same examples as the rest."""
        return {name: values.sample() if isinstance(values, Lazy) else values for name, values in self.columns.items()}

    def digest(self) -> bytes:
        """The SHA-256 of all values."""
        import torch

        digest = sha256()
        for values in self.columns.values():
            if isinstance(values, Lazy):
                digest.update(values.digest())
                continue
            digest.update(values.contiguous().view(torch.uint8).numpy().data)
        return digest.digest()


def joined(*tables: Table) -> Table:
    """The examples of several tables of the same fields, one table after the other.

    >>> import torch
    >>> some = Table({"label": torch.tensor([0, 1])}, ("a", "b"))
    >>> joined(some, some.part([1])).names
    ('a', 'b', 'b')
    """
    import torch

    def after(first: Tensor | Lazy, other: Tensor | Lazy) -> Tensor | Lazy:
        if isinstance(first, Lazy):
            assert isinstance(other, Lazy)
            return first.plus(other)
        assert isinstance(other, torch.Tensor)
        return torch.cat([first, other])

    whole, *others = tables
    for table in others:
        columns = {name: after(values, table.columns[name]) for name, values in whole.columns.items()}
        whole = Table(columns, together(whole.names, table.names))
    return whole


@dataclass(frozen=True)
class Schema:
    """What the fields of an example are.

    Attributes:
        inputs: What a network reads, in the order of its inputs.
        targets: What its outputs are compared with.
        made: Makes both of these fields, where the network does not read them as they are.
    """

    inputs: Kinds
    targets: Kinds
    made: Making | None = None


@dataclass(frozen=True, eq=False)
class Opened:
    """Data as a task reads them.

    Attributes:
        name: A short name for titles.
        source: The word or path as it was given; empty for data made in Python.
        schema: What their fields are.
        train: The examples to learn from.
        test: Those to judge by; None when there are none.
        validation: Those to choose the best epoch by; None when a part of `train` is to be taken for that.
        notes: One line for each thing to report: where they were found, what was decided, what was left out.
        left_out: Files and folders that were found and not read.
        strata: Of each example of `train` the group that a share of is held out; () for no groups.
        clips: Of each example of `train`, in order, the number of the clip that it is a frame of; () where examples
            are no frames. As neighbours are alike, whole clips are held out, or of a few clips the end of each.
        gap: How many examples on each side of one show a frame that it shows too: so many beside examples that are
            held out are in neither part.
        strands: Where clips go on in each other, of each example the number of the whole; () where none does.
        sha256: The checksum of the examples that training sees, with validation.
        levels: What is black and white in its image files of more than 8 bits.

    Raises:
        InputError: Examples have other fields than the schema names.
    """

    name: str
    source: str
    schema: Schema
    train: Examples
    test: Examples | None = None
    validation: Examples | None = None
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    strata: Sequence[int] = field(default=(), repr=False)
    clips: Sequence[int] = field(default=(), repr=False)
    gap: int = 0
    strands: Sequence[int] = field(default=(), repr=False)
    sha256: str = ""
    levels: Levels | None = None

    def __post_init__(self) -> None:
        named = {*self.schema.inputs, *self.schema.targets}
        for part in (self.train, self.test, self.validation):
            if isinstance(part, Table) and (apart := sorted(named ^ part.columns.keys())):
                has, lacks = ("examples", "schema") if apart[0] in part.columns else ("schema", "examples")
                raise InputError(
                    f"'{apart[0]}' is a field in the {has} of {self.name} and not in their {lacks}; "
                    "a Table has the fields that its Schema names as inputs and targets"
                )

    def split(self, fraction: float, seed: int, unit: str = "images") -> tuple[Examples, Examples]:
        """Examples to train on and to validate by: the data's own, or a share of each group of `train`.

        Raises:
            InputError: There are too few; `unit` is what they are called.
        """
        if self.validation is not None:
            return self.train, self.validation
        count = len(self.train)
        if self.clips:
            return self._parted(set(ends_of(self.clips, fraction, str(seed), self.gap)), unit)
        keys = (f"{seed} {row}" for row in range(count))
        chosen = set(held_out(self.strata or [0] * count, keys, fraction))
        return self._parted(chosen, unit)

    def folded(self, number: int, count: int, seed: int, unit: str = "images") -> tuple[Examples, Examples]:
        """Examples to train on, and those of one of `count` folds of `train`, from 1, to validate by.

        Raises:
            InputError: There are fewer examples than folds; `unit` is what they are called.
        """
        if len(self.train) < count:
            raise InputError(f"{count} folds take as many {unit}; there are {len(self.train)}")
        return self._parted(set(self.in_fold(number, count, seed)), unit)

    def in_fold(self, number: int, count: int, seed: int) -> list[int]:
        """The positions in `train` of the examples of a fold, rising."""
        rows = range(len(self.train))
        if self.clips:
            return fold_of_clips(self.clips, number, count)
        folds = folds_of(self.strata or [0] * len(rows), (f"{seed} {row}" for row in rows), count)
        return [row for row, fold in zip(rows, folds, strict=True) if fold == number]

    def _parted(self, chosen: set[int], unit: str) -> tuple[Examples, Examples]:
        """The others, without those that show frames of both, and those at the chosen positions.

        Raises:
            InputError: One of the two is empty.
        """
        if not chosen:
            lack = f"no class has two {unit}" if self.strata else "there is only one"
            raise InputError(f"nothing can be set aside: {SHORT if self.gap else f'{lack}; give more {unit}'}")
        away = chosen | beside(self.strands or self.clips, chosen, self.gap)
        rest = [row for row in range(len(self.train)) if row not in away]
        if not rest:
            raise InputError(f"nothing is left to train on: {SHORT}")
        return self.train.part(rest), self.train.part(sorted(chosen))


class Told(Protocol):
    """What is said of a folder's files."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided, a sentence each."""

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What was not read."""


def opened_in(
    root: Path, source: str, schema: Schema, tables: Mapping[Part, Table], found: Told, decided: Sequence[str]
) -> Opened:
    """The data of a folder.

    Args:
        root: The folder.
        source: As it was given.
        schema: What the fields are.
        tables: The examples of each part; without any to train on, those to judge by stand there too.
        found: What its files say.
        decided: What was decided about the parts.
    """
    train, validation = tables.get("train", tables.get("test")), tables.get("validation")
    assert train is not None
    name = root.resolve().name
    notes, digest = (*(f"{name}: {note}" for note in found.notes), *decided), digest_of(train, validation)
    return Opened(name, source, schema, train, tables.get("test"), validation, notes, found.left_out, sha256=digest)


def digest_of(*parts: Examples | None) -> str:
    """The checksum of several parts: the same examples, the same sum."""
    digest = sha256()
    for part in parts:
        digest.update(part.digest() if part is not None else b"")
    return digest.hexdigest()
