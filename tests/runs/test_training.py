"""Training from a network and a data set to a run on disk: what is fitted, said, kept and refused."""

import csv
import dataclasses
import errno
import hashlib
import html.parser
import inspect
import json
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional as F

import striate
from striate import data, zoo
from striate.errors import InputError, WorkError
from striate.metrics import wilson
from striate.notation import measure, render
from striate.runs import training
from striate.runs.doing import Trained
from striate.runs.planning import Request
from striate.runs.resuming import resume
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.options import Options
from striate.training.saved import SavedRun
from striate.training.state import State
from tests.learning import Training

Archive = Callable[..., Path]
TINY = "input 1x8x8 -> fc 10"


def trained_here(net: Any, dataset: Any, root: Path, **options: Any) -> tuple[Trained, list[str]]:
    """A training, with all that it says."""
    said: list[str] = []
    return Training(net, dataset, Options(**options), say=said.append).start(root), said


def weights(run: Run) -> dict[str, Tensor]:
    return dict(run.state.weights)


def same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


# end to end on the digits


def test_it_learns_the_digits(trained: Run) -> None:
    assert trained.history.best.validation_accuracy > 0.85
    assert trained.test().accuracy > 0.85
    assert trained.history.epochs[-1].train_loss < trained.history.epochs[0].train_loss


def test_a_run_s_folder(trained: Run) -> None:
    names = {path.relative_to(trained.path).as_posix() for path in trained.path.rglob("*") if path.is_file()}
    states = {"checkpoint/epoch-00002.safetensors", "checkpoint/epoch-00003.safetensors"}
    states |= {f"epochs/epoch-{epoch:05d}.safetensors" for epoch in (1, 2, 3)}
    texts = {"net.net", "config.json", "history.csv", "report.html", "SHA256SUMS"}
    assert names == texts | states | {"model.safetensors"}
    for line in (trained.path / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((trained.path / name).read_bytes()).hexdigest() == digest
    text = (trained.path / "net.net").read_text()
    assert zoo.net(text).layers == trained.network.layers
    rows = list(csv.DictReader((trained.path / "history.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[-1]["validation_accuracy"]) == trained.history.epochs[-1].validation_accuracy


def test_the_configuration_is_enough_to_train_again(trained: Run, tmp_path: Path) -> None:
    config = json.loads((trained.path / "config.json").read_text())
    assert config["striate"] == striate.__version__
    assert config["network"] == "net"
    sum_ = data.load("digits").sha256()
    assert config["data"] == {"name": "digits", "source": "digits", "sha256": sum_}
    assert config["task"] == {"word": "classify", "classes": list("0123456789")}
    how = {"precision": "float32", "compile": "no"}
    chosen = Options(epochs=3, lr=0.01, loss="cross-entropy", augment="none", **how)
    assert config["options"] == chosen.to_json(), "with what `auto` was"
    assert config["engine"] == ("native" if str(trained.device) == "cpu" else "torch")
    assert config["device"] == str(trained.device)
    assert data.Recipe.from_json(config["recipe"]) == trained.recipe
    again = Training(
        (trained.path / "net.net").read_text(), config["data"]["source"], Options.from_json(config["options"])
    ).start(tmp_path / "again")
    assert same(weights(again.run), weights(trained))


def test_the_best_weights_carry_their_network_and_configuration(trained: Run) -> None:
    with safe_open(trained.path / "model.safetensors", framework="pt") as file:
        facts = file.metadata()
    assert zoo.net(facts["net"]).layers == trained.network.layers
    assert json.loads(facts["config"]) == trained.config


class References(html.parser.HTMLParser):
    """All that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "iframe", "object", "embed"), tag
        self.found += [value or "" for name, value in attributes if name in ("src", "href", "xlink:href", "srcset")]


def test_the_report_is_one_file_by_itself(trained: Run) -> None:
    text = (trained.path / "report.html").read_text()
    page = References()
    page.feed(text)
    assert page.found, "there are pictures"
    assert all(reference.startswith(("data:", "#")) for reference in page.found)
    assert "url(" not in text.replace("url(#", "").replace("url(data:", "")
    assert "@import" not in text
    assert f"{trained.test().accuracy:.2%}" in text
    for words in ("the test set (359 images)", "striate train", "conv 12@3x3", "images: 1,295 to train on"):
        assert words in text


def test_every_decision_is_said_and_kept(tmp_path: Path) -> None:
    result, said = trained_here("lenet5", "digits", tmp_path / "run", epochs=1, batch=256)
    compiling = [line for line in said if line.startswith("compiling ")]  # only where it has not been compiled before
    assert said == compiling + result.run.config["decisions"]
    for words in (
        "a fifth of each class is the test set (359 images",
        "input: 1x8x8 grey, resized to 32x32",
        "images: 1,295 to train on, 143 kept for validation (seed 0), 359 for the test",
        "training: 1 epoch, adamw, one-cycle up to 0.003, batch 256; engine ",
    ):
        assert any(words in line for line in said), words
    report = (result.run.path / "report.html").read_text()
    assert "resized to 32x32" in report


def test_what_training_came_to(tmp_path: Path) -> None:
    result, _ = trained_here(TINY, "digits", tmp_path / "run", epochs=2)
    value = result.to_json()
    assert set(value) == {
        "run",
        "epochs",
        "best_epoch",
        "validation_accuracy",
        "test_accuracy",
        "images_per_second",
        "validation",
        "test",
        "verdict",
    }
    assert value["test"]["accuracy"] == value["test_accuracy"]
    assert value["test"]["interval"] == list(wilson(round(359 * value["test_accuracy"]), 359))
    assert value["validation"]["examples"] == 143
    assert value["validation"]["accuracy"] == value["validation_accuracy"]
    assert value["verdict"][0].startswith("Cut short: ")
    assert value["epochs"] == 2
    assert value["test_accuracy"] == result.run.test().accuracy
    assert value["validation_accuracy"] == result.history.best.validation_accuracy
    assert json.loads(json.dumps(value)) == value


# how it is called


def test_every_option_is_a_named_parameter_with_its_default() -> None:
    parameters = inspect.signature(train).parameters
    assert not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    for option in dataclasses.fields(Options):
        assert parameters[option.name].default == option.default, option.name
        wider = {"loss": "str | Loss | None", "freeze": "str | int", "teacher": "str | Path", "style": "str | Path"}
        wider |= {"eyes": "str | Path"}
        kind = wider.get(option.name, option.type)
        assert parameters[option.name].annotation == kind, option.name
        assert f"{option.name}: " in (train.__doc__ or "")


def test_every_option_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    other: dict[str, Any] = {"epochs": 3, "batch": 7, "lr": 0.5, "optimizer": "sgd", "schedule": "step", "loss": "mse"}
    other |= {"l1": 0.1, "l2": 0.2, "augment": "none", "patience": 4, "validation": 0.3, "init": "he", "seed": 9}
    other |= {"max_norm": 2.0, "smoothing": 0.1, "keep_every": 5.0, "recipe": "fast", "warm_up": 0.1, "clip": 1.0}
    other |= {"micro": 2, "ema": 0.9, "balance": "weights", "precision": "bf16", "compile": "no", "freeze": "conv1"}
    other |= {"unfreeze_after": 1, "rates": 0.5, "fold": "2/5", "teacher": "runs/a", "taught": 0.5, "temperature": 2.0}
    other |= {"degrade": "noise:5", "style": "a.png", "eyes": "runs/b", "spacing": "1", "split": "random:0.1"}
    assert other.keys() == {option.name for option in dataclasses.fields(Options)}
    assert not any(value == getattr(Options(), name) for name, value in other.items())
    seen: list[Options] = []

    def stop(asked: Request, *how: Any, **more: Any) -> None:
        seen.append(asked.options)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "trained", stop)
    with pytest.raises(KeyboardInterrupt):
        train(TINY, "digits", **other)
    assert seen == [Options(**other)]


def test_what_defaults_decide_is_said_unless_asked_to_be_quiet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(TINY, "digits", out=tmp_path / "run", epochs=1)
    said = capsys.readouterr()
    assert said.err.splitlines()[: len(run.config["decisions"])] == run.config["decisions"]
    resume(run.path, epochs=2)
    assert capsys.readouterr().err.startswith("going on after epoch 1 of 2; learning rate: ")
    train(TINY, "digits", out=tmp_path / "other", epochs=1, quiet=True)
    resume(tmp_path / "other", epochs=2, quiet=True)
    quiet = capsys.readouterr()
    assert said.out == quiet.out == quiet.err == ""


# the seed


def test_the_same_seed_is_the_same_run_and_another_is_not(tmp_path: Path) -> None:
    text = "input 1x8x8 -> dropout 0.2 -> fc 16 -> relu -> fc 10"
    runs = [train(text, "digits", epochs=2, seed=seed, out=tmp_path / f"{i}") for i, seed in enumerate((5, 5, 6))]
    assert same(weights(runs[0]), weights(runs[1]))
    assert not same(weights(runs[0]), weights(runs[2]))
    timeless = [[(e.train_loss, e.validation_loss) for e in run.history.epochs] for run in runs]
    assert timeless[0] == timeless[1] != timeless[2]


# networks and data


def test_a_network_takes_the_number_of_classes_and_says_so(colours: Path, tmp_path: Path) -> None:
    result, said = trained_here("lenet5", colours, tmp_path / "run", epochs=1)
    assert f"network: lenet5 with 3 classes, those of {colours.name}" in said
    assert result.run.classes == ("blue", "green", "red")
    assert measure(result.run.network).output == (3,)
    assert result.run.config["data"]["source"] == str(colours)
    assert any("input: 1x12x16 grey, resized to 32x32" in line for line in said)


def test_colours_are_learned(colours: Path, tmp_path: Path) -> None:
    run = train("input 3x?x? -> conv 6@3x3 -> relu -> gap -> fc 3", colours, out=tmp_path / "run", epochs=25, lr=0.03)
    assert run.test().accuracy == 1.0
    assert run.recipe.shape == (3, 12, 16), "free axes take the data's size"
    assert [prediction.label for prediction in run.predict(colours / "green", colours / "red")] == (
        ["green"] * 14 + ["red"] * 14
    )


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("input 1x40 -> conv 4@5 -> relu -> maxpool 2 -> fc 3", (40,)),
        ("input 2x30 -> conv 4@5 -> bn -> relu -> gap -> fc 3", (2, 30)),
        ("input 1x6x8x8 -> conv 4@3x3x3 -> relu -> maxpool 2 -> fc 3", (6, 8, 8)),
    ],
)
def test_signals_and_volumes(text: str, shape: tuple[int, ...], archive: Archive, tmp_path: Path) -> None:
    run = train(text, archive(*shape), out=tmp_path / "run", epochs=15, lr=0.02, batch=16)
    assert run.test().accuracy > 0.6
    assert (run.path / "report.html").stat().st_size > 10_000
    assert run.recipe.shape == measure(run.network).network.input
    Image.new("L", (40, 40)).save(tmp_path / "picture.png")
    with pytest.raises(InputError, match=r"picture\.png' for a network that learned from arrays"):
        run.predict(tmp_path / "picture.png")


def test_the_lectures_pattern(tmp_path: Path) -> None:
    said: list[str] = []
    pattern = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"
    task = Training(pattern, "digits", Options(epochs=1, batch=256), letters={"N": 1, "M": 2, "K": 1}, say=said.append)
    run = task.start(tmp_path / "run").run
    text = (run.path / "net.net").read_text()
    assert "input 1x8x8" in text
    assert run.network.input == (1, 8, 8)
    assert text.count("conv") == 2
    assert "fc 10" in text
    assert zoo.net(text).layers == run.network.layers
    assert "--set N=1" in run.config["command"]
    assert run.test().examples == 359


def test_images_of_another_size_are_fitted(tmp_path: Path) -> None:
    _, said = trained_here("input 3x10x10 -> conv 4@3 -> gap -> fc 10", "digits", tmp_path / "run", epochs=1)
    assert any("made RGB, padded to 10x10" in line for line in said)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("input 1x8x8 -> fc 9", r"net gives 9 outputs and digits has 10 classes; end the network with fc 10"),
        ("input 1x8x8 -> conv 10@3", r"net gives 10x6x6 outputs and digits has 10 classes"),
        ("input 1x64 -> fc 10", r"the network reads 1x64 \(1-D\) and digits has 1x8x8 \(2-D\)"),
        ("input 2x8x8 -> fc 10", r"the network reads 2 channels and digits has 1; only grey and RGB are exchanged"),
        ("input 1x?x? -> conv 4@9 -> gap -> fc 10", r"net does not fit images of 1x8x8: "),
        ("input 1x?x? -> fc 10", r"free|size"),
    ],
)
def test_what_does_not_fit_the_data(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=reason):
        train(text, "digits", out=tmp_path / "run")
    assert not (tmp_path / "run").exists(), "nothing is left behind"


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        (TINY, {"init": "hee"}, "no init 'hee'; did you mean 'he'"),
        (TINY, {"loss": "cross_entropy"}, "no loss 'cross_entropy'; did you mean 'cross-entropy'"),
        (TINY, {"device": "cpuu"}, "no device 'cpuu'; did you mean 'cpu'"),
        (TINY, {"engine": "torhc"}, "no engine 'torhc'; did you mean 'torch'"),
        (TINY, {"letters": {"width": 3}}, "the text has no letter 'width'"),
        (
            "input 1x8x8 -> fc 4 -> bn -> fc 10",
            {"batch": 1},
            "bn1 normalises by its batch, .*use `batch=2` or more",
        ),
    ],
)
def test_wrong_choices_leave_nothing_behind(text: str, options: dict[str, Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=reason):
        train(text, "digits", out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_single_images_are_a_batch_where_batch_norm_has_maps(tmp_path: Path, archive: Archive) -> None:
    text = "input 1x30 -> conv 3@5 -> bn -> relu -> gap -> fc 3"
    assert train(text, archive(30, count=30), out=tmp_path / "run", epochs=1, batch=1).test().examples


def test_a_network_ending_in_softmax_is_trained_as_without(tmp_path: Path) -> None:
    soft = train(TINY + " -> softmax", "digits", out=tmp_path / "soft", epochs=2)
    plain = train(TINY, "digits", out=tmp_path / "plain", epochs=2)
    assert same(weights(soft), weights(plain))
    assert soft.test() == plain.test()
    assert soft.model()(torch.zeros(1, 1, 8, 8)).sum().item() == pytest.approx(1)


def test_side_heads_train_and_stay_out_of_the_way(tmp_path: Path) -> None:
    text = "input 1x8x8 -> conv 4@3 -> relu -> aux[gap -> fc 10] -> fc 10"
    run = train(text, "digits", out=tmp_path / "run", epochs=1)
    assert run.test().examples == 359
    assert any("aux" in name for name in weights(run))


# a loss of one's own, data of one's own


def test_a_loss_of_one_s_own(tmp_path: Path) -> None:
    seen = []

    def smoothed(outputs: Tensor, labels: Tensor) -> Tensor:
        seen.append(outputs.shape)
        return F.cross_entropy(outputs, labels, label_smoothing=0.2)

    run = train(TINY, "digits", loss=smoothed, epochs=2, out=tmp_path / "run")
    assert seen[0] == (64, 10)
    assert run.config["options"]["loss"] == "own"
    assert not same(weights(run), weights(train(TINY, "digits", epochs=2, out=tmp_path / "other")))
    result = run.test()
    assert result.accuracy > 0
    assert result.loss != result.loss, "what is not known is not a number"
    test = run.test_split().columns
    assert run.test(loss=smoothed).loss == pytest.approx(float(smoothed(run.outputs(test["image"]), test["label"])))


@pytest.mark.parametrize("loss", ["mse", "hinge"])
def test_the_lectures_losses(loss: str, tmp_path: Path) -> None:
    run = train(TINY, "digits", loss=loss, epochs=5, out=tmp_path / "run", lr=0.03)
    assert run.test().accuracy > 0.6
    assert run.history.epochs[-1].train_loss < run.history.epochs[0].train_loss


def test_lenet5_as_published_learns_by_its_own_criterion(tmp_path: Path) -> None:
    run = train("lenet5-1998", "digits", loss="map", epochs=2, out=tmp_path / "run")
    assert run.test().accuracy > 0.8
    assert run.history.epochs[-1].train_loss < run.history.epochs[0].train_loss


def test_data_of_one_s_own(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 2
    split = data.Split(torch.rand(60, 1, 4, 4, generator=generator) + labels[:, None, None, None], labels)
    mine = data.Dataset("mine", "", split, None, ("no", "yes"))
    run = train("input 1x4x4 -> fc 2", mine, out=tmp_path / "run", epochs=3, lr=0.05)
    assert run.config["data"] == {"name": "mine", "source": "", "sha256": mine.sha256()}
    assert run.config["task"]["classes"] == ["no", "yes"]
    assert "from Python" in run.config["command"]
    assert run.test(mine).examples == 60
    with pytest.raises(InputError, match="was trained on a data set made in Python; say what to test it on"):
        run.test()
    with pytest.raises(InputError, match=r"made in Python; give it again: st\.resume\('.*run', dataset\)"):
        resume(run.path, epochs=9)
    assert len(resume(run.path, mine, epochs=4).history) == 4
    assert json.loads((run.path / "config.json").read_text())["data"]["source"] == ""


@pytest.mark.parametrize("kind", ["numbers", "drawings"])
def test_validation_images_decide_nothing_of_the_recipe(kind: str) -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(80) % 2
    images = torch.randn(80, 1, 12, 12, generator=generator)
    if kind == "drawings":  # a stroke in the middle of a black page
        images = torch.zeros(80, 1, 12, 12, dtype=torch.uint8)
        images[:, :, 3:9, 5:7] = torch.randint(90, 255, (80, 1, 6, 2), generator=generator, dtype=torch.uint8)
    whole = data.Split(images, labels, tuple(map(str, range(80))))
    _, validation = data.carve(whole, Options.validation, Options.seed)
    held = [int(path) for path in validation.paths]

    def recipe(rows: list[int]) -> data.Recipe:
        changed = images.clone()
        changed[rows] = changed.max()
        mine = data.Dataset("mine", "", data.Split(changed, labels), None, ("no", "yes"))
        return Training("input 1x12x12 -> fc 2", mine, Options()).plan.recipe

    assert recipe(held) == recipe([]), "mean, spread, background and ink are the training images' own"
    assert (recipe([]).ink is not None) == (kind == "drawings")
    assert recipe([next(row for row in range(80) if row not in held)]).mean != recipe([]).mean


# the command that repeats it


@pytest.mark.parametrize(
    ("net", "letters"),
    [(TINY, {}), ("lenet5", {}), ("input 1x8x8 -> [fc w -> relu]*n -> fc 10", {"n": 2, "w": 12})],
)
def test_the_command_repeats_the_training(net: str, letters: dict[str, int], tmp_path: Path) -> None:
    run = train(net, "digits", letters=letters, out=tmp_path / "run", epochs=1, batch=200, optimizer="nesterov")
    words = shlex.split(run.config["command"])
    assert words[:4] == ["striate", "train", net, "digits"]
    assert words[4:10] == ["--epochs", "1", "--batch", "200", "--optimizer", "nesterov"]
    assert words[10:] == [word for letter, value in letters.items() for word in ("--set", f"{letter}={value}")]


def test_the_command_of_a_network_object(tmp_path: Path) -> None:
    net = zoo.net("input 1x8x8 -> [fc w]*2 -> fc 10", w=5)
    words = shlex.split(train(net, "digits", out=tmp_path / "run", epochs=1).config["command"])
    assert zoo.net(words[2]).layers == net.layers
    assert words[2] == render(net)


def test_the_command_names_an_engine_and_a_device_that_were_asked_for(tmp_path: Path) -> None:
    run = train(TINY, "digits", out=tmp_path / "run", epochs=1, engine="torch", device="cpu")
    assert run.config["command"].endswith(" --epochs 1 --engine torch --device cpu")


# the folder


def test_runs_are_numbered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [train(TINY, "digits", epochs=1, batch=0) for _ in range(2)]
    assert [str(run.path) for run in runs] == ["runs/net-digits-1", "runs/net-digits-2"]


def test_a_taken_folder_is_refused_and_kept(trained: Run, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in trained.path.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="exists already; `overwrite=True` replaces it"):
        train(TINY, "digits", out=trained.path)
    assert {path: path.read_bytes() for path in trained.path.rglob("*") if path.is_file()} == before


def test_overwriting(tmp_path: Path) -> None:
    train(TINY, "digits", out=tmp_path / "run", epochs=3)
    run = train(TINY, "digits", out=tmp_path / "run", epochs=1, overwrite=True)
    assert (len(run.history), run.notes) == (1, [])
    assert len(list((run.path / "checkpoint").iterdir())) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(WorkError, match=r"can't write to .*: Permission denied"):
        train(TINY, "digits", out=tmp_path / "locked" / "run")


def test_a_file_system_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *args: Any, **options: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(WorkError, match=r"can't write to .*run: Read-only file system"):
        train(TINY, "digits", out=tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkError, match="can't make runs/net-digits-1: Read-only file system"):
        train(TINY, "digits")


def test_a_user_s_files_are_never_changed(colours: Path, tmp_path: Path) -> None:
    (colours / "red" / "notes.txt").write_text("mine")
    (tmp_path / "mine.net").write_text("input 3x12x16 -> conv 4@3 -> gap -> fc 3\n")
    watched = [path for path in (*colours.rglob("*"), tmp_path / "mine.net") if path.is_file()]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in watched}
    run = train(tmp_path / "mine.net", colours, out=tmp_path / "run", epochs=1)
    run.test()
    run.test(colours)
    run.predict(colours)
    resume(run.path, epochs=2)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in watched} == before
    assert {path for path in (*colours.rglob("*"), tmp_path / "mine.net") if path.is_file()} == set(watched)


def test_bad_files_are_left_out_and_named_or_refused(colours: Path, tmp_path: Path) -> None:
    (colours / "red" / "broken.png").write_bytes(b"\x89PNG no more")
    _, said = trained_here("input 3x12x16 -> fc 3", colours, tmp_path / "run", epochs=1)
    assert any("left out: 1 unreadable .png; red/broken.png" in line for line in said)
    with pytest.raises(InputError, match=r"broken\.png"):
        train("input 3x12x16 -> fc 3", colours, out=tmp_path / "other", bad="refuse")
    (colours / "red" / "broken.png").unlink()
    run = train("input 3x12x16 -> fc 3", colours, out=tmp_path / "other", bad="refuse", epochs=1, quiet=True)
    assert run.config["command"].endswith("--bad-files refuse")
    (colours / "red" / "broken.png").write_bytes(b"\x89PNG no more")
    with pytest.raises(InputError, match=r"broken\.png"):
        resume(run.path, epochs=2)


# what goes wrong on the way


def test_a_loss_that_is_no_number_keeps_the_best_weights(tmp_path: Path) -> None:
    """The third epoch's first batch breaks, on purpose, and the loss is blamed: its outputs were sound."""
    calls = []

    def breaking(outputs: Tensor, labels: Tensor) -> Tensor:
        calls.append(len(labels))
        return F.cross_entropy(outputs, labels) * (float("nan") if len(calls) == 17 else 1.0)

    with pytest.raises(WorkError) as error:
        train(TINY, "digits", loss=breaking, batch=200, epochs=5, out=tmp_path / "run")
    best = Run(tmp_path / "run").state.history.best.epoch
    assert str(error.value).startswith("your loss is nan for finite outputs, from ")
    assert str(error.value).endswith(
        f", at epoch 3, batch 1 of 7; the weights of epoch {best} are kept in {tmp_path}/run"
    )
    assert len(Run(tmp_path / "run").history) == 2
    assert Run(tmp_path / "run").test().examples == 359


def test_a_rate_that_is_too_high_is_named(tmp_path: Path) -> None:
    text = "input 1x8x8 -> fc 50 -> relu -> fc 10"
    with pytest.raises(WorkError, match=r"nan at epoch 1, batch \d of 21: the weights .* try a tenth of it with `lr`$"):
        train(text, "digits", lr=1e9, optimizer="sgd", out=tmp_path / "run")


def test_a_full_disk_in_the_second_epoch_keeps_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, renamed = os.replace, []

    def full(source: Any, target: Any) -> None:
        renamed.append(str(target))
        if "epoch-00002" in str(target):
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(
        WorkError, match=r"No space left on device; what was saved before is kept; the weights of epoch 1"
    ):
        train(TINY, "digits", epochs=3, out=tmp_path / "run")
    monkeypatch.undo()
    assert len(Run(tmp_path / "run").history) == 1
    assert not list((tmp_path / "run").rglob("*.tmp"))
    assert len(resume(tmp_path / "run").history) == 3


def test_patience_ends_it_and_is_named(tmp_path: Path) -> None:
    result, _ = trained_here(TINY, "digits", tmp_path / "run", epochs=30, patience=2, lr=0.0)
    assert (len(result.history), result.history.highest.epoch) == (3, 1)
    assert result.stopped == "patience"
    assert "3 (stopped by patience)" in (result.run.path / "report.html").read_text()


# Ctrl-C


class At:
    """Presses Ctrl-C at a moment of saving."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, word: str, times: int) -> None:
        self.word, self.left, self.replace = word, times, os.replace
        monkeypatch.setattr(os, "replace", self)

    def __call__(self, source: Any, target: Any) -> None:
        self.left -= self.word in str(target)
        if self.word in str(target) and self.left == 0:
            signal.raise_signal(signal.SIGINT)
        self.replace(source, target)


@pytest.mark.parametrize("word", ["history.csv", "epoch-00002", "SHA256SUMS"])
def test_ctrl_c_while_saving_waits_until_all_is_saved(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    At(monkeypatch, word, {"history.csv": 3, "epoch-00002": 1, "SHA256SUMS": 6}[word])
    result, _ = trained_here(TINY, "digits", tmp_path / "run", epochs=50)
    monkeypatch.undo()
    assert result.stopped == "Ctrl-C"
    assert len(result.history) == 2
    run = Run(tmp_path / "run")
    assert run.notes == []
    assert len(run.history) == 2
    assert run.state.history.best == result.history.best
    assert (run.path / "report.html").is_file()
    assert "2 (stopped by Ctrl-C)" in (run.path / "report.html").read_text()


def test_ctrl_c_in_a_batch_keeps_the_epochs_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def loss(outputs: Tensor, labels: Tensor) -> Tensor:
        calls.append(1)
        if len(calls) == 60:
            signal.raise_signal(signal.SIGINT)
        return F.cross_entropy(outputs, labels)

    result = Training(TINY, "digits", Options(epochs=50), own_loss=loss).start(tmp_path / "run")
    assert (result.stopped, len(result.history)) == ("Ctrl-C", 2)
    assert result.run.test().accuracy == result.test.score.accuracy


def test_ctrl_c_before_the_first_epoch_is_over(tmp_path: Path) -> None:
    def loss(outputs: Tensor, labels: Tensor) -> Tensor:
        raise KeyboardInterrupt

    with pytest.raises(WorkError, match="stopped by Ctrl-C before the first epoch was finished; nothing was learned"):
        train(TINY, "digits", loss=loss, out=tmp_path / "run")


def test_the_keeper_saves_best_weights_without_the_optimiser(trained: Run) -> None:
    saved = SavedRun.open(trained.path)
    best, last = saved.best(), saved.last()
    assert isinstance(best, State)
    assert best.optimizer == {}
    assert int(last.optimizer["steps"]) == 3 * 21
    assert np.isfinite([float(tensor.sum()) for tensor in last.optimizer.values()]).all()


def test_a_list_of_sums_names_no_file_of_others_to_delete(tmp_path: Path) -> None:
    train(TINY, "digits", epochs=1, out=tmp_path / "run", quiet=True)
    outside, inside = tmp_path / "thesis.txt", tmp_path / "run" / "notes.txt"
    for path in (outside, inside):
        path.write_text("mine")
        with (tmp_path / "run" / "SHA256SUMS").open("a") as sums:
            sums.write(f"{'0' * 64}  {path}\n{'0' * 64}  ../{path.name}\n{'0' * 64}  {path.name}\n")
    train(TINY, "digits", epochs=1, out=tmp_path / "run", overwrite=True, quiet=True)
    assert (outside.read_text(), inside.read_text()) == ("mine", "mine")


def test_a_name_of_data_leads_out_of_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = dataclasses.replace(data.load("digits"), name="a/../../b\0c", source="")
    assert train(TINY, odd, epochs=1, quiet=True).path == Path("runs/net-a-..-..-b-c-1")


def test_a_folder_s_name_with_a_nul_is_refused() -> None:
    with pytest.raises(InputError, match="is no name of a folder"):
        train(TINY, "digits", epochs=1, out="a\0b", quiet=True)
