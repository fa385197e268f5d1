"""Loggers beside a run: what they write, what a training that goes on adds, and that none can end a training."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from striate.errors import InputError
from striate.runs.logs.known import read
from striate.runs.logs.logs import Logs
from striate.runs.resuming import resume
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.history import Epoch, History
from striate.training.moment import Moment

NET = "input 1x8x8 -> fc 10"


def steps(run: Run) -> list[dict[str, str]]:
    with (run.path / "logs" / "steps.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_step_is_a_line_and_going_on_adds_to_them(tmp_path: Path) -> None:
    run = train(NET, "digits", epochs=1, batch=256, out=tmp_path / "run", log="csv", quiet=True)
    first = steps(run)
    assert [int(row["batch"]) for row in first] == [1, 2, 3, 4, 5, 6]
    seen = [0, *(int(row["examples"]) for row in first)]
    mean = sum(float(row["loss"]) * (b - a) for row, a, b in zip(first, seen, seen[1:], strict=False)) / seen[-1]
    assert mean == pytest.approx(run.history.epochs[0].train_loss, rel=1e-5)
    again = resume(run.path, epochs=2, quiet=True)
    assert again.config["log"] == ["csv"]
    assert "--log csv" in again.config["command"]
    assert steps(again)[:6] == first
    assert [int(row["epoch"]) for row in steps(again)] == [1] * 6 + [2] * 6
    assert again.check() == []


def test_tensorboard_gets_what_the_history_has(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    run = train(NET, "digits", epochs=2, out=tmp_path / "run", log=["tensorboard"], quiet=True)
    (file,) = (run.path / "logs" / "tensorboard").glob("events*")
    content, place, found = file.read_bytes(), 0, {}
    while place < len(content):  # TFRecord: length, its checksum, the record, its checksum
        size = int.from_bytes(content[place : place + 8], "little")
        record = content[place + 12 : place + 12 + size]
        assert int.from_bytes(content[place + 12 + size : place + 16 + size], "little") == masked_crc32c(record)
        for value in Event.FromString(record).summary.value:
            found[value.tag, Event.FromString(record).step] = value.simple_value
        place += 16 + size
    for epoch in run.history.epochs:
        assert found["loss/train", epoch.epoch] == pytest.approx(epoch.train_loss, rel=1e-6)
        assert found["accuracy/validation", epoch.epoch] == pytest.approx(epoch.validation_accuracy, rel=1e-6)
    assert found["kept/test_accuracy", 2] == pytest.approx(run.test().accuracy, rel=1e-6)


def test_mlflow_keeps_a_run_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = train(NET, "digits", epochs=1, out=tmp_path / "run", log="mlflow", quiet=True)
    run = resume(run.path, epochs=2, quiet=True)
    client = tracking.MlflowClient((tmp_path / "mlruns").as_uri())
    place = client.get_experiment_by_name("striate").experiment_id
    (kept,) = client.search_runs([place])
    assert kept.data.params["network"] == "net"
    values = [one.value for one in client.get_metric_history(kept.info.run_id, "validation_accuracy")]
    assert values == [epoch.validation_accuracy for epoch in run.history.epochs]


def test_wandb_is_offline_without_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    run = train(NET, "digits", epochs=1, out=tmp_path / "run", log="wandb", quiet=True)
    assert len(list((run.path / "logs" / "wandb").glob("offline-run-*/*.wandb"))) == 1


class Failing:
    """A logger that fails at its second epoch."""

    def __init__(self) -> None:
        self.epochs = 0

    def batch(self, now: Moment, loss: float) -> None:
        """Nothing."""

    def epoch(self, row: Mapping[str, float]) -> None:
        self.epochs += 1
        if self.epochs == 2:
            raise ConnectionError("the server is gone\nfor good")

    def end(self, figures: Mapping[str, float]) -> None:
        raise AssertionError("it was left out")


def test_one_that_fails_is_left_out_with_a_line() -> None:
    said: list[str] = []
    logs, failing = Logs(said.append), Failing()
    logs.add("failing", lambda: failing)
    logs.add("impossible", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    history = History((Epoch(1, {"train_loss": 1.0, "validation_loss": 1.0}, 0.1, 1.0, 1.0),))
    for _ in range(3):
        logs.epoch(history)
    logs.end({})
    assert failing.epochs == 2
    assert said == [
        "the logger impossible failed and is left out from now on: division by zero",
        "the logger failing failed and is left out from now on: the server is gone",
    ]


def test_a_training_goes_on_where_its_log_can_not_be_written(tmp_path: Path, capsys: Any) -> None:
    run = train(NET, "digits", epochs=1, out=tmp_path / "run", quiet=True)
    (run.path / "logs").write_text("in the way")
    again = resume(run.path, epochs=2, log="csv")
    assert len(again.history) == 2
    assert "the logger csv failed and is left out from now on: " in capsys.readouterr().err


def test_names_are_checked_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(" csv,CSV ") == ("csv",)
    assert read(None) == ()
    with pytest.raises(InputError, match="no logger 'tensorbord'; did you mean 'tensorboard'"):
        read("tensorbord")
    monkeypatch.setattr("striate.runs.logs.known.find_spec", lambda name: None)
    with pytest.raises(InputError, match="needs the package wandb: pip install wandb"):
        read("csv,wandb")
