"""The weights a training starts from: those of another training that fit, new ones for the rest.

>>> import tempfile, torch
>>> from striate.building import build
>>> from striate.zoo import net
>>> path = tempfile.mkdtemp() + "/ten.pth"
>>> torch.save(build("lenet5").state_dict(), path)
>>> from striate.tasks.classify import Classify
>>> begun = Beginning(path).begin(build(net("lenet5", classes=3)), Classify(("a", "b", "c")))
>>> begun["kept"], begun["of"], begun["new"]
(8, 10, ['fc2 (3 classes for 10)'])
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from striate.building import build
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.notation import Network
from striate.runs.run import recipe_of
from striate.tasks import known
from striate.tasks.fitting import Fitted
from striate.tasks.task import Task
from striate.training.lone import opened
from striate.training.options import SPLIT
from striate.training.saved import MODEL
from striate.training.state import carries_state
from striate.weights import Table, keep_fitting, read_tables
from striate.weights.layouts import leaves
from striate.weights.matching import match
from striate.weights.published import turn_channels
from striate.weights.scaling import Scaling, scaling_of

HEAD_SPREAD = 0.01  # of a new head's first weights
TEXTS = (".txt", ".vec")
OWN_SCALE = "images are scaled by the mean and spread of this data, whatever the weights were trained on"


@dataclass(frozen=True)
class Learned:
    """What a run has seen.

    Attributes:
        data: The checksum of its data.
        split: What decides which of them were for validation.
    """

    data: str
    split: tuple[Any, ...]

    @staticmethod
    def of(config: Mapping[str, Any]) -> Learned:
        """By a run's configuration."""
        return Learned.by(config["data"]["sha256"], config["options"])

    @staticmethod
    def by(data: str, options: Mapping[str, Any]) -> Learned:
        """By the checksum of the data, and the options of the training."""
        return Learned(data, tuple(options.get(name) for name in SPLIT))

    def doubt(self, now: Learned, source: str) -> str:
        """What is to be known where validation examples are among those that it learned from; else empty."""
        if self.data != now.data or self.split == now.split:
            return ""
        return (
            f"{source} learned from these data with other validation examples: it knows some of those that now choose "
            "the epoch, and their figures are too good; the same `seed`, `validation` and `fold` choose the same"
        )


class Beginning:
    """Weights to start from: a run's, its `model.safetensors`, any file of weights, or a text file that the task reads.

    Attributes:
        source: The run's folder or the file, as given.
        tables: The tensors; of a text file none.
        task: The task of a run; None where the file does not say.
        notes: The damage found while reading, one sentence per file.
        learned: What identifies the data that a run learned from, and how it chose its validation examples.
        recipe: How a run's examples became its network's input; None for other files.
        scaling: How images are scaled for the weights, once `scaled` has found out; None where that is not known.

    Raises:
        InputError: There is no such file, or it holds no weights.
        WorkError: It is a run whose weights are lost.
    """

    def __init__(self, source: str | Path) -> None:
        if not isinstance(source, str | Path):
            raise InputError(f"weights come from a run or a file, given by its path. Received: {type(source).__name__}")
        self.source, path = str(source), Path(source)
        self.file = path / MODEL if path.is_dir() else path
        self.task: Task | None = None
        self.notes: list[str] = []
        self.recipe: Recipe | None = None
        self.learned: Learned | None = None
        self.scaling: Scaling | None = None
        if path.is_dir() or carries_state(path):
            run = opened(path)
            state = run.best()
            self.tables = [Table("", dict(state.weights))]
            self.task, self.notes = known.of_run(state.config), run.notes
            self.recipe = recipe_of(state.config)
            self.learned = Learned.of(state.config)
        else:
            self.tables = [] if path.suffix.lower() in TEXTS else read_tables(path)

    @property
    def of_network(self) -> bool:
        """Whether these are the weights of a network, not vectors of words."""
        return bool(self.tables)

    def scaled(self, fitted: Fitted) -> Fitted:
        """The same with images scaled as those that the weights learned from, where that is known."""
        recipe = fitted.recipe
        self.scaling = self._scaling(fitted.network) if recipe and recipe.pixels and self.of_network else None
        if not recipe or not self.scaling or len(self.scaling.mean) != recipe.shape[0]:
            self.scaling = None
            return fitted
        scaled = dataclasses.replace(recipe, mean=self.scaling.mean, std=self.scaling.std)
        notes = tuple(scaled.said() if note == recipe.said() else note for note in fitted.notes)
        return dataclasses.replace(fitted, recipe=scaled, notes=notes)

    def _scaling(self, network: Network) -> Scaling | None:
        if self.task:
            before = self.recipe
            return Scaling(before.mean, before.std, "those of that run") if before and before.pixels else None
        with torch.device("meta"):  # names and shapes alone are needed
            model = build(network, "zeros")
        return scaling_of(match(model, self.tables).layout)

    def begin(self, model: nn.Module, task: Task) -> dict[str, Any]:
        """Put what fits into a model for this task; a head for another, or for other data, starts with new weights.

        Returns:
            The entry for the run's configuration; the weights themselves are in the run from its first epoch on.

        Raises:
            InputError: Nothing fits.
        """
        where = {"source": str(Path(self.source).resolve()), "sha256": self.sha256}
        if not self.of_network:
            return where | task.begin(model, self.file)
        layers = [leaf for leaf in leaves(model) if leaf.module.state_dict()]
        first, head = layers[0], layers[-1]
        kept = keep_fitting(model, self.tables, self.source, (head.path,) if self.task not in (None, task) else ())
        if head.path in kept.fresh:
            _make_small(head.module)
        if self.scaling and self.scaling.bgr and first.path not in kept.fresh:
            turn_channels(first.module)
        scale = f"images are scaled for them: {self.scaling.said()}" if self.scaling else OWN_SCALE
        said = "; ".join([kept.said(self.source), *self.notes, scale])
        new = {"new": list(kept.new), "fresh": list(kept.fresh)}
        return where | {"kept": len(kept.kept), "of": kept.total, **new, "said": said}

    @cached_property
    def sha256(self) -> str:
        """The file's checksum; empty where a damaged run has lost the file and a checkpoint gave the weights."""
        return checksum(self.file)


def checksum(path: Path) -> str:
    """A file's SHA-256; empty where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_small(head: nn.Module) -> None:
    """Let a new head begin with small weights, and no bias: its answers are near to each other, whatever comes in.

    Features of a trained network may be large. Answers to them by weights of the usual size are confident and wrong,
    which the first steps pay for (Girshick 2015, "Fast R-CNN", section 2.3, begins with 0.01).
    """
    for parameter in head.parameters(recurse=False):
        spread = float(parameter.data.std()) if parameter.ndim >= 2 and parameter.numel() > 1 else 0.0
        parameter.data *= min(1.0, HEAD_SPREAD / spread) if spread else 0.0
