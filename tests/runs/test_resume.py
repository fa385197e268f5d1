"""Going on with a run: as if it had never stopped, or further than was planned."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from striate import data
from striate.errors import InputError, WorkError
from striate.metrics.metric import Metric
from striate.runs.keeper import Keeper
from striate.runs.resuming import resume, resumed
from striate.runs.run import Run
from striate.runs.training import train
from striate.training.history import History
from striate.training.moment import Moment
from striate.training.saved import MODEL, SavedRun
from striate.training.schedules import SCHEDULES

TINY = "input 1x8x8 -> fc 10"
TEXTS = {
    "dropout": "input 1x8x8 -> dropout 0.2 -> fc 12 -> bn -> relu -> fc 10",
    "moved images": "input 1x28x28 -> conv 4@5 stride 4 -> relu -> fc 10",
    "channels last": "input 1x8x8 -> conv 16@3 -> relu -> conv 8@3 -> relu -> conv 8@3 -> relu -> gap -> fc 10",
}


def interrupted(text: str, root: Path, after: int, **options: Any) -> Run:
    """A training that Ctrl-C ends in the epoch after `after`."""
    batch = Keeper.batch

    def press(self: Keeper, now: Moment) -> None:
        batch(self, now)
        if (now.epoch, now.batches) == (after + 1, 2):
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "batch", press)
        return train(text, "digits", out=root, **{"engine": "torch", **options})


def figures(history: History) -> list[tuple[float, ...]]:
    return [
        (e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy, e.learning_rate)
        for e in history.epochs
    ]


def same(ours: Any, theirs: Any) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def assert_same_run(ours: Run, theirs: Run) -> None:
    """Weights, optimiser and figures bit for bit; and the best weights too."""
    last, wanted = ours.saved.last(), theirs.saved.last()
    assert figures(last.history) == figures(wanted.history)
    assert same(last.weights, wanted.weights)
    assert same(last.optimizer, wanted.optimizer)
    assert same(ours.saved.best().weights, theirs.saved.best().weights)
    assert ours.test() == theirs.test()


@pytest.mark.parametrize(
    ("kind", "optimizer"),
    [("dropout", "adamw"), ("moved images", "adamw"), ("channels last", "adamw"), ("channels last", "nesterov")],
)
def test_three_epochs_and_three_more_are_six(kind: str, optimizer: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"epochs": 6, "optimizer": optimizer, "batch": 128, "seed": 2}
    text = TEXTS[kind]
    stopped = interrupted(text, tmp_path / "stopped", after=3, **options)
    assert len(stopped.history) == 3
    more = resume(stopped.path)
    whole = train(text, "digits", out=tmp_path / "whole", engine="torch", **options)
    assert len(more.history) == 6
    assert_same_run(more, whole)


def test_the_newest_state_may_be_damaged(tmp_path: Path) -> None:
    stopped = interrupted(TINY, tmp_path / "stopped", after=3, epochs=5)
    newest = max((stopped.path / "checkpoint").iterdir())
    newest.write_bytes(newest.read_bytes()[:-3])
    said: list[str] = []
    more = resumed(stopped.path, None, {}, say=said.append)
    assert more.stopped == ""
    assert any(newest.name in line and "is damaged" in line for line in said)
    assert any(line.startswith("going on after epoch 2 of 5; ") for line in said)
    assert_same_run(more.run, train(TINY, "digits", out=tmp_path / "whole", epochs=5, engine="torch"))
    assert Run(stopped.path).check() == [], "all that was damaged is written anew"


def test_a_finished_run_goes_further_when_asked(tmp_path: Path) -> None:
    run = train(TINY, "digits", out=tmp_path / "run", epochs=2)
    before, report = run.history, (run.path / "report.html").read_text()
    with pytest.raises(InputError, match=f"{run.path} has its 2 epochs; give more, as in `epochs=4`"):
        resume(run.path)
    with pytest.raises(InputError, match="has its 2 epochs"):
        resume(run.path, epochs=1)
    more = resume(run.path, epochs=5)
    assert [epoch.epoch for epoch in more.history.epochs] == [1, 2, 3, 4, 5]
    assert figures(more.history)[:2] == figures(before)
    assert more.history.best.validation_accuracy >= before.best.validation_accuracy
    assert (run.path / "report.html").read_text() != report
    assert json.loads((run.path / "config.json").read_text())["options"]["epochs"] == 5
    with pytest.raises(InputError, match="has its 5 epochs"):
        resume(run.path)


@pytest.mark.parametrize("ended", ["stopped", "killed"])
def test_an_interrupted_run_is_not_told_that_it_has_fewer_epochs(ended: str, tmp_path: Path) -> None:
    """Nothing would be trained, and the number that was planned would be lost."""
    run = interrupted(TINY, tmp_path / "a run", after=3, epochs=6)
    if ended == "killed":
        (run.path / "report.html").unlink()
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    for epochs in (1, 3):
        with pytest.raises(InputError) as error:
            resume(run.path, epochs=epochs)
        assert str(error.value) == (
            f"{run.path} has 3 epochs already; `striate resume '{run.path}'` alone goes on to 6"
        )
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before
    assert len(resume(run.path, epochs=4).history) == 4, "fewer than were planned, and more than there are"
    assert json.loads((run.path / "config.json").read_text())["options"]["epochs"] == 4


def test_a_longer_training_that_was_stopped_goes_on_to_its_new_end(tmp_path: Path, monkeypatch: Any) -> None:
    train(TINY, "digits", out=tmp_path / "run", epochs=2)
    save, calls = SavedRun.save_epoch, []

    def stop_at_the_second(self: SavedRun, *states: Any) -> None:
        save(self, *states)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(SavedRun, "save_epoch", stop_at_the_second)
    resume(tmp_path / "run", epochs=6)
    monkeypatch.undo()
    assert len(resume(tmp_path / "run").history) == 6


def test_only_the_report_was_missing(tmp_path: Path) -> None:
    run = train(TINY, "digits", out=tmp_path / "run", epochs=2)
    (run.path / "report.html").unlink()
    before = run.saved.last().weights
    again = resume(run.path)
    assert len(again.history) == 2
    assert (run.path / "report.html").is_file()
    assert same(again.saved.last().weights, before)


def test_the_best_weights_of_before_stay_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Metric, "margin", lambda *_: 0.0)  # so that only a better epoch is kept
    run = train(TINY, "digits", out=tmp_path / "run", epochs=6, lr=0.01)
    best = run.state.weights
    config = json.loads((run.path / "config.json").read_text())
    assert config["options"]["lr"] == 0.01
    saved = run.saved
    config["options"] |= {"lr": 0.0, "l2": 0.0}  # nothing can get better from here
    saved.save_set_up(saved.net(), config)
    more = resume(run.path, epochs=8)
    assert more.history.best == run.state.history.best
    assert same(Run(run.path).state.weights, best)


def test_where_it_goes_on_is_said(tmp_path: Path) -> None:
    train(TINY, "digits", out=tmp_path / "run", epochs=1)
    said: list[str] = []
    resumed(tmp_path / "run", None, {"epochs": 3}, say=said.append)
    assert said[0].startswith("going on after epoch 1 of 3; learning rate: one-cycle up to 0.003 over 3 epochs, now ")
    assert "engine " in said[1]


def test_it_goes_on_where_it_was_or_where_it_is_told(tmp_path: Path) -> None:
    train(TINY, "digits", out=tmp_path / "run", epochs=1, device="cpu")
    run = Run(tmp_path / "run")
    elsewhere = {**run.config, "device": "cuda:93"}
    run.saved.save_set_up(run.saved.net(), elsewhere)
    with pytest.raises(InputError, match="cuda:93"):
        resume(tmp_path / "run", epochs=2)
    more = resume(tmp_path / "run", epochs=2, device="cpu")
    assert more.config["device"] == "cpu"


def test_nothing_to_go_on_from(tmp_path: Path) -> None:
    run = train(TINY, "digits", out=tmp_path / "run", epochs=1)
    shutil.rmtree(run.path / "checkpoint")
    with pytest.raises(WorkError, match="holds no weights yet"):
        resume(run.path, epochs=3)
    with pytest.raises(InputError, match="no run at"):
        resume(tmp_path / "nowhere")
    assert Run(run.path).test().examples == 359, "the best weights are whole"


def test_data_with_other_classes_are_refused(colours: Path, tmp_path: Path) -> None:
    train("input 3x12x16 -> fc 3", colours, out=tmp_path / "run", epochs=1)
    (colours / "red").rename(colours / "aaa")
    with pytest.raises(InputError, match="the classes of colours have changed since"):
        resume(tmp_path / "run", epochs=2)
    shutil.rmtree(colours)
    with pytest.raises(InputError, match=r"no data at .*colours, which .*run was trained on; say where they are now"):
        resume(tmp_path / "run", epochs=2)


def test_a_damaged_model_does_not_hinder(tmp_path: Path) -> None:
    run = train(TINY, "digits", out=tmp_path / "run", epochs=2)
    (run.path / MODEL).write_bytes(b"")
    more = resume(run.path, epochs=4)
    assert more.check() == []
    assert len(more.history) == 4


# the learning rate


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_rate_it_goes_on_with_is_the_schedule_s_and_is_said(schedule: str, tmp_path: Path) -> None:
    train(TINY, "digits", out=tmp_path / "run", epochs=2, lr=0.02, schedule=schedule, batch=259)
    said: list[str] = []
    more = resumed(tmp_path / "run", None, {"epochs": 4}, say=said.append)
    rates = [0.02 * SCHEDULES[schedule](step / 20) for step in range(20)]  # five steps an epoch
    epochs = more.history.epochs[2:]
    assert [epoch.first_rate for epoch in epochs] == pytest.approx([rates[10], rates[15]])
    assert [epoch.learning_rate for epoch in epochs] == pytest.approx([rates[14], rates[19]])
    ended = more.history.epochs[1].learning_rate
    assert said[0] == (
        f"going on after epoch 2 of 4; learning rate: {schedule} up to 0.02 over 4 epochs, now {rates[10]:.3g} "
        f"(epoch 2 ended at {ended:.3g})"
    )


def test_another_rate_and_schedule_from_here_on(tmp_path: Path) -> None:
    run = train(TINY, "digits", out=tmp_path / "run", epochs=2, lr=0.02)
    before = run.history
    more = resume(run.path, epochs=4, lr=0.001, schedule="constant")
    assert more.history.epochs[:2] == before.epochs
    assert {(epoch.first_rate, epoch.learning_rate) for epoch in more.history.epochs[2:]} == {(0.001, 0.001)}
    config = json.loads((run.path / "config.json").read_text())
    assert [config["options"][name] for name in ("epochs", "lr", "schedule")] == [4, 0.001, "constant"]
    assert config["command"].endswith(f"&& striate resume {run.path} --epochs 4 --lr 0.001 --schedule constant")
    again = resume(run.path, epochs=5)
    assert again.history.epochs[-1].learning_rate == 0.001, "which is kept"
    with pytest.raises(InputError, match="no schedule 'cosin'; did you mean 'cosine'"):
        resume(run.path, epochs=9, schedule="cosin")
    with pytest.raises(InputError, match=r"lr must be from 0\. Received: -1"):
        resume(run.path, epochs=9, lr=-1)
    with pytest.raises(InputError, match="has its 5 epochs; give more"):
        resume(run.path, lr=0.1)


# the data


def test_data_that_have_moved(colours: Path, tmp_path: Path) -> None:
    train("input 3x12x16 -> fc 3", colours, out=tmp_path / "run", epochs=1)
    colours.rename(tmp_path / "moved")
    with pytest.raises(InputError, match="no data at"):
        resume(tmp_path / "run", epochs=2)
    said: list[str] = []
    more = resumed(tmp_path / "run", tmp_path / "moved", {"epochs": 2}, say=said.append).run
    assert len(more.history) == 2
    assert more.saved.config()["data"]["source"] == str(tmp_path / "moved")
    assert more.saved.config()["command"].endswith(f"resume {tmp_path}/run {tmp_path}/moved --epochs 2")
    assert len(resume(tmp_path / "run", epochs=3).history) == 3, "and then it knows where they are"


def test_other_data_are_refused(colours: Path, tmp_path: Path) -> None:
    train("input 3x12x16 -> fc 3", colours, out=tmp_path / "run", epochs=1)
    shutil.copytree(colours, tmp_path / "other")
    (tmp_path / "other" / "red" / "03.png").write_bytes((colours / "red" / "04.png").read_bytes())
    with pytest.raises(InputError, match=r"the images of other have changed since .*run was trained on them"):
        resume(tmp_path / "run", tmp_path / "other", epochs=2)
    assert len(resume(tmp_path / "run", data.load(colours, shape=(3, 12, 16)), epochs=2).history) == 2


def test_the_images_become_its_input_as_before(tmp_path: Path) -> None:
    """Even where this version would choose otherwise."""
    run = train(TINY, "digits", out=tmp_path / "run", epochs=1)
    recipe = dataclasses.replace(run.recipe, mean=(0.25,), std=(0.5,))
    run.saved.save_set_up(run.saved.net(), {**run.saved.config(), "recipe": recipe.to_json()})
    more = resume(run.path, epochs=4)
    assert Run(more.path).saved.last().config["recipe"]["mean"] == [0.25]


@pytest.mark.parametrize("kept", ["as it was", "auto"])
def test_photographs_are_changed_as_they_were(kept: str, colours: Path, tmp_path: Path) -> None:
    """Runs that kept the word `auto` are of before it changed photographs."""
    run = train("input 3x12x16 -> conv 2@3 -> fc 3", colours, out=tmp_path / "run", epochs=1)
    assert run.config["options"]["augment"] == "mirror,crop:1,colour:0.15"
    if kept == "auto":
        options = {**run.config["options"], "augment": "auto"}
        decisions = [line for line in run.config["decisions"] if not line.startswith("augmentation")]
        run.saved.save_set_up(run.saved.net(), {**run.saved.config(), "options": options, "decisions": decisions})
    more = resume(run.path, epochs=2).saved.config()
    assert more["options"]["augment"] == ("none" if kept == "auto" else "mirror,crop:1,colour:0.15")
    assert any(line.startswith("augmentation") for line in more["decisions"]) == (kept == "as it was")


# a loss of one's own


def smoothed(outputs: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(outputs, labels, label_smoothing=0.2)


def test_a_loss_of_one_s_own_is_given_again(tmp_path: Path) -> None:
    run = train(TINY, "digits", loss=smoothed, out=tmp_path / "run", epochs=2, schedule="constant")
    with pytest.raises(
        InputError, match=r"with a loss of your own; give it again, from Python: st\.resume\('.*', loss="
    ):
        resume(run.path, epochs=4)
    more = resume(run.path, epochs=4, loss=smoothed)
    whole = train(TINY, "digits", loss=smoothed, out=tmp_path / "whole", epochs=4, schedule="constant")
    assert figures(more.history) == figures(whole.history)
    assert same(more.saved.last().weights, whole.saved.last().weights)
    assert more.config["options"]["loss"] == "own"
    test = more.test_split().columns
    assert more.test(loss=smoothed).loss == pytest.approx(float(smoothed(more.outputs(test["image"]), test["label"])))
    assert more.test().loss != more.test().loss, "what is not known is not a number"


def test_a_loss_of_one_s_own_is_for_a_run_that_began_with_it(tmp_path: Path) -> None:
    run = train(TINY, "digits", out=tmp_path / "run", epochs=1)
    with pytest.raises(InputError, match="was trained with the loss 'cross-entropy', with which it goes on"):
        resume(run.path, epochs=2, loss=smoothed)


def test_resume_and_train_give_the_same_kind(tmp_path: Path) -> None:
    run = train(TINY, "digits", out=tmp_path / "run", epochs=1)
    assert type(resume(run.path, epochs=2)) is type(run) is Run


def small_images(root: Path) -> Path:
    chance = np.random.default_rng(0)
    for label, mean in (("dark", 60), ("light", 190)):
        (root / label).mkdir(parents=True)
        for number in range(10):
            pixels = chance.normal(mean, 20, (20 + number % 3, 22, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / label / f"{number}.png")
    return root


def test_small_images_of_several_sizes_are_the_same_when_it_goes_on(tmp_path: Path) -> None:
    images = small_images(tmp_path / "small")
    run = train("input -> conv 4@3x3 -> relu -> fc 2", images, epochs=1, out=tmp_path / "run", quiet=True)
    assert run.recipe.source == (3, 21, 22)
    assert len(resume(run.path, epochs=2, quiet=True).history) == 2
    assert tuple(run.test_split().columns["image"].shape[1:]) == (3, 21, 22)


def test_what_was_decided_at_the_beginning_is_kept(tmp_path: Path) -> None:
    images = small_images(tmp_path / "small")
    run = train("lenet5", images, epochs=1, out=tmp_path / "run", quiet=True)
    before = run.config["decisions"]
    assert any(line.startswith("network: lenet5 with 2 classes") for line in before)
    after = resume(run.path, epochs=2, quiet=True).saved.config()["decisions"]
    assert after[: len(before)] == before
    assert [line for line in after[len(before) :] if "2 epochs" in line]


def test_the_same_device_said_again_changes_no_engine(tmp_path: Path) -> None:
    run = train(TINY, "digits", engine="torch", device="cpu", epochs=1, out=tmp_path / "run", quiet=True)
    assert resume(run.path, epochs=2, device="cpu", quiet=True).config["engine"] == "torch"


def test_it_goes_on_for_a_number_of_epochs(tmp_path: Path) -> None:
    run = interrupted(TINY, tmp_path / "run", 1, epochs=3)
    with pytest.raises(InputError, match=r"epochs must be 1 or more when a run goes on\. Received: 0"):
        resume(run.path, epochs=0)
