"""`striate baseline`: what it prints where, and how it ends."""

import json
from pathlib import Path

import pytest
from torch.nn import functional as F

from striate import cli
from striate.runs.run import Run
from striate.runs.training import train
from tests import cubes


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network trained for two epochs, with a loss, a seed and a validation share of its own."""
    out = tmp_path_factory.mktemp("runs") / "digits"
    return train("input 1x8x8 -> fc 10", "digits", epochs=2, seed=5, validation=0.2, out=out, loss=F.cross_entropy)


def striate(*words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["striate", *words])
    return cli.main()


def test_figures_and_decisions(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert striate("baseline", "sobel", "digits", "--out", str(tmp_path / "o"), monkeypatch=monkeypatch) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].startswith("features ")
    assert out.splitlines()[1].startswith("accuracy 9")
    assert "classifier: linear" in err
    assert (tmp_path / "o" / "features.png").is_file()


def test_json_beside_a_run(run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["baseline", "RAW", "digits", "--classifier", "rbf", "--beside", str(run.path), "--json"]
    assert striate(*words, monkeypatch=monkeypatch) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["features"], result["classifier"], result["examples"]) == ("raw", "rbf", 359)
    assert result["beside"] == {"run": str(run.path), **run.test().to_json(), "loss": None}
    assert any("1,151 to train on, 287 for validation (seed 5)" in note for note in result["notes"]), "as the run's"


def test_the_table_beside_a_run(run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert striate("baseline", "hog", "digits", "--beside", str(run.path), monkeypatch=monkeypatch) == 0
    out = capsys.readouterr().out
    assert "hog, linear" in out
    assert f"{run.test().error:.2%}" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hogg", "digits"), "no feature 'hogg'; did you mean 'hog'"),
        (
            ("mfccc", "some"),
            "no feature 'mfccc'; did you mean 'mfcc'?; there are raw, sobel, robinson, hog, sift, surf, mfcc, ",
        ),
        (("some/folder", "dtw"), "mfcc, dtw, bow; features come first, then the data"),
        (("hog", "digit"), "did you mean 'digits'"),
        (("hog", "digits", "--classifier", "linea"), "did you mean 'linear'"),
        (("hog", "digits", "--beside", "nowhere"), "nowhere"),
        (("dtw", "some", "--classifier", "rbf"), "dtw takes the nearest series and no other classifier"),
        (("bow", "some", "--classifier", "linear"), "bow has logistic regression and no other classifier"),
        (("bow", "some"), "no file or folder 'some'; looked for "),
        (("dtw", "some", "--task", "speech"), "dtw is for the task series, not 'speech'"),
        (("mfcc", "some", "--split", "random:0.1"), "--split is for the pixels of one image"),
        (("mfcc", "some", "--out", "folder"), "--out draws features of images"),
        (("mfcc", "some", "--task", "speech"), "no file or folder 'some'; looked for "),
        (("dtw", "some"), "; the task series reads a .ts file"),
    ],
)
def test_wrong_words(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert striate("baseline", *words, monkeypatch=monkeypatch) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_a_missing_extra(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.features.base.find_spec", lambda module: None)
    assert striate("baseline", "hog", "digits", monkeypatch=monkeypatch) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == ['striate: hog needs scikit-image, which is not installed; pip install "striate[baseline]"']


def test_a_run_of_other_data(run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert striate("baseline", "raw", "mnist", "--beside", str(run.path), monkeypatch=monkeypatch) == 2
    said = f"striate: --beside takes a run trained on mnist; {run.path} was trained on digits"
    assert capsys.readouterr().err.splitlines() == [said]


def test_pixels_are_called_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = cubes.arrays(tmp_path / "data"), tmp_path / "run"
    train("classes = 3\ninput 1x12 -> fc classes", data, task="cube", out=out, epochs=1, quiet=True)
    words = ["baseline", "raw", str(data), "--task", "cube"]
    assert striate(*words, monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith(", 42 pixels")
    assert striate(*words, "--beside", str(out), monkeypatch=monkeypatch) == 0
    said = capsys.readouterr().out
    assert "test pixels of data" in said
    assert "image" not in said
