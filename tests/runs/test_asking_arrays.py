"""A run is asked about what it was trained on: signals, volumes, archives of images."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import striate as st
from striate.cli.predict import command

SIGNALS = "input 1x40 -> conv 4@5 -> relu -> gap -> fc 3"
VOLUMES = "input 1x4x6x6 -> conv 4@3x3x3 -> relu -> gap -> fc 3"


def trained(net: str, data: Path, tmp_path: Path) -> st.Run:
    return st.train(net, data, epochs=1, out=tmp_path / "run", quiet=True)


def said(answers: list[Any]) -> list[str]:
    return [one.said for one in answers]


@pytest.mark.parametrize(("net", "shape"), [(SIGNALS, (40,)), (VOLUMES, (4, 6, 6))])
def test_arrays_are_answered_in_every_form(
    net: str, shape: tuple[int, ...], archive: Callable[..., Path], tmp_path: Path
) -> None:
    path = archive(*shape)
    run, x = trained(net, path, tmp_path), np.load(path)["x"]
    right = run.outputs(torch.from_numpy(x[:, None])).argmax(1).tolist()
    np.savez(tmp_path / "alone.npz", x=x)
    np.savez(tmp_path / "images.npz", images=x[:, None])
    np.save(tmp_path / "all.npy", x)
    every = run.predict(path)
    assert [int(one.label) for one in every] == right
    for form in (tmp_path / "alone.npz", str(tmp_path / "images.npz"), tmp_path / "all.npy", x, torch.from_numpy(x)):
        assert said(run.predict(form)) == said(every)
    assert every[3].path == f"{path.with_suffix('')}[3]"
    assert said(run.predict(x[0])) == said(run.predict(x[0][None, None])) == said(every[:1])
    several = run.predict([x[0], x[1]], x[2:4], torch.from_numpy(x[4]).requires_grad_())
    assert said(several) == said(every[:5])
    assert [one.path for one in several] == ["array 1", "array 2", "array 3[0]", "array 3[1]", "array 4"]


@pytest.mark.parametrize("odd", [np.zeros(39), np.zeros((2, 2, 40)), np.full(40, np.nan), None, "none.npz", 3])
def test_what_is_no_signal_is_refused(odd: Any, archive: Callable[..., Path], tmp_path: Path) -> None:
    run = trained(SIGNALS, archive(40), tmp_path)
    with pytest.raises(st.InputError, match=r"array 1|no file or folder"):
        run.predict(odd)


@pytest.mark.parametrize("colours", [1, 3])
def test_images_in_arrays_are_answered_one_by_one(colours: int, tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (30, colours, 9, 12), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", x=x, y=np.arange(30) % 2)
    np.save(tmp_path / "last.npy", np.moveaxis(x, 1, 3))
    run = trained(f"input {colours}x9x12 -> conv 2@3x3 -> gap -> fc 2", tmp_path / "x.npz", tmp_path)
    right = run.outputs(torch.from_numpy(x)).argmax(1).tolist()
    for form in (tmp_path / "x.npz", tmp_path / "last.npy", x, list(x), torch.from_numpy(x), x / 255):
        assert [int(one.label) for one in run.predict(form)] == right
    assert run.predict(x)[7].path == "image 1[7]"


def test_the_answers_are_written_as_a_table(archive: Callable[..., Path], tmp_path: Path) -> None:
    path = archive(40)
    run = trained(SIGNALS, path, tmp_path)
    result = CliRunner().invoke(command, [str(run.path), str(path), "--out", str(tmp_path / "new" / "out")])
    assert result.exit_code == 0, result.output
    last = result.output.splitlines()[-1]
    assert last == f"no pictures, for the task classify draws none; the answers are in {tmp_path}/new/out/answers.csv"
    with (tmp_path / "new" / "out" / "answers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    answers = run.predict(path)
    assert list(rows[0]) == ["name", "class", "probability", "top"]
    assert [row["name"] for row in rows] == [one.path for one in answers]
    assert [row["class"] for row in rows] == [one.label for one in answers]
    assert float(rows[5]["probability"]) == answers[5].probability
    assert json.loads(rows[5]["top"]) == answers[5].values["top"]
