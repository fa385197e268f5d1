"""Episodes that are played: their scores, the animation, the page."""

import json
import signal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate import interrupt
from striate.data.games.emulator import SEEDS, Game
from striate.playing import play
from striate.playing.film import MOVE
from striate.playing.live import Application, Stage
from striate.playing.playing import Seen
from striate.serving import Server
from tests.games import needs_games, written

NET = "input 4x84x84 -> conv 4@12 stride 12 -> relu -> fc 2"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    needs_games()
    root = tmp_path_factory.mktemp("play")
    return st.train(NET, written(root / "pong"), epochs=1, out=root / "run", quiet=True, device="cpu")


def test_a_network_plays_beside_the_scores_that_its_run_knows(run: st.Run, tmp_path: Path) -> None:
    said: list[str] = []
    played = play("pong", run.path, out=tmp_path / "game.gif", episodes=2, most=24, say=said.append)
    assert played.to_json() == {
        "game": "pong",
        "player": str(run.path),
        "score": 0.0,
        "scores": [0.0, 0.0],
        "moves": 12,
        "cut_off": 2,
        "score_random": -20.5,
        "score_planner": 1.5,
    }
    assert said == ["pong: moves of 4 frames, no sticky actions; over after 24 frames at most"]
    with Image.open(tmp_path / "game.gif") as film:
        assert film.size == (640, 420)  # the screen, and where it looked
        assert film.info["duration"] == 6 * MOVE  # nothing moves yet: equal pictures are one


def test_the_planner_and_chance_play(tmp_path: Path) -> None:
    needs_games()
    assert play("pong", rollouts=2, depth=2, most=12).player == "planner"
    chance = play("pong", player="random", most=12, sticky=0.25)
    assert (chance.player, chance.moves, chance.cut_off) == ("random", 3, 1)
    assert "1 cut off as they went on" in chance.said()
    assert play("pong", player="random", most=4, seed=SEEDS).moves == 1


def test_a_film_is_kept_where_ctrl_c_ends_the_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on the command line, where Ctrl-C would end the process at once."""
    needs_games()
    monkeypatch.setattr(interrupt, "end", lambda *_: pytest.fail("the process would end"))
    before = signal.signal(signal.SIGINT, interrupt.end)
    try:
        with pytest.raises(KeyboardInterrupt):
            play("pong", player="random", out=tmp_path / "game.gif", most=400, watch=lambda seen: pressed(seen.game))
    finally:
        signal.signal(signal.SIGINT, before)
    with Image.open(tmp_path / "game.gif") as film:
        assert film.size == (320, 420)


def pressed(game: Game) -> None:
    """Ctrl-C in the third move."""
    if game.frames == 8:
        signal.raise_signal(signal.SIGINT)


def test_what_can_not_be_played_is_refused(run: st.Run, tmp_path: Path) -> None:
    for how, said in (
        ({"player": "humann"}, "no player 'humann'"),
        ({"run": run, "player": "random"}, "a run plays, or `player='random'`"),
        ({"sticky": 0.5}, "the planner looks ahead in a game without chance"),
        ({"out": "game.mp4"}, r"ends in \.gif"),
        ({"episodes": 0}, "are 1 or more"),
        ({"seed": 2**31 - 10_000}, r"seed must be from 0 to 1,073,741,824\. Received"),
    ):
        with pytest.raises(st.InputError, match=said):
            play("pong", **how)  # type: ignore[arg-type]
    with pytest.raises(st.InputError, match=r"has learned pong .* can't play breakout"):
        play("breakout", run)
    digits = st.train("input 1x8x8 -> fc 10", "digits", epochs=1, out=tmp_path / "digits", quiet=True)
    with pytest.raises(st.InputError, match="has learned the task classify"):
        play("pong", digits)


def test_the_page_shows_what_is_newest() -> None:
    needs_games()
    stage, game = Stage("pong, chance"), Game("pong")
    with Server(Application(stage)) as server:

        def got(path: str) -> Any:
            return urlopen(server.address + path).read()

        assert json.loads(got("now")) == {"name": "pong, chance", "move": 0}
        stage.watch(Seen(game, "right", np.zeros((84, 84, 3), np.uint8), {"right": 0.75, "noop": 0.25}))
        now = json.loads(got("now"))
        assert (now["move"], now["action"], now["score"], now["shares"]["right"]) == (1, "right", 0.0, 0.75)
        assert now["screen"].startswith("data:image/png")
        assert now["heat"].startswith("data:image/png")
        assert b"game.js" in got("")
        assert b"fetch" in got("playing/static/game.js")
        assert got("game.css")
