"""What is decided before a training, as one value: printed, saved with the run, and read back when it goes on.

`striate.runs.planning` makes it from what a user asks for; `striate.runs.doing` carries it out and takes nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import striate
from striate.augmentation.augment import Augment
from striate.data.examples import Examples, Schema
from striate.data.left_out import LeftOut
from striate.data.recipe import Recipe
from striate.losses import Loss
from striate.native.losses import GIVEN, SOFT
from striate.native.losses import Loss as NativeLoss
from striate.notation import Network
from striate.runs import freezing
from striate.runs.teaching import Teachers
from striate.tasks.fitting import resolved
from striate.tasks.task import LossName, Task
from striate.training.engine import Pace
from striate.training.feed import num_batches
from striate.training.layer_rates import ALIKE, LayerRates
from striate.training.objective import Objective
from striate.training.optimizers import OPTIMIZERS
from striate.training.options import SAMPLING, Options
from striate.training.processes import ALONE, Processes


@dataclass(frozen=True)
class Data:
    """Which data a training is on.

    Attributes:
        name: Their short name.
        source: Where they are: a word or an absolute path; empty for data made in Python.
        sha256: The checksum of what training sees of them.
    """

    name: str
    source: str
    sha256: str


@dataclass(frozen=True)
class Choice:
    """The engine.

    Attributes:
        name: "torch" or "native".
        wanted: What a training that goes on should ask for: "native" too where only its compiler was missing.
        because: Why it is not the native one, where that could surprise; else empty.
    """

    name: str
    wanted: str
    because: str = ""


@dataclass(frozen=True, eq=False)
class Parts:
    """What a plan is carried out on: it can be opened again from the plan, apart from a user's own loss.

    Attributes:
        schema: What the fields of an example are.
        training: What to learn from.
        validation: The examples by which epochs are compared.
        test: Those to judge by.
        left_out: Files that were found among them and not read.
        own_loss: A user's own loss.
        rows: Of a fold, the positions that its validation examples have among all training examples.
    """

    schema: Schema
    training: Examples
    validation: Examples
    test: Examples | None = None
    left_out: tuple[LeftOut, ...] = ()
    own_loss: Loss | None = None
    rows: tuple[int, ...] = ()

    @property
    def each(self) -> dict[str, Examples]:
        """The parts there are, by name."""
        parts = {"training": self.training, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part is not None}


def native_loss(task: Task, loss: LossName, augment: Augment | None, teachers: Teachers | None) -> NativeLoss:
    """What the native engine calls the loss; `GIVEN` where PyTorch computes it."""
    if teachers and not teachers.how.in_targets:
        return GIVEN
    return SOFT if teachers or (augment and augment.shares) else task.native(loss)


@dataclass(frozen=True)
class Plan:
    """What is decided before a training.

    Attributes:
        task: What the network is for, with the facts of its data.
        network: Fitted to the data.
        data: Which they are.
        recipe: How they become the network's input; None where they are that already.
        options: How to train, all defaults filled in.
        augment: How examples are changed in each epoch.
        engine: What computes.
        device: Where.
        threads: CPU threads; None for as many as PyTorch takes.
        workers: Processes that read images which stay in their files; None for one for each core.
        bad: What happens to files that can't be read.
        examples: How many there are to train on.
        rates: How fast each layer learns.
        teachers: Runs that it learns from.
        begun: What is known of the weights it starts from; None for new ones.
        command: What to type to repeat it.
        notes: What was decided about the data and the network, one sentence each.
        log: The loggers that it is told to.
        more_passes: Whether small data get more epochs than usual.
        before: What was decided when it first began, where it goes on.
        processes: Who trains.
    """

    task: Task
    network: Network
    data: Data
    recipe: Recipe | None
    options: Options
    augment: Augment | None
    engine: Choice
    device: torch.device
    threads: int | None
    workers: int | None
    bad: str
    examples: int
    rates: LayerRates = ALIKE
    teachers: Teachers | None = None
    begun: Mapping[str, Any] | None = None
    command: str = ""
    notes: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    more_passes: bool = False
    before: tuple[str, ...] = ()
    processes: Processes = ALONE

    @property
    def text(self) -> str:
        """The network's text with every size a number, under its name."""
        return resolved(self.network)

    @property
    def num_steps(self) -> int:
        """The number of steps of the whole training."""
        return self.options.epochs * self.steps

    @property
    def steps(self) -> int:
        """The number of steps of an epoch."""
        return num_batches(self.examples, self.options.images(self.examples))

    def begins(self, begun: Mapping[str, Any]) -> Plan:
        """The plan with what became known of the weights: layers that begin with new ones are not frozen."""
        rates = freezing.rates_for(self.network, self.options, self.steps, begun.get("fresh", ()))
        return dataclasses.replace(self, begun=begun, rates=rates)

    @property
    def pace(self) -> Pace:
        """How its learning rate moves."""
        return Pace(self.options, self.num_steps)

    def balanced(self, parts: Parts) -> Tensor | None:
        """The class of each training example, (N,), where an epoch draws each class equally often."""
        groups: Tensor | None = self.task.class_of_each(parts.training)
        return groups if self.options.balance == SAMPLING else None

    def objective(self, own_loss: Loss | None) -> Objective:
        """What is made small, and what is measured."""
        objective: Objective = self.task.objective(own_loss or self.options.loss)
        return self.teachers.how.objective(self.task, objective) if self.teachers else objective

    def how(self) -> str:
        """How it trains, in one sentence."""
        o = self.options
        batch = "the whole set as one batch" if o.batch == 0 else f"batch {o.images(0)}"
        decay = f", weight decay {o.decay:g}" if o.decay != OPTIMIZERS[o.optimizer].decay else ""
        few = f" (so few {self.task.unit} need more than ten passes)" * self.more_passes
        passes = f"{o.epochs} epoch{'s' * (o.epochs > 1)}{few}"
        how = ", ".join([f"{passes}, {o.optimizer}, {o.schedule} up to {o.rate:g}{decay}, {batch}", *o.said()])
        count = self.threads or torch.get_num_threads()
        return f"training: {how}; engine {self.engine.name} on {self.device}, {count} thread{'s' * (count > 1)}"

    def said(self) -> list[str]:
        """All decisions, one sentence each."""
        begun = [self.begun["said"]] if self.begun else []
        because = [self.engine.because] if self.engine.because else []
        layers = freezing.said(self.rates, self.options, bool(self.begun))
        taught = [self.teachers.said()] if self.teachers else []
        now = [*self.notes, self.how(), *taught, *self.processes.said(), *layers, *begun, *because]
        return [*self.before, *(line for line in now if line not in self.before)]

    def to_json(self, own_loss: Loss | None = None) -> dict[str, Any]:
        """The configuration of a run: all that is needed to use its weights and to train again."""
        return {
            "striate": striate.__version__,
            "task": self.task.facts(),
            "metrics": [metric.to_json() for metric in self.task.metrics],
            "unit": self.task.unit,
            "network": self.network.name,
            "data": dataclasses.asdict(self.data),
            "recipe": self.recipe.to_json() if self.recipe else None,
            **({"weights": dict(self.begun)} if self.begun else {}),
            **({"teachers": self.teachers.to_json()} if self.teachers else {}),
            "options": self.options.to_json() | {"loss": self.task.loss_name(own_loss or self.options.loss)},
            "engine": self.engine.name,
            "wanted": self.engine.wanted,
            "device": str(self.device),
            "threads": self.threads,
            "workers": self.workers,
            "bad": self.bad,
            **({"log": list(self.log)} if self.log else {}),
            "command": self.command,
            "decisions": self.said(),
        }
