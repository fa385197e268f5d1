"""Carrying out a plan: build, train, keep, judge, report."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from striate.augmentation.augment import Augment
from striate.data.examples import Examples
from striate.draws import derived_seed
from striate.errors import WorkError
from striate.interrupt import undone_by
from striate.runs.beginning import Beginning
from striate.runs.beside import Beside
from striate.runs.command import resumes
from striate.runs.engines import INSTEAD, native_engine
from striate.runs.feeding import feed_of, unlabelled
from striate.runs.hints import hints_of
from striate.runs.keeper import Giver, Keeper
from striate.runs.listed import STOPPED_FILE
from striate.runs.logs.logs import closed_at_end, opened
from striate.runs.looking import with_look
from striate.runs.plan import Choice, Parts, Plan, native_loss
from striate.runs.reporting import report
from striate.runs.run import Run
from striate.runs.seen import VALIDATION_SET, ended_on, scene_of
from striate.runs.unread import Unread
from striate.tasks.saying import Say, silent
from striate.tasks.task import Task
from striate.training.disputes import Disputes
from striate.training.engine import TorchEngine
from striate.training.feed import WHOLE, Feed, Part
from striate.training.fields import Fields
from striate.training.history import VALIDATION, History
from striate.training.interrupt import as_exception
from striate.training.loop import Engine, Looked, Measured, Watcher, measured, outputs_of
from striate.training.loop import train as train_loop
from striate.training.memory import enough_memory
from striate.training.moment import Moment
from striate.training.native_engine import NativeEngine
from striate.training.objective import Net, Objective
from striate.training.progress import Bar, Quiet, looking
from striate.training.saved import REPORT, RUNS, SavedRun
from striate.training.state import State
from striate.training.threads import using
from striate.training.together import ShownIn, engine_of, measured_by, rows_of
from striate.training.verdict import verdict
from striate.watching import Page

CTRL_C = "Ctrl-C"
TRAINING_SET, TEST_SET = "the training set", "the test set"


@dataclass(frozen=True)
class Trained:
    """The result of a training.

    Attributes:
        run: The run on disk.
        history: Its epochs.
        validation: How the best weights do on the validation set.
        test: How they do on the test set; None when there is none.
        verdict: What the curves say, one sentence each.
        stopped: Why it ended before its last epoch: Ctrl-C, patience; empty otherwise.
        goes_on: What to type to go on after Ctrl-C; empty where nothing is left to do.
    """

    run: Run
    history: History
    validation: Any
    test: Any | None
    verdict: tuple[str, ...]
    stopped: str = ""
    goes_on: str = ""

    def said(self) -> list[str]:
        """What there is to say of how it went, a sentence each."""
        after = f"stopped by {self.stopped} after epoch {len(self.history)}; the best weights are kept"
        goes_on = f"; `{self.goes_on}` goes on" if self.goes_on else ""
        return [*self.verdict, *([f"{after}{goes_on}"] if self.stopped else [])]

    def figures(self) -> list[str]:
        """How good the weights are that were kept, a line each."""
        name = self.history.metric.words
        wide = len(f"validation {name}")
        test = [f"{f'test {name}':<{wide}}{self.test.said().removeprefix(name)}"] if self.test else []
        return [f"validation {self.validation.said()}; kept: {self.history.choice()}", *test]

    def printed(self) -> list[str]:
        """The figures, and where to look, a line each."""
        return [*self.figures(), f"run:    {self.run.path}", f"report: {self.run.path / REPORT}"]

    def told(self, say: Say) -> Trained:
        """Itself, when all that was said."""
        for line in (*self.said(), *self.printed()):
            say(line)
        return self

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate train --json`."""
        speeds = sorted(epoch.per_second for epoch in self.history.epochs)
        metric = self.history.metric.name
        return {
            "run": str(self.run.path),
            "epochs": len(self.history),
            "best_epoch": self.history.best.epoch,
            VALIDATION + metric: self.history.value(self.history.best),
            f"test_{metric}": self.test.figures[metric] if self.test else None,
            "validation": self.validation.to_json(),
            "test": self.test.to_json() if self.test else None,
            "verdict": list(self.verdict),
            f"{self.history.unit}_per_second": speeds[len(speeds) // 2],
        }


def start(
    plan: Plan,
    parts: Parts,
    beginning: Beginning | None,
    *,
    out: str | Path | None,
    overwrite: bool,
    say: Say,
    show: bool,
    page: Page | None = None,
    watchers: Sequence[Quiet] = (),
) -> Trained:
    """Train from the beginning, in a new folder.

    Raises:
        InputError: The folder is taken.
        WorkError: As for `train`.
    """
    with using(plan.threads):
        engine, plan = first_engine(plan, parts, beginning, None, say)
        root = Path(out) if out else next_run(plan.network.name, plan.data.name)
        saved = SavedRun.create(root, plan.text, plan.to_json(parts.own_loss), overwrite)
        (root / STOPPED_FILE).unlink(missing_ok=True)  # of a run that this one replaces
        for line in (*plan.said(), *saved.save_left_out(parts.left_out)):
            say(line)
        return _train(plan, parts, saved, engine, plan.task.history(), Moment(), Disputes(), say, show, page, watchers)


def go_on(
    plan: Plan,
    parts: Parts,
    saved: SavedRun,
    state: State,
    *,
    say: Say,
    show: bool,
    page: Page | None = None,
    watchers: Sequence[Quiet] = (),
) -> Trained:
    """Go on from a state of a run, exactly as if it had never stopped.

    Raises:
        WorkError: The best weights so far are lost.
    """
    saved.settle(state)
    for line in (*saved.notes, _going_on(plan, state)):
        say(line)
    with using(plan.threads):
        engine, plan = first_engine(plan, parts, None, state, say)
        for line in (plan.how(), *plan.processes.said(), *([plan.engine.because] if plan.engine.because else [])):
            say(line)
        saved.save_set_up(plan.text, plan.to_json(parts.own_loss))
        saved.save_left_out(parts.left_out)
        history = dataclasses.replace(state.history, metrics=plan.task.metrics)
        return _train(plan, parts, saved, engine, history, state.moment, state.disputes, say, show, page, watchers)


def _going_on(plan: Plan, state: State) -> str:
    """Where training goes on, and at what rate: with a changed schedule the rate differs from where it stopped."""
    done, pace, options = len(state.history), plan.pace, plan.options
    pace.steps = int(state.optimizer["steps"])
    if not done and not state.moment.batches:
        return "going on from the beginning: no state of the first epoch was kept"
    within = f", within epoch {done + 1}" if state.moment.batches else ""
    where = f"going on after epoch {done} of {options.epochs}{within}"
    if done >= options.epochs or not state.history:
        return where
    schedule = f"{options.schedule} up to {options.rate:g}"
    ended = f"epoch {done} ended at {state.history.epochs[-1].learning_rate:.3g}"
    return f"{where}; learning rate: {schedule} over {options.epochs} epochs, now {pace.next_rate:.3g} ({ended})"


def first_engine(
    plan: Plan, parts: Parts, beginning: Beginning | None, state: State | None, say: Say
) -> tuple[TorchEngine | NativeEngine, Plan]:
    """The engine with its first weights, and the plan with what became known only now."""
    with enough_memory():
        model = plan.task.build(plan.network, plan.options.init, derived_seed(plan.options.seed, "weights"))
    if beginning and not state:
        plan = plan.begins(beginning.begin(model, plan.task))
    objective = plan.objective(parts.own_loss)
    made, plan = _native(plan, parts, model, objective, say)
    engine = made or engine_of(
        plan.processes, model, plan.options, plan.num_steps, objective, plan.device, say, plan.rates
    )
    if state:
        engine.load(dict(state.weights), dict(state.optimizer))
    return engine, plan


def _native(
    plan: Plan, parts: Parts, model: nn.Module, objective: Objective, say: Say
) -> tuple[NativeEngine | None, Plan]:
    """The native engine where it was chosen; None, and one more decision reported, where it can't be made here."""
    if plan.engine.name != "native":
        return None, plan
    loss = native_loss(plan.task, parts.own_loss or plan.options.loss, plan.augment, plan.teachers)
    made = native_engine(plan.network, model, plan.options, plan.num_steps, loss, say, plan.rates, objective)
    if isinstance(made, str):
        assert INSTEAD in made
        return None, dataclasses.replace(plan, engine=Choice("torch", "native", made))
    return made, plan


def _train(
    plan: Plan,
    parts: Parts,
    saved: SavedRun,
    engine: TorchEngine | NativeEngine,
    history: History,
    at: Moment,
    disputes: Disputes,
    say: Say,
    show: bool,
    page: Page | None,
    watchers: Sequence[Quiet],
) -> Trained:
    epochs, task, objective = plan.options.epochs, plan.task, plan.objective(parts.own_loss)
    bar: Quiet = (
        Bar(plan.examples, epochs, len(history), decides=objective.decides, unit=task.unit, begun=at.done)
        if show
        else Quiet()
    )
    unread = Unread(say)
    if page:
        page.begin(scene_of(plan, parts, unread, history, at))
        bar = page.around(bar, engine.weights)
    config = plan.to_json(parts.own_loss)
    logs = opened(plan.log, saved.root, config, len(history), at, say)
    bar = Beside(bar, (logs, *watchers)) if plan.log or watchers else bar
    keeper = Keeper(saved, engine, bar, plan, parts, history, disputes, say)
    validation = _feed(plan, parts, parts.validation, unread)  # every epoch and the verdict use the same
    with undone_by(lambda: _last_words(keeper)), ended_on(page), closed_at_end(logs):
        if not history and at == Moment():
            keeper.begin()
        stopped = _learn(plan, parts, keeper, validation, unread, at)
        if stopped == CTRL_C:
            say("training is over; the best weights are measured")
        done = _finish(plan, parts, saved, engine, keeper.history, keeper.disputes, stopped, validation, unread, show)
        logs.end(_figures(done))
    if page:
        page.end([*done.said(), *done.figures()], saved.root / REPORT)
    return done


def _figures(done: Trained) -> dict[str, float]:
    """What is known of the weights that are kept."""
    judged = {"validation": done.validation, "test": done.test}
    return {f"{part}_{name}": value for part, one in judged.items() if one for name, value in one.figures.items()}


def follow(plan: Plan, parts: Parts, beginning: Beginning | None, state: State | None, say: Say) -> None:
    """Train as one of several processes that is not the first: it neither shows nor keeps anything.

    Raises:
        WorkError: As for `train`.
    """
    with using(plan.threads):
        engine, plan = first_engine(plan, parts, beginning, state, silent)
        history = dataclasses.replace(state.history, metrics=plan.task.metrics) if state else plan.task.history()
        at, watcher = state.moment if state else Moment(), Quiet()
        if plan.processes.sharded:
            watcher = giver = Giver(engine, plan.processes)
            if not history and at == Moment():
                giver.give()
        with as_exception(), enough_memory():
            _learn_with(plan, parts, engine, watcher, history, at, Unread(say))


def _feed(
    plan: Plan,
    parts: Parts,
    examples: Examples,
    unread: Unread,
    augment: Augment | None = None,
    groups: Tensor | None = None,
    part: Part = WHOLE,
    before: int = 0,
) -> Feed:
    """The batches of one of the parts."""
    how = (augment, plan.bad, unread.tell, plan.workers, groups, part, before)
    return feed_of(examples, parts.schema, plan.recipe, plan.device, *how)


def lessons(plan: Plan, parts: Parts, unread: Unread) -> Feed:
    """What is learned from: this process's part of every batch, with what teachers say of it."""
    feed = _feed(plan, parts, parts.training, unread, plan.augment, plan.balanced(parts), plan.processes.part)
    return plan.teachers.lessons(feed) if plan.teachers else feed


def _learn_with(
    plan: Plan,
    parts: Parts,
    engine: TorchEngine | NativeEngine,
    watcher: Watcher,
    history: History,
    at: Moment,
    unread: Unread,
    validation: Feed | None = None,
) -> None:
    """Train to the end: on this process's part of every batch, where there are several."""
    ours, objective, measure = plan.processes, plan.objective(parts.own_loss), measured
    if ours.several:
        rows = rows_of(ours, len(parts.validation))
        own = _feed(plan, parts, parts.validation.part(rows), unread, before=rows.start)
        validation, measure = ShownIn(own, len(parts.validation)), measured_by(ours)
    validation = validation or _feed(plan, parts, parts.validation, unread)
    measure = _with_work(measure, plan)
    train_loop(engine, lessons(plan, parts, unread), validation, objective, plan.options, watcher, history, at, measure)


def _with_work(measure: Measured, plan: Plan) -> Measured:
    """The same, with what only the network at work shows."""

    def whole(engine: Engine, feed: Feed, objective: Objective, looked: Looked) -> Any:
        figures, rows = measure(engine, feed, objective, looked)
        return {**figures, **_at_work(plan, partial(_asked, engine, plan, objective))}, rows

    return whole


def _at_work(plan: Plan, net: Net) -> Mapping[str, float]:
    """What the network at work shows: to the first of several processes, which tells the others.

    Where each has a part of the weights none can work by itself, so nothing is shown.
    """
    ours = plan.processes
    if not ours.several:
        return plan.task.at_work(net)
    known = {} if ours.rank or ours.sharded else plan.task.at_work(net)
    names = [metric.name for metric in plan.task.metrics]
    shared = ours.summed([0.0 if ours.rank else known.get(name, math.nan) for name in names])
    return {name: value for name, value in zip(names, shared, strict=True) if not math.isnan(value)}


def _learn(plan: Plan, parts: Parts, keeper: Keeper, validation: Feed, unread: Unread, at: Moment) -> str:
    """Train to the end; returns why it ended before that, if it did."""
    root, stopped = keeper.saved.root, ""
    try:
        with as_exception(), keeper.bar, enough_memory():
            _learn_with(plan, parts, keeper.engine, keeper, keeper.history, at, unread, validation)
    except KeyboardInterrupt:
        stopped = CTRL_C
    except WorkError as error:
        raise WorkError(f"{error}{_kept(keeper.history, root)}") from None
    if not keeper.history:
        lost = "nothing was learned" if keeper.moment is None else f"`{resumes(root)}` goes on within it"
        raise WorkError(f"stopped by {stopped} before the first epoch was finished; {lost}")
    return "patience" if not stopped and len(keeper.history) < plan.options.epochs else stopped


def _kept(history: History, root: Path) -> str:
    return f"; the weights of epoch {history.best.epoch} are kept in {root}" if history else ""


def _last_words(keeper: Keeper) -> None:
    """What to know where Ctrl-C ends the program before the report is written."""
    if keeper.history:
        best, root = keeper.history.best.epoch, keeper.saved.root
        kept = f"the weights of epoch {best}, the best of {len(keeper.history)}, are kept in {root}"
        os.write(2, f"{kept}; `{resumes(root)}` goes on\n".encode())


def _finish(
    plan: Plan,
    parts: Parts,
    saved: SavedRun,
    engine: TorchEngine | NativeEngine,
    history: History,
    disputes: Disputes,
    stopped: str,
    validation: Feed,
    unread: Unread,
    show: bool,
) -> Trained:
    """Measure the best weights, as they are stored, on the validation and test sets and write the report."""
    answers = dataclasses.replace(plan, task=plan.task.answering())
    run, objective = Run(saved.root, str(plan.device)), answers.objective(parts.own_loss)
    if plan.processes.sharded:  # its weights would take all processes, and the others are done
        whole = plan.task.build(plan.network, "zeros")
        engine = TorchEngine(whole, plan.options, plan.num_steps, objective, plan.device)
    engine.load(dict(run.state.weights))
    with enough_memory():
        try:
            judged = judge(engine, answers.task, objective, VALIDATION_SET, parts.validation, validation, unread, show)
            judged = answers.task.tried(judged, partial(_asked, engine, answers, objective), validation=True)
        except WorkError as error:
            again = f"`{resumes(saved.root)}` measures them again"
            raise WorkError(f"{error}{_kept(history, saved.root)}; {again}") from None
        test = None
        if parts.test is not None:
            feed = _feed(plan, parts, parts.test, unread)
            try:
                test = judge(engine, answers.task, objective, TEST_SET, parts.test, feed, unread, show)
                test = answers.task.tried(test, partial(_asked, engine, answers, objective))
            except WorkError as error:  # the training and its report do not depend on it
                unread.say(f"there are no figures of {TEST_SET}: {error}")
    if unread.files:
        parts = dataclasses.replace(parts, left_out=(*parts.left_out, *unread.left_out()))
        saved.save_left_out(parts.left_out)
    standing = plan.task.standing(history.epochs[-1], len(parts.training), judged)
    unfinished = stopped == CTRL_C and len(history) < plan.options.epochs
    guess = plan.task.loss_of_guessing(parts.own_loss or plan.options.loss)
    said = verdict(history, standing, guess, plan.options.epochs if unfinished else 0)
    figures = {
        f"validation {history.metric.words}": judged.in_short(),
        "epoch kept": f"{history.best.epoch} of {len(history)}{f' (stopped by {stopped})' if stopped else ''}",
        "seconds": f"{sum(epoch.seconds for epoch in history.epochs):.1f}",
    }
    learned = partial(judge, engine, plan.task, plan.objective(parts.own_loss), TRAINING_SET, parts.training)
    feeding = partial(_feed, plan, parts, parts.training, unread)
    hints = hints_of(
        run,
        parts,
        judged,
        lambda: learned(feeding(), unread, show),
        disputes,
        len(history),
        hurried=stopped == CTRL_C,
        say=unread.say,
        show=show,
    )
    shown = with_look(test or judged, run, parts.schema)
    run.saved.save_report(report(run, history, said, shown, figures, parts, hints))
    return Trained(run, history, judged, test, said, stopped, resumes(run.path) if unfinished else "")


def judge(
    engine: Engine,
    task: Task,
    objective: Objective,
    name: str,
    examples: Examples,
    feed: Feed,
    unread: Unread,
    show: bool = False,
) -> Any:
    """How a network does on labelled examples, in its task's words."""
    with looking(name, task.unit, not show) as looked:
        figures, rows = measured(engine, feed, objective, looked)
    return task.judged(name, unread.left_of(examples), rows, figures)


def _asked(engine: Engine, plan: Plan, objective: Objective, inputs: Fields) -> Fields:
    """The outputs for inputs as examples have them."""
    return outputs_of(engine, unlabelled(inputs, plan.recipe, plan.device), objective)


def next_run(net: str, dataset: str) -> Path:
    """`runs/lenet5-mnist-1`, or the first free number; made at once, so that two trainings never share a folder."""
    number = 1
    while True:
        path = Path(RUNS) / re.sub(r"[^\w.-]+", "-", f"{net}-{dataset}-{number}")
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            number += 1
        except OSError as error:
            raise WorkError(f"can't make {path}: {error.strerror}") from None
