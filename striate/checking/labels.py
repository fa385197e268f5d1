"""Labels that a network disputes with confidence, the surest first: they are likely wrong.

What counts is not one answer but the mean over the epochs of a training, of a network that did not learn from the
example where that can be had: a network learns wrong labels by heart last (Swayamdipta et al. 2020, "Dataset
Cartography"; Pleiss et al. 2020, "Area Under the Margin"). Which are disputed is said by confident learning (Northcutt
et al. 2021).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from striate.data.examples import Examples, Schema, Table, joined
from striate.data.loading import places_of
from striate.errors import InputError
from striate.runs.doing import start
from striate.runs.feeding import feed_of
from striate.runs.planning import Again, Request, planned
from striate.runs.resuming import options_of
from striate.runs.run import Run
from striate.runs.unread import Unread
from striate.tasks.labelled import LABEL, Labelled, disputed, labels_of
from striate.tasks.saying import Say, silent
from striate.tasks.task import Wish
from striate.training.draws import derived_seed
from striate.training.engine import TorchEngine
from striate.training.fields import OUTPUT
from striate.training.loop import measured
from striate.training.options import Options

from .files import below
from .found import Finding

KIND = "likely wrong label"
MOST_EPOCHS = 12  # of a training that are asked


@dataclass(frozen=True, eq=False)
class Judged:
    """What networks say of examples.

    Attributes:
        names: Where each comes from.
        labels: (N,).
        chances: (N, K), the mean probability of each class.
    """

    names: Sequence[str]
    labels: Tensor
    chances: Tensor

    @property
    def margins(self) -> Tensor:
        """(N,): the probability of the label less that of the likeliest other class."""
        own = self.chances.gather(1, self.labels[:, None])[:, 0]
        return own - self.chances.scatter(1, self.labels[:, None], -1).max(1).values

    def plus(self, other: Judged) -> Judged:
        """With those of another."""
        return Judged(
            [*self.names, *other.names],
            torch.cat([self.labels, other.labels]),
            torch.cat([self.chances, other.chances]),
        )


def likely_wrong(path: str | Path, source: Any, folds: int | None = None, *, say: Say = silent) -> list[Finding]:
    """The labels of a data set that a trained network disputes, the surest first.

    Args:
        path: A run.
        source: The data; also others than it learned from.
        folds: How often its network is trained anew, each time without a part of the examples, which it then judges;
            None asks the run itself, which may have learned wrong labels by heart.
        say: Is given each decision as one sentence.

    Raises:
        InputError: The run is for examples without one class each, or for other classes.
        WorkError: A training failed.
    """
    run = Run(path)
    if not isinstance(run.task, Labelled):
        raise InputError(f"labels are judged where an example has one class; {path} is for {run.task.word}")
    found = _of_folds(run, source, folds, say) if folds else _of_run(run, source, say)
    root = next((str(place) for place in places_of(str(source)) if place.exists()), "")
    return findings(found, run.task.classes, root)


def findings(found: Judged, classes: Sequence[str], root: str) -> list[Finding]:
    """Those that are disputed, by their margins."""
    margins, named = found.margins, torch.from_numpy(disputed(found.chances, found.labels))
    rows = [row for row in margins.argsort(stable=True).tolist() if named[row]]
    chances, called = found.chances.max(1)
    return [
        Finding(
            KIND,
            below(found.names[row], root),
            f"labelled {classes[int(found.labels[row])]}, called {classes[int(called[row])]} with {chances[row]:.0%}",
        )
        for row in rows
    ]


def _of_run(run: Run, source: Any, say: Say) -> Judged:
    """What the run says of all examples."""
    recipe = run.recipe
    wish = Wish(recipe.source if recipe else run.network.input, levels=recipe.levels if recipe else None, named=True)
    found = type(run.task).open(source, wish, run.task)
    if found is None:
        raise InputError(f"'{source}' holds nothing for the task {run.task.word}, which reads {run.task.reads}")
    opened = found[1]
    return _judged(run, opened.schema, _all(opened.train, opened.validation, opened.test), say)


def _all(*parts: Examples | None) -> Table:
    return joined(*(part for part in parts if isinstance(part, Table)))


def _judged(run: Run, schema: Schema, examples: Table, say: Say) -> Judged:
    """What the network said along its training: the mean over the epochs that were kept, or its best weights alone."""
    kept = run.epochs()
    epochs: Sequence[int | None] = kept[:: max(1, -(-len(kept) // MOST_EPOCHS))] or [None]
    unread = Unread(say)
    total: Tensor | None = None
    for epoch in epochs:
        objective = run.task.objective(run.config["options"]["loss"])
        engine = TorchEngine(run.model(epoch), Options(batch=1), 0, objective, run.device)
        feed = feed_of(examples, schema, run.recipe, run.device, None, "skip", unread.tell)
        _, rows = measured(engine, feed, objective)
        chances = rows[OUTPUT].softmax(1)
        total = chances if total is None else total + chances
    assert total is not None
    read = unread.left_of(examples)
    return Judged([read.name(row) for row in range(len(read))], rows[LABEL], total / len(epochs))


def _of_folds(run: Run, source: Any, folds: int, say: Say) -> Judged:
    """What networks say that were trained as the run was, each of the examples that it did not learn from."""
    plan, parts, beginning = planned(_request(run, source))
    examples = _all(parts.training, parts.validation, parts.test)
    fold_of = _dealt(labels_of(examples), folds, plan.options.seed)
    found: Judged | None = None
    with tempfile.TemporaryDirectory() as folder:
        for number in range(folds):
            say(f"training {number + 1} of {folds}")
            held, rest = (
                examples.part(rows.nonzero()[:, 0].tolist()) for rows in (fold_of == number, fold_of != number)
            )
            here = replace(parts, training=rest, validation=held, test=None)
            how = replace(plan, examples=len(rest))
            out = Path(folder) / str(number)
            trained = start(how, here, beginning, out=out, overwrite=False, say=silent, show=True)
            judged = _judged(trained.run, parts.schema, held, say)
            found = judged if found is None else found.plus(judged)
    assert found is not None
    return found


def _request(run: Run, source: Any) -> Request:
    """What asks for a training as the run's was, on these data."""
    config = run.config
    begun = (config.get("weights") or {}).get("source")
    wanted = config.get("wanted", config["engine"])
    again, options = Again(run.recipe), options_of(config, {}, silent)
    return Request(run.network, source, options, run.task.word, engine=wanted, weights=begun, again=again)


def _dealt(labels: Tensor, folds: int, seed: int) -> Tensor:
    """(N,): the fold of each example; every fold has its share of each class."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(derived_seed(seed, "folds")))
    by_class = order[labels[order].argsort(stable=True)]
    fold_of = torch.empty(len(labels), dtype=torch.int64)
    fold_of[by_class] = torch.arange(len(labels)) % folds
    return fold_of
