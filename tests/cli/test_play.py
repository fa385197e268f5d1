"""`striate play`: its words, and what they end with."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import striate as st
from striate.cli import _status
from striate.cli import striate as command
from tests.games import NET, needs_games, written


@pytest.fixture(scope="module", autouse=True)
def games() -> None:
    needs_games()


def played(*words: str) -> str:
    return CliRunner().invoke(command, ["play", *words], catch_exceptions=False).stdout


def test_a_game_as_json_and_as_an_animation(tmp_path: Path) -> None:
    out = tmp_path / "game.gif"
    found = json.loads(played("pong", "--player", "random", "--frames", "12", "--json", "--out", str(out)))
    assert found["score"] == 0
    assert found["animation"] == str(out)
    assert out.read_bytes().startswith(b"GIF8")
    assert "pong, random: score 0.0 in 1 episode, 2 moves" in played("pong", "--player", "random", "--frames", "8")
    assert "in 1 episode, 1 move," in played("pong", "--player", "random", "--frames", "4")


def test_gathering_as_json(tmp_path: Path) -> None:
    words = ("--gather", str(tmp_path / "pong"), "--moves", "1", "--rollouts", "1", "--depth", "1", "--frames", "40")
    found = json.loads(played("pong", *words, "--processes", "1", "--json"))
    assert (found["game"], found["moves"], found["added"]) == ("pong", 1, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pongg"], "no game 'pongg'; did you mean 'pong'?; there are "),
        (["pong", "nowhere"], "nowhere"),
        (["pong", "--moves", "3"], "--moves is for gathering; say where with --gather FOLDER"),
        (["pong", "--gather", "x", "--out", "a.gif"], "--out is for playing; leave it out with --gather"),
        (["pong", "--gather", "x", "--minutes", "nan"], "minutes must be from 0. Received: nan"),
        (["pong", "--gather", "x", "--see"], "--see is for playing"),
        (
            ["pong", "--player", "random", "--depth", "3"],
            "--depth is for the planner; leave it out with --player random",
        ),
        (["pong", "--out", "a.mp4"], "ends in .gif"),
        (["pong", "--player", "uct"], "did you mean 'planner'?"),
        (["pong", "--seed", "2147473648"], "2147473648 is not in the range 0<=x<=1073741824"),
        (["pong", "--port", "80"], "--port says where the page of --see is served"),
        (["pong", "--sticky", "0.5"], "leave --sticky out"),
    ],
)
def test_wrong_words_end_with_2_and_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _status(lambda: command.main(["play", *words], standalone_mode=False)) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["RUN", "--rollouts", "3"], "--rollouts is for the planner; leave it out with RUN"),
        (["RUN", "--player", "random"], "a run plays, or --player random; leave one of them out"),
        (["--gather", "DATA", "--frames", "1000"], "are over after 40 frames, not 1,000; leave --frames out"),
    ],
)
def test_words_that_do_not_go_together(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = written(tmp_path / "pong")
    run = st.train(NET, data, epochs=1, out=tmp_path / "run", quiet=True, device="cpu")
    given = [{"RUN": str(run.path), "DATA": str(data)}.get(word, word) for word in words]
    assert _status(lambda: command.main(["play", "pong", *given], standalone_mode=False)) == 2
    assert said in capsys.readouterr().err
