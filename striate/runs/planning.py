"""From what a user asks for to a plan: the data, the network fitted to them, the split, the options, the engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from striate import zoo
from striate.augmentation.augment import Augment
from striate.augmentation.chain import chained, of_photographs
from striate.augmentation.mixing import Smoothing
from striate.augmentation.shift import Shift
from striate.augmentation.words import AUTO
from striate.data.examples import Examples, Opened
from striate.data.recipe import Recipe
from striate.data.workers import check_count
from striate.errors import InputError
from striate.losses import Loss
from striate.native.losses import Loss as NativeLoss
from striate.notation import Network, measure
from striate.notation.graph import graph
from striate.notation.sizes import Size
from striate.notation.tree import Own, deep
from striate.runs import devices
from striate.runs.beginning import Beginning, Learned
from striate.runs.command import FROM_PYTHON, repeats, source_key
from striate.runs.engines import INSTEAD, engine_for
from striate.runs.feeding import reads_files
from striate.runs.freezing import rates_for
from striate.runs.plan import Choice, Data, Parts, Plan, native_loss
from striate.runs.run import recipe_of
from striate.runs.teaching import Teachers, learned_before
from striate.tasks import known
from striate.tasks.balancing import balanced
from striate.tasks.cube import CubeTask
from striate.tasks.fitting import Fitted, check_batch, check_max_norm, check_trainable, input_shape
from striate.tasks.pieces import enlarges, maps_of
from striate.tasks.restore import Restore
from striate.tasks.stylize import Stylize
from striate.tasks.task import Task, Wish
from striate.tasks.volume import VolumeTask
from striate.training.feed import num_batches
from striate.training.layer_rates import LayerRates
from striate.training.options import NO_AUGMENT, Options
from striate.training.passes import EPOCHS, usual_epochs
from striate.training.precision import compiles, precision_for
from striate.training.processes import ALONE, Processes
from striate.training.progress import Quiet
from striate.training.recipes import RECIPES, Preset, written
from striate.training.threads import using
from striate.training.together import check_sharded, check_sizes
from striate.watching import Page


@dataclass(frozen=True)
class Request:
    """What a user asks for.

    Attributes:
        net: A name of the zoo, a `.net` file, the text itself, or a network.
        data: A word, a path, or data made in Python.
        options: How to train.
        task: A task's word; None for the one that finds its data.
        device, engine, bad, letters, size, weights, threads, workers: As for `train`.
        log: The loggers that the training is told to.
        tested: Whether its weights are judged on the test examples.
        watchers: Who else looks on.
        own_loss: A function of (outputs, labels) instead of the options' loss.
        show: Whether to draw progress on standard error.
        page: Where the training is seen; None where it is not.
        processes: Who trains.
        command: The command that repeats the training; by default written from the rest.
        again: The plan's own entries of a run that goes on.
    """

    net: str | Path | Network
    data: Any
    options: Options
    task: str | None = None
    device: str = "auto"
    engine: str = "auto"
    bad: str = "skip"
    letters: Mapping[str, int | float] | None = None
    size: Size | None = None
    weights: str | Path | None = None
    threads: int | None = None
    workers: int | None = None
    log: tuple[str, ...] = ()
    tested: bool = True
    watchers: tuple[Quiet, ...] = ()
    own_loss: Loss | None = None
    show: bool = False
    page: Page | None = None
    processes: Processes = ALONE
    command: str = ""
    again: Again | None = None


@dataclass(frozen=True)
class Again:
    """What a run that goes on had decided.

    Attributes:
        recipe: How examples become the network's input.
        begun: What is known of the weights that it started from.
        decided: Its decisions, one sentence each.
        facts: Those of its task.
    """

    recipe: Recipe | None
    begun: dict[str, Any] | None = None
    decided: tuple[str, ...] = field(default=())
    facts: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(config: Mapping[str, Any]) -> Again:
        """What a run's configuration says of it."""
        return Again(recipe_of(config), config.get("weights"), tuple(config["decisions"]), config.get("task", {}))


def planned(asked: Request) -> tuple[Plan, Parts, Beginning | None]:
    """What is decided, what it is carried out on, and the weights to start from.

    Raises:
        InputError: Something named does not exist or does not fit.
    """
    device, engine = devices.device(asked.device), devices.engine(asked.engine)
    check_count(asked.workers)
    network = zoo.find(asked.net, asked.letters)
    command = asked.command or command_of(asked, network)
    beginning = None if asked.weights is None else Beginning(asked.weights)
    teachers = Teachers(asked.options, device) if asked.options.teacher else None
    word = asked.task or next((word for word, given in _meant(asked.options).items() if given), None)
    for meant, given in _meant(asked.options).items():
        if given and word != meant:
            raise InputError(f"{given} is for the task {meant}, not for {word}; leave it out")
    task, opened = known.opened(asked.data, _wish(asked, network), word)
    task.objective(asked.own_loss or asked.options.loss)  # or it is refused, before anything long begins
    training, validation = _split(asked, task, opened)
    rows = opened.in_fold(*fold, asked.options.seed) if (fold := asked.options.folds) else []
    notes = (*opened.notes, *_beside(opened, training, validation, task.unit))
    opened = dataclasses.replace(opened, train=training, notes=notes)  # from here on, no code sees a validation example
    recipe = asked.again.recipe if asked.again else None
    fitted = task.fit(network, opened, recipe, asked.size)
    fitted = beginning.scaled(fitted) if beginning else fitted
    check_trainable(fitted)
    check_max_norm(fitted.network, asked.options.max_norm)
    if teachers:
        teachers.fit(fitted, asked.own_loss or asked.options.loss)
        asked = dataclasses.replace(asked, options=dataclasses.replace(asked.options, teacher=teachers.source))
    task, preset = fitted.task, RECIPES[asked.options.recipe]
    softens = not task.softens(asked.own_loss or asked.options.loss)
    asked = dataclasses.replace(asked, options=preset.filled(asked.options, softens))
    places = _places(asked.options.augment, preset, fitted, opened)
    softened = _softened(places, asked, task)
    loss = asked.own_loss or asked.options.loss
    augment, balance_note = balanced(softened, asked.options.balance, loss, task, training)
    count = len(training) * (augment.times if augment else 1)
    options, more = _options(asked, count, fitted, augment, device)
    options = dataclasses.replace(options, augment=places.written() if places else NO_AUGMENT)
    recipe_note = [written(options)] if options.recipe != NO_AUGMENT else []
    if asked.processes.several:
        _check_parts(asked, fitted, options, count, len(validation))
    begun = asked.again.begun if asked.again else None
    steps = num_batches(count, options.images(count))
    rates = rates_for(fitted.network, options, steps, (begun or {}).get("fresh", ()))
    parts = Parts(opened.schema, training, validation, opened.test, opened.left_out, asked.own_loss, tuple(rows))
    native = native_loss(task, loss, augment, teachers)
    own = Learned.by(opened.sha256, options.to_json())
    doubts = [
        doubt for source, seen in learned_before(beginning, teachers).items() if (doubt := seen.doubt(own, source))
    ]
    plan = Plan(
        task=task,
        network=fitted.network,
        data=Data(opened.name, source_key(opened.source) if opened.source else "", opened.sha256),
        recipe=fitted.recipe,
        options=options,
        augment=augment,
        engine=_engine(asked, engine, task, fitted.network, options, count, device, native, rates),
        device=device,
        threads=asked.threads,
        workers=asked.workers,
        bad=asked.bad,
        examples=count,
        begun=begun,
        rates=rates,
        teachers=teachers,
        command=command,
        log=asked.log,
        notes=(*_notes(asked, task, opened, fitted, parts, softened), *balance_note, *recipe_note, *doubts),
        more_passes=more,
        before=asked.again.decided if asked.again else (),
        processes=asked.processes,
    )
    if not asked.tested:  # from here on, no code sees a test example
        parts = dataclasses.replace(parts, test=None)
    return plan, parts, beginning


def _meant(options: Options) -> dict[str, str]:
    """Tasks that have an option of their own, each with its name where it is given."""
    words: dict[str, type[Task]] = {"degrade": Restore, "style": Stylize, "spacing": VolumeTask, "split": CubeTask}
    return {task.word: word if getattr(options, word) else "" for word, task in words.items()}


def _places(wanted: str, preset: Preset, fitted: Fitted, opened: Opened) -> Augment | None:
    """How training images are changed: as was asked for, or as suits them, maybe stronger."""
    places = fitted.task.augment(wanted, fitted, opened)
    if wanted != AUTO or (not isinstance(places, Shift) and not of_photographs(places)):
        return places
    return fitted.task.augment(preset.stronger[of_photographs(places)], fitted, opened)


def _split(asked: Request, task: Task, opened: Opened) -> tuple[Examples, Examples]:
    """Examples to train on and to validate by."""
    if fold := asked.options.folds:
        return opened.folded(*fold, asked.options.seed, task.unit)
    return opened.split(asked.options.validation, asked.options.seed, task.unit)


def _beside(opened: Opened, training: Examples, validation: Examples, unit: str) -> list[str]:
    """A line where examples are in neither part, as they show what both do."""
    near = len(opened.train) - len(training) - len(validation) if opened.gap and opened.validation is None else 0
    return [f"{opened.name}: left out {near:,} {unit} next to those of validation, with the same frames"] * bool(near)


def _softened(augment: Augment | None, asked: Request, task: Task) -> Augment | None:
    """What happens to examples, label smoothing included.

    Raises:
        InputError: Targets become shares of classes, with which the loss can't compare.
    """
    if share := asked.options.smoothing:
        augment = chained(augment, Smoothing(share))
    if augment and augment.shares and (why := task.softens(asked.own_loss or asked.options.loss)):
        word = "smoothing" if asked.options.smoothing else f"augment '{asked.options.augment}'"
        raise InputError(f"{word} makes targets softer, and {why}")
    return augment


def _wish(asked: Request, network: Network) -> Wish:
    again = asked.again.recipe if asked.again else None
    shape = again.source if again else input_shape(network, asked.size)
    heads = tuple(graph(network).outputs)
    before = asked.again.facts if asked.again else {}
    wish = Wish(shape, asked.bad, progress=asked.show, heads=heads, style=asked.options.style, before=before)
    wish = dataclasses.replace(wish, network=network, eyes=asked.options.eyes, augment=asked.options.augment)
    wish = dataclasses.replace(wish, spacing=asked.options.spacing, split=asked.options.split)
    if not asked.options.degrade and asked.task != Restore.word:
        return wish
    return dataclasses.replace(wish, degrade=asked.options.degrade, enlarges=enlarges(network), maps=maps_of(network))


def command_of(asked: Request, network: Network) -> str:
    """What to type to repeat the training; a note where that is not possible."""
    named = not hasattr(asked.data, "source") or bool(asked.data.source)
    if asked.own_loss or not named or any(isinstance(node, Own) for node in deep(network.layers)):
        return FROM_PYTHON
    flags: dict[str, Any] = {"task": asked.task, "engine": asked.engine, "device": asked.device, "size": asked.size}
    flags |= {"from": asked.weights, "threads": asked.threads, "workers": asked.workers}
    flags |= {"log": ",".join(asked.log) or None}
    flags |= {"bad-files": None if asked.bad == "skip" else asked.bad}
    return repeats(asked.net, asked.data, asked.options, asked.letters or {}, flags)


def _options(
    asked: Request, count: int, fitted: Fitted, augment: Augment | None, device: torch.device
) -> tuple[Options, bool]:
    """The options with what depends on the data filled in, and whether there are more epochs than usual."""
    started = asked.weights is not None or bool(asked.again and asked.again.begun)
    options = fitted.task.usual(asked.options, count, augment, started)
    check_batch(fitted, options.images(count))
    macs = measure(fitted.network, fitted.shape).total_macs
    assert macs is not None  # the data have left no axis open
    preset = RECIPES[options.recipe]
    epochs = options.epochs or max(1, round(preset.passes * usual_epochs(count, options.images(count), macs)))
    steps, in_parts = epochs * num_batches(count, options.images(count)), asked.processes.sharded
    filled = dataclasses.replace(
        options,
        epochs=epochs,
        ema=preset.ema(options, steps),
        precision=precision_for(options.precision, device),
        compile="no" if in_parts and options.compile == AUTO else compiles(options.compile, device, steps),
    )
    return filled, epochs > EPOCHS * max(1, preset.passes) and not options.epochs


def _check_parts(asked: Request, fitted: Fitted, options: Options, count: int, validation: int) -> None:
    """Check that every process has a part of each batch that it can learn from, and one of the validation set."""
    batch = options.images(count)
    if asked.processes.sharded:
        check_sharded(options)
    check_sizes(asked.processes, batch, validation, fitted.task.unit)
    if asked.options.freeze:
        raise InputError("frozen layers are for a training in one process; leave out `freeze`, or torchrun")
    last = (count - 1) % batch + 1
    if last > 1 and not asked.processes.sync_norm:  # a single one joins the batch before it
        check_batch(fitted, min(batch, last) // asked.processes.world or 1)


def _engine(
    asked: Request,
    engine: str,
    task: Task,
    network: Network,
    options: Options,
    count: int,
    device: torch.device,
    loss: NativeLoss,
    rates: LayerRates,
) -> Choice:
    if task.any_size and engine == "native":
        raise InputError(f"{task.word} looks at {task.unit} of any size at once; take `engine='torch'`")
    if task.any_size:
        return Choice("torch", "torch", f"engine torch: {task.unit} of any size go through at once")
    whole = dataclasses.replace(options, batch=options.images(count))
    with using(asked.threads):
        chosen, why = engine_for(engine, network, whole, device, loss, rates)
    return Choice(chosen, "native" if INSTEAD in why else chosen, why)


def _notes(
    asked: Request, task: Task, opened: Opened, fitted: Fitted, parts: Parts, augment: Augment | None
) -> tuple[str, ...]:
    """What was decided about the data and the network."""
    changed = [augment.said()] if augment else []
    lines = [*opened.notes, *fitted.notes, _split_note(asked, task, opened, parts)]
    lines += task.doubts(parts.each, opened.name)
    if opened.validation is not None and asked.options.validation != Options.validation:
        share = f"{asked.options.validation:g}"
        lines.append(f"a share of {share} for validation is not taken: {opened.name} has validation {task.unit}")
    if opened.validation is not None and asked.options.fold:
        lines.append(f"the validation {task.unit} of {opened.name} are in no fold and not used")
    if asked.workers is not None and not asked.processes.several and not reads_files(parts.training):
        lines.append(f"`workers` changes nothing: the {task.unit} of {opened.name} are all in memory")
    return (*lines, *changed)


def _split_note(asked: Request, task: Task, opened: Opened, parts: Parts) -> str:
    test = f"{len(parts.test):,} for the test" if parts.test is not None else "none for a test"
    own = opened.validation is not None and not asked.options.fold
    part = f"fold {asked.options.fold}, " if asked.options.fold else ""
    chosen = "the data's own" if own else f"{part}seed {asked.options.seed}"
    kept = f"{len(parts.validation):,} kept for validation ({chosen})"
    return f"{task.unit}: {len(parts.training):,} to train on, {kept}, {test}"


def check_changed(plan: Plan, config: Mapping[str, Any], root: Path) -> None:
    """Check that the data are those that a run was trained on.

    Raises:
        InputError: They are not.
    """
    before = known.of_run(config)
    if plan.task != before:
        what = next(
            (
                one.name
                for one in dataclasses.fields(before)
                if getattr(plan.task, one.name, None) != getattr(before, one.name)
            ),
            "task",
        )
    elif plan.data.sha256 != config["data"]["sha256"]:
        what = plan.task.unit
    elif plan.teachers and plan.teachers.to_json() != config["teachers"]:
        raise InputError(f"the weights of {plan.teachers.source} have changed since they began to teach {root}")
    else:
        return
    raise InputError(f"the {what} of {plan.data.name} have changed since {root} was trained on them")
