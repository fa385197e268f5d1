"""Gathering: it goes on where it was, loses nothing that was written, and a network may play."""

import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import striate as st
from striate.data.games import emulator
from striate.data.games.planner import Thought
from striate.data.games.store import ABOUT, files_in, read_all, read_moves
from striate.data.lock import locked
from striate.playing import gathering, worker
from striate.playing.gathering import gather
from striate.playing.worker import Stop, Wanted
from tests.games import MOST, NET, needs_games, written
from tests.test_interrupt import begun, pressed

FEW: dict[str, Any] = {"rollouts": 2, "depth": 3, "most": 400, "processes": 1}


@pytest.fixture(scope="module", autouse=True)
def games() -> None:
    needs_games()


def wanted(folder: Path, **changed: Any) -> Wanted:
    facts: dict[str, Any] = {"folder": str(folder), "game": "pong", "actions": ("noop", "right"), "run": "", "moves": 0}
    facts |= {"seconds": 0.0, "rollouts": 2, "depth": 3, "most": 400, "first": 0, "processes": 1}
    facts |= {"seed": 0, "life": 0.0}
    return Wanted(**facts | changed)


def test_moves_are_added_and_an_episode_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    first = gather(tmp_path / "pong", "pong", moves=3, say=said.append, **FEW)
    again = gather(tmp_path / "pong", "pong", moves=4, **FEW)
    assert (first.moves, first.added, again.moves, again.added) == (3, 3, 7, 4)
    assert "random play: 10 episodes, to compare with" in said
    assert any("no sticky actions; an episode is over after 400 frames at most" in line for line in said)
    found = read_all(tmp_path / "pong")
    assert [(moves.episode, moves.number, len(moves)) for moves in found.moves] == [(0, 0, 3), (0, 1, 4)]
    one, two = found.moves
    np.testing.assert_array_equal(two.frames[:3], one.frames[-3:])  # nothing is missing between them
    assert len(found.about.random) == 10


class Turning:
    """A planner, or trials, that prefer what the game's frame says."""

    def __init__(self, *_: Any) -> None: ...

    def think(self, game: Any) -> Thought:
        right = game.frames // 8 % 2
        return Thought(np.array([1 - right, right], np.float32), np.ones(2, np.int32))

    def choose(self, game: Any) -> int:
        return self.think(game).best


def test_what_was_interrupted_goes_on_as_if_it_had_not_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "Planner", Turning)
    for name, parts in (("whole", [6]), ("parts", [2, 4])):
        (tmp_path / name).mkdir()
        for count in parts:
            worker.work(wanted(tmp_path / name), 0, Stop(0, count))
    frames = [np.concatenate([moves.frames[3:] for moves in files_of(tmp_path / name)]) for name in ("whole", "parts")]
    np.testing.assert_array_equal(*frames)


def files_of(folder: Path) -> list[Any]:
    return [read_moves(path, ("noop", "right")) for path in sorted(folder.iterdir())]


def test_an_episode_that_is_over_is_followed_by_another(tmp_path: Path) -> None:
    worker.work(wanted(tmp_path, most=12, first=5, processes=2), 1, Stop(0, 7))
    found = files_of(tmp_path)
    assert [(one.episode, len(one), one.over, one.endless) for one in found] == [
        (6, 3, True, True),
        (8, 3, True, True),
        (10, 1, False, False),
    ]


@pytest.mark.parametrize("state", [b"nothing", b""])
def test_an_episode_whose_state_is_unreadable_is_left_as_it_is(tmp_path: Path, state: bytes) -> None:
    worker.work(wanted(tmp_path), 0, Stop(0, 1))
    (begun,) = files_of(tmp_path)
    begun.kept["state"] = np.frombuffer(state, np.uint8)
    begun.write(tmp_path)
    worker.work(wanted(tmp_path, first=1), 0, Stop(0, 2))
    assert [(one.episode, len(one)) for one in files_of(tmp_path)] == [(0, 1), (1, 2)]


def test_processes_share_the_moves(tmp_path: Path) -> None:
    def shares(moves: int) -> list[int]:
        return [wanted(tmp_path, moves=moves, processes=4).share(number) for number in range(4)]

    assert (shares(0), shares(4), shares(6)) == ([0] * 4, [1] * 4, [2, 2, 1, 1])
    assert gather(tmp_path / "pong", "pong", moves=3, **FEW | {"processes": 2}).added == 3


def test_a_network_plays_and_the_planner_says_better(tmp_path: Path) -> None:
    data = written(tmp_path / "pong")
    run = st.train(NET, data, epochs=1, out=tmp_path / "run", quiet=True, device="cpu")
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert worker._player(wanted(data, run=str(run.path)))[1] == "run"
        assert torch.get_num_threads() == 1  # of each of the processes, which fill the cores
    finally:
        torch.set_num_threads(before)
    found = gather(data, "pong", run.path, moves=4, rollouts=2, depth=3, processes=1)
    (moves,) = [moves for moves in read_all(data).moves if moves.by == "run"]
    assert found.added == len(moves) == 4
    assert read_all(data).about.most == MOST


@pytest.mark.parametrize("helped", [0.0, 0.5, 1.0])
def test_a_network_is_helped_now_and_then(helped: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would else see only what its own mistakes lead to."""
    run = st.train(NET, written(tmp_path / "pong"), epochs=1, out=tmp_path / "run", quiet=True, device="cpu")
    monkeypatch.setattr(worker, "HELPED", helped)
    monkeypatch.setattr(worker.Trials, "think", Turning.think)
    (tmp_path / "new").mkdir()
    worker.work(wanted(tmp_path / "new", run=str(run.path)), 0, Stop(0, 24))
    (moves,) = files_of(tmp_path / "new")
    own = run.outputs(torch.from_numpy(moves.stacks())).argmax(1).numpy()
    best = moves.values.argmax(1)
    assert ((moves.taken == own) | (moves.taken == best)).all()
    assert (moves.taken == own).all() == (helped == 0)
    assert (moves.taken == best).all() == (helped == 1)


def test_values_of_a_tree_are_not_mixed_with_those_of_trials(tmp_path: Path) -> None:
    root = written(tmp_path / "pong")
    about = json.loads((root / ABOUT).read_text())
    del about["trials"]
    (root / ABOUT).write_text(json.dumps(about))
    with pytest.raises(st.InputError, match=r"has values of a planner's tree, .*gather in another folder"):
        gather(root, "pong", moves=1, processes=1)
    assert st.train(NET, root, epochs=1, out=tmp_path / "run", quiet=True, device="cpu").history


def test_what_is_kept_is_what_a_player_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a life ends and fire begins the next one, in the same move; in one file, and in two."""
    seen = list[Any]()

    class Idle(Turning):
        def think(self, game: Any) -> Thought:
            seen.append(game.seen())
            return Thought(np.array([1, 0], np.float32), np.ones(2, np.int32))

    monkeypatch.setattr(worker, "Trials", lambda *how, life: Idle())
    monkeypatch.setattr(worker, "_alone", lambda planner: lambda game, thought: thought.best)
    facts = wanted(tmp_path, game="breakout", most=4000)
    for count in (30, 20):
        worker.work(facts, 0, Stop(0, count))
    kept = np.concatenate([moves.stacks() for moves in files_of(tmp_path)])
    np.testing.assert_array_equal(kept, np.stack(seen))
    assert len(kept) == 50


def test_one_of_anything_is_told_as_one(tmp_path: Path) -> None:
    said: list[str] = []
    one: dict[str, Any] = {"moves": 1, "minutes": 1, "rollouts": 1, "depth": 1, "most": 1, "processes": 1}
    found = gather(tmp_path / "pong", "pong", say=said.append, **one)
    assert "1 move and 1 minute, 1 process; 1 rollout of 1 move of 4 frames a move" in "\n".join(said)
    assert "values of moves: 1 trial of 1 move of each action, held for 1 of them, then let go" in said
    assert found.said()[0].endswith(": 1 move of pong, 1 of them new")
    assert not [line for line in (*said, *found.said()) if re.search(r"\b1 [a-rt-z]+s\b", line)]


def test_a_run_that_is_called_as_the_planner_is_told_from_it(tmp_path: Path) -> None:
    data = written(tmp_path / "pong")
    run = st.train(NET, data, epochs=1, out=tmp_path / "runs" / "planner", quiet=True, device="cpu")
    found = gather(data, "pong", run.path, moves=10, rollouts=2, depth=3, processes=1)
    assert len(found.scores["planner"]) == 4
    assert len(found.scores["runs/planner"]) == 1
    assert worker.name_of("my/Random play") == "my/Random play"


def test_what_can_not_be_gathered_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "pong")
    with pytest.raises(st.InputError, match="has moves of pong; gather those of breakout in another folder"):
        gather(tmp_path / "pong", "breakout", moves=1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(st.InputError, match="holds other things than moves"):
        gather(tmp_path / "other", "pong", moves=1)
    assert [one.name for one in (tmp_path / "other").iterdir()] == ["notes.txt"]
    with pytest.raises(st.InputError, match="are over after 40 frames, not 1,000; leave `most` out"):
        gather(tmp_path / "pong", "pong", moves=1, most=1000)
    with pytest.raises(st.InputError, match="seed must be from 0 to"):
        gather(tmp_path / "pong", "pong", moves=1, seed=-1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"minutes": float("nan")}, "minutes must be from 0. Received: nan"),
        ({"minutes": "3"}, "minutes must be a number. Received: '3'"),
        ({"moves": -1}, "moves must be from 0. Received: -1"),
        ({"rollouts": 0}, "rollouts must be from 1. Received: 0"),
        ({"depth": 2.5}, "depth must be a whole number. Received: 2.5"),
        ({"most": 0}, "frames must be from 1. Received: 0"),
        ({"processes": -2}, "processes must be from 1. Received: -2"),
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=said):
        gather(tmp_path / "pong", "pong", **wrong)
    assert not (tmp_path / "pong").exists()


def test_one_gathering_at_a_time_adds_to_a_folder(tmp_path: Path) -> None:
    folder = written(tmp_path / "pong")
    with locked(folder), pytest.raises(st.WorkError, match="another process writes to"):
        gather(folder, "pong", moves=1)
    assert len(read_all(folder).paths) == 4


def test_a_process_that_fails_is_heard(tmp_path: Path) -> None:
    written(tmp_path / "pong")
    (tmp_path / "pong" / ".episode-0004-000.part.npz").mkdir()  # where the next file would be written
    with pytest.raises(st.WorkError, match=r"gathering stopped: .* what was gathered before is in"):
        gather(tmp_path / "pong", "pong", moves=1, rollouts=1, depth=1, processes=1)


FAILING = """
import select, sys
from pathlib import Path
line = sys.stdin.readline()
if line.startswith("[0"):
    sys.exit("broken")
told = select.select([sys.stdin], [], [], 20)[0]
Path({out!r}).write_text("told" if told else "waited")
"""


def test_ctrl_c_says_what_is_kept(tmp_path: Path) -> None:
    folder = written(tmp_path / "pong")
    words = ("--gather", str(folder), "--minutes", "5", "--rollouts", "1", "--depth", "1", "--processes", "1")
    process = begun("from striate.start import main; main()", "play", "pong", *words)
    assert process.stderr
    while "no sticky actions" not in process.stderr.readline():
        assert process.poll() is None
    before = len(files_in(folder))
    while len(files_in(folder)) == before:  # of a file that is full; more moves come after it
        time.sleep(0.05)
    status, told = pressed(process)
    kept = len(read_all(folder))
    assert status == 1
    assert kept > 32
    assert told == f"striate: stopped by Ctrl-C; {kept} moves kept in {folder}, and the same command goes on\n"


def test_where_a_process_fails_the_others_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "pong")
    monkeypatch.setattr(gathering, "START", FAILING.replace("{out!r}", repr(str(tmp_path / "ended"))))
    with pytest.raises(st.WorkError, match="gathering stopped: broken"):
        gather(tmp_path / "pong", "pong", minutes=1, processes=2)
    assert (tmp_path / "ended").read_text() == "told"


def test_a_game_that_stands_still_is_moved_on_by_the_planner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody serves, a network that waits would be shown the same picture for ever."""
    monkeypatch.setattr(emulator, "FIRE", "")
    monkeypatch.setattr(worker.Trials, "think", Serving.think)
    monkeypatch.setattr(worker, "HELPED", 0)
    monkeypatch.setattr(worker, "_player", lambda wanted: (lambda games: [0], "cnn"))
    count = worker.STILL + 8
    facts = wanted(tmp_path, game="breakout", actions=("noop", "fire"), most=4000)
    worker.work(facts, 0, Stop(0, count))
    (moves,) = [read_moves(path, ("noop", "fire")) for path in tmp_path.iterdir()]
    assert moves.taken[: worker.STILL - 1].sum() == 0
    assert moves.taken.sum() > 0
    assert len(np.unique(moves.frames.reshape(len(moves.frames), -1), axis=0)) > 2  # a ball flies


class Serving(Turning):
    """A planner that always serves."""

    def think(self, game: Any) -> Thought:
        return Thought(np.array([0, 1], np.float32), np.ones(2, np.int32))
