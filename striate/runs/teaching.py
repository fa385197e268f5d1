"""Teachers: trained runs from whose answers another network learns, beside the classes.

>>> import tempfile
>>> from striate.runs.training import train
>>> root, how = tempfile.mkdtemp(), {"epochs": 1, "quiet": True}
>>> teacher = train("input 1x8x8 -> fc 32 -> relu -> fc 10", "digits", out=f"{root}/teacher", **how)
>>> pupil = train("input 1x8x8 -> fc 10", "digits", out=f"{root}/pupil", teacher=str(teacher.path), **how)
>>> pupil.config["teachers"][0]["source"] == str(teacher.path.resolve())
True
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from striate.data.recipe import Recipe
from striate.data.recipe import written as sides
from striate.errors import InputError
from striate.runs.beginning import Beginning, Learned, checksum
from striate.runs.engines import engine_for
from striate.runs.run import Run
from striate.tasks.distilling import Distilling
from striate.tasks.fitting import Fitted
from striate.tasks.task import LossName
from striate.training.ahead import Ready
from striate.training.engine import TorchEngine
from striate.training.feed import Batch, Feed
from striate.training.fields import Fields
from striate.training.native_engine import NativeEngine
from striate.training.options import Options
from striate.training.saved import MODEL


class Teachers:
    """Runs that answer together, by the mean of their probabilities.

    Args:
        options: Name the runs, and say how much they count.
        device: Where they compute.

    Raises:
        InputError: There is no such run.
    """

    def __init__(self, options: Options, device: torch.device) -> None:
        self.runs = [Run(path.strip(), str(device)) for path in options.teacher.split(",")]
        self.how = Distilling(options.taught, options.temperature)
        self._seen: list[Seen] = []

    @property
    def source(self) -> str:
        """Where they are, as the option has it."""
        return ",".join(str(run.path.resolve()) for run in self.runs)

    def fit(self, fitted: Fitted, loss: LossName) -> None:
        """Check that they can teach a network for these data.

        Raises:
            InputError: They know other things or read other inputs, or the loss can't compare with what they say.
        """
        if why := fitted.task.softens(loss):
            raise InputError(f"there can be no teacher here: {why}")
        for run in self.runs:
            if run.task.word != fitted.task.word or run.task.meaning() != fitted.task.meaning():
                raise InputError(
                    f"{run.path} can't teach here: it learned {run.name}, whose outputs stand for other things"
                )
            if fitted.recipe is None and run.task != fitted.task:
                raise InputError(
                    f"{run.path} can't teach here: it has numbered its inputs in another way; train it on the same "
                    "examples, with the same `seed`"
                )
        self._seen = [Seen.of(run, fitted.recipe) for run in self.runs]

    def lessons(self, feed: Feed) -> Feed:
        """The same examples with what the teachers say of each as its turn comes."""
        return Lessons(feed, self)

    def taught(self, batch: Batch) -> Ready:
        """A batch with what they say."""
        inputs, targets = dict(batch.inputs), dict(batch.targets)
        answers = [seen.answer(inputs) for seen in self._seen]
        return Ready(inputs, self.how.taught(targets, answers))

    def said(self) -> str:
        """Who teaches, in one line."""
        who = ", ".join(f"{run.path} ({run.name})" for run in self.runs)
        heat = f", at temperature {self.how.temperature:g}" * (not self.how.in_targets)
        say, unit = "say" + "s" * (len(self.runs) == 1), self.runs[0].task.unit
        return f"learns {self.how.share:.0%} from what {who} {say} of its {unit}{heat}"

    def to_json(self) -> list[dict[str, str]]:
        """Which they are."""
        return [
            {"source": str(run.path.resolve()), "sha256": found}
            for run, found in zip(self.runs, self._checksums, strict=True)
        ]

    @cached_property
    def _checksums(self) -> list[str]:
        return [checksum(run.path / MODEL if run.path.is_dir() else run.path) for run in self.runs]


@dataclass(frozen=True, eq=False)
class Lessons:
    """A feed whose batches say what teachers think of them."""

    feed: Feed
    teachers: Teachers

    def __len__(self) -> int:
        return len(self.feed)

    @property
    def entries(self) -> int:
        """How many numbers the network reads of one example."""
        return self.feed.entries

    def epoch(self, seed: int, number: int, size: int, begin: int = 0) -> Iterator[Batch]:
        """The batches of an epoch."""
        for batch in self.feed.epoch(seed, number, size, begin):
            yield self.teachers.taught(batch) if len(batch) else batch

    def in_order(self, size: int) -> Iterator[Batch]:
        """All examples in their order, without teachers."""
        return self.feed.in_order(size)


@dataclass(frozen=True, eq=False)
class Seen:
    """What a teacher sees of what its pupil reads: the same images, scaled as it learned them.

    Attributes:
        run: The teacher.
        scale, shift: For each channel (C, …); None where there is nothing to scale.
    """

    run: Run
    scale: Tensor | None = None
    shift: Tensor | None = None

    @staticmethod
    def of(run: Run, recipe: Recipe | None) -> Seen:
        """For a pupil whose images are made by a recipe."""
        theirs = run.recipe
        if recipe is None or theirs is None:
            return Seen(run)
        if (recipe.shape, recipe.fit) != (theirs.shape, theirs.fit):
            raise InputError(
                f"{run.path} can't teach here: it reads {sides(theirs.shape)}, {theirs.fit}, and this network "
                f"{sides(recipe.shape)}, {recipe.fit}; take a network or a `size` that reads the same"
            )
        column = (-1,) + (1,) * (len(recipe.shape) - 1)
        mean, std, other, spread = (
            torch.tensor(values).view(column) for values in (recipe.mean, recipe.std, theirs.mean, theirs.std)
        )
        return Seen(run, std / spread, (mean - other) / spread)

    def answer(self, inputs: Fields) -> Fields:
        """The teacher's outputs."""
        if self.scale is not None and self.shift is not None:
            inputs = {name: x * self.scale.to(x) + self.shift.to(x) for name, x in inputs.items()}
        return self.run.task.through(self.engine.evaluate, inputs)

    @cached_property
    def engine(self) -> TorchEngine | NativeEngine:
        """The faster one that can."""
        run = self.run
        chosen, _ = engine_for("auto", run.network, Options(), run.device, run.native_loss())
        return run.chosen_engine(chosen)


def learned_before(beginning: Beginning | None, teachers: Teachers | None) -> dict[str, Learned]:
    """What those runs have seen that a training begins with or learns from, by their folders."""
    seen = {str(run.path): Learned.of(run.config) for run in (teachers.runs if teachers else ())}
    return seen | ({beginning.source: beginning.learned} if beginning and beginning.learned else {})
