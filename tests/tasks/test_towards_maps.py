"""A task whose target is an image: mean squared error on maps, with both engines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
import torch

import striate as st
from striate.data.examples import Opened, Schema, Table, digest_of
from striate.data.kinds import Image
from striate.metrics.metric import Metric
from striate.notation.tree import Shape
from striate.tasks import known
from striate.tasks.task import LossName, Task, Wish
from striate.training.fields import OUTPUT, Fields
from tests.native.needs import needs_compiler

NET = "input 1x8x8 -> conv 6@3 pad 1 -> tanh -> conv 1@3 pad 1"
COUNT, TEST = 80, 16


@dataclass(frozen=True)
class Edges(Task):
    """How much brighter each pixel is than the one on its left."""

    word: ClassVar[str] = "edges"
    reads: ClassVar[str] = "an .npz archive with `images` and `edges`"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("error", up=False, share=False),)
    unit: ClassVar[str] = "images"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        if not str(source).endswith(".npz") or set(found := np.load(source)) != {"images", "edges"}:
            return None
        whole = Table({"image": torch.from_numpy(found["images"]), "edges": torch.from_numpy(found["edges"])})
        parts = whole.part(range(TEST, COUNT)), whole.part(range(TEST))
        schema = Schema({"image": Image()}, {"edges": Image()})
        return cls(), Opened("edges", str(source), schema, *parts, sha256=digest_of(whole))

    def fits(self, output: Shape, name: str) -> str:
        return "" if output == (1, 8, 8) else "gives no map of 8x8; end it with conv 1@1"

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        return {"squared": (outputs[OUTPUT] - targets["edges"]).square().mean()}

    def native(self, loss: LossName) -> str:
        return "squared-error"

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        return {"apart": (outputs[OUTPUT] - targets["edges"]).abs().mean((1, 2, 3))}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        return {"error": float(rows["apart"].mean())}


@pytest.fixture
def edges(tmp_path: Path) -> Iterator[Path]:
    """Random images with their differences; the task is known meanwhile."""
    images = np.random.default_rng(0).random((COUNT, 1, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "edges.npz", images=images, edges=np.diff(images, axis=3, prepend=0.5))
    known.add(Edges)
    yield tmp_path / "edges.npz"
    known.remove(Edges)


@needs_compiler
def test_both_engines_learn_maps_alike(edges: Path, tmp_path: Path) -> None:
    torch_run, native = (
        st.train(NET, edges, epochs=12, batch=8, lr=0.02, engine=engine, out=tmp_path / engine, quiet=True)
        for engine in ("torch", "native")
    )
    assert (torch_run.config["engine"], native.config["engine"]) == ("torch", "native")
    for ours, theirs in zip(native.history.epochs, torch_run.history.epochs, strict=True):
        assert ours.figures == pytest.approx(theirs.figures, rel=1e-2)
    first, last = (native.history.epochs[number].figures["validation_error"] for number in (0, -1))
    assert last < 0.5 * first
    (answer,) = native.predict(np.full((8, 8), 0.5, np.float32))
    assert np.abs(np.array(answer.values["output"])[0, 2:-2, 2:-2]).mean() < 0.1
