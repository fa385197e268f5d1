"""The task series: what a network reads of series of unequal lengths, and what is said of it."""

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import striate as st
from striate.errors import InputError
from striate.runs.looking import with_look
from striate.runs.run import Run
from striate.tasks.series import SERIES, SIDE, Series
from striate.tasks.task import Wish
from tests import sounding

PLAIN = "length = 20\ninput 1x(length) -> conv 6@5 pad same -> relu -> gap -> fc 2"
HOW = {"task": "series", "epochs": 2, "batch": 8, "quiet": True, "engine": "torch"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bumps")
    for part, count in (("TRAIN", 30), ("TEST", 10)):
        sounding.ts(root / f"Bumps_{part}.ts", *sounding.bumps(count, count))
    return root


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Wang's network, masked; cut short."""
    return st.train("fcn-1d", data, out=tmp_path_factory.mktemp("run") / "run", **HOW)


def opened(data: Path, net: str) -> tuple[Series, torch.Tensor]:
    found = Series.open(str(data), Wish(named=True, network=st.net(net)))
    assert found
    return found[0], found[1].train.take(range(4))[SERIES]


def test_a_network_gets_what_it_asks_for(data: Path) -> None:
    task, plain = opened(data, PLAIN)
    assert (plain.shape[1:], task.weighted) == ((1, task.length), False)
    task, masked = opened(data, "fcn-1d")
    assert (masked.shape[1:], task.weighted) == ((2, task.length), True)
    torch.testing.assert_close(masked[:, :1], plain)
    torch.testing.assert_close(masked[:, 1].sum(1), torch.full((4,), float(task.length)))


def test_what_is_beyond_the_end_changes_nothing() -> None:
    """The answer of a masked network about a series does not depend on how long the rows are."""
    torch.manual_seed(0)
    series = torch.randn(3, 1, 12)
    for name in ("fcn-1d", "resnet-1d"):
        answers = []
        for length in (12, 20, 33):
            net = st.net(name, length=length)
            torch.manual_seed(1)
            model = st.build(net).eval()
            for module in model.modules():
                if isinstance(module, torch.nn.BatchNorm1d):
                    torch.nn.init.uniform_(module.bias, -1, 1)
            rows = torch.zeros(3, 2, length)
            rows[:, :1, :12], rows[:, 1, :12] = series, length / 12
            answers.append(model(rows))
        torch.testing.assert_close(answers[1], answers[0], atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(answers[2], answers[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("net", "said"),
    [
        ("input 3x20 -> conv 4@3 -> gap -> fc 2", "reads series 3x20, and Bumps gives series 1x"),
        ("input 1x20 -> conv 4@3 -> gap -> fc 3", "has 2 classes"),
        (
            "side: input 2\nseries: input 1x20\ngap -> fc 2 -> concat[ id | from side ] -> fc 2",
            "and Bumps gives series 1x",
        ),
        ("input 1x28x28 -> fc 2", "reads series 1x28x28"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(data: Path, tmp_path: Path, net: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        st.train(net, data, out=tmp_path / "run", **HOW)
    assert said in str(error.value)


def test_wrong_options_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="augment 'mirror' is for images"):
        st.train(PLAIN, data, out=tmp_path / "run", augment="mirror", **HOW)
    with pytest.raises(InputError, match="the length of series is their own"):
        st.train(PLAIN, data, out=tmp_path / "run", size=30, **HOW)


def test_numbers_beside_a_series_are_read_or_told(tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).random((20, 1, 10)), np.arange(20) % 2
    np.savez(tmp_path / "a.npz", x=x, y=y, side=np.stack([y * 5.0, y], 1))
    net = "beside = 1\nside: input beside\nseries: input 1x10\ngap -> fc 2 -> concat[ id | from side ] -> fc 2"
    (tmp_path / "side.net").write_text(net)
    run = st.train(tmp_path / "side.net", tmp_path / "a.npz", out=tmp_path / "run", **HOW)
    assert run.task.sided
    assert run.task.beside == 2
    assert list(run.network.inputs) == [SIDE, SERIES]
    np.savez(tmp_path / "new.npz", x=x[:2], side=[[5.0, 1.0], [0.0, 0.0]])
    assert len(run.predict(tmp_path / "new.npz")) == 2
    with pytest.raises(InputError, match="0 numbers beside it, and the network reads 2; they are called side"):
        run.predict(x[0])
    np.savez(tmp_path / "bare.npz", x=x, y=y)
    with pytest.raises(InputError, match=r"bare\.npz\[x 0\]: 0 numbers beside it, and the network reads 2"):
        run.test(tmp_path / "bare.npz")
    plain = st.train("input 1x10 -> conv 2@3 -> gap -> fc 2", tmp_path / "a.npz", out=tmp_path / "plain", **HOW)
    assert any("are not read" in line for line in plain.config["decisions"])


def test_it_is_tested_and_asked(run: Run, data: Path, tmp_path: Path) -> None:
    figures = run.test().to_json()
    assert {"accuracy", "majority_share", "per_class"} <= figures.keys()
    json.dumps(figures)
    answers = run.predict(np.zeros((1, 15)), str(data / "Bumps_TEST.ts"))
    assert len(answers) == 11
    assert answers[1].path == "Bumps_TEST.ts:5"
    with Image.open(io.BytesIO(answers[0].pictures[""])) as picture:
        assert picture.size == (480, 160)


def test_longer_series_are_drawn_together_and_that_is_told(run: Run) -> None:
    run.predict(np.zeros((1, 99)))
    assert any("1 series asked about are longer than" in note for note in run.notes)


def test_a_folder_of_files_is_predicted(run: Run, tmp_path: Path) -> None:
    for number in range(2):
        np.save(tmp_path / f"{number}.npy", np.zeros((1, 15)))
    assert len(run.predict(tmp_path)) == 2
    with pytest.raises(st.InputError, match="holds no file of series"):
        run.predict(str(tmp_path / ".."))


def test_what_a_table_to_predict_lacks_is_told(run: Run, tmp_path: Path) -> None:
    lines = ["1,,3,4,5", "1,2,3", "1,2,3,4,x", "5,4,3,2,1"]
    (tmp_path / "new.csv").write_text("\n".join(lines))
    assert [one.path for one in run.predict(tmp_path / "new.csv")] == ["new.csv:1", "new.csv:4"]
    said = "\n".join(run.notes)
    assert "1 series had missing values" in said
    assert "left out: 2 series; new.csv:2 (it has 3 cells and most lines 5), new.csv:3 ('x' is no number)" in said
    with pytest.raises(InputError, match="line 2: it has 3 cells and most lines 5"):
        run.predict(tmp_path / "new.csv", bad="refuse")


def test_runs_that_read_the_numbers_beside_otherwise_are_unlike() -> None:
    task = Series(("a", "b"), 1, 9, 1, sided=True, mean=(0.0,), std=(1.0,), side_mean=(50.0,), side_std=(9.0,))
    assert task.meaning() == dataclasses.replace(task).meaning()
    for changed in ({"side_mean": (40.0,)}, {"side_std": (1.0,)}):
        assert task.meaning() != dataclasses.replace(task, **changed).meaning()


def test_classes_that_are_not_known_are_refused(run: Run, tmp_path: Path) -> None:
    series, labels = sounding.bumps(4, 0)
    sounding.ts(tmp_path / "new.ts", series, [label.replace("up", "down").replace("down", "side") for label in labels])
    (tmp_path / "new.ts").write_text((tmp_path / "new.ts").read_text().replace("true up down", "true side"))
    with pytest.raises(InputError, match="has a class 'side' that the run has not learned; it knows down, up"):
        run.test(tmp_path / "new.ts")
    two = sounding.bumps(4, 0, channels=2)
    with pytest.raises(InputError, match="has 2 channels, and the run learned 1"):
        run.test(sounding.ts(tmp_path / "two.ts", *two))


@pytest.mark.parametrize("sided", [False, True])
def test_where_it_looked_is_drawn(run: Run, tmp_path: Path, sided: bool) -> None:
    if sided:
        x, y = np.random.default_rng(0).random((20, 1, 10)), np.arange(20) % 2
        np.savez(tmp_path / "a.npz", x=x, y=y, side=y)
        net = "side: input 1\nseries: input 1x10\nconv 3@3 -> relu -> gap -> fc 2 -> concat[ id | from side ] -> fc 2"
        run = st.train(net, tmp_path / "a.npz", out=tmp_path / "run", **HOW)
    _, opened, _ = run.judged_on(None, "skip")
    judged = with_look(run.judged(), run, opened.schema)
    sights = judged.look([0, 1], [0, 1])
    assert sights is not None
    assert sights.said.startswith("Grad-CAM, layer" if sided else "CAM, layer scale")
    assert {picture.shape for picture in sights.pictures} == {(160, 480, 3)}
