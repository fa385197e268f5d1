"""A trained network on disk: test it, predict with it, look at it."""

from __future__ import annotations

import dataclasses
import itertools
import webbrowser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from striate import data
from striate.checks import path_of
from striate.data.examples import Examples, Opened
from striate.data.left_out import LeftOut
from striate.data.recipe import Recipe
from striate.data.video import Frame
from striate.errors import InputError, WorkError
from striate.layers.earlier import named_now
from striate.losses import Loss
from striate.native.losses import GIVEN
from striate.native.losses import Loss as NativeLoss
from striate.notation import Network, measure
from striate.notation.sizes import Size, sides
from striate.notation.tree import Shape
from striate.runs.command import source_key, source_name
from striate.runs.devices import device as device_named
from striate.runs.devices import engine as engine_named
from striate.runs.engines import engine_for, native_engine
from striate.runs.feeding import feed_of, unlabelled
from striate.runs.unread import Unread
from striate.tables import html_table
from striate.tasks import known
from striate.tasks.fitting import from_resolved, last_input
from striate.tasks.saying import Say
from striate.tasks.task import OWN, LossName, Task, Wish, is_path
from striate.tasks.views import Viewed, viewed
from striate.training.engine import TorchEngine
from striate.training.fields import Fields, joined
from striate.training.history import History
from striate.training.lone import opened
from striate.training.loop import ENTRIES, measured, outputs_of
from striate.training.native_engine import NativeEngine
from striate.training.objective import Objective
from striate.training.options import Options
from striate.training.progress import looking
from striate.training.saved import REPORT
from striate.training.state import State
from striate.training.threads import using

INPUT = "input"


class Run:
    """One training with its best weights, as stored on disk.

    Args:
        path: The run's folder, or the `model.safetensors` of one by itself, wherever it was copied to.
        device: Where to compute; as for `devices.device`.
        engine: `torch`, `native`, or `auto`, which is torch here: one pass over the images is not worth a compilation.
        threads: CPU threads that compute; by default as many as PyTorch uses, most often one per core.
        say: Is given a line at once when something is compiled; by default it is added to `notes`.

    Attributes:
        left_out: Files that `test` and `predict` found among the images and did not read.

    Raises:
        InputError: There is no run there, or no such engine.
    """

    def __init__(
        self,
        path: str | Path,
        device: str = "auto",
        engine: str = "auto",
        threads: int | None = None,
        say: Say | None = None,
    ) -> None:
        with using(threads):  # or it is refused
            self.threads = threads
        self.saved = opened(path_of(path, "a run"))
        self.say = say or self.saved.notes.append
        self.device, self.engine_name = device_named(device), engine_named(engine)
        self.left_out: list[LeftOut] = []

    def __repr__(self) -> str:
        history = self.state.history
        metric = history.metric
        figure = f"validation {metric.words} {history.value(history.best):.4f}"
        return f"Run({str(self.path)!r}: {self.name}, {figure})"

    def _repr_html_(self) -> str:
        """What a notebook shows: what was trained, on what, and how well."""
        history, config = self.state.history, self.config
        best, metric = history.best, history.metric
        facts = {
            "folder": str(self.path),
            **{name: str(number) for name, number in self.task.letters().items()},
            "epoch kept": f"{best.epoch} of {config['options']['epochs']}",
            f"validation {metric.words}": metric.shown(history.value(best)),
            "engine, device": f"{config['engine']}, {config['device']}",
            "command": config["command"],
        }
        return html_table(self.name, ["", ""], [list(fact) for fact in facts.items()])

    @property
    def path(self) -> Path:
        """The folder."""
        return self.saved.root

    @property
    def notes(self) -> list[str]:
        """The damage found in the files used so far, one sentence per file; empty when all is well."""
        return self.saved.notes

    def check(self) -> list[str]:
        """Read every file of the run and name those that are damaged, one sentence per file; none when all is well."""
        return self.saved.check()

    @property
    def config(self) -> dict[str, Any]:
        """What `config.json` says, as the weights carry it."""
        return self.state.config

    @cached_property
    def state(self) -> State:
        """The best weights, with the history up to them."""
        return self.saved.best()

    @property
    def name(self) -> str:
        """The network and its data: "lenet5 on mnist"."""
        return f"{self.network.name} on {self.config['data']['name']}"

    @cached_property
    def task(self) -> Task:
        """What it is for, with the facts of its data."""
        return known.of_run(self.config).answering()

    def searches(self, beam: int) -> None:
        """Keep so many beginnings of a sentence from now on, while the likeliest is looked for.

        Raises:
            InputError: The run gives no sentences, or it is no number from 1 on.
        """
        self.task = self.task.searching(beam)

    def __getattr__(self, name: str) -> Any:
        """The facts of the task are also the run's."""
        if name.startswith("_") or name in ("saved", "task", "state"):
            raise AttributeError(name)
        if name not in {one.name for one in dataclasses.fields(self.task)}:
            raise AttributeError(f"a run has no '{name}'")
        return getattr(self.task, name)

    @cached_property
    def recipe(self) -> Recipe | None:
        """How examples become the network's input; None where they are that already."""
        return recipe_of(self.config)

    @property
    def shape(self) -> Shape:
        """The shape of the network's last input."""
        return last_input(self.network, self.recipe)

    @cached_property
    def network(self) -> Network:
        """The network's tree."""
        return from_resolved(self.state.net, self.config["network"])

    @property
    def history(self) -> History:
        """The epochs that were finished."""
        return self.saved.history()

    def epochs(self) -> list[int]:
        """After which epochs the weights were kept, for `model`; none of a large network."""
        return self.saved.epochs()

    def model(self, epoch: int | None = None) -> nn.Sequential:
        """The network with its weights, an ordinary module in evaluation mode, on the CPU.

        Args:
            epoch: After which epoch, of `epochs()`; by default the best.

        Raises:
            InputError: The weights of that epoch were not kept.
        """
        if epoch is not None and epoch not in self.epochs():
            kept = ", ".join(map(str, self.epochs())) or "none"
            raise InputError(f"the weights of epoch {epoch} were not kept; there are those of {kept}")
        state = self.state if epoch is None else self.saved.at(epoch)
        model = self.task.build(self.network, seed=0)  # any rule will do: these weights are replaced
        model.load_state_dict(named_now(model, state.weights))
        return model.eval()

    @cached_property
    def engine(self) -> TorchEngine | NativeEngine:
        """The network with the best weights, ready to evaluate on the device.

        Raises:
            InputError: The native engine was asked for and lacks something.
        """
        return self._engine(self.engine_name)

    def _engine(self, name: str) -> TorchEngine | NativeEngine:
        loss = self.trained_loss()
        options, objective = Options(batch=1), self.task.objective(loss)
        wanted = "torch" if name == "auto" else engine_named(name)
        native = self.native_loss()  # compiled as for the training
        chosen, why = engine_for(wanted, self.network, options, self.device, native)
        if chosen == "native":
            made = native_engine(self.network, self.model(), options, 0, native, self.say, objective=objective)
            if not isinstance(made, str):
                return made
            why = made
        self.saved.notes += [why] if why else []
        return TorchEngine(self.model(), options, 0, objective, self.device)

    def native_loss(self) -> NativeLoss:
        """What the native engine calls the loss that it was trained with."""
        return GIVEN if self.config["options"]["loss"] == OWN else self.task.native(self.trained_loss())

    def trained_loss(self) -> str | None:
        """The name of the loss it was trained with; None for a user's own."""
        trained: str = self.config["options"]["loss"]
        return None if trained == OWN else trained

    def outputs(self, images: Tensor, engine: str | None = None) -> Tensor:
        """The outputs (N, …) for examples as the data set has them; on the run's engine, or on `engine`.

        Raises:
            InputError: The network has several inputs or outputs.
        """
        names = (*self.network.inputs, *measure(self.network, self.shape).outputs)
        if len(names) > 2:
            raise InputError(f"{self.network.name} has {', '.join(filter(None, names))}; Run.outputs is for one")
        made = self.outputs_by_name({INPUT: images}, self.chosen_engine(engine))
        (outputs,) = made.values()
        return outputs.flatten(1) if outputs[0].numel() == max(outputs.shape[1:]) else outputs

    def chosen_engine(self, name: str | None) -> TorchEngine | NativeEngine:
        """The engine of this name, by default the run's."""
        with using(self.threads):
            return self._engine(name) if name else self.engine

    def outputs_by_name(
        self, inputs: Fields, engine: TorchEngine | NativeEngine, tta: bool = False, task: Task | None = None
    ) -> Fields:
        """The outputs (N, …) by name for examples as `Task.asked` gives them, maybe over several views of each.

        Args:
            inputs: Of one shape.
            engine: What computes.
            tta: As for `test`.
            task: The run's as it suits these inputs; by default as it was trained.
        """
        feed = unlabelled(inputs, self.recipe, self.device)
        with using(self.threads):
            return outputs_of(engine, feed, self._objective(self.trained_loss(), tta, task or self.task))

    def _for(self, inputs: Fields, engine: TorchEngine | NativeEngine, tta: bool) -> Task:
        """The task as it suits inputs of one shape; a network that was compiled reads the size that it learned from."""
        sizes = [tuple(one.shape[2:]) for one in inputs.values()]
        if len(sizes) != 1 or len(sizes[0]) != 2 or not isinstance(engine, TorchEngine):
            return self.task
        size = sizes[0] if not tta else (min(sizes[0]),) * 2  # some views are turned
        return self.task.for_size(self.network, size)

    def _objective(self, loss: LossName, tta: bool, task: Task) -> Objective:
        """What is measured, maybe over several views of each image."""
        if tta:
            return viewed(task, loss, self.config["options"]["augment"], self.shape if self.recipe else ())
        objective: Objective = task.objective(loss)
        return objective

    def test(
        self,
        source: Any = None,
        *,
        bad: str = "skip",
        engine: str | None = None,
        loss: Loss | None = None,
        report: str | Path | None = None,
        tta: bool = False,
        quiet: bool = False,
    ) -> Any:
        """Test on labelled examples: the figures of the run's task.

        Args:
            source: A data set; by default, what was held out of the training data. Data without a test part of
                their own are taken whole, unless they are the training data.
            bad: Whether files that can't be read are left out ("skip") or refused ("refuse").
            engine: As for the run; by default the run's.
            loss: A function of (outputs, labels) whose value is given; by default what the run was trained with, if
                that has a name.
            report: Where to write all figures as a page, like the run's own report.
            tta: Whether the network is asked of several views of each image, whose probabilities are averaged
                (test-time augmentation); a note says how it does without.
            quiet: Whether a long test shows nothing of how far it is; else it does on standard error.

        Raises:
            InputError: No such data, or data that the run can't judge.
            WorkError: The report can't be written, or the network's outputs are not finite.
        """
        page = None if report is None else path_of(report, "a report")
        judged = self.judged(source, bad=bad, engine=engine, loss=loss, tta=tta, quiet=quiet)
        if page is not None:
            self.write_report(judged, "" if source is None else source_name(source), page)
        return judged.result()

    def judged(
        self,
        source: Any = None,
        *,
        bad: str = "skip",
        engine: str | None = None,
        loss: Loss | None = None,
        tta: bool = False,
        quiet: bool = False,
    ) -> Any:
        """The answers on labelled examples; arguments and errors as for `test`."""
        from striate.runs.looking import with_look  # it takes runs itself

        name, opened, examples = self.judged_on(source, bad)
        known_loss = loss or self.trained_loss()
        unread = Unread(lambda line: self._note([line]))
        feed = feed_of(examples, opened.schema, self.recipe, self.device, None, bad, unread.tell)

        def found(objective: Objective) -> tuple[dict[str, float], dict[str, Tensor]]:
            with using(self.threads), looking(name, self.task.unit, quiet) as looked:
                return measured(self.chosen_engine(engine), feed, objective, looked)

        objective = self._objective(known_loss, tta, self.task)
        figures, rows = found(objective)
        if isinstance(objective, Viewed):
            alone, each = found(self.task.objective(known_loss))
            without = self.task.judged(name, unread.left_of(examples), each, alone).said()
            self._note([f"{objective.said()}; without it {without}"])
        if known_loss is None:  # a loss of one's own that is not given again
            figures["loss"] = float("nan")
        self.left_out += unread.left_out()
        judged = self.task.judged(name, unread.left_of(examples), rows, figures)
        judged = self.task.tried(judged, lambda inputs: self.outputs_by_name(inputs, self.chosen_engine(engine)))
        return with_look(judged, self, opened.schema)

    def write_report(self, judged: Any, source: str, path: Path) -> None:
        """Write what `judged` gave as a page.

        Raises:
            WorkError: It can't be written.
        """
        from striate.runs.reporting import tested  # the drawing package takes a second to import

        try:
            path.write_text(tested(self, judged, source), encoding="utf-8")
        except (OSError, ValueError) as error:
            raise WorkError(f"can't write {path}: {getattr(error, 'strerror', error)}") from None

    def test_split(self, source: Any = None, *, bad: str = "skip") -> Examples:
        """The examples that `test` measures on."""
        return self.judged_on(source, bad)[2]

    def judged_on(self, source: Any, bad: str) -> tuple[str, Opened, Examples]:
        """What the test examples are called, the data that they are of, and themselves."""
        trained_on = self.config["data"]["source"]
        if source is None and not trained_on:
            raise InputError(f"{self.path} was trained on a data set made in Python; say what to test it on")
        wanted = trained_on if source is None else source
        same = bool(trained_on) and is_path(wanted) and source_key(wanted) == source_key(trained_on)
        wish = Wish(self.recipe.source if self.recipe else self.network.input, bad, hold_out=same)
        wish = dataclasses.replace(wish, levels=self.recipe.levels if self.recipe else None)
        found = type(self.task).open(wanted, wish, self.task)
        if found is None:
            raise InputError(self.task.nothing_at(wanted))
        _, opened = found
        self.left_out += opened.left_out
        examples = next(part for part in (opened.test, opened.validation, opened.train) if part is not None)
        self._note(opened.notes)
        if not same:
            examples, notes = self.task.as_trained(examples, self.recipe)
            self._note(notes)
        return "the test set" if same else opened.name, opened, examples

    def _note(self, lines: Iterable[str]) -> None:
        self.saved.notes += [line for line in lines if line not in self.saved.notes]

    def predict(
        self,
        *given: Any,
        bad: str = "skip",
        engine: str | None = None,
        tta: bool = False,
        tile: Size | None = None,
        factor: int | None = None,
    ) -> list[Any]:
        """Say what examples are.

        Args:
            given: What the task reads. For images: files or folders that hold some; PIL images; arrays or tensors,
                (H, W), (H, W, 3) or (3, H, W), of bytes or of floats 0 to 1, or stacks of them, with N in front. For
                signals and volumes: arrays or tensors of the shape that was learned from, or N of them. For all of
                these: an .npz archive with `x` or `images`, or an .npy file; or lists of any of these. For images also
                video files, each frame by itself.
            bad: Whether files that can't be read are left out and noted ("skip") or refused ("refuse").
            engine: As for the run; by default the run's.
            tta: As for `test`.
            tile: For objects in boxes: the size in pixels, one number or (height, width), of the parts of an image that
                the network looks at beside the whole; for images much larger than those that were learned from.

        Returns:
            An answer for each example, with `path`, `said` and `values`; of classes also `label`, `probability` and
            `top`, of segmentation `mask`, (H, W) uint8.

        Raises:
            InputError: A path that is not there, nothing that can be read, `tile` for another task than detect, or
                `factor` for another one than interpolate.
        """
        return list(self.answers(*given, bad=bad, engine=engine, tta=tta, tile=tile, factor=factor))

    def answers(
        self,
        *given: Any,
        bad: str = "skip",
        engine: str | None = None,
        tta: bool = False,
        tile: Size | None = None,
        factor: int | None = None,
    ) -> Iterator[Any]:
        """The answers of `predict` one after the other, with a few frames of a video in memory at a time."""
        data.check_bad(bad)
        parts = None if tile is None else sides(tile, 2)
        chosen = self.chosen_engine(engine)

        task = self.task if factor is None else self.task.faster(factor)

        def look(inputs: Fields) -> Fields:
            return self.outputs_by_name(inputs, chosen, tta, self._for(inputs, chosen, tta))

        for part in task.parts(given, self.saved.notes.append if bad == "skip" else None, self.recipe):
            asked = task.asked(part, self.recipe, bad)
            self.saved.notes += asked.notes
            self.left_out += asked.left_out
            shown = shown_at(part)
            for rows in of_one_shape(asked.inputs):
                some = asked.of(rows)
                if parts:
                    made = task.answers_in_tiles(look, some, (parts[0], parts[1]))
                else:
                    made = iter(task.answers(look(joined(some.inputs)), some, chosen.evaluate))
                yield from (at_its_time(answer, shown) for answer in made)

    def read(self, *given: Any) -> Tensor:
        """Examples as the network reads them, (N, …) on the CPU, for `inside` and other functions of tensors.

        Args:
            given: As for `predict`; of one shape.

        Raises:
            InputError: As `predict`; or the network has several inputs.
        """
        asked = self.task.asked(given, self.recipe, "refuse")
        self._note(asked.notes)
        feed = unlabelled(joined(asked.inputs), self.recipe, "cpu")
        return torch.cat([_only(batch.inputs, "inputs") for batch in feed.in_order(len(feed))])

    def batches(self, source: Any = None, *, size: int = 64, bad: str = "skip") -> Iterator[tuple[Tensor, Tensor]]:
        """Labelled examples as the network reads them, with their labels, on the CPU.

        Args:
            source: As for `test`.
            size: How many at a time.
            bad: As for `test`.

        Raises:
            InputError: As `test`; or there are several inputs or targets.
        """
        _, opened, examples = self.judged_on(source, bad)
        for batch in feed_of(examples, opened.schema, self.recipe, "cpu", bad=bad).in_order(size):
            yield _only(batch.inputs, "inputs"), _only(batch.targets, "targets")

    def see(self, browser: bool = True) -> tuple[Path, bool]:
        """Open the report in the browser; returns its path, and whether a browser was found.

        Args:
            browser: Whether it is opened; else the path is only returned.

        Raises:
            WorkError: The run has no report, or it is damaged.
        """
        path = self.path / REPORT
        if self.path.is_file():
            raise WorkError(f"{self.path} is the weights of a run alone; the report is in the run's folder")
        if not path.is_file():
            raise WorkError(f"{self.path} has no {REPORT}; training was ended before it was written")
        self.saved.store.read(REPORT)
        return path, browser and webbrowser.open(path.absolute().as_uri())


def recipe_of(config: Mapping[str, Any]) -> Recipe | None:
    """How a run's examples become its network's input."""
    return Recipe.from_json(config["recipe"]) if config["recipe"] else None


def shown_at(part: Sequence[Any]) -> dict[str, Fraction]:
    """When each frame of a video is shown, by its name; nothing of what is no frame."""
    return {one.name: one.seconds for one in part if isinstance(one, Frame)}


def at_its_time(answer: Any, shown: Mapping[str, Fraction]) -> Any:
    """An answer about a frame with the time at which that is shown."""
    return dataclasses.replace(answer, seconds=shown[answer.path]) if shown and answer.path in shown else answer


def _only(fields: Fields, what: str) -> Tensor:
    """The one of them."""
    if len(fields) != 1:
        raise InputError(f"this is for networks of one of each; there are several {what}: {', '.join(fields)}")
    return next(iter(fields.values()))


def of_one_shape(inputs: Sequence[Fields]) -> Iterator[list[int]]:
    """The positions of inputs that follow each other and have one shape, so that they go through together.

    Of large ones it is a few at a time: their outputs may be many times larger.
    """
    shapes = [{name: values.shape for name, values in fields.items()} for fields in inputs]
    for _, same in itertools.groupby(range(len(inputs)), key=lambda row: repr(shapes[row])):
        rows = list(same)
        few = max(1, ENTRIES // max(1, sum(values.numel() for values in inputs[rows[0]].values())))
        yield from (rows[start : start + few] for start in range(0, len(rows), few))
