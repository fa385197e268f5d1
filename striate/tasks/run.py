"""A trained network on disk: test it, predict with it, look at it.

>>> Prediction("seven.png", "7", 0.98, (("7", 0.98), ("1", 0.01), ("9", 0.01))).to_json()["class"]
'7'
"""

from __future__ import annotations

import itertools
import os
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from striate import data
from striate.building import build
from striate.data.fetch import data_folder
from striate.data.files import unreadable
from striate.data.given import as_files
from striate.data.left_out import LeftOut, said
from striate.errors import InputError, WorkError
from striate.layers.earlier import named_now
from striate.losses import loss_named
from striate.losses.classification import Loss
from striate.native.source import LOSSES
from striate.notation import Network
from striate.tables import html_table
from striate.tasks.devices import device as device_named
from striate.tasks.devices import engine as engine_named
from striate.tasks.engines import engine_for, native_engine
from striate.tasks.fitting import from_resolved
from striate.tasks.judging import TOP, Judged, TestResult
from striate.tasks.saying import Say
from striate.training.batches import prepared
from striate.training.engine import TorchEngine
from striate.training.history import History
from striate.training.lone import opened
from striate.training.loop import outputs_of
from striate.training.native_engine import NativeEngine
from striate.training.options import Options
from striate.training.saved import REPORT
from striate.training.state import State
from striate.training.threads import using

OWN = "own"  # what a configuration calls a loss that was given as a function
AS_THEY_ARE = "arrays are taken as they are; only drawings in image files are centred by their ink first"


@dataclass(frozen=True)
class Prediction:
    """What a run says about one image.

    Attributes:
        path: The file.
        label: The most probable class.
        probability: Its softmax probability, 0 to 1.
        top: The three most probable classes with their probabilities.
    """

    path: str
    label: str
    probability: float
    top: tuple[tuple[str, float], ...]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate predict --json`."""
        top = [{"class": label, "probability": probability} for label, probability in self.top]
        return {"path": self.path, "class": self.label, "probability": self.probability, "top": top}


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
        self.saved = opened(Path(path))
        self.say = say or self.saved.notes.append
        self.device, self.engine_name = device_named(device), engine_named(engine)
        self.left_out: list[LeftOut] = []

    def __repr__(self) -> str:
        best = self.state.history.best
        return f"Run({str(self.path)!r}: {self.name}, validation accuracy {best.validation_accuracy:.4f})"

    def _repr_html_(self) -> str:
        """What a notebook shows: what was trained, on what, and how well."""
        best, config = self.state.history.best, self.config
        facts = {
            "folder": str(self.path),
            "classes": f"{len(self.classes)}",
            "epoch kept": f"{best.epoch} of {config['options']['epochs']}",
            "validation accuracy": f"{best.validation_accuracy:.2%}",
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

    @property
    def classes(self) -> tuple[str, ...]:
        """The name of each output."""
        return tuple(self.config["data"]["classes"])

    @cached_property
    def recipe(self) -> data.Recipe:
        """How images become the network's input."""
        return data.Recipe.from_json(self.config["recipe"])

    @cached_property
    def network(self) -> Network:
        """The network's tree."""
        return from_resolved(self.state.net, self.config["network"])

    @property
    def history(self) -> History:
        """The epochs that were finished."""
        return self.saved.history()

    def model(self) -> nn.Sequential:
        """The network with the best weights, an ordinary module in evaluation mode, on the CPU."""
        model = build(self.network, seed=0)  # any rule will do: these weights are replaced
        model.load_state_dict(named_now(model, self.state.weights))
        return model.eval()

    @cached_property
    def engine(self) -> TorchEngine | NativeEngine:
        """The network with the best weights, ready to evaluate on the device.

        Raises:
            InputError: The native engine was asked for and lacks something.
        """
        return self._engine(self.engine_name)

    def _engine(self, name: str) -> TorchEngine | NativeEngine:
        loss = self.config["options"]["loss"]
        options = Options(batch=1, loss=loss if loss in LOSSES else Options.loss)  # compiled as for the training
        wanted = "torch" if name == "auto" else engine_named(name)
        chosen, why = engine_for(wanted, self.network, options, self.device)
        if chosen == "native":
            made = native_engine(self.network, self.model(), options, 0, self.say)
            if not isinstance(made, str):
                return made
            why = made
        self.saved.notes += [why] if why else []
        return TorchEngine(self.model(), options, 0, self.device)

    def outputs(self, images: Tensor, engine: str | None = None) -> Tensor:
        """The outputs (N, K) for images (N, C, H, W) as the data set has them; on the run's engine, or on `engine`."""
        labels = torch.zeros(len(images), dtype=torch.int64)
        batches = prepared(images, labels, self.recipe, self.recipe.shape, self.device)
        with using(self.threads):
            return outputs_of(self._engine(engine) if engine else self.engine, batches)

    def test(
        self,
        source: str | Path | data.Dataset | None = None,
        *,
        bad: str = "skip",
        engine: str | None = None,
        loss: Loss | None = None,
        report: str | Path | None = None,
    ) -> TestResult:
        """Test on a data set: how many images of each class are right, and which classes the others were taken for.

        Args:
            source: A data set; by default, what was held out of the training data. A folder without a test part of
                its own is taken whole, unless it is the training data. It may hold only some of the run's classes.
            bad: Whether files that can't be read are left out ("skip") or refused ("refuse").
            engine: As for the run; by default the run's.
            loss: A function of (outputs, labels) whose value is given; by default what the run was trained with, if
                that has a name.
            report: Where to write all figures as a page, like the run's own report.

        Raises:
            InputError: No such data, or other classes than the run has learned.
            WorkError: The report can't be written, or the network's outputs are not finite.
        """
        judged = self.judged(source, bad=bad, engine=engine, loss=loss)
        if report is not None:
            self.write_report(judged, "" if source is None else source_name(source), Path(report))
        return judged.result()

    def judged(
        self,
        source: str | Path | data.Dataset | None = None,
        *,
        bad: str = "skip",
        engine: str | None = None,
        loss: Loss | None = None,
    ) -> Judged:
        """The answers on a data set; arguments and errors as for `test`."""
        name, split = self._labelled(source, bad)
        outputs = self.outputs(split.images, engine)
        trained = self.config["options"]["loss"]
        known = loss_named(loss or trained) if loss or trained != OWN else None
        mean = float(known(outputs, split.labels)) if known else float("nan")
        return Judged(name, self.classes, split, outputs, mean)

    def write_report(self, judged: Judged, source: str, path: Path) -> None:
        """Write what `judged` gave as a page.

        Raises:
            WorkError: It can't be written.
        """
        from striate.tasks.reporting import tested  # the drawing package takes a second to import

        try:
            path.write_text(tested(self, judged, source), encoding="utf-8")
        except (OSError, ValueError) as error:
            raise WorkError(f"can't write {path}: {getattr(error, 'strerror', error)}") from None

    def test_split(self, source: str | Path | data.Dataset | None = None, *, bad: str = "skip") -> data.Split:
        """The images and labels that `test` measures on, labelled by this run's classes."""
        return self._labelled(source, bad)[1]

    def _labelled(self, source: str | Path | data.Dataset | None, bad: str) -> tuple[str, data.Split]:
        """What the test images are called, and themselves."""
        trained_on = self.config["data"]["source"]
        if source is None and not trained_on:
            raise InputError(f"{self.path} was trained on a data set made in Python; say what to test it on")
        wanted = trained_on if source is None else source
        own = bool(trained_on) and not isinstance(wanted, data.Dataset)
        same = own and source_key(wanted) == source_key(trained_on)
        dataset = data.load(
            wanted, shape=self.recipe.source, bad=bad, hold_out=same, known=self.classes, levels=self.recipe.levels
        )
        self.left_out += dataset.left_out
        split = dataset.test or dataset.validation or dataset.train
        self.saved.notes += [note for note in dataset.notes if note not in self.saved.notes]
        unknown = [label for label in dataset.classes if label not in self.classes]
        if unknown:
            learned = ", ".join(self.classes[:10])
            raise InputError(
                f"{dataset.name} has a class '{unknown[0]}' that the run has not learned; it knows {learned}"
            )
        positions = torch.tensor([self.classes.index(label) for label in dataset.classes])
        images = split.images
        if self.recipe.ink and split.paths and not same:  # drawings from elsewhere are placed as the data's own are
            images = torch.stack([data.read_image(path, self.recipe) for path in split.paths])
        elif self.recipe.ink and not same and AS_THEY_ARE not in self.saved.notes:
            self.saved.notes.append(AS_THEY_ARE)
        name = "the test set" if same else dataset.name
        return name, data.Split(images, positions[split.labels], split.paths)

    def predict(self, *images: Any, bad: str = "skip", engine: str | None = None) -> list[Prediction]:
        """Say what images show.

        Args:
            images: Image files or folders that hold some; PIL images; arrays or tensors, (H, W), (H, W, 3) or
                (3, H, W), of bytes or of floats 0 to 1; or lists of any of these.
            bad: Whether files that can't be read are left out and noted ("skip") or refused ("refuse").
            engine: As for the run; by default the run's.

        Raises:
            InputError: A path that is not there, or no image that can be read.
        """
        data.check_bad(bad)
        given = [one for some in images for one in (some if isinstance(some, list | tuple) else [some])]
        if not given:
            raise InputError("predict takes images: paths, PIL images or arrays. Received: none")
        told: list[Prediction] = []
        for are_paths, group in itertools.groupby(given, lambda one: isinstance(one, str | os.PathLike)):
            if are_paths:
                told += self._predicted(list(group), bad, engine)
                continue
            with as_files(list(group)) as written:
                told += [replace(one, path=Path(one.path).stem) for one in self._predicted(written, bad, engine)]
        return told

    def _predicted(self, paths: Sequence[str | Path], bad: str, engine: str | None) -> list[Prediction]:
        """What image files, or folders of some, show."""
        found, images = data.found_under(paths), []
        files, left_out = found.images, list(found.left_out)
        read: list[Path] = []
        notes: list[str] = []
        first = ""
        for path in files:
            try:
                image, told = data.read_and_tell(path, self.recipe)
                images.append(image)
                read.append(path)
                notes += told
            except InputError as error:
                if bad == "refuse" or len(files) == 1:
                    raise
                first = first or str(error)
                left_out.append(unreadable(path, getattr(error, "reason", str(error))))
        if not images:
            raise InputError(f"none of {len(files)} files is an image that can be read; the first: {first}")
        self.saved.notes += notes + ([said(left_out)] if left_out else [])
        self.left_out += left_out
        probabilities = self.outputs(torch.stack(images), engine).softmax(1)
        return [self._prediction(path, row) for path, row in zip(read, probabilities, strict=True)]

    def _prediction(self, path: Path, row: Tensor) -> Prediction:
        best = row.topk(min(TOP, len(row)))
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        top = tuple((self.classes[index], probability) for index, probability in pairs)
        return Prediction(str(path), top[0][0], top[0][1], top)

    def see(self) -> tuple[Path, bool]:
        """Open the report in the browser; returns its path, and whether a browser was found.

        Raises:
            WorkError: The run has no report, or it is damaged.
        """
        path = self.path / REPORT
        if self.path.is_file():
            raise WorkError(f"{self.path} is the weights of a run alone; the report is in the run's folder")
        if not path.is_file():
            raise WorkError(f"{self.path} has no {REPORT}; training was ended before it was written")
        self.saved.store.read(REPORT)
        return path, webbrowser.open(path.absolute().as_uri())


def source_name(source: str | Path | data.Dataset) -> str:
    """A data source as it was named."""
    return source.source if isinstance(source, data.Dataset) else str(source)


def source_key(source: str | Path | data.Dataset) -> str:
    """What identifies a data source: a set's name, or the place that a path leads to."""
    if isinstance(source, data.Dataset):
        return source.source
    if isinstance(source, str) and source.lower() in data.names():
        return source.lower()
    path, root = Path(source).expanduser(), data_folder()
    if root and not path.is_absolute() and not os.path.exists(path):
        path = root / path  # where `data.load` looks next
    return str(path.resolve())
