"""Tasks of several outputs and of several inputs: a network has them by name, and the rest is as for any task."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import striate as st
from striate.cli import striate
from striate.data.examples import Opened, Schema, Table, digest_of
from striate.data.kinds import Image, Label, Number
from striate.metrics.metric import Metric
from striate.notation.tree import Shape
from striate.tasks import known
from striate.tasks.task import Asked, LossName, NativeLoss, Task, Wish
from striate.training.fields import OUTPUT, Fields
from tests.native.needs import needs_compiler

HEADS = "input 1x6x6 -> conv 4@3 -> relu -> heads[ place: fc 3 | level: fc 1 ]"
JOINED = """
numbers: input 2
image: input 1x6x6
conv 4@3 -> relu -> fc 4 -> concat[ id | from numbers ] -> fc 8 -> tanh -> fc 1
"""
TURNED = """
image: input 1x6x6
numbers: input 2
fc 4 -> concat[ id | from image -> fc 4 ] -> fc 16 -> tanh -> fc 1
"""
COUNT, TEST = 96, 16


@dataclass(frozen=True)
class Squares(Task):
    """Which of three places of an image is bright, and how bright: a class and a number."""

    word: ClassVar[str] = "squares"
    reads: ClassVar[str] = "an .npz archive with `images`, `places` and `levels`"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("accuracy", counted=True),)
    unit: ClassVar[str] = "images"
    decides: ClassVar[str] = "accuracy"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        found = archive(source, {"images", "places", "levels"})
        if found is None:
            return None
        columns = {"image": found["images"], "place": found["places"], "level": found["levels"]}
        return cls(), opened(source, Schema({"image": Image()}, {"place": Label(3), "level": Number()}), columns)

    def fits_all(self, outputs: Mapping[str, Shape], name: str) -> str:
        wanted = {"place": (3,), "level": (1,)}
        return "" if outputs == wanted else "does not end in heads[ place: fc 3 | level: fc 1 ]"

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        return {
            "place": torch.nn.functional.cross_entropy(outputs["place"], targets["place"]),
            "level": (outputs["level"] - targets["level"]).square().mean(),
        }

    def native(self, loss: LossName) -> NativeLoss:
        return {"place": "cross-entropy", "level": "squared-error"}

    def right(self, outputs: Fields, targets: Fields) -> tuple[Any, int]:
        return (outputs["place"].argmax(1) == targets["place"]).sum(), len(targets["place"])

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        right = outputs["place"].argmax(1) == targets["place"]
        return {"right": right.float(), "apart": (outputs["level"] - targets["level"]).abs()[:, 0]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        return {"accuracy": float(rows["right"].mean()), "level_error": float(rows["apart"].mean())}


@dataclass(frozen=True)
class Both(Task):
    """The brightness of an image times the first of two numbers."""

    word: ClassVar[str] = "both"
    reads: ClassVar[str] = "an .npz archive with `images`, `numbers` and `products`"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("error", up=False, share=False),)

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        found = archive(source, {"images", "numbers", "products"})
        if found is None:
            return None
        columns = {"image": found["images"], "numbers": found["numbers"], "product": found["products"]}
        return cls(), opened(source, Schema({"image": Image(), "numbers": Number(2)}, {"product": Number()}), columns)

    def fits(self, output: Shape, name: str) -> str:
        return "" if output == (1,) else "gives several numbers; end it with fc 1"

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        return {"squared": (outputs[OUTPUT] - targets["product"]).square().mean()}

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        return {"apart": (outputs[OUTPUT] - targets["product"]).abs()}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        return {"error": float(rows["apart"].mean())}

    def asked(self, given: Any, recipe: Any, bad: str) -> Asked:
        inputs = [{"image": torch.tensor(image)[None], "numbers": torch.tensor(two)[None]} for image, two in given]
        return Asked([f"pair {row}" for row in range(len(given))], inputs)


def archive(source: Any, names: set[str]) -> dict[str, torch.Tensor] | None:
    """The arrays of an archive that has exactly these."""
    if not str(source).endswith(".npz") or set(found := np.load(source)) != names:
        return None
    return {name: torch.from_numpy(found[name]) for name in names}


def opened(source: Any, schema: Schema, columns: Mapping[str, torch.Tensor]) -> Opened:
    """The last few examples are to judge by."""
    whole, rows = Table(columns), range(COUNT)
    parts = whole.part(rows[TEST:]), whole.part(rows[:TEST])
    return Opened("made-up", str(source), schema, *parts, sha256=digest_of(whole))


@pytest.fixture
def squares(tmp_path: Path) -> Iterator[Path]:
    """Images with two bright rows of one of three places; the task is known meanwhile."""
    chance = np.random.default_rng(0)
    places, levels = chance.integers(0, 3, COUNT), chance.uniform(0.5, 1, (COUNT, 1)).astype(np.float32)
    images = np.zeros((COUNT, 1, 6, 6), np.float32)
    for row, place in enumerate(places):
        images[row, 0, 2 * place : 2 * place + 2] = levels[row]
    np.savez(tmp_path / "squares.npz", images=images, places=places, levels=levels)
    known.add(Squares)
    yield tmp_path / "squares.npz"
    known.remove(Squares)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Path]:
    """Images of one brightness each with two numbers; the task is known meanwhile."""
    chance = np.random.default_rng(0)
    levels, numbers = chance.random((COUNT, 1)), chance.uniform(-1, 1, (COUNT, 2))
    images = np.repeat(np.repeat(levels[:, :, None, None], 6, 2), 6, 3)
    arrays = {"images": images, "numbers": numbers, "products": levels * numbers[:, :1]}
    np.savez(tmp_path / "both.npz", **{name: values.astype(np.float32) for name, values in arrays.items()})
    known.add(Both)
    yield tmp_path / "both.npz"
    known.remove(Both)


def same(ours: Path, theirs: Path) -> bool:
    """Whether two runs have the same weights, bit for bit, and the same figures."""
    one, other = (load_file(root / "model.safetensors") for root in (ours, theirs))
    rows = [[epoch.figures for epoch in st.Run(root).history.epochs] for root in (ours, theirs)]
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one) and rows[0] == rows[1]


@pytest.mark.parametrize("engine", ["torch", pytest.param("native", marks=needs_compiler)])
def test_two_outputs_are_trained_tested_asked_and_gone_on_with(squares: Path, tmp_path: Path, engine: str) -> None:
    how: dict[str, Any] = {"batch": 8, "lr": 0.01, "schedule": "constant", "quiet": True, "engine": engine}
    run = st.train(HEADS, squares, epochs=20, out=tmp_path / "whole", **how)
    first, last = run.history.epochs[0].figures, run.history.epochs[-1].figures
    assert run.config["engine"] == engine
    assert last["train_loss"] == pytest.approx(last["train_place"] + last["train_level"])
    assert last["train_place"] < 0.1 < first["train_place"]
    assert last["train_level"] < first["train_level"]
    assert last["train_accuracy"] == 1
    columns = next(csv.reader((tmp_path / "whole" / "history.csv").open()))
    assert {"train_place", "train_level", "validation_level_error"} <= {*columns}
    figures = run.test()
    assert figures["accuracy"] == 1
    assert figures["level_error"] < 0.15
    image = np.zeros((6, 6), np.float32)
    image[2:4] = 0.75
    (answer,) = run.predict(image)
    assert int(np.argmax(answer.values["place"])) == 1
    assert answer.values["level"][0] == pytest.approx(0.75, abs=0.2)
    st.train(HEADS, squares, epochs=10, out=tmp_path / "half", **how)
    st.resume(tmp_path / "half", epochs=20, quiet=True)
    assert same(tmp_path / "whole", tmp_path / "half")


@pytest.mark.parametrize("text", [JOINED, TURNED])
def test_two_inputs_are_trained_tested_asked_and_gone_on_with(both: Path, tmp_path: Path, text: str) -> None:
    how: dict[str, Any] = {"batch": 8, "lr": 0.01, "schedule": "constant", "quiet": True}
    run = st.train(text, both, epochs=40, out=tmp_path / "whole", **how)
    assert run.config["engine"] == "torch"
    assert run.test()["error"] < 0.1
    pairs = [
        (np.full((1, 6, 6), level, np.float32), np.array([two, 0.3], np.float32)) for level, two in ((1, 1), (1, -1))
    ]
    high, low = (answer.values["output"][0] for answer in run.predict(*pairs))
    assert low < -0.4 < 0.4 < high
    st.train(text, both, epochs=20, out=tmp_path / "half", **how)
    st.resume(tmp_path / "half", epochs=40, quiet=True)
    assert same(tmp_path / "whole", tmp_path / "half")


@needs_compiler
def test_both_engines_learn_alike_on_disk(squares: Path, tmp_path: Path) -> None:
    torch_run, native = (
        st.train(HEADS, squares, epochs=5, engine=engine, out=tmp_path / engine, quiet=True)
        for engine in ("torch", "native")
    )
    for ours, theirs in zip(native.history.epochs, torch_run.history.epochs, strict=True):
        assert ours.figures.keys() == theirs.figures.keys()
        assert ours.figures == pytest.approx(theirs.figures, rel=1e-3)
    assert native.test(engine="torch")["loss"] == pytest.approx(native.test(engine="native")["loss"], rel=1e-5)


def test_the_command_line_trains_and_tests_them(
    squares: Path, both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for net, data in ((HEADS, squares), (JOINED.strip(), both)):
        out = tmp_path / data.stem
        for words in (["train", net, str(data), "--epochs", "2", "--out", str(out)], ["test", str(out)]):
            capsys.readouterr()
            striate.main([*words, "--json"], standalone_mode=False)
            json.loads(capsys.readouterr().out)
        assert st.Run(out).task.word == data.stem
        assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_a_task_of_one_output_names_those_that_are_too_many() -> None:
    with pytest.raises(
        st.InputError, match=r"^net gives place, level, and classify takes one output; end it without h"
    ):
        st.train("input 1x8x8 -> heads[ place: fc 10 | level: fc 1 ]", "digits", quiet=True)


def test_outputs_that_the_task_does_not_ask_for_are_refused_in_its_words(squares: Path, tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=r"^net does not end in heads\[ place: fc 3 \| level: fc 1 \]$"):
        st.train(HEADS.replace("level", "width"), squares, out=tmp_path / "run", quiet=True)
    with pytest.raises(st.InputError, match=r"^net has aux beside several outputs, and no loss tells which of them"):
        st.train(HEADS.replace("heads", "aux[ fc 3 ] -> heads"), squares, out=tmp_path / "run", quiet=True)


def test_a_side_head_has_the_shape_of_the_output(tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=r"^aux1 of net gives 2 outputs and digits has 10 classes; end the network"):
        st.train("input 1x8x8 -> conv 2@3 -> aux[ fc 2 ] -> fc 10", "digits", out=tmp_path / "run", quiet=True)


@pytest.mark.parametrize(
    ("net", "error"),
    [
        ("input 1x6x6 -> fc 1", "net reads an input without a name, and made-up gives image, numbers; let its inputs "),
        (JOINED.replace("numbers", "other"), "net reads other, image, and made-up gives image, numbers; let its input"),
        (JOINED.replace("input 2", "input 3"), "net reads 3 as numbers, and made-up gives 2$"),
        (
            JOINED.replace("1x6x6", "1x?x?").replace("-> fc 4", "-> gap -> fc 4"),
            r"net reads 1x\?x\? as image, and made-up g",
        ),
    ],
)
def test_inputs_that_are_not_the_data_s_are_named(both: Path, tmp_path: Path, net: str, error: str) -> None:
    with pytest.raises(st.InputError, match=f"^{error}"):
        st.train(net, both, out=tmp_path / "run", quiet=True)


def test_data_of_one_input_name_those_that_are_too_many() -> None:
    with pytest.raises(st.InputError, match=r"^net reads numbers, image, and digits gives image; let its inputs be "):
        st.train(JOINED.replace("1x6x6", "1x8x8"), "digits", quiet=True)


def test_outputs_by_name_are_not_given_as_one(squares: Path, tmp_path: Path) -> None:
    run = st.train(HEADS, squares, epochs=1, out=tmp_path / "run", quiet=True)
    with pytest.raises(st.InputError, match=r"^net has place, level; Run.outputs is for one$"):
        run.outputs(torch.zeros(1, 1, 6, 6))
