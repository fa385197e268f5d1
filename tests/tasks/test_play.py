"""Playing: what is learned of a planner's moves, how it is judged, and what a user gets."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import striate as st
from striate.data.games import emulator
from striate.data.games.store import file_of, read_all
from striate.runs import doing
from striate.tasks import known, play
from striate.tasks.play import LEAST, Play, names_of, spread_of
from striate.tasks.played import VALUES, regrets
from striate.tasks.task import Wish
from striate.training.fields import OUTPUT
from tests.games import ACTIONS, NET, moves, needs_games, written

TASK = Play(actions=ACTIONS, game="pong", spread=0.5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("moves") / "pong", files=7)


@pytest.fixture(scope="module", params=["cross-entropy", "mse"])
def run(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    out = tmp_path_factory.mktemp("run") / "run"
    how: dict[str, Any] = {"epochs": 30, "batch": 8, "lr": 0.02, "loss": request.param, "seed": 1}
    return st.train(NET, data, out=out, quiet=True, device="cpu", **how)


def test_both_losses_learn_which_action_is_best(run: st.Run) -> None:
    found = run.test()
    assert found["accuracy"] == 1
    assert found["regret"] == 0
    assert found["regret_of_one_action"] == pytest.approx(0.5)
    assert found["examples"] == 8


def test_a_network_is_tested_by_playing(run: st.Run) -> None:
    needs_games()
    found = run.test()
    assert found["score_random"] == -20.5
    assert found["score_planner"] == pytest.approx(sum(range(7)) / 7)
    assert (found["score"], found["scores"], found["cut_off"]) == (0.0, [0.0] * 3, 3)  # nobody scores in ten moves
    assert "score 0.0 in 3 episodes of pong" in (run.path / "report.html").read_text()


def test_without_the_games_it_is_judged_by_moves(run: st.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.roms.cache_clear()
    monkeypatch.setitem(sys.modules, "ale_py", None)
    judged = run.judged()
    assert judged.result()["score"] is None
    assert "it did not play: the games come with ale-py" in "\n".join(judged.printed())
    emulator.roms.cache_clear()


def test_the_epoch_that_plays_best_is_kept(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_games()
    scores, begun = iter([2.0, 7.0, 7.0, 3.0, 5.0, 7.0, 9.0]), list[set[int]]()

    def together(games: Any, player: Any, actions: Any) -> list[float]:
        begun.append({game.seen().tobytes() for game in games})
        return [next(scores)] * len(games)

    monkeypatch.setattr(play, "together", together)
    run = st.train(NET, data, epochs=5, batch=8, lr=0.0001, out=tmp_path / "run", quiet=True, device="cpu")
    assert [epoch.validation_score for epoch in run.history.epochs] == [2, 7, 7, 3, 5]
    assert run.history.best.epoch == 3  # of two that play alike the one whose loss is lower
    report = (run.path / "report.html").read_text()
    assert "7.0 points" in report
    assert "score 9.0 in 3 episodes" in report
    *each, at_last, test = begun
    assert (len(each), at_last) == (5, each[0])
    assert not test & each[0]  # the episodes of the test are others


def test_without_the_games_the_epoch_is_chosen_by_its_loss(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.roms.cache_clear()
    monkeypatch.setitem(sys.modules, "ale_py", None)
    run = st.train(NET, data, epochs=2, batch=8, lr=0.02, out=tmp_path / "run", quiet=True, device="cpu")
    assert run.history.best.validation_loss == min(epoch.validation_loss for epoch in run.history.epochs)
    assert np.isnan(run.history.best.validation_score)
    assert run.history.choice() == f"epoch {run.history.best.epoch}"
    emulator.roms.cache_clear()


def test_targets_are_a_softmax_of_the_values() -> None:
    values = torch.tensor([[0.0, 0.5], [2.0, 2.0]])
    shares = TASK.shares_of(values)
    assert shares[0, 1] / shares[0, 0] == pytest.approx(np.exp(4))
    assert shares[1].tolist() == [0.5, 0.5]
    outputs = torch.tensor([[0.3, -0.2], [0.1, 0.4]])
    loss = TASK.loss({OUTPUT: outputs}, {VALUES: values})["cross-entropy"]
    each = torch.nn.functional.cross_entropy(outputs, shares, reduction="none")
    apart = min(1, 0.5 / TASK.spread), LEAST  # the second move counts nearly nothing
    assert loss == pytest.approx(float(np.average(each, weights=apart)))
    wanted = torch.tensor([[-0.5, 0.5], [0.0, 0.0]])
    regression = TASK.objective("mse").loss({OUTPUT: outputs}, {VALUES: values})["mse"]
    assert regression == pytest.approx(float((outputs - wanted).square().mean()))


def test_equal_actions_are_all_right() -> None:
    values = torch.tensor([[1.0, 1.0], [0.0, 3.0]])
    assert regrets(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), values).tolist() == [0.0, 3.0]
    assert spread_of(torch.zeros(3, 2)) > 0


def test_a_planner_that_prefers_nothing_is_told_of() -> None:
    none = Play(ACTIONS, "pong", spread_of(torch.ones(3, 2)))
    assert "no trial preferred an action" in none.doubts({}, "pong")[0]
    assert TASK.doubts({}, "pong") == []


def test_parts_share_no_frame(data: Path) -> None:
    _, opened = known.opened(str(data), Wish())
    train, validation = opened.split(0.2, 0)
    assert opened.test is not None
    parts = [part.take(range(len(part)))["image"].flatten(2) for part in (train, validation, opened.test)]
    seen = [{frame.numpy().tobytes() for stack in part for frame in stack if frame.max() > 20} for part in parts]
    assert len(opened.test) == 8
    assert {part.name(0).split("[")[0] for part in (train, validation, opened.test)} <= set(map(str, data.iterdir()))
    names = [{part.name(row) for row in range(len(part))} for part in (train, validation, opened.test)]
    assert not names[0] & names[1] | names[0] & names[2] | names[1] & names[2]
    assert all(seen)


@pytest.mark.parametrize("files", [1, 3, 7, 12])
def test_moves_added_since_training_do_not_bring_trained_ones_to_the_test(files: int, tmp_path: Path) -> None:
    root = written(tmp_path / "a", files)  # a name that chooses an early episode
    task, opened = known.opened(str(root), Wish())
    for number in range(files, files + 7):
        moves(number, 0, 8).write(root)
    _, again = Play.open(str(root), Wish(), task) or (None, opened)
    trained, tested = ({part.name(row) for row in range(len(part))} for part in (opened.train, again.test or []))
    assert tested
    assert not trained & tested


def test_a_run_of_an_earlier_version_keeps_its_test_moves(tmp_path: Path) -> None:
    """It held out episodes, of which files are parts."""
    root = written(tmp_path / "pong", 12)
    for episode in range(12):
        moves(episode, 1, 8, over=True).write(root)
    facts = {**TASK.facts(), "files": 0, "episodes": 12}
    found = (
        Play.open(str(root), Wish(), Play.from_facts(facts)),
        Play.open(str(root), Wish(before=facts)),
        known.opened(str(root), Wish()),
    )
    tests = [{one[1].test.name(row) for row in range(len(one[1].test))} for one in found if one and one[1].test]
    assert tests[0] == tests[1] != tests[2]
    episodes = {name.split("-")[-2] for name in tests[0]}
    assert tests[0] == {name for name in names_of(read_all(root)) if name.split("-")[-2] in episodes}
    assert found[1]
    assert (found[1][0].files, found[1][0].episodes, found[2][0].files) == (0, 12, 24)
    assert len(Play.open(str(root), Wish(), Play.from_facts({**facts, "episodes": 0}))[1].test or ()) > 0  # type: ignore[index]


def test_a_run_of_an_earlier_version_goes_on(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its epochs have no scores."""
    needs_games()
    figures = Play.figures
    with monkeypatch.context() as earlier:
        earlier.setattr(Play, "metrics", Play.metrics[1:])
        earlier.setattr(Play, "at_work", lambda self, net: {})
        earlier.setattr(
            Play, "figures", lambda self, rows: {k: v for k, v in figures(self, rows).items() if k != "score"}
        )
        run = st.train(NET, data, epochs=1, out=tmp_path / "run", quiet=True, device="cpu")
    assert "validation_score" not in run.history.epochs[0].figures
    history = st.resume(run.path, epochs=2, quiet=True).history
    assert [np.isnan(history.value(epoch)) for epoch in history.epochs] == [True, False]


def test_it_is_said_which_moves_are_in_no_part(tmp_path: Path) -> None:
    whole, ends = (known.opened(str(written(tmp_path / f"of{files}", files, 40)), Wish())[1] for files in (7, 2))
    assert whole.notes[1:] == ("of7: held out 1 of 7 files as test, 40 moves",)
    assert ends.notes[1:] == (
        "of2: held out 12 moves that follow each other as test, about 15%",
        "of2: left out 6 moves next to those, with the same frames",
    )
    run = st.train(NET, tmp_path / "of2", epochs=1, out=tmp_path / "run", quiet=True, device="cpu")
    assert "of2: left out 6 moves next to those of validation, with the same frames" in run.config["decisions"]


@pytest.mark.parametrize("files", [6, 14])  # their ends are held out, or whole ones
def test_files_of_one_episode_share_no_frame_with_the_test_moves(files: int, tmp_path: Path) -> None:
    root = written(tmp_path / "pong", files=0)
    shades = np.arange(files * 8 + 3, dtype=np.uint8)  # of each frame of the episode
    for number in range(files):
        made = moves(0, number, 8)
        made.frames[:] = shades[8 * number : 8 * number + 8 + 3, None, None]  # three are those of the file before
        made.write(root)
    _, opened = known.opened(str(root), Wish())
    assert opened.test is not None
    parts = (*opened.split(0.2, 0), opened.test)
    train, validation, test = (set(part.take(range(len(part)))["image"].unique().tolist()) for part in parts)
    assert min(len(train), len(validation), len(test)) > 0
    assert not train & test | train & validation | validation & test


def test_it_says_what_to_do_at_moves_arrays_and_pictures(run: st.Run, data: Path, tmp_path: Path) -> None:
    answers = run.predict(file_of(data, 0, 0))
    assert len(answers) == 8
    assert {answer.values["action"] for answer in answers} == set(ACTIONS)
    assert sum(answers[0].values["shares"].values()) == pytest.approx(1)
    frame = np.full((210, 160), 20, np.uint8)
    frame[80:150, 96:148] = 220
    Image.fromarray(frame).save(tmp_path / "screen.png")
    assert run.predict(tmp_path / "screen.png")[0].values["action"] in ACTIONS
    assert len(run.predict(np.zeros((2, 4, 84, 84), np.uint8))) == 2
    assert len(run.predict(data)) == 56
    json.dumps(answers[0].to_json())


def test_what_can_not_be_read_is_refused(run: st.Run, data: Path, tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match="a player sees 4x84x84 bytes"):
        run.predict(np.zeros((84, 84), np.uint8))
    (tmp_path / "episode-0000-000.npz").write_bytes(b"nothing")
    with pytest.raises(st.InputError, match="is damaged"):
        run.predict(tmp_path / "episode-0000-000.npz")
    with pytest.raises(st.InputError, match="pong has 2 actions; end the network with fc 2"):
        st.train("input 4x84x84 -> fc 3", data, out=tmp_path / "run", quiet=True)
    with pytest.raises(st.InputError, match="no loss 'hinge'; there are cross-entropy, mse"):
        st.train(NET, data, out=tmp_path / "run", loss="hinge", quiet=True)


def test_it_is_said_how_a_player_is_seen(run: st.Run) -> None:
    with pytest.raises(st.InputError, match="seen at play, by `striate play` with `see`"):
        st.see(run, browser=False)


def test_a_game_is_no_data() -> None:
    needs_games()
    with pytest.raises(st.InputError, match=r"pong is a game; .*`striate play pong` writes with `gather`"):
        known.opened("pong", Wish(), "play")
    with pytest.raises(st.InputError, match="pong is a game"):
        st.train(NET, "pong")


def test_the_moves_of_another_game_are_refused(run: st.Run, tmp_path: Path) -> None:
    other = written(tmp_path / "other")
    (other / "game.json").write_text((other / "game.json").read_text().replace("pong", "breakout"))
    with pytest.raises(st.InputError, match=r"has moves of breakout .* the run has learned pong"):
        run.test(other)
    for path in other.glob("*.npz"):
        path.write_bytes(b"nothing")
    with pytest.raises(st.InputError, match="holds no moves that can be read: episode-0000-000"):
        known.opened(str(other), Wish())


def test_folds_and_searches_where_nobody_can_play(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No score is known: folds have the rest, and a search says why its trials are nothing."""
    pytest.importorskip("optuna")
    emulator.roms.cache_clear()
    monkeypatch.setitem(sys.modules, "ale_py", None)
    how: dict[str, Any] = {"epochs": 1, "quiet": True, "device": "cpu"}
    found = st.folds(NET, data, count=2, out=tmp_path / "folds", **how)
    assert np.isnan(found.mean["score"])
    assert np.isnan(found.spread["score"])
    assert found.spread["regret"] >= 0
    with pytest.raises(st.StriateError, match="validation score is not known"):
        st.search(NET, data, over={"lr": (1e-3, 1e-1)}, trials=1, out=tmp_path / "search", **how)
    emulator.roms.cache_clear()


@pytest.mark.parametrize(("rank", "sharded"), [(0, False), (1, False), (0, True)])
def test_of_several_processes_the_first_plays(rank: int, sharded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its score is everybody's, or their histories would part."""
    monkeypatch.setattr(Play, "at_work", lambda self, net: {"score": 4.0})
    told: list[list[float]] = []

    def summed(numbers: list[float]) -> list[float]:
        told.append(numbers)
        return [4.0 if not sharded and number == 0 else np.nan for number, _ in enumerate(numbers)]

    ours = SimpleNamespace(several=True, rank=rank, sharded=sharded, summed=summed)
    plan: Any = SimpleNamespace(processes=ours, task=TASK)
    assert doing._at_work(plan, lambda inputs: inputs) == ({} if sharded else {"score": 4.0})
    first = np.nan if sharded else 4.0
    np.testing.assert_array_equal(told, [[first, np.nan, np.nan] if rank == 0 else [0.0] * 3])
