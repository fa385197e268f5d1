"""What a network really gets of a data set: examples after all that training does to them, beside their changed copies.

>>> show("digits", count=2).facts()["shape"]
'1x8x8'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from striate.checks import check_number
from striate.data.examples import Table
from striate.data.kinds import Image, Label, Labels, Mask
from striate.data.recipe import written
from striate.errors import InputError
from striate.inside.drawing import Array, Panel, grid, plane
from striate.inside.drawn import Drawn
from striate.report.places import inside
from striate.runs.feeding import feed_of
from striate.runs.looking import placed
from striate.runs.plan import Parts, Plan
from striate.runs.planning import Request, planned
from striate.tasks import known
from striate.tasks.restore import Restore
from striate.tasks.task import Wish
from striate.training.feed import shuffled
from striate.training.options import Options

COPIES = 3  # changed copies of each example, one an epoch

Rows = Sequence[Tensor] | Tensor  # one for each example, of several sizes or of one


@dataclass(frozen=True, eq=False)
class Shown(Drawn):
    """Examples as a network reads them.

    Attributes:
        rows: For each example its pictures: plain, then as each of the first epochs changes it.
        names: What each is called, with its target.
        shape: Of what the network reads.
        notes: What was decided, a sentence each.
    """

    rows: Sequence[Sequence[Array]]
    names: Sequence[str]
    shape: tuple[int | None, ...]
    notes: tuple[str, ...]

    def picture(self) -> Figure:
        """A row for each example."""
        panels = [
            [Panel(one, name if not place else f"epoch {place}") for place, one in enumerate(row)]
            for row, name in zip(self.rows, self.names, strict=True)
        ]
        return grid(panels, f"what the network reads, {written(self.shape)}, without its scaling")

    def facts(self) -> dict[str, Any]:
        """The examples' names, and what was decided."""
        return {"shape": written(self.shape), "examples": list(self.names), "notes": list(self.notes)}


def show(
    data: Any,
    net: str | None = None,
    *,
    augment: str = "auto",
    degrade: str = "",
    count: int = 6,
    seed: int = 0,
    **how: Any,
) -> Shown:
    """Examples of a data set as a training would give them to a network.

    Args:
        data, augment, degrade, seed: As for `striate.train`.
        net: The network that is to read them; by default one that reads them as they are.
        count: How many examples, evenly over the training examples.
        how: `task`, `size` and `letters`, as for `striate.train`.

    Raises:
        InputError: As for `striate.train`; or the data are no images.
    """
    check_number(count, "count", least=1, whole=True)
    net = net or _plainest(data, how.get("task"), degrade)
    plan, parts, _ = planned(Request(net, data, Options(augment=augment, degrade=degrade, seed=seed), **how))
    training = parts.training
    places = any(isinstance(kind, Image) for kind in parts.schema.inputs.values())
    if not places or not isinstance(training, Table):
        raise InputError(f"what is shown are images, signals and volumes; {plan.data.name} has {plan.task.unit}")
    step = max(1, len(training) // count)
    some = training.part(range(0, len(training), step)[:count])
    epochs = range(1, COPIES + 1 if plan.augment else 1)
    made = [_read(plan, parts, some, epoch) for epoch in (0, *epochs)]
    pictures = [[_picture(*one, row, plan) for one in made] for row in range(len(some))]
    root = plan.data.source
    told = [(inside(some.name(row), root), _target(plan, parts, some, row)) for row in range(len(some))]
    names = [": ".join(filter(None, words)) for words in told]
    return Shown(pictures, names, plan.recipe.shape if plan.recipe else plan.network.input, plan.notes)


def _plainest(data: Any, word: str | None, degrade: str) -> str:
    """A network of the task that the data are for."""
    if degrade:
        return Restore.plainest
    return known.opened(data, Wish(), word)[0].plainest


def _read(plan: Plan, parts: Parts, some: Table, epoch: int) -> tuple[Rows, Mapping[str, Rows]]:
    """What the network reads of each example, and its targets: in an epoch from 1 on, or unchanged in 0."""
    seed, augment = plan.options.seed, plan.augment if epoch else None
    feed = feed_of(some, parts.schema, plan.recipe, "cpu", augment, "refuse", workers=0)
    seen = placed(parts.schema)[0]
    if augment is None:
        batches = list(feed.in_order(len(some)))
        inputs = [one for batch in batches for one in batch.inputs[seen]]
        targets = parts.schema.targets
        return inputs, {name: [one for batch in batches for one in batch.targets[name]] for name in targets}
    times, total = augment.times, len(some) * augment.times
    (batch,) = feed.epoch(seed, epoch, total)
    rows = torch.cat(list(shuffled(total, total, seed, epoch))).argsort()[::times]
    return batch.inputs[seen][rows], {name: values[rows] for name, values in batch.targets.items()}


def _picture(inputs: Rows, targets: Mapping[str, Rows], row: int, plan: Plan) -> Array:
    """An input with its scaling undone, as grey or colours 0 to 1; other numbers from the least to the most."""
    x, recipe = inputs[row], plan.recipe
    if (drawn := plan.task.seen(x.numpy())) is not None:
        return drawn.astype(np.float32) / np.float32(255)
    assert recipe
    column = (-1,) + (1,) * (x.dim() - 1)
    x = x * x.new_tensor(recipe.std).view(column) + x.new_tensor(recipe.mean).view(column)
    if not recipe.pixels:
        x = (x - x.min()) / (x.max() - x.min()).clamp_min(1e-9)
    x = x.clamp(0, 1)
    own = {name: values[row] for name, values in targets.items()}
    if x.dim() == 4 and (sliced := plan.task.sliced(x.numpy(), own)) is not None:
        return sliced
    if x.dim() != 3:
        return plane(x if x.dim() == 2 else x.mean(0))
    picture: Array = x.permute(1, 2, 0).numpy() if len(x) == 3 else plane(x.mean(0))
    return plan.task.over(picture, own)


def _target(plan: Plan, parts: Parts, some: Table, row: int) -> str:
    """What an example is labelled, in words."""
    classes: Sequence[str] = getattr(plan.task, "classes", ()) or getattr(plan.task, "labels", ())
    for name, kind in parts.schema.targets.items():
        values = some.take([row])[name][0]
        if isinstance(kind, Label):
            return str(classes[int(values)])
        if isinstance(kind, Labels):
            return ", ".join(classes[place] for place in values.nonzero()[:, 0].tolist())
        if isinstance(kind, Mask):
            return ", ".join(classes[value] for value in sorted(set(values.flatten().tolist())) if value < len(classes))
    return ""
