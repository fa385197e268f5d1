"""What a task is: the data it reads, what it asks of a network, its loss, its metrics, its answer, its pages.

A task is one frozen dataclass whose fields are the facts it takes from the data, such as the names of classes. They are
saved with every run as JSON. Everything else (training, runs on disk, going on, reports, the command line) is the same
for all tasks and knows none of them.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate import data
from striate.augmentation.augment import Augment
from striate.augmentation.chain import of_photographs
from striate.augmentation.words import AUTO
from striate.data.amounts import single, so_many
from striate.data.examples import Examples, Opened
from striate.data.left_out import LeftOut
from striate.data.loading import check, found_at
from striate.data.video import in_parts
from striate.errors import InputError, WorkError
from striate.losses import Loss
from striate.metrics.metric import Metric
from striate.native.losses import GIVEN
from striate.native.losses import Loss as NativeLoss  # what `Task.native` gives
from striate.notation import Network
from striate.notation.sizes import Size
from striate.notation.tree import Shape
from striate.training.fields import OUTPUT, Fields
from striate.training.history import Epoch, History
from striate.training.objective import Net, Objective
from striate.training.options import Options, for_few, for_started
from striate.training.passes import FEW
from striate.training.verdict import Standing

if TYPE_CHECKING:
    from torch import Tensor, nn

    from striate.data.levels import Levels
    from striate.data.recipe import Recipe
    from striate.report.section import Section
    from striate.tasks.fitting import Fitted

LossName: TypeAlias = "str | Loss | None"
OWN = "own"  # what a configuration calls a loss that was given as a function


@dataclass(frozen=True)
class Wish:
    """What a user asks of the data.

    Attributes:
        shape: What the network reads, (C, *spatial), None for a free axis; None where the data decide.
        bad: Whether files that can't be read are left out ("skip") or refused ("refuse").
        hold_out: Without a test part, whether a share is held out as one; else all of it is judged.
        progress: Whether long work shows a bar on standard error.
        levels: What is black and white in image files of more than 8 bits, where a run has learned that.
        named: Whether the task was asked for by its word, so that the data are for no other.
        heads: The names of what the network gives.
        degrade: How good pictures become worse, to learn to restore them; empty where that is not asked for.
        enlarges: How many times larger than what it reads the network's map is.
        style: A picture whose style is to be learned, by its path; empty where that is not asked for.
        eyes: What sees the pictures that captions are learned for, as `Options.eyes`; empty for the usual.
        augment: How training examples are to be changed, as `Options.augment`.
        before: The facts of the task, where a run goes on: what it need not take from files again.
        maps: How many maps the network gives; 0 where that is not known.
        network: What will read them; None where that is not known.
        spacing: Millimetres of a voxel along each axis, in words; empty for those of the files.
        split: How the labelled pixels of one image are divided, in words; empty for the usual way.
    """

    shape: tuple[int | None, ...] | None = None
    bad: str = "skip"
    hold_out: bool = True
    progress: bool = False
    levels: Levels | None = None
    named: bool = False
    heads: tuple[str, ...] = ()
    degrade: str = ""
    enlarges: int = 1
    style: str = ""
    eyes: str = ""
    augment: str = AUTO
    before: Mapping[str, Any] = field(default_factory=dict)
    maps: int = 0
    network: Network | None = None
    spacing: str = ""
    split: str = ""


@dataclass(frozen=True)
class Asked:
    """Examples that a run is asked about.

    Attributes:
        names: Where each comes from.
        inputs: What the network reads before it is prepared, by name; (1, …) each, an image first.
        notes: One line for each thing to report.
        left_out: What was found and not read.
    """

    names: Sequence[str]
    inputs: Sequence[Fields]
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def of(self, rows: Sequence[int]) -> Asked:
        """Those at these positions."""
        names, inputs = [self.names[row] for row in rows], [self.inputs[row] for row in rows]
        return dataclasses.replace(self, names=names, inputs=inputs)


@dataclass(frozen=True)
class Answer:
    """What a run says of one example.

    Attributes:
        path: Where the example comes from.
        said: It in one line.
        values: It for programs, by name.
        pictures: PNG files of it, by what is added to the example's name; the one with most to see is last.
        seconds: When it is shown, of a frame of a video; None of others.
        files: Other files of it, by how their names end: ".nii.gz".
    """

    path: str
    said: str = field(compare=False)
    values: Mapping[str, Any] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)
    seconds: Fraction | None = field(default=None, compare=False, repr=False, kw_only=True)
    files: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False, kw_only=True)

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate predict --json`."""
        return {"path": self.path, **self.values}

    def light(self) -> Self:
        """It without what takes memory, of which many are kept."""
        return dataclasses.replace(self, pictures={}, files={})


@dataclass(frozen=True, eq=False)
class Sights:
    """Where in examples a network looked.

    Attributes:
        pictures: For each what the network read, (H, W, 3), with the places that spoke for an answer in colours.
        said: How they were found: "Grad-CAM of the layer conv2".
    """

    pictures: Sequence[NDArray[np.uint8]]
    said: str


Look = Callable[[Sequence[int], Sequence[int]], Sights | None]  # of examples, by position, and an output of each


@dataclass(frozen=True, eq=False)
class Judged:
    """How a network does on labelled examples.

    Attributes:
        name: What the set is called: "the test set".
        examples: The examples.
        rows: What the task's objective keeps of each.
        figures: Its metrics by name, with the mean loss.
        unit: What examples are called.
        look: Says where in an example the network looked; None where nobody can say.
    """

    name: str
    examples: Examples
    rows: Fields
    figures: Mapping[str, float]
    unit: str
    look: Look | None = field(default=None, kw_only=True, repr=False)

    def said(self) -> str:
        """The figure that counts most, in words."""
        name, value = next((name, value) for name, value in self.figures.items() if name != "loss")
        return f"{name.replace('_', ' ')} {value:.4f}"

    @property
    def amount(self) -> str:
        """How many examples there are, and what they are called."""
        return so_many(len(self.examples), self.unit)

    def check_finite(self, outputs: Tensor) -> None:
        """Check outputs (N, K).

        Raises:
            WorkError: One is not finite.
        """
        finite = outputs.isfinite().all(dim=1)
        if not bool(finite.all()):
            one = self.examples.name(int(finite.logical_not().nonzero()[0]))
            raise WorkError(
                f"the outputs for {single(self.unit)} {one} of {self.name} are not finite; look at its values"
            )

    def in_short(self) -> str:
        """The same for a table."""
        return self.said().split(" ", 1)[1]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        return {**self.figures, "examples": len(self.examples)}

    def result(self) -> Any:
        """What `Run.test` gives."""
        return self.to_json()

    @property
    def guessing(self) -> str:
        """Why the network is no better than a guess, in a sentence; empty where it is better, or nothing is known."""
        return ""

    def advice(self) -> Iterator[str]:
        """That, with what to try, where there is something to say."""
        if self.guessing:
            yield f"{self.guessing} Try more `epochs`, another `lr`, or more training {self.unit}."

    def columns(self) -> Mapping[str, Sequence[Any]]:
        """What there is to tell of each example, for a table: a column each, by name."""
        return {}

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints, in lines and tables."""
        for name, value in self.figures.items():
            yield f"{name.replace('_', ' ')} {value:.4f}"

    def headline(self) -> str:
        """The first line of the report, as HTML; empty for the figures alone."""
        return ""

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """The task's parts of the report; `root` is the folder of the data, whose name files are told without."""
        yield from ()

    def worst_section(self, root: str) -> Section | None:
        """The report's part on the examples that are most wrong; None where there is none."""
        return None

    def shown(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> Markup:
        """Examples with their answers, as the part on the most wrong shows them; `notes` are added, by position."""
        return Markup()


@dataclass(frozen=True)
class Task(ABC):
    """A task with the facts that its data gave it."""

    word: ClassVar[str]
    reads: ClassVar[str]  # the data it takes, in words
    metrics: ClassVar[tuple[Metric, ...]]  # the first chooses the best epoch
    unit: ClassVar[str] = "examples"
    decides: ClassVar[str] = ""
    places: ClassVar[bool] = False  # whether each output belongs to a place of the image
    of_views: ClassVar[bool] = False  # whether the mean of outputs for several views of an image is an answer, too
    any_size: ClassVar[bool] = False  # whether a network sees examples of any size at once, which PyTorch alone does
    times: ClassVar[int] = 1  # how many frames `predict` gives for one of a video
    proposes: ClassVar[bool] = False  # whether it makes the boxes that a network takes beside its images
    seen_by: ClassVar[str] = ""  # how a network at work is seen, where it is not by the live page of one image
    plainest: ClassVar[str] = "INPUT -> CONV -> FC"  # a network that reads examples as they are

    @classmethod
    @abstractmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """The data, and the task for them; None where they are not of this task.

        Args:
            source: A word, a path, or data made in Python.
            wish: What is asked of them.
            like: The task of a run that is tested on them: its facts hold.
        """

    @classmethod
    def nothing_at(cls, source: Any) -> str:
        """What is said of a source that is not there, or holds nothing for the task."""
        if isinstance(source, str | Path):
            try:
                check(str(source), f"the task {cls.word} reads {cls.reads}")
            except InputError as error:
                return str(error)
        return f"'{source}' holds nothing for the task {cls.word}, which reads {cls.reads}"

    @abstractmethod
    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The parts of the loss by name, each a mean over the batch."""

    @abstractmethod
    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """What is kept of a batch to measure it: small tensors, joined over all batches."""

    @abstractmethod
    def figures(self, rows: Fields) -> Mapping[str, float]:
        """The metrics of all examples by name."""

    def through(self, net: Net, inputs: Fields) -> Fields:
        """The outputs for inputs in evaluation; by default the network's."""
        return net(inputs)

    def right(self, outputs: Fields, targets: Fields) -> tuple[Any, int]:
        """How many decisions are right while training, and how many there are."""
        return 0, 0

    def objective(self, loss: LossName) -> Objective:
        """What is trained for, with a loss of this name, a user's own, or the usual one.

        Raises:
            InputError: There is no such loss.
        """
        if loss not in (None, self.word):
            raise InputError(f"{self.word} has one loss, its own; leave `loss` out. Received: {loss}")
        return self

    def loss_name(self, loss: LossName) -> str:
        """The name of that loss, as a run keeps it."""
        return self.word

    def letters(self) -> Mapping[str, int]:
        """What the letters of a network's text take from the data: `classes`."""
        return {}

    def fits(self, output: Shape, name: str) -> str:
        """Why a network that gives `output` does not fit data called `name`, and what to do; empty where it fits."""
        return ""

    def fits_all(self, outputs: Mapping[str, Shape], name: str) -> str:
        """The same for all outputs by name; by default there is one, `OUTPUT`, that `fits`.

        A task of several outputs says here which ones and of which shapes.
        """
        if outputs.keys() != {OUTPUT}:
            return f"gives {', '.join(outputs)}, and {self.word} takes one output; end it without heads"
        return self.fits(outputs[OUTPUT], name)

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """The network for the data, and how they become its input. By default as for images."""
        from striate.tasks.fitting import fitted

        return fitted(network, self, opened, recipe, size)

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> Augment | None:
        """How training examples are changed in each epoch; by default as suits what images show.

        Raises:
            InputError: They can't be changed in the way that was asked for.
        """
        from striate.tasks.augmenting import augment_for

        return augment_for(wanted, fitted, opened.schema)

    def build(self, network: Network, init: str | None = None, seed: int | None = None) -> nn.Sequential:
        """The module of a network, which knows what it needs beside its inputs; as `building.build` makes it."""
        from striate.building import build

        return build(network, init, seed)

    def begin(self, model: nn.Module, file: Path) -> dict[str, Any]:
        """Put what a text file holds into a model's first weights.

        Returns:
            `kept` of `of` tensors, the `new` ones, and all that in one line as `said`.

        Raises:
            InputError: The task reads no such files, or it does not fit.
        """
        raise InputError(f"'{file}' is a text, which holds no weights for the task {self.word}")

    def usual(self, options: Options, count: int, augment: Augment | None, started: bool) -> Options:
        """The options with what suits `count` such examples, where nothing was chosen; maybe `started` from weights."""
        if started:
            return for_started(options)
        return for_few(options) if of_photographs(augment) and count < FEW else options

    def native(self, loss: LossName) -> NativeLoss:
        """What the native engine calls the loss, one of `striate.native.losses.KINDS`.

        For several outputs one for each, by the name that the output, its target and its part of the loss have. By
        default `GIVEN`: PyTorch computes it.
        """
        return GIVEN

    def class_of_each(self, examples: Examples) -> Tensor | None:
        """The class of each example, (N,), as a position in `classes`; None where examples have no one class each."""
        return None

    def softens(self, loss: LossName) -> str:
        """Why a target can't be shares of several classes with this loss; empty where it can."""
        return f"the task {self.word} has no examples of one class each"

    def doubts(self, parts: Mapping[str, Examples], name: str) -> list[str]:
        """Notes on what can't be learned or judged well in the parts of the data."""
        return []

    def as_trained(self, examples: Examples, recipe: Recipe | None) -> tuple[Examples, list[str]]:
        """Examples from elsewhere in the form of those a run learned from, and what to say about it."""
        return examples, []

    def faster(self, factor: int) -> Self:
        """The task that gives so many times as many frames.

        Raises:
            InputError: It gives one for each.
        """
        raise InputError(f"factor is for the task interpolate, not for {self.word}; leave it out")

    def answering(self) -> Self:
        """The task as it answers when training is over, where it takes more time then; by default as it is."""
        return self

    def searching(self, beam: int) -> Self:
        """The task that keeps so many beginnings of a sentence while it looks for the likeliest.

        Raises:
            InputError: It gives no sentences.
        """
        raise InputError(f"beam is for the task caption, not for {self.word}; leave it out")

    def parts(
        self, given: Sequence[Any], tell: Callable[[str], None] | None, recipe: Recipe | None = None
    ) -> Iterator[list[Any]]:
        """What a user hands to `predict`, in parts that fit memory; by default a few frames of a video at a time.

        Args:
            given: It.
            tell: Is given a line on a video that is damaged, and the rest of it is read; by default that is an error.
            recipe: How images become the network's input.
        """
        return in_parts(given, tell)

    def for_size(self, network: Network, size: tuple[int, ...]) -> Self:
        """The task as it suits to ask PyTorch's network about examples (C, *size); by default as it is."""
        return self

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Examples from what a user hands to `predict`; by default images.

        Raises:
            InputError: Nothing of it can be read.
        """
        from striate.tasks.pictures import asked_images

        if recipe is None:
            raise InputError(f"{self.word} answers nothing about single examples")
        return asked_images(given, recipe, bad)

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Any]:
        """An `Answer` for each example; by default its outputs as they are. `net` may be asked more."""
        rows = [{name: values[row].tolist() for name, values in outputs.items()} for row in range(len(asked.names))]
        return [
            Answer(path, ", ".join(f"{name} {value}" for name, value in row.items()), row)
            for path, row in zip(asked.names, rows, strict=True)
        ]

    def answers_in_tiles(self, look: Net, asked: Asked, tile: tuple[int, int]) -> Iterator[Any]:
        """An `Answer` for each example, of which the network sees tiles of (height, width) pixels.

        Args:
            look: The outputs for examples as `asked` has them.
            asked: The examples.
            tile: The size.

        Raises:
            InputError: The task sees each example as a whole, or in pieces already.
        """
        raise InputError(f"tiles are for the task detect, not for {self.word}; leave out `tile`")

    def meaning(self) -> tuple[Any, ...]:
        """What the outputs stand for, and what is read: networks that agree in it can answer together."""
        return ()

    def together(self, outputs: Sequence[Fields]) -> Fields:
        """One answer of several, of networks or of views, for the same examples; by default the mean of outputs."""
        return {name: sum(one[name] for one in outputs) / len(outputs) for name in outputs[0]}  # type: ignore[misc]

    def over(self, picture: NDArray[np.float32], targets: Fields) -> NDArray[np.float32]:
        """An example's picture, (H, W) or (H, W, 3) from 0 to 1, with its targets over it; by default as it is."""
        return picture

    def seen(self, x: NDArray[np.float32]) -> NDArray[np.uint8] | None:
        """An example (C, *spatial) as a network reads it, drawn, (H, W, 3); None for images, which are pictures."""
        return None

    def heated(self, x: NDArray[np.float32], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
        """An example (C, *spatial) as a network reads it, with the places that decided (*spatial): (H, W, 3)."""
        import torch

        from striate.inside.drawing import image
        from striate.report.heat import heated

        return heated(image(torch.from_numpy(x)), heat)

    def sliced(self, volume: NDArray[np.float32], targets: Fields) -> NDArray[np.float32] | None:
        """A volume (C, D, H, W) with its targets as a picture, (H, W, 3) from 0 to 1; None for its middle slice."""
        return None

    def shares(self, outputs: Fields) -> Mapping[str, float]:
        """How sure a network is of each class for one example, 0 to 1; nothing where it names no classes."""
        return {}

    def disputed(self, rows: Fields) -> NDArray[np.bool_] | None:
        """Which examples (N,) have a target that the network disputes with confidence; None where nothing can be said.

        Those that are disputed in epoch after epoch are listed in the report, as their targets may be wrong.
        """
        return None

    def judged(self, name: str, examples: Examples, rows: Fields, figures: Mapping[str, float]) -> Any:
        """A `Judged` for labelled examples."""
        return Judged(name, examples, rows, figures, self.unit)

    def at_work(self, net: Net) -> Mapping[str, float]:
        """Figures after an epoch that only the network at work shows, beside those of `figures`; by default none.

        Args:
            net: The outputs for inputs as examples have them.
        """
        return {}

    def tried(self, judged: Any, net: Net, validation: bool = False) -> Any:
        """What `judged` gave, with what only the network at work shows; by default nothing more.

        Args:
            judged: It, for a test.
            net: As for `at_work`.
            validation: Whether it is for the validation instead, which `at_work` is a part of.
        """
        return judged

    def standing(self, last: Epoch, trained_on: int, judged: Any) -> Standing:
        """How the best weights do on the validation examples, for the verdict."""
        metric = self.metrics[0]
        value = judged.figures[metric.name]
        said = f"{metric.words} {metric.shown(value)} on {so_many(len(judged.examples), f'validation {self.unit}')}"
        return Standing(said, guessing=judged.guessing, more=self.unit)

    def loss_of_guessing(self, loss: LossName) -> float:
        """The loss of outputs that are all alike; infinite where it is unknown."""
        return float("inf")

    def facts(self) -> dict[str, Any]:
        """The fields as JSON, which `from_facts` reads."""
        return {"word": self.word, **dataclasses.asdict(self)}

    @classmethod
    def form(cls, heads: Collection[str]) -> type[Task]:
        """This task as it is for networks that give these; by default there is one form, for all."""
        return cls

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """The task of a saved run; facts of another version are ignored.

        Raises:
            TypeError: A fact is missing.
        """
        names = {one.name for one in dataclasses.fields(cls) if one.init}
        return cls(**{name: _frozen(value) for name, value in facts.items() if name in names})

    def history(self) -> History:
        """A history that nothing is in yet."""
        return History((), self.metrics, self.unit)


@dataclass(frozen=True)
class Bound:
    """The objective of a task with one of several losses; all but the loss is the task's.

    Attributes:
        task: The task.
        by: Gives the parts of the loss for outputs and targets.
    """

    task: Task
    by: Callable[[Fields, Fields], Fields]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The task's."""
        return self.task.metrics

    @property
    def unit(self) -> str:
        """The task's."""
        return self.task.unit

    @property
    def decides(self) -> str:
        """The task's."""
        return self.task.decides

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The parts by name."""
        return self.by(outputs, targets)

    def through(self, net: Net, inputs: Fields) -> Fields:
        """As the task puts outputs together."""
        return self.task.through(net, inputs)

    def right(self, outputs: Fields, targets: Fields) -> tuple[Any, int]:
        """As the task counts."""
        return self.task.right(outputs, targets)

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """As the task keeps them."""
        return self.task.rows(outputs, targets)

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """As the task measures."""
        return self.task.figures(rows)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def is_path(source: Any) -> bool:
    """Whether a data source is a word or a path."""
    return isinstance(source, str | Path)


def folder_at(source: Any) -> Path | None:
    """The folder that a data source is; None where it is something else, or not there."""
    if not is_place(source):
        return None
    try:
        root = found_at(str(source))
    except InputError:
        return None
    return root if root.is_dir() else None


def is_place(source: Any) -> bool:
    """Whether a data source can only be a file or a folder: a path, or a word that names no data set."""
    return isinstance(source, Path) or (isinstance(source, str) and source.lower() not in data.names())
