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

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from striate.errors import InputError
from striate.tasks import known
from striate.tasks.task import Task
from striate.training.lone import opened
from striate.training.saved import MODEL
from striate.training.state import carries_state
from striate.weights import Table, keep_fitting, read_tables
from striate.weights.layouts import leaves

TEXTS = (".txt", ".vec")
SCALE = "images are scaled by the mean and spread of this data, whatever the weights were trained on"


class Beginning:
    """Weights to start from: a run's, its `model.safetensors`, any file of weights, or a text file that the task reads.

    Attributes:
        source: The run's folder or the file, as given.
        tables: The tensors; of a text file none.
        task: The task of a run; None where the file does not say.
        notes: The damage found while reading, one sentence per file.

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
        if path.is_dir() or carries_state(path):
            run = opened(path)
            state = run.best()
            self.tables = [Table("", dict(state.weights))]
            self.task, self.notes = known.of_run(state.config), run.notes
        else:
            self.tables = [] if path.suffix.lower() in TEXTS else read_tables(path)

    def begin(self, model: nn.Module, task: Task) -> dict[str, Any]:
        """Put what fits into a model for this task; a head for another, or for other data, starts with new weights.

        Returns:
            The entry for the run's configuration; the weights themselves are in the run from its first epoch on.

        Raises:
            InputError: Nothing fits.
        """
        where = {"source": str(Path(self.source).resolve()), "sha256": self.sha256}
        if not self.tables:
            return where | task.begin(model, self.file)
        head = [leaf.path for leaf in leaves(model) if leaf.module.state_dict()][-1:]
        fresh = tuple(head) if self.task not in (None, task) else ()
        kept = keep_fitting(model, self.tables, self.source, fresh)
        said = "; ".join([kept.said(self.source), *self.notes, SCALE])
        return where | {"kept": len(kept.kept), "of": kept.total, "new": list(kept.new), "said": said}

    @cached_property
    def sha256(self) -> str:
        """The file's checksum; empty where a damaged run has lost the file and a checkpoint gave the weights."""
        if not self.file.is_file():
            return ""
        with self.file.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
