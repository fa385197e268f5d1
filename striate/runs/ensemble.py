"""Several runs that answer together, by the mean of their probabilities (Hansen & Salamon 1990).

>>> import tempfile
>>> from striate.runs.training import train
>>> how = {"epochs": 1, "quiet": True}
>>> runs = [train("input 1x8x8 -> fc 10", "digits", seed=n, out=f"{tempfile.mkdtemp()}/run", **how) for n in (0, 1)]
>>> tested = Ensemble(runs).judged()
>>> len(tested.members), tested.whole.result().examples
(2, 359)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from striate.errors import InputError
from striate.runs.feeding import feed_of
from striate.runs.run import Run, at_its_time, of_one_shape, shown_at
from striate.runs.unread import Unread
from striate.tasks.saying import Say
from striate.tasks.task import Task
from striate.training.feed import Batch, Feed
from striate.training.fields import Fields, joined, moved_to
from striate.training.history import LOSS
from striate.training.loop import ENTRIES, EVALUATED
from striate.training.objective import Net
from striate.training.threads import using

TOGETHER = "together"


@dataclass(frozen=True)
class SideBySide:
    """How several runs do on the same examples.

    Attributes:
        paths: The runs.
        members: How each does by itself, in their order.
        whole: How they do together; its loss is the task's usual one.
    """

    paths: tuple[str, ...]
    members: tuple[Any, ...]
    whole: Any

    def rows(self) -> list[tuple[str, dict[str, float]]]:
        """The figures of each, by name, and of all together."""
        return [
            (name, dict(one.figures))
            for name, one in zip((*self.paths, TOGETHER), (*self.members, self.whole), strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test A B --json`."""
        runs = [
            {"run": path, **one.to_json()} for path, one in zip(self.paths, map(_result, self.members), strict=True)
        ]
        return {"runs": runs, TOGETHER: _result(self.whole).to_json()}


class Ensemble:
    """Runs of one task that know the same; their networks, sizes and engines may differ.

    Args:
        runs: Runs, or their folders; two or more.
        device, engine, threads, say: As for `Run`, where folders are given.

    Raises:
        InputError: There is no such run, they answer different questions, or each looks at boxes of its own.
    """

    def __init__(
        self,
        runs: Sequence[str | Path | Run],
        device: str = "auto",
        engine: str = "auto",
        threads: int | None = None,
        say: Say | None = None,
    ) -> None:
        self.runs = [run if isinstance(run, Run) else Run(run, device, engine, threads, say) for run in runs]
        if len(self.runs) < 2:
            raise InputError(f"an ensemble is of two runs or more. Received: {len(self.runs)}")
        if looks := next((run for run in self.runs if run.network.takes_boxes), None):
            raise InputError(f"{looks.path} looks again at boxes that it finds itself, so it answers alone")
        first, *others = self.runs
        for other in others:
            _check_alike(first, other)

    def __repr__(self) -> str:
        return f"Ensemble({[str(run.path) for run in self.runs]})"

    @property
    def task(self) -> Task:
        """What they are for."""
        return self.runs[0].task

    @property
    def notes(self) -> list[str]:
        """What was noticed about any of them, one sentence each."""
        return list(dict.fromkeys(note for run in self.runs for note in run.notes))

    def test(self, source: Any = None, *, bad: str = "skip") -> Any:
        """How they do together; arguments, result and errors as for `Run.test`."""
        return self.judged(source, bad=bad).whole.result()

    def judged(self, source: Any = None, *, bad: str = "skip") -> SideBySide:
        """How each does, and all together, on the same labelled examples; as for `Run.test`.

        Raises:
            InputError: Without a source, they were trained on different data; or as for `Run.test`.
        """
        if source is None and len({run.config["data"]["sha256"] for run in self.runs}) > 1:
            raise InputError("these runs were trained on different data; say what to test them on")
        opened = [run.judged_on(source, bad) for run in self.runs]
        unread = Unread(lambda line: self.runs[0].notes.append(line))
        tells = [unread.tell] + [lambda path, why: None] * (len(self.runs) - 1)
        feeds = [
            feed_of(examples, data.schema, run.recipe, run.device, None, bad, tell)
            for run, (_, data, examples), tell in zip(self.runs, opened, tells, strict=True)
        ]
        name, _, examples = opened[0]
        with using(self.runs[0].threads):
            kept = self._kept(feeds)
        left = unread.left_of(examples)
        tasks = [*(run.task for run in self.runs), self.task]
        nets: list[Net] = [*(partial(run.outputs_by_name, engine=run.engine) for run in self.runs), self._asked]
        *members, whole = (
            task.tried(task.judged(name, left, rows, {LOSS: loss, **task.figures(rows)}), net)
            for task, (loss, rows), net in zip(tasks, kept, nets, strict=True)
        )
        return SideBySide(tuple(str(run.path) for run in self.runs), tuple(members), whole)

    def _kept(self, feeds: Sequence[Feed]) -> list[tuple[float, Fields]]:
        """The mean loss and the rows of each run, and of all together."""
        objectives = [*(run.task.objective(run.trained_loss()) for run in self.runs), self.task.objective(None)]
        losses, rows, count = [0.0] * len(objectives), [list[Fields]() for _ in objectives], 0
        for batches in _side_by_side(feeds):
            outputs = self._outputs(batches)
            targets = moved_to("cpu", batches[0].targets)
            count += len(batches[0])
            for number, (objective, made) in enumerate(zip(objectives, outputs, strict=True)):
                losses[number] += len(batches[0]) * float(sum(objective.loss(made, targets).values()))
                rows[number].append(objective.rows(made, targets))
        return [(loss / count, joined(some)) for loss, some in zip(losses, rows, strict=True)]

    def _outputs(self, batches: Sequence[Batch]) -> list[Fields]:
        """The outputs of each for its batch, and those of all together, on the CPU."""
        made = [
            moved_to("cpu", run.task.through(run.engine.evaluate, batch.inputs))
            for run, batch in zip(self.runs, batches, strict=True)
        ]
        return [*made, self._together(made)]

    def _together(self, outputs: Sequence[Fields]) -> Fields:
        first, *others = ({name: one.shape for name, one in fields.items()} for fields in outputs)
        if differs := next((other for other in others if other != first), None):
            raise InputError(f"the runs give outputs of different shapes, {_shapes(first)} and {_shapes(differs)}")
        return self.task.together(outputs)

    def predict(self, *given: Any, bad: str = "skip") -> list[Any]:
        """What they say of examples together; arguments, answers and errors as for `Run.predict`."""
        return list(self.answers(*given, bad=bad))

    def answers(self, *given: Any, bad: str = "skip") -> Iterator[Any]:
        """The answers of `predict` one after the other, as for `Run.answers`."""
        first = self.runs[0]
        for part in self.task.parts(given, first.notes.append if bad == "skip" else None, first.recipe):
            asked = [run.task.asked(part, run.recipe, bad) for run in self.runs]
            self.runs[0].notes.extend(asked[0].notes)
            shown = shown_at(part)
            for rows in of_one_shape(asked[0].inputs):
                made = [
                    moved_to("cpu", run.outputs_by_name(joined(one.of(rows).inputs), run.engine))
                    for run, one in zip(self.runs, asked, strict=True)
                ]
                answers = self.task.answers(self._together(made), asked[0].of(rows), self._net)
                yield from (at_its_time(answer, shown) for answer in answers)

    def _asked(self, inputs: Fields) -> Fields:
        """The outputs of all together for inputs as examples have them."""
        return self._together([moved_to("cpu", run.outputs_by_name(inputs, run.engine)) for run in self.runs])

    def _net(self, inputs: Fields) -> Fields:
        """The outputs of all together for inputs that every one of them reads as they are."""
        return self._together([moved_to("cpu", run.engine.evaluate(inputs)) for run in self.runs])


def _side_by_side(feeds: Sequence[Feed]) -> Iterator[tuple[Batch, ...]]:
    """All examples in order, in batches of the same ones for each run."""
    size = max(1, min(EVALUATED, *(ENTRIES // max(1, feed.entries) for feed in feeds)))
    return zip(*(feed.in_order(size) for feed in feeds), strict=True)


def _check_alike(first: Run, other: Run) -> None:
    """Check that two runs answer the same question.

    Raises:
        InputError: They do not.
    """
    one, two = first.task, other.task
    if one.word != two.word:
        raise InputError(
            f"{first.path} is for the task {one.word} and {other.path} for {two.word}; an ensemble has one"
        )
    if one.meaning() == two.meaning():
        return
    ours, theirs = one.meaning(), two.meaning()
    apart = next((known for known in (*ours, *theirs) if (known in ours) != (known in theirs)), None)
    why = f"only one of them knows {apart}" if isinstance(apart, str) else "their outputs stand for other things"
    raise InputError(
        f"{first.path} and {other.path} can't answer together: {why}; an ensemble knows the same, in one order"
    )


def _shapes(shapes: dict[str, Any]) -> str:
    return ", ".join("x".join(map(str, shape[1:])) for shape in shapes.values())


def _result(judged: Any) -> Any:
    result = judged.result()
    return judged if isinstance(result, dict) else result
