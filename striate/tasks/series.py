"""Classification of series of measurements: of one or more channels, of any lengths, with numbers beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from striate import zoo
from striate.augmentation.augment import Augment
from striate.augmentation.words import parsed
from striate.data import series as files
from striate.data.examples import Examples, Opened, Schema, Table, digest_of
from striate.data.kinds import Image, Kind, Label, Number
from striate.data.left_out import said as left_out_said
from striate.data.recipe import Recipe
from striate.data.series import Rows, SeriesSet
from striate.data.series.padding import padded, shortened, weights
from striate.errors import InputError
from striate.notation import Network
from striate.notation import notes as what_to_see
from striate.notation.rules.shape import shown
from striate.notation.sizes import Size, bound_at, input_word
from striate.notation.tree import Shape
from striate.report.curves import curves, png
from striate.report.moments import lost
from striate.report.places import inside
from striate.tasks.ends import outputs_for
from striate.tasks.fitting import Fitted, adapting
from striate.tasks.judging import JudgedLabels
from striate.tasks.labelled import LABEL, Labelled, Prediction, logits
from striate.tasks.task import Asked, Wish, is_place
from striate.training.fields import Fields
from striate.training.objective import Net
from striate.training.options import Options

SERIES, SIDE = "series", "side"
TINY = 1e-6
DRAWN = 100  # series whose answer is drawn
BATCH, SMALLEST = 16, 10  # of few series a tenth, as Wang et al. 2017


@dataclass(frozen=True)
class Series(Labelled):
    """One class a series.

    Attributes:
        channels: How many values a series has at each moment.
        length: Values in a row: those of the longest training series.
        beside: How many numbers stand beside a series.
        weighted: Whether the network reads one channel more, of what each moment counts: 0 beyond the end of a series.
        sided: Whether it reads the numbers beside a series.
        mean, std: Of each channel of the training series.
        side_mean, side_std: Of each number beside them.
    """

    channels: int
    length: int
    beside: int = 0
    weighted: bool = False
    sided: bool = False
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    side_mean: tuple[float, ...] = ()
    side_std: tuple[float, ...] = ()

    word: ClassVar[str] = "series"
    reads: ClassVar[str] = (
        "a .ts file of sktime or of the UEA archive; a table with a class and the values of a series on each line "
        "(.csv, .tsv, .txt), where columns that begin with side are numbers beside it; an .npz archive of x "
        "(series, channels, length), y and maybe len and side; NAME_TRAIN and NAME_TEST of these, by either, by their "
        "folder or by folder/NAME"
    )
    unit: ClassVar[str] = "series"
    plainest: ClassVar[str] = "fcn-1d"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Labelled series as rows of one length."""
        if not is_place(source) or not (wish.named or like):
            return None
        found = files.find(source, bad=wish.bad, hold_out=wish.hold_out, known=like.classes if like else ())
        if found is None:
            return None
        task = like or cls._of(found)
        if like is None and wish.network is not None:
            task = task._as_read(wish.network, found.name)
        if found.channels != task.channels:
            raise InputError(f"{found.name} has {found.channels} channels, and the run learned {task.channels}")
        return task, task._opened(found, task.positions(found.classes, found.name))

    @classmethod
    def _of(cls, found: SeriesSet) -> Self:
        """With the facts of the training part."""
        train = found.parts["train"]
        values = np.concatenate(train.values, axis=1).astype(np.float64)
        side = np.zeros((1, 0)) if train.side is None else train.side.astype(np.float64)
        mean, std, side_mean, side_std = (
            tuple(float(f"{one:.6g}") for one in row)
            for row in (values.mean(1), _spread(values.std(1)), side.mean(0), _spread(side.std(0)))
        )
        return cls(
            found.classes,
            found.channels,
            train.longest,
            side.shape[1],
            mean=mean,
            std=std,
            side_mean=side_mean,
            side_std=side_std,
        )

    # the network

    def letters(self) -> Mapping[str, int]:
        """The number of classes, of channels, of values in a row, and of numbers beside it."""
        beside = {"beside": self.beside} if self.beside else {}
        return {**super().letters(), "channels": self.channels, "length": self.length, **beside}

    def _as_read(self, network: Network, name: str) -> Self:
        """The task with what the network asks of the data."""
        shapes = self._bound(network, [], name).inputs
        shape = shapes.get(SERIES) or next(iter(shapes.values()))
        return dataclasses.replace(
            self, weighted=shape[0] == self.channels + 1, sided=SIDE in shapes and self.beside > 0
        )

    def _bound(self, network: Network, notes: list[str], name: str) -> Network:
        """The network with the numbers of the data."""
        if network.program is None:
            return network
        word = input_word(network)
        bare = word is not None and not word.arguments
        shape = (self.channels, self.length) if bare and not network.others else None
        return zoo.rebind(network, adapting(network, self, notes, name), shape)

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads rows of this length.

        Raises:
            InputError: Its inputs are not the data's.
        """
        notes: list[str] = []
        if size is not None:
            raise InputError("the length of series is their own; leave `size` out")
        network = self._bound(network, notes, opened.name)
        given: dict[str, Shape] = {SERIES: (self.channels + self.weighted, self.length)}
        given |= {SIDE: (self.beside,)} if self.sided else {}
        asked = dict(network.inputs) if network.others else {SERIES: next(iter(network.inputs.values()))}
        alone = asked[SERIES] if not network.others else ()
        if len(alone) == 2 and alone[0] == given[SERIES][0] and alone != given[SERIES]:
            notes += [f"network: {network.name} for series of {self.length} values"] if alone[1] is not None else []
            network, asked = bound_at(network, given[SERIES]), given
        if asked != given:
            raise InputError(f"{network.name} reads {_said(asked)}, and {opened.name} gives {_said(self._gives())}")
        if self.beside and not self.sided:
            notes.append(f"the numbers beside each series are not read: {network.name} has no `{SIDE}: input {SIDE}`")
        outputs_for(network, network.input, self, opened.name, f"series of {shown(given[SERIES])}")
        return Fitted(network, None, (*what_to_see(network), *notes), self)

    def _gives(self) -> dict[str, Shape]:
        """What the data have for a network."""
        beside = {SIDE: (self.beside,)} if self.beside else {}
        return {SERIES: (self.channels, self.length), **beside}

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> None:
        """Nothing: what a series may be changed to without becoming another depends on what was measured."""
        if parsed(wanted):
            raise InputError(f"augment '{wanted}' is for images; series stay as they are")

    def usual(self, options: Options, count: int, augment: Augment | None, started: bool) -> Options:
        """Small batches of few series."""
        few = max(2, min(BATCH, count // SMALLEST))
        batch = few if options.batch == Options.batch and count < BATCH * SMALLEST * 10 else options.batch
        return super().usual(dataclasses.replace(options, batch=batch), count, augment, started)

    # what is told

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Series in arrays and files."""
        flat = [one for some in given for part in (some if _is_list(some) else [some]) for one in files.files_of(part)]
        found = [files.given(one, bad, self.channels, number, self.classes) for number, one in enumerate(flat, 1)]
        if not found:
            raise InputError(f"{files.TAKES}. Received: none")
        names, inputs, notes = list[str](), list[Fields](), list[str]()
        for rows in found:
            made = self._fields(rows)
            inputs += [{name: values[row : row + 1] for name, values in made.items()} for row in range(len(rows))]
            names += rows.names
            notes += self._shortened(rows, "asked about")
        notes += files.missing_said(sum(rows.missing for rows in found))
        left_out = tuple(one for rows in found for one in rows.left_out)
        notes += [left_out_said(left_out)] if left_out else []
        return Asked(names, inputs, tuple(notes), left_out)

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Prediction]:
        """The most probable classes of each series, and of some a picture of where the answer lies in it."""
        found = super().answers(outputs, asked, net)
        return [
            dataclasses.replace(one, pictures={"": self._pictured(asked.inputs[row], net)}) if row < DRAWN else one
            for row, one in enumerate(found)
        ]

    def _pictured(self, inputs: Fields, net: Net) -> bytes:
        """A series with what its class loses where a part of it is taken away."""
        series, beside = inputs[SERIES][0], {name: one for name, one in inputs.items() if name != SERIES}
        end = self._end(series.numpy())

        def score(rows: torch.Tensor) -> torch.Tensor:
            return logits(net({**{name: one.expand(len(rows), -1) for name, one in beside.items()}, SERIES: rows}))

        return png(curves(series[: self.channels, :end].numpy(), lost(score, series, self.channels, end)))

    def seen(self, x: NDArray[np.float32]) -> NDArray[np.uint8]:
        """A series as its curve."""
        return curves(x[: self.channels, : self._end(x)])

    def heated(self, x: NDArray[np.float32], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
        """A series as its curve, the moments that decided behind it."""
        end = self._end(x)
        return curves(x[: self.channels, :end], heat[:end])

    def judged(self, name: str, examples: Examples, rows: Fields, figures: Mapping[str, float]) -> JudgedSeries:
        """How a network does on labelled series."""
        return JudgedSeries(name, examples, rows, figures, self.unit, self.classes, self)

    def _end(self, series: NDArray[np.float32]) -> int:
        """Where a series (C, length) ends, as far as the network knows."""
        return int((series[self.channels] > 0).sum()) if self.weighted else self.length

    def meaning(self) -> tuple[Any, ...]:
        """The classes, and how series are read."""
        how = (self.channels, self.length, self.weighted, self.sided)
        beside = (self.side_mean, self.side_std) if self.sided else ()
        return self.classes, *how, self.mean, self.std, *beside

    def _fields(self, rows: Rows) -> dict[str, torch.Tensor]:
        """What the network reads of them."""
        mean, std = (np.array(one, np.float32)[:, None] for one in (self.mean, self.std))
        values = [(shortened(one, self.length) - mean) / std for one in rows.values]
        made = padded(values, self.length)
        if self.weighted:
            made = np.concatenate([made, weights([one.shape[1] for one in values], self.length)], axis=1)
        fields = {SERIES: torch.from_numpy(made)}
        if self.sided:
            count = 0 if rows.side is None else rows.side.shape[1]
            if rows.side is None or count != self.beside:
                raise InputError(
                    f"{rows.names[0]}: {count} numbers beside it, and the network reads {self.beside}; they are called "
                    "side"
                )
            side = (rows.side - np.array(self.side_mean, np.float32)) / np.array(self.side_std, np.float32)
            fields[SIDE] = torch.from_numpy(side.astype(np.float32))
        return fields

    def _shortened(self, rows: Rows, what: str) -> list[str]:
        long = sum(one.shape[1] > self.length for one in rows.values)
        return (
            [f"{long:,} series {what} are longer than {self.length:,}, and are drawn together to that"] if long else []
        )

    def _opened(self, found: SeriesSet, positions: Sequence[int]) -> Opened:
        place = dict(zip(found.classes, positions, strict=True)) | {one: k for k, one in enumerate(self.classes)}
        tables, notes = {}, [*found.notes]
        for part, rows in found.parts.items():
            labels = torch.tensor([place[label] for label in rows.labels], dtype=torch.int64)
            tables[part] = Table({**self._fields(rows), LABEL: labels}, rows.names)
            notes += [f"{found.name}: {line}" for line in self._shortened(rows, f"to {part}")]
        train = tables["train"]
        inputs: dict[str, Kind] = ({SIDE: Number(self.beside)} if self.sided else {}) | {SERIES: Image()}
        return Opened(
            found.name,
            found.source,
            Schema(inputs, {LABEL: Label(len(self.classes))}),
            train,
            tables.get("test"),
            tables.get("validation"),
            tuple(notes),
            found.left_out,
            strata=[place[label] for label in found.parts["train"].labels],
            sha256=digest_of(train, tables.get("validation")),
        )


@dataclass(frozen=True, eq=False)
class JudgedSeries(JudgedLabels):
    """A network's answers on labelled series.

    Attributes:
        task: Whose series they are.
    """

    task: Series

    def wrong(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> tuple[list[Any], str]:
        """Series as curves, and the moments that decided."""
        from striate.report.classes import WrongImage

        called = [int(self.probabilities[row].argmax()) for row in rows]
        sights = self.look(list(rows), called) if self.look and len(rows) else None
        heats = sights.pictures if sights else [None] * len(rows)
        found = []
        for row, heat in zip(rows, heats, strict=True):
            series = self.examples.take([row])[SERIES][0].numpy()
            picture = curves(series[: self.task.channels, : self.task._end(series)])
            name, true = inside(self.examples.name(row), root), self.classes[self.labels[row]]
            found.append(WrongImage(picture, true, self.top(row), name, heat, notes.get(row, "")))
        return found, sights.said if sights else ""


def _spread(std: Any) -> Any:
    return np.where(std < TINY, 1.0, std)


def _is_list(some: Any) -> bool:
    return isinstance(some, list | tuple) and not all(isinstance(one, int | float) for one in some)


def _said(shapes: Mapping[str, Shape]) -> str:
    return ", ".join(f"{name or 'an input'} {shown(shape)}" for name, shape in shapes.items())
