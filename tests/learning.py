"""What tests of training share: labelled examples as batches, the objective of classification, epochs in short."""

from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from striate import zoo
from striate.data.kinds import Image, Label
from striate.metrics.metric import Metric
from striate.runs import doing
from striate.runs.doing import Trained
from striate.runs.plan import Parts, Plan
from striate.runs.planning import Request, planned
from striate.tasks.classify import Classify
from striate.tasks.fitting import Fitted
from striate.tasks.labelled import LABEL, Labelled
from striate.tasks.pictures import IMAGE
from striate.tasks.saying import Say, silent
from striate.tasks.task import Wish
from striate.training.feed import shuffled
from striate.training.fields import OUTPUT
from striate.training.history import Epoch, History
from striate.training.objective import Objective
from striate.training.pool import Pool, Taken

ACCURACY = Metric("accuracy", counted=True)
GOAL: Objective = Labelled(()).objective(None)


def goal(loss: Any = None) -> Objective:
    """The objective of classification, with a loss."""
    objective: Objective = Labelled(()).objective(loss)
    return objective


def pool(images: Tensor, labels: Tensor, **options: Any) -> Pool:
    """Labelled images as a pool of batches."""
    return Pool({IMAGE: images}, {LABEL: labels}, kinds={IMAGE: Image(), LABEL: Label(100)}, **options)


def taken(some: Pool, rows: Tensor, seed: int = 0, epoch: int = 0) -> Taken:
    """The examples at these positions, moved as an epoch moves them; epoch 0 moves nothing."""
    drawn = next(iter(some.epoch(seed, epoch, len(some)))).drawn if epoch else None
    return Taken(some, rows, drawn, rows if epoch else None)


def step(engine: Any, x: Tensor, y: Tensor) -> Any:
    """One step of an engine on images and their labels."""
    return engine.step({IMAGE: x}, {LABEL: y})


def outputs(engine: Any, x: Tensor) -> Tensor:
    """What an engine gives for images in evaluation, (N, K)."""
    made: Tensor = engine.evaluate({IMAGE: x})[OUTPUT]
    return made.flatten(1)


def epoch(
    number: int,
    train_loss: float,
    train_accuracy: float,
    validation_loss: float,
    validation_accuracy: float,
    rate: float,
    speed: float,
    seconds: float,
    first_rate: float | None = None,
    validated: int | None = None,
) -> Epoch:
    """An epoch of a classification."""
    figures = {
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "validation_loss": validation_loss,
        "validation_accuracy": validation_accuracy,
    }
    return Epoch(number, figures, rate, speed, seconds, first_rate, validated)


def history(*epochs: Epoch) -> History:
    """A history of a classification."""
    return History(epochs, (ACCURACY,))


def fitted(net: Any, dataset: Any, letters: Any = None, size: Any = None) -> Fitted:
    """A network for the images of a data set, all of which are to learn from."""
    found = Classify.open(dataset, Wish(hold_out=False))
    assert found is not None
    task, opened = found
    return task.fit(zoo.find(net, letters), opened, None, size)


class Training:
    """What `train` does, in steps that tests look at."""

    def __init__(self, net: Any, dataset: Any, options: Any, *, say: Say = silent, **how: Any) -> None:
        self.say, self.asked = say, Request(net, dataset, options, **how)
        self.plan, self.parts, self.beginning = planned(self.asked)

    plan: Plan
    parts: Parts

    def start(self, out: str | Path | None = None, overwrite: bool = False) -> Trained:
        """The whole of it."""
        how: dict[str, Any] = {"out": out, "overwrite": overwrite, "say": self.say, "show": False}
        return doing.start(self.plan, self.parts, self.beginning, **how)

    @cached_property
    def engine(self) -> Any:
        """With its first weights."""
        made, self.plan = doing.first_engine(self.plan, self.parts, self.beginning, None, self.say)
        return made


__all__ = [
    "ACCURACY",
    "GOAL",
    "Training",
    "epoch",
    "fitted",
    "goal",
    "history",
    "outputs",
    "pool",
    "shuffled",
    "step",
    "taken",
]
