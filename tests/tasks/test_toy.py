"""A task is one short file: this one learns the mean of an image, in fewer lines than the test may have."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
import torch

import striate as st
from striate.data.examples import Opened, Schema, Table, digest_of
from striate.data.kinds import Image, Number
from striate.metrics.metric import Metric
from striate.notation.rules import product
from striate.tasks import known
from striate.tasks.task import LossName, Task, Wish
from striate.training.fields import OUTPUT, Fields
from tests.native.needs import needs_compiler

MOST_LINES = 60
NET = "input 1x6x6 -> fc 8 -> relu -> fc 1"


@dataclass(frozen=True)
class Mean(Task):
    """The mean of an image.

    Attributes:
        channels: Those of the images.
    """

    channels: int
    word: ClassVar[str] = "mean"
    reads: ClassVar[str] = "an .npz archive with `images` alone"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("error", up=False, share=False),)
    unit: ClassVar[str] = "images"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        if not str(source).endswith(".npz") or set(found := np.load(source)) != {"images"}:
            return None
        images = torch.from_numpy(found["images"])
        whole = Table({"image": images, "mean": images.float().mean((1, 2, 3))})
        rows = range(len(images))
        schema, parts = Schema({"image": Image()}, {"mean": Number()}), (whole.part(rows[8:]), whole.part(rows[:8]))
        return cls(images.shape[1]), Opened("means", str(source), schema, *parts, sha256=digest_of(whole))

    def fits(self, output: tuple[int | None, ...], name: str) -> str:
        return "" if product(output) == 1 else "gives several numbers; end it with fc 1"

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        return {"squared": (outputs[OUTPUT].flatten() - targets["mean"]).square().mean()}

    def native(self, loss: LossName) -> str:
        return "squared-error"

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        return {"apart": (outputs[OUTPUT].flatten() - targets["mean"]).abs()}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        return {"error": float(rows["apart"].mean())}


@pytest.fixture
def means(tmp_path: Path) -> Iterator[Path]:
    """Images of one brightness each; the task is known meanwhile."""
    levels = np.random.default_rng(0).random((80, 1, 1, 1))
    np.savez(tmp_path / "means.npz", images=np.repeat(np.repeat(levels, 6, 2), 6, 3).astype(np.float32))
    known.add(Mean)
    yield tmp_path / "means.npz"
    known.remove(Mean)


def test_a_task_has_few_lines() -> None:
    assert len(inspect.getsource(Mean).splitlines()) <= MOST_LINES


@pytest.mark.parametrize("engine", ["torch", pytest.param("native", marks=needs_compiler)])
def test_it_is_trained_tested_asked_and_gone_on_with(means: Path, tmp_path: Path, engine: str) -> None:
    run = st.train(NET, means, epochs=30, batch=8, lr=0.02, engine=engine, out=tmp_path / "run", quiet=True)
    assert run.task == Mean(1)
    assert run.config["engine"] == engine
    assert run.history.best.validation_error < 0.05 < run.history.epochs[0].validation_error
    figures = run.test()
    assert figures["examples"] == 8
    assert figures["error"] < 0.05
    (answer,) = run.predict(np.full((6, 6), 0.5, np.float32))
    assert answer.values["output"][0] == pytest.approx(0.5, abs=0.1)
    assert "error" in (tmp_path / "run" / "report.html").read_text()
    again = st.resume(run.path, epochs=32, quiet=True)
    assert len(again.history) == 32
    assert len(again.history.best.figures) == 3


def test_its_history_is_under_its_own_names(means: Path, tmp_path: Path) -> None:
    st.train(NET, means, epochs=1, out=tmp_path / "run", quiet=True)
    first = (tmp_path / "run" / "history.csv").read_text().splitlines()[0]
    assert first.startswith("epoch,train_loss,validation_loss,validation_error,learning_rate,images_per_second")


def test_a_network_that_does_not_fit_is_refused_in_the_task_s_words(means: Path, tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=r"^net gives several numbers; end it with fc 1$"):
        st.train("input 1x6x6 -> fc 2", means, out=tmp_path / "run", quiet=True)
