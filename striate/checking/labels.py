"""Labels that a network disputes with confidence, the surest first: they are likely wrong.

Each example is judged by something that did not learn from it: by a classifier of the run's features
(`striate.checking.crossing`), or where that is asked for by the run's network, trained anew without it. The threshold
of confident learning (Northcutt et al. 2021) was tried: of 20 changed labels of digits it named 8, a margin of 0.5 16.
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
from striate.notation.thumb import CLASSES
from striate.runs.doing import start
from striate.runs.feeding import feed_of
from striate.runs.planning import Again, Request, planned
from striate.runs.resuming import options_of
from striate.runs.run import Run
from striate.runs.unread import Unread
from striate.tasks.labelled import LABEL, Labelled, labels_of
from striate.tasks.saying import Say, silent
from striate.tasks.task import Wish
from striate.training.fields import OUTPUT
from striate.training.loop import measured

from .crossing import crossed, dealt, features_layer, features_of
from .files import below
from .found import Finding

KIND = "likely wrong label"
BATCH = 64
SURE = 0.5  # how much more probable than an example's label another class must be


@dataclass(frozen=True, eq=False)
class Judged:
    """What networks say of examples.

    Attributes:
        names: Where each comes from.
        labels: (N,).
        chances: (N, K), the probability of each class.
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
            None asks classifiers of the run's features.
        say: Is given each decision as one sentence.

    Raises:
        InputError: The run is for examples without one class each, or for other classes.
        WorkError: A training failed.
    """
    run = Run(path)
    if not isinstance(run.task, Labelled):
        raise InputError(f"labels are judged where an example has one class; {path} is for {run.task.word}")
    schema, examples = _opened(run, source)
    found = _of_folds(run, source, schema, examples, folds, say) if folds else _crossed(run, schema, examples, say)
    root = next((str(place) for place in places_of(str(source)) if place.exists()), "")
    return findings(found, run.task.classes, root)


def findings(found: Judged, classes: Sequence[str], root: str) -> list[Finding]:
    """Those of which another class is much more probable, by their margins."""
    margins = found.margins
    rows = [row for row in margins.argsort(stable=True).tolist() if margins[row] <= -SURE]
    chances, called = found.chances.max(1)
    return [
        Finding(
            KIND,
            below(found.names[row], root),
            f"labelled {classes[int(found.labels[row])]}, called {classes[int(called[row])]} with {chances[row]:.0%}",
        )
        for row in rows
    ]


def _opened(run: Run, source: Any) -> tuple[Schema, Table]:
    """All examples of the data, in their order, each once."""
    recipe = run.recipe
    shape, levels = (recipe.source, recipe.levels) if recipe else (run.network.input, None)
    found = type(run.task).open(source, Wish(shape, hold_out=False, levels=levels, named=True), run.task)
    if found is None:
        raise InputError(run.task.nothing_at(source))
    opened, tables, known = found[1], list[Table](), set[bytes]()
    for part, examples in (("train", opened.train), ("validation", opened.validation), ("test", opened.test)):
        if isinstance(examples, Table) and examples.digest() not in known:  # without a test part another stands in
            known.add(examples.digest())
            names = examples.names or tuple(f"{part}[{row}]" for row in range(len(examples)))
            tables.append(replace(examples, names=names))
    return opened.schema, joined(*tables)


def _crossed(run: Run, schema: Schema, examples: Table, say: Say) -> Judged:
    """What classifiers of the network's features say."""
    unread = Unread(say)
    feed = feed_of(examples, schema, run.recipe, "cpu", None, "skip", unread.tell)
    model, rows, labels = run.model(), list[Tensor](), list[Tensor]()
    layer: str | None = None
    with torch.no_grad():
        for batch in feed.in_order(BATCH):
            (x,) = batch.inputs.values()
            layer = features_layer(model, x[:1]) if layer is None else layer
            rows.append(features_of(model, x, layer))
            labels.append(batch.targets[LABEL])
    truth = torch.cat(labels)
    return Judged(_names(unread.left_of(examples)), truth, crossed(torch.cat(rows), truth, run.task.letters()[CLASSES]))


def _judged(run: Run, schema: Schema, examples: Table, say: Say) -> Judged:
    """What the network itself says."""
    unread = Unread(say)
    objective = run.task.objective(None)
    feed = feed_of(examples, schema, run.recipe, run.device, None, "skip", unread.tell)
    _, rows = measured(run.engine, feed, objective)
    return Judged(_names(unread.left_of(examples)), rows[LABEL], rows[OUTPUT].softmax(1))


def _names(examples: Examples) -> list[str]:
    return [examples.name(row) for row in range(len(examples))]


def _of_folds(run: Run, source: Any, schema: Schema, examples: Table, folds: int, say: Say) -> Judged:
    """What networks say that were trained as the run was, each of the examples that it did not learn from."""
    plan, parts, beginning = planned(_request(run, source))
    fold_of = dealt(labels_of(examples), folds, plan.options.seed)
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
            judged = _judged(trained.run, schema, held, say)
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
