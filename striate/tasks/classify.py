"""Image classification, from a network and a data set to a run: fit, train, keep, report.

>>> import tempfile
>>> run = train("input 1x8x8 -> fc 10", "digits", epochs=2, out=tempfile.mkdtemp() + "/run")
>>> run.test().examples
359
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

import striate
from striate import data, zoo
from striate.building import build
from striate.errors import InputError, WorkError, nearest
from striate.losses import loss_named
from striate.losses.classification import Loss
from striate.notation import Network, render
from striate.notation.tree import Conv
from striate.tasks import devices
from striate.tasks.engines import INSTEAD, engine_for, native_engine
from striate.tasks.fitting import Fitted, check_batch, check_trainable, fitted, input_shape, resolved
from striate.tasks.reporting import report
from striate.tasks.run import Run, source_key
from striate.training.augment import Shift, shift_for
from striate.training.batches import Batches, num_batches, prepared
from striate.training.draws import derived_seed
from striate.training.engine import TorchEngine
from striate.training.history import History
from striate.training.interrupt import as_exception, uninterrupted
from striate.training.loop import accuracy_of, outputs_of
from striate.training.loop import train as train_loop
from striate.training.memory import enough_memory
from striate.training.native_engine import NativeEngine
from striate.training.options import Options
from striate.training.progress import Bar, Quiet
from striate.training.saved import REPORT, RUNS, SavedRun
from striate.training.state import State

CTRL_C = "Ctrl-C"
FROM_PYTHON = "(trained from Python with data or a loss of its own)"
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a training came to.

    Attributes:
        run: The run on disk.
        history: Its epochs.
        test_accuracy: Of the best weights on the test set; None when there is none.
        stopped: Why it ended before its epochs were over: Ctrl-C, patience; or nothing.
    """

    run: Run
    history: History
    test_accuracy: float | None
    stopped: str = ""

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate train --json`."""
        speeds = sorted(epoch.images_per_second for epoch in self.history.epochs)
        return {
            "run": str(self.run.path),
            "epochs": len(self.history),
            "best_epoch": self.history.best.epoch,
            "validation_accuracy": self.history.best.validation_accuracy,
            "test_accuracy": self.test_accuracy,
            "images_per_second": speeds[len(speeds) // 2],
        }


def train(
    net: str | Path | Network,
    dataset: str | Path | data.Dataset,
    *,
    out: str | Path | None = None,
    device: str = "auto",
    engine: str = "auto",
    overwrite: bool = False,
    bad: str = "skip",
    loss: str | Loss = "cross-entropy",
    letters: Mapping[str, int | float] | None = None,
    **options: Any,
) -> Run:
    """Train a network on a data set.

    Args:
        net: A name of the zoo, a `.net` file, the text itself, or a network.
        dataset: A name, a folder with one sub-folder of images a class, an `.npz` archive, or a data set.
        out: The run's folder; by default the next free one under `runs`.
        device: `auto`, `cpu`, `cuda`, `mps`.
        engine: `auto`, `torch` or `native`.
        overwrite: Whether a run in that folder may be replaced.
        bad: Whether files that can't be read are left out ("skip") or refused ("refuse").
        loss: A loss's name, or a function of (outputs, labels).
        letters: Values for the letters of the network's text.
        options: Fields of `striate.training.options.Options`: epochs, batch, lr, optimizer, seed, …

    Returns:
        The run, on disk, with the best weights by validation accuracy.

    Raises:
        InputError: Something named is not there or does not fit.
        WorkError: The loss is no longer a number, or the disk is full; what was saved before is kept.
    """
    own = loss if callable(loss) else None
    known = {field.name for field in dataclasses.fields(Options)}
    unknown = next((name for name in options if name not in known), None)
    if unknown:
        raise InputError(f"no option '{unknown}'{nearest(unknown, known)}")
    chosen = Options(**options) if own else Options(**options, loss=str(loss))
    task = Training(net, dataset, chosen, device=device, engine=engine, bad=bad, letters=letters, own_loss=own)
    return task.start(out, overwrite).run


class Training:
    """A network and a data set brought together, ready to train.

    Args:
        net, dataset, options, device, engine, bad, letters: As for `train`.
        own_loss: A function of (outputs, labels) instead of the options' loss.
        say: Is given every decision, a sentence each.
        show: Whether to draw progress on standard error.
        command: The command that repeats the training; by default made up from the arguments.
    """

    def __init__(
        self,
        net: str | Path | Network,
        dataset: str | Path | data.Dataset,
        options: Options,
        *,
        device: str = "auto",
        engine: str = "auto",
        bad: str = "skip",
        letters: Mapping[str, int | float] | None = None,
        own_loss: Loss | None = None,
        say: Say = lambda line: None,
        show: bool = False,
        command: str = "",
    ) -> None:
        self.options, self.say, self.show, self.own_loss = options, say, show, own_loss
        self.device, self.engine_name = devices.device(device), devices.engine(engine)
        self.loss = own_loss or loss_named(options.loss)
        repeatable = not own_loss and not (isinstance(dataset, data.Dataset) and not dataset.source)
        made_up = _command(net, dataset, options, letters or {}, engine, device) if repeatable else FROM_PYTHON
        self.command = command or made_up
        shape = input_shape(zoo.find(net, letters))
        loaded = data.load(dataset, shape=shape, bad=bad, progress=show)
        self.sha256 = loaded.sha256()  # once: it reads every image
        self.training, self.validation = data.carve(loaded.train, options.validation, options.seed)
        self.dataset = dataclasses.replace(loaded, train=self.training)  # what follows sees no validation image
        self.fitted: Fitted = fitted(net, self.dataset, letters)
        check_trainable(self.fitted)
        check_batch(self.fitted, options.batch)
        whole = dataclasses.replace(options, batch=options.batch or len(self.training))
        self.engine_name, why = engine_for(
            self.engine_name, self.fitted.network, whole, self.device, own_loss is not None
        )
        self.shift = self._chosen_shift()
        self.instead = [why] if why else []  # of the engine that was asked for

    @property
    def decisions(self) -> list[str]:
        """Whatever was decided on the way, a sentence each."""
        notes = (*self.dataset.notes, *self.fitted.notes, self._split_note(), *self._shift_note(), self._how_note())
        return [*notes, *self.instead]

    def _chosen_shift(self) -> int:
        """Entries by which training images are moved; 0 leaves them where they are."""
        recipe, wanted = self.fitted.recipe, self.options.augment
        if wanted == "shift" and len(recipe.shape) != 3:
            raise InputError("--augment shift moves images of two axes; these have others")
        first = next(iter(self.fitted.network.layers), None)
        drawings = recipe.ink is not None and isinstance(first, Conv)
        if wanted == "none" or (wanted == "auto" and not drawings):
            return 0
        return max(shift_for(*recipe.shape[1:]), int(wanted == "shift"))

    def _shift_note(self) -> list[str]:
        if not self.shift:
            return []
        pixels = "a pixel" if self.shift == 1 else f"{self.shift} pixels"
        return [f"augmentation: each training image is moved by up to {pixels}; --augment none leaves it"]

    def _augment(self) -> Shift | None:
        if not self.shift:
            return None
        recipe = self.fitted.recipe
        background = [(b - m) / s for b, m, s in zip(recipe.background, recipe.mean, recipe.std, strict=True)]
        return Shift(self.shift, tuple(background))

    def _split_note(self) -> str:
        test = f"{len(self.dataset.test):,} for the test" if self.dataset.test else "none for a test"
        kept = f"{len(self.validation):,} kept for validation"
        return f"images: {len(self.training):,} to train on, {kept} (seed {self.options.seed}), {test}"

    def _how_note(self) -> str:
        o = self.options
        batch = f"batch {o.batch}" if o.batch else "the whole set as one batch"
        how = f"{o.optimizer}, {o.schedule} up to {o.rate:g}, {batch}"
        return f"training: {how}; engine {self.engine_name} on {self.device}, {torch.get_num_threads()} threads"

    def start(self, out: str | Path | None = None, overwrite: bool = False) -> Trained:
        """Train from the beginning, in a new folder.

        Raises:
            InputError: The folder is taken.
            WorkError: As for `train`.
        """
        engine = self._engine(None)
        root = Path(out) if out else _next_run(self.fitted.network.name, self.dataset.name)
        saved = SavedRun.create(root, resolved(self.fitted.network), self.config(), overwrite)
        for line in self.decisions:
            self.say(line)
        return self._train(saved, engine, History())

    def resume(self, saved: SavedRun) -> Trained:
        """Go on from the newest whole state of a run, exactly as if it had never stopped.

        Raises:
            InputError: The data's classes are not those that the run has learned.
            WorkError: The run has no state to go on from.
        """
        state = saved.last()
        for what, key in (("classes", "classes"), ("images", "sha256")):
            if self.config()["data"][key] != state.config["data"][key]:
                name = self.dataset.name
                raise InputError(f"the {what} of {name} have changed since {saved.root} was trained on them")
        saved.settle(state)
        for line in (*saved.notes, f"going on after epoch {len(state.history)} of {self.options.epochs}"):
            self.say(line)
        engine = self._engine(state)
        for line in (self._how_note(), *self.instead):
            self.say(line)
        saved.save_set_up(resolved(self.fitted.network), self.config())
        return self._train(saved, engine, state.history)

    def config(self) -> dict[str, Any]:
        """All that is needed to use the weights, and to train again."""
        source = self.dataset.source
        return {
            "striate": striate.__version__,
            "network": self.fitted.network.name,
            "data": {
                "name": self.dataset.name,
                "source": source_key(source) if source else "",
                "classes": list(self.dataset.classes),
                "sha256": self.sha256,
            },
            "recipe": self.fitted.recipe.to_json(),
            "options": self.options.to_json() | ({"loss": "own"} if self.own_loss else {}),
            "engine": self.engine_name,
            "wanted": "native" if any(INSTEAD in line for line in self.instead) else self.engine_name,
            "device": str(self.device),
            "command": self.command,
            "decisions": self.decisions,
        }

    def _engine(self, state: State | None) -> TorchEngine | NativeEngine:
        with enough_memory():
            model = build(self.fitted.network, self.options.init, derived_seed(self.options.seed, "weights"))
        count = len(self.training)
        steps = self.options.epochs * num_batches(count, self.options.batch or count)
        engine = self._native(model, steps) or TorchEngine(model, self.options, steps, self.device, self.own_loss)
        if state:
            engine.load(dict(state.weights), dict(state.optimizer))
        return engine

    def _native(self, model: nn.Module, steps: int) -> NativeEngine | None:
        """The native engine where it was chosen; None, and one decision more, where it can't be made here."""
        if self.engine_name != "native":
            return None
        made = native_engine(self.fitted.network, model, self.options, steps, self.say)
        if isinstance(made, str):
            self.engine_name = "torch"
            self.instead.append(made)
            return None
        return made

    def _batches(self, split: data.Split) -> Batches:
        recipe = self.fitted.recipe
        return prepared(split.images, split.labels, recipe, recipe.shape, self.device)

    def _train(self, saved: SavedRun, engine: TorchEngine | NativeEngine, history: History) -> Trained:
        epochs = self.options.epochs
        bar = Bar(len(self.training), epochs, len(history)) if self.show else Quiet()
        keeper = Keeper(saved, engine, bar, resolved(self.fitted.network), self.config(), history)
        stopped = ""
        try:
            with as_exception(), bar, enough_memory():
                train_loop(
                    engine,
                    dataclasses.replace(self._batches(self.training), augment=self._augment()),
                    self._batches(self.validation),
                    self.loss,
                    self.options,
                    keeper,
                    history,
                )
        except KeyboardInterrupt:
            stopped = CTRL_C
        except WorkError as error:
            kept = (
                f"; the weights of epoch {keeper.history.best.epoch} are kept in {saved.root}" if keeper.history else ""
            )
            raise WorkError(f"{error}{kept}") from None
        if not keeper.history:
            raise WorkError(f"stopped by {stopped} before the first epoch was finished; nothing was learned")
        if not stopped and len(keeper.history) < epochs:
            stopped = "patience"
        return self._finish(saved.root, engine, keeper.history, stopped)

    def _finish(self, root: Path, engine: TorchEngine | NativeEngine, history: History, stopped: str) -> Trained:
        """Measure the best weights, as they lie on disk, on the test set and write the report."""
        run = Run(root, str(self.device))
        split = self.dataset.test or self.validation
        engine.load(dict(run.state.weights))
        with enough_memory():
            outputs = outputs_of(engine, self._batches(split))
        accuracy = accuracy_of(outputs, split.labels)
        evaluated = f"the {'test' if self.dataset.test else 'validation'} set ({len(split):,} images)"
        figures = {
            "accuracy on " + evaluated: f"{accuracy:.4f}",
            "validation accuracy": f"{history.best.validation_accuracy:.4f} (epoch {history.best.epoch})",
            "epochs": f"{len(history)}{f' (stopped by {stopped})' if stopped else ''}",
            "seconds": f"{sum(epoch.seconds for epoch in history.epochs):.1f}",
        }
        run.saved.save_report(report(run, history, split, evaluated, outputs, figures))
        return Trained(run, history, accuracy if self.dataset.test else None, stopped)


class Keeper:
    """Watches the loop, shows its progress, and keeps every epoch on disk."""

    def __init__(
        self,
        saved: SavedRun,
        engine: TorchEngine | NativeEngine,
        bar: Quiet,
        net: str,
        config: dict[str, Any],
        history: History,
    ) -> None:
        self.saved, self.engine, self.bar, self.net, self.config = saved, engine, bar, net, config
        self.history = history

    def batch(self, epoch: int, done: int, loss: float, correct: int) -> None:
        """Passes the figures on to the bar."""
        self.bar.batch(epoch, done, loss, correct)

    def epoch(self, history: History) -> None:
        """Saves the epoch, then shows it."""
        weights = self.engine.weights()
        last = State(weights, self.engine.state(), self.net, self.config, history)
        best = dataclasses.replace(last, optimizer={}) if history.last_is_best else None
        with uninterrupted():
            self.saved.save_epoch(best, last)
            self.history = history
        self.bar.epoch(history)


def resume(
    path: str | Path,
    *,
    epochs: int | None = None,
    engine: str | None = None,
    device: str | None = None,
    say: Say = lambda line: None,
    show: bool = False,
) -> Trained:
    """Go on with an interrupted run, or train a finished one for more epochs.

    Args:
        path: The run's folder.
        epochs: Epochs in all; by default as many as the run was started for.
        engine: As for `train`, any whoever trained before; by default the same, or on a new device the one that fits.
        device: As for `train`; by default the one it was trained on.
        say: Is given every decision, a sentence each.
        show: Whether to draw progress on standard error.

    Raises:
        InputError: There is no run, or it has all its epochs already.
        WorkError: It has no state to go on from.
    """
    saved = SavedRun.open(Path(path))
    config = saved.config()
    if config["options"]["loss"] == "own":
        raise InputError(f"{path} was trained with a loss of your own; it can't be resumed")
    if not config["data"]["source"]:
        raise InputError(f"{path} was trained on a data set made in Python; it can't be resumed")
    options = Options.from_json(config["options"])
    options = dataclasses.replace(options, epochs=epochs or options.epochs)
    done = len(saved.last().history)
    if done >= options.epochs and (saved.root / REPORT).is_file():
        raise InputError(f"{path} has its {done} epochs; give more with --epochs {done * 2}")
    network = Run(path).network
    words = ["striate", "resume", str(path), "--epochs", str(options.epochs), *(["--engine", engine] if engine else [])]
    task = Training(
        network,
        config["data"]["source"],
        options,
        device=device or config["device"],
        engine=engine or ("auto" if device else config.get("wanted", config["engine"])),
        say=say,
        show=show,
        command=f"{config['command']} && {shlex.join(words)}",
    )
    return task.resume(saved)


def _command(
    net: str | Path | Network,
    dataset: str | Path | data.Dataset,
    options: Options,
    letters: Mapping[str, int | float],
    engine: str,
    device: str,
) -> str:
    """The command line that repeats a training started from Python."""
    name = str(net)
    if isinstance(net, Network):
        in_zoo = net.name in zoo.names()
        name, letters = (net.name, {**dict(net.letters), **letters}) if in_zoo else (render(net), {})
    source = dataset.source if isinstance(dataset, data.Dataset) else str(dataset)
    changed = [
        f"--{field.name.replace('_', '-')} {getattr(options, field.name)}"
        for field in dataclasses.fields(options)
        if getattr(options, field.name) != field.default
    ]
    given = [f"--{word} {value}" for word, value in (("engine", engine), ("device", device)) if value != "auto"]
    given += [f"--set {letter}={value}" for letter, value in letters.items()]
    return " ".join(["striate train", shlex.quote(name), shlex.quote(source), *changed, *given])


def _next_run(net: str, dataset: str) -> Path:
    """`runs/lenet5-mnist-1`, or the first number that is free; made at once, so that two trainings never share one."""
    number = 1
    while True:
        path = Path(RUNS) / f"{net}-{dataset}-{number}"
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            number += 1
        except OSError as error:
            raise WorkError(f"can't make {path}: {error.strerror}") from None
