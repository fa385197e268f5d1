"""Image classification, from a network and a data set to a run: fit, train, keep, report.

>>> import tempfile
>>> run = train("input 1x8x8 -> fc 10", "digits", epochs=2, out=tempfile.mkdtemp() + "/run", quiet=True)
>>> run.test().examples
359
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

import striate
from striate import data, zoo
from striate.building import build
from striate.errors import InputError, WorkError
from striate.losses import loss_named
from striate.losses.classification import Loss
from striate.metrics import Score
from striate.notation import Network, measure
from striate.notation.sizes import Size
from striate.notation.tree import Own, deep
from striate.tasks import augmenting, devices
from striate.tasks.augmenting import augment_for
from striate.tasks.beginning import Beginning
from striate.tasks.command import FROM_PYTHON, repeats
from striate.tasks.engines import INSTEAD, engine_for, native_engine
from striate.tasks.fitting import Fitted, check_batch, check_trainable, fitted, input_shape, resolved, whole_for
from striate.tasks.judging import Judged, loss_of_guessing
from striate.tasks.reporting import report
from striate.tasks.run import OWN, Run, source_key
from striate.tasks.saying import Say, silent, voice
from striate.training.batches import Batches, num_batches, prepared
from striate.training.draws import derived_seed
from striate.training.engine import Pace, TorchEngine
from striate.training.history import History
from striate.training.interrupt import as_exception, uninterrupted
from striate.training.loop import outputs_of
from striate.training.loop import train as train_loop
from striate.training.memory import enough_memory
from striate.training.native_engine import NativeEngine
from striate.training.optimizers import OPTIMIZERS
from striate.training.options import Options, for_few
from striate.training.passes import EPOCHS, FEW, usual_epochs
from striate.training.photo import Photo
from striate.training.progress import Bar, Quiet
from striate.training.saved import RUNS, SavedRun
from striate.training.state import State
from striate.training.threads import using
from striate.training.verdict import verdict

CTRL_C = "Ctrl-C"


@dataclasses.dataclass(frozen=True)
class Trained:
    """The result of a training.

    Attributes:
        run: The run on disk.
        history: Its epochs.
        validation: How the best weights do on the validation set.
        test: How they do on the test set; None when there is none.
        verdict: What the curves say, one sentence each.
        stopped: Why it ended before its last epoch: Ctrl-C, patience; empty otherwise.
    """

    run: Run
    history: History
    validation: Score
    test: Score | None
    verdict: tuple[str, ...]
    stopped: str = ""

    @property
    def test_accuracy(self) -> float | None:
        """Fraction of the test images right; None when there are none."""
        return self.test.accuracy if self.test else None

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate train --json`."""
        speeds = sorted(epoch.images_per_second for epoch in self.history.epochs)
        return {
            "run": str(self.run.path),
            "epochs": len(self.history),
            "best_epoch": self.history.best.epoch,
            "validation_accuracy": self.history.best.validation_accuracy,
            "test_accuracy": self.test_accuracy,
            "validation": self.validation.to_json(),
            "test": self.test.to_json() if self.test else None,
            "verdict": list(self.verdict),
            "images_per_second": speeds[len(speeds) // 2],
        }


def train(
    net: str | Path | Network | nn.Module,
    dataset: str | Path | data.Dataset,
    *,
    out: str | Path | None = None,
    device: str = "auto",
    engine: str = "auto",
    overwrite: bool = False,
    bad: str = "skip",
    letters: Mapping[str, int | float] | None = None,
    size: Size | None = None,
    weights: str | Path | None = None,
    threads: int | None = None,
    quiet: bool = False,
    epochs: int = Options.epochs,
    batch: int | None = Options.batch,
    lr: float | None = Options.lr,
    optimizer: str = Options.optimizer,
    schedule: str = Options.schedule,
    loss: str | Loss = Options.loss,
    l1: float = Options.l1,
    l2: float | None = Options.l2,
    augment: str = Options.augment,
    patience: int = Options.patience,
    validation: float = Options.validation,
    init: str | None = Options.init,
    seed: int = Options.seed,
) -> Run:
    """Train a network on a data set.

    A PyTorch module of your own takes part like a network: it is trained from the weights that it has, in a copy.

    Args:
        net: A name of the zoo, a `.net` file, the text itself, a network, or a PyTorch module.
        dataset: A name, a folder with one sub-folder of images per class, an `.npz` archive, or a data set.
        out: The run's folder; by default the next free one under `runs`.
        device: `auto`, `cpu`, `cuda`, `mps`.
        engine: `auto`, `torch` or `native`.
        overwrite: Whether a run in that folder may be replaced.
        bad: Whether files that can't be read are left out ("skip") or refused ("refuse").
        letters: Values for the letters of the network's text.
        size: Of the network's input, one for all axes or one per axis; by default its text's, or the images' where
            they are much smaller.
        weights: A run, or a file of weights (ours, torchvision's, timm's), to start from: what fits by name and shape
            is kept; the rest, such as a head for other classes, starts with new weights.
        threads: CPU threads that compute; by default as many as PyTorch uses, most often one per core.
        quiet: Whether to print nothing; otherwise whatever a default decides is reported on standard error.
        epochs: Passes over the training images; 0 takes ten, and more for small sets.
        batch: Images in a mini-batch; 0 takes the whole set; by default 64, or 32 for few photographs.
        lr: Highest learning rate; by default the optimiser's usual one.
        optimizer: `sgd`, `momentum`, `nesterov`, `adagrad`, `rmsprop`, `adam` or `adamw`.
        schedule: How the learning rate moves: `constant`, `step`, `cosine` or `one-cycle`.
        loss: A loss's name, or a function of (outputs, labels).
        l1: L1 penalty on weights.
        l2: L2 penalty (weight decay) on weights; by default the optimiser's usual one, more for few photographs.
        augment: `shift` moves images a little, `none` does not; `auto` does so to centred drawings before convolutions.
        patience: Stop after this many epochs without a better one; 0 never stops.
        validation: Share of the training images kept for validation, from 0.001 to 0.9.
        init: How weights begin, as for `build`.
        seed: Same seed, same machine, same result.

    Returns:
        The run, on disk, with the weights of the last epoch within a standard error of the best validation accuracy.

    Raises:
        InputError: Something named does not exist or does not fit.
        WorkError: The loss is no longer a number, or the disk is full; what was saved before is kept.
    """
    if isinstance(net, nn.Module):
        net, dataset = whole_for(net, dataset, size, bad)
    own = loss if callable(loss) else None
    options = Options(
        epochs=epochs,
        batch=batch,
        lr=lr,
        optimizer=optimizer,
        schedule=schedule,
        loss=Options.loss if own else str(loss),
        l1=l1,
        l2=l2,
        augment=augment,
        patience=patience,
        validation=validation,
        init=init,
        seed=seed,
    )
    how: dict[str, Any] = {"device": device, "engine": engine, "bad": bad, "letters": letters, "own_loss": own}
    how |= {"size": size, "weights": weights, "threads": threads}
    return Training(net, dataset, options, say=voice(quiet), **how).start(out, overwrite).run


class Training:
    """A network and a data set fitted to each other, ready to train.

    Args:
        net, dataset, options, device, engine, bad, letters, size, weights, threads: As for `train`.
        own_loss: A function of (outputs, labels) instead of the options' loss.
        recipe: How images become the network's input, when that was decided before.
        begun: What the saved configuration of a resumed run says of the weights it started from.
        decided: What was decided when it began, when that was before; what is decided now is added.
        say: Is given each decision as one sentence.
        show: Whether to draw progress on standard error.
        command: The command that repeats the training; by default written from the arguments.
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
        size: Size | None = None,
        weights: str | Path | None = None,
        threads: int | None = None,
        own_loss: Loss | None = None,
        recipe: data.Recipe | None = None,
        begun: dict[str, Any] | None = None,
        decided: Sequence[str] = (),
        say: Say = silent,
        show: bool = False,
        command: str = "",
    ) -> None:
        self.say, self.show, self.own_loss, self.decided = say, show, own_loss, decided
        self.threads, self.bad = threads, bad
        self.device, self.engine_name = devices.device(device), devices.engine(engine)
        self.loss = loss_named(own_loss or options.loss)
        repeatable = not own_loss and not (isinstance(dataset, data.Dataset) and not dataset.source)
        network = zoo.find(net, letters)
        repeatable = repeatable and not any(isinstance(node, Own) for node in deep(network.layers))
        shape = recipe.source if recipe else input_shape(network, size)
        asked = {"engine": engine, "device": device, "size": size, "from": weights, "threads": threads}
        asked |= {"bad-files": None if bad == "skip" else bad}
        made_up = repeats(net, dataset, options, letters or {}, asked) if repeatable else FROM_PYTHON
        self.command = command or made_up
        self.begun, self.beginning = begun, None if weights is None else Beginning(weights)
        loaded = data.load(dataset, shape=shape, bad=bad, progress=show)
        self.sha256 = loaded.sha256()  # once, because it reads every image
        self.training, self.validation = loaded.split(options.validation, options.seed)
        self.dataset = dataclasses.replace(loaded, train=self.training)  # from here on, no code sees a validation image
        self.fitted: Fitted = fitted(net, self.dataset, letters, recipe, size)
        check_trainable(self.fitted)
        self.augment = augment_for(options.augment, self.fitted.recipe, self.fitted.network)
        if isinstance(self.augment, Photo) and len(self.training) < FEW and weights is None and not begun:
            options = for_few(options)
        check_batch(self.fitted, options.images(len(self.training)))
        macs = measure(self.fitted.network, self.fitted.recipe.shape).total_macs
        assert macs is not None  # the recipe has left no axis open
        epochs = options.epochs or usual_epochs(len(self.training), options.images(len(self.training)), macs)
        self.more_passes = epochs > EPOCHS and not options.epochs
        self.options = options = dataclasses.replace(options, epochs=epochs)
        whole = dataclasses.replace(options, batch=options.images(len(self.training)))
        with using(threads):
            self.engine_name, why = engine_for(
                self.engine_name, self.fitted.network, whole, self.device, own_loss is not None
            )
        self.options = dataclasses.replace(options, augment=augmenting.written(self.augment))
        self.instead = [why] if why else []  # notes on why another engine is used

    @property
    def decisions(self) -> list[str]:
        """All decisions, one sentence each."""
        augmented = [augmenting.said(self.augment)] if self.augment else []
        notes = (*self.dataset.notes, *self.fitted.notes, self._split_note(), *self._few_notes())
        begun = [self.begun["said"]] if self.begun else []
        now = [*notes, *augmented, self._how_note(), *begun, *self.instead]
        return [*self.decided, *(line for line in now if line not in self.decided)]

    def _split_note(self) -> str:
        test = f"{len(self.dataset.test):,} for the test" if self.dataset.test else "none for a test"
        chosen = "the data's own" if self.dataset.validation else f"seed {self.options.seed}"
        kept = f"{len(self.validation):,} kept for validation ({chosen})"
        return f"images: {len(self.training):,} to train on, {kept}, {test}"

    def _few_notes(self) -> list[str]:
        """Notes on classes that can't be learned or judged well, and on a `validation` share that can't be taken."""
        parts = {"training": self.training, "validation": self.validation, "test": self.dataset.test}
        lines = data.too_few(self.dataset.classes, {name: part.labels for name, part in parts.items() if part})
        if self.dataset.validation and self.options.validation != Options.validation:
            share = f"{self.options.validation:g}"
            lines.append(f"a share of {share} for validation is not taken: {self.dataset.name} has validation images")
        return lines

    def _how_note(self) -> str:
        o = self.options
        batch = "the whole set as one batch" if o.batch == 0 else f"batch {o.images(0)}"
        decay = f", weight decay {o.decay:g}" if o.decay != OPTIMIZERS[o.optimizer].decay else ""
        passes = (
            f"{o.epochs} epoch{'s' * (o.epochs > 1)}" + " (so few images need more than ten passes)" * self.more_passes
        )
        how = f"{passes}, {o.optimizer}, {o.schedule} up to {o.rate:g}{decay}, {batch}"
        return f"training: {how}; engine {self.engine_name} on {self.device}, {_threads()}"

    def start(self, out: str | Path | None = None, overwrite: bool = False) -> Trained:
        """Train from the beginning, in a new folder.

        Raises:
            InputError: The folder is taken.
            WorkError: As for `train`.
        """
        with using(self.threads):
            engine = self._engine(None)
            root = Path(out) if out else _next_run(self.fitted.network.name, self.dataset.name)
            saved = SavedRun.create(root, resolved(self.fitted.network), self.config(), overwrite)
            for line in (*self.decisions, *saved.save_left_out(self.dataset.left_out)):
                self.say(line)
            return self._train(saved, engine, History())

    def resume(self, saved: SavedRun, state: State) -> Trained:
        """Go on from a state of a run, exactly as if it had never stopped.

        Raises:
            InputError: The data's classes or images are not those of the run.
            WorkError: The best weights so far are lost.
        """
        for what, key in (("classes", "classes"), ("images", "sha256")):
            if self.config()["data"][key] != state.config["data"][key]:
                name = self.dataset.name
                raise InputError(f"the {what} of {name} have changed since {saved.root} was trained on them")
        saved.settle(state)
        for line in (*saved.notes, self._going_on(state)):
            self.say(line)
        with using(self.threads):
            engine = self._engine(state)
            for line in (self._how_note(), *self.instead):
                self.say(line)
            saved.save_set_up(resolved(self.fitted.network), self.config())
            saved.save_left_out(self.dataset.left_out)
            return self._train(saved, engine, state.history)

    def _going_on(self, state: State) -> str:
        """Where training goes on, and at what rate: with a changed schedule the rate differs from where it stopped."""
        done, pace = len(state.history), Pace(self.options, self._num_steps())
        pace.steps = int(state.optimizer["steps"])
        where = f"going on after epoch {done} of {self.options.epochs}"
        if done >= self.options.epochs:
            return where
        schedule = f"{self.options.schedule} up to {self.options.rate:g}"
        ended = f"epoch {done} ended at {state.history.epochs[-1].learning_rate:.3g}"
        return (
            f"{where}; learning rate: {schedule} over {self.options.epochs} epochs, now {pace.next_rate:.3g} ({ended})"
        )

    def _num_steps(self) -> int:
        """The number of steps of the whole training."""
        count = len(self.training)
        return self.options.epochs * num_batches(count, self.options.images(count))

    def config(self) -> dict[str, Any]:
        """The configuration: all that is needed to use the weights and to train again."""
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
            **({"weights": self.begun} if self.begun else {}),
            "options": self.options.to_json() | ({"loss": OWN} if self.own_loss else {}),
            "engine": self.engine_name,
            "wanted": "native" if any(INSTEAD in line for line in self.instead) else self.engine_name,
            "device": str(self.device),
            "threads": self.threads,
            "bad": self.bad,
            "command": self.command,
            "decisions": self.decisions,
        }

    def _engine(self, state: State | None) -> TorchEngine | NativeEngine:
        with enough_memory():
            model = build(self.fitted.network, self.options.init, derived_seed(self.options.seed, "weights"))
        if self.beginning and not state:
            self.begun = self.beginning.begin(model, self.dataset.classes)
        steps = self._num_steps()
        engine = self._native(model, steps) or TorchEngine(model, self.options, steps, self.device, self.own_loss)
        if state:
            engine.load(dict(state.weights), dict(state.optimizer))
        return engine

    def _native(self, model: nn.Module, steps: int) -> NativeEngine | None:
        """The native engine where it was chosen; None, and one more decision reported, where it can't be made here."""
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

    @cached_property
    def _validation_batches(self) -> Batches:
        """Prepared once: every epoch and the verdict use them."""
        return self._batches(self.validation)

    def _train(self, saved: SavedRun, engine: TorchEngine | NativeEngine, history: History) -> Trained:
        epochs = self.options.epochs
        bar = Bar(len(self.training), epochs, len(history)) if self.show else Quiet()
        keeper = Keeper(saved, engine, bar, resolved(self.fitted.network), self.config(), history)
        stopped = ""
        try:
            with as_exception(), bar, enough_memory():
                train_loop(
                    engine,
                    dataclasses.replace(self._batches(self.training), augment=self.augment),
                    self._validation_batches,
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
        """Measure the best weights, as they are stored, on the validation and test sets and write the report."""
        run = Run(root, str(self.device))
        engine.load(dict(run.state.weights))
        validation = self._judged(engine, "the validation set", self.validation, self._validation_batches)
        held = self.dataset.test
        test = self._judged(engine, "the test set", held, self._batches(held)) if held else None
        guess = math.inf if self.own_loss else loss_of_guessing(self.loss, len(run.classes))
        said = verdict(history, len(self.training), validation.score, guess)
        figures = {
            "validation accuracy": validation.score.in_short(),
            "epoch kept": f"{history.best.epoch} of {len(history)}{f' (stopped by {stopped})' if stopped else ''}",
            "seconds": f"{sum(epoch.seconds for epoch in history.epochs):.1f}",
        }
        splits = {"training": self.training, "validation": self.validation, **({"test": held} if held else {})}
        html = report(run, history, said, test or validation, figures, splits, self.dataset.left_out)
        run.saved.save_report(html)
        return Trained(run, history, validation.score, test.score if test else None, said, stopped)

    def _judged(self, engine: TorchEngine | NativeEngine, name: str, split: data.Split, batches: Batches) -> Judged:
        with enough_memory():
            return Judged(name, self.dataset.classes, split, outputs_of(engine, batches))


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
        """Passes the figures to the bar."""
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


def _threads() -> str:
    count = torch.get_num_threads()
    return f"{count} thread{'s' * (count > 1)}"


def _next_run(net: str, dataset: str) -> Path:
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
