"""Games: what a player sees, also after a state is put back, and which there are."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate as st
from striate.data.games import emulator
from striate.data.games.emulator import FRAMES, Game, buttons_that_matter, game_named, nothing, positions
from tests.games import needs_games


@pytest.fixture(scope="module")
def game() -> Game:
    needs_games()
    made = Game("pong", seed=3)
    for _ in range(20):
        made.move(2)
    return made


def test_the_screen_is_that_of_the_state_and_the_emulators_own_is_stale(game: Game) -> None:
    kept, seen, colours, raw = game.keep(), game.seen(), game.colours().copy(), game.emulator.getScreenRGB()
    for _ in range(15):
        game.move(3)
    game.put_back(kept)
    assert not np.array_equal(game.emulator.getScreenRGB(), raw)  # what others run into
    np.testing.assert_array_equal(game.seen(), seen)
    np.testing.assert_array_equal(game.colours(), colours)


def test_the_same_moves_lead_to_the_same_frames_after_a_state_is_put_back(game: Game) -> None:
    kept, seen = game.keep(), []
    for _ in range(2):
        game.put_back(kept)
        seen.append([(game.move(action), game.seen().tobytes(), game.score, game.frames) for action in (2, 3, 0, 2)])
    assert seen[0] == seen[1]
    game.put_back(kept)


def test_another_emulator_goes_on_from_a_state(game: Game) -> None:
    other, kept = Game("pong", seed=8), game.keep()
    other.put_back(kept)
    np.testing.assert_array_equal(other.seen(), game.seen())
    ours, theirs = ([one.move(2), one.seen().tobytes()] for one in (game, other))
    assert ours == theirs
    game.put_back(kept)


def test_a_player_sees_the_larger_of_the_last_two_frames(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, shown = game.keep(), []
    monkeypatch.setattr(emulator, "small", lambda grey: shown.append(grey) or grey[:84, :84])
    game.move(2)
    game.put_back(kept)
    screens = []
    for _ in range(FRAMES):
        game.emulator.act(game.buttons[2])
        screens.append(game.emulator.getScreenGrayscale())
    np.testing.assert_array_equal(shown[0], np.maximum(screens[-1], screens[-2]))
    game.put_back(kept)


def test_an_episode_that_never_ends_is_cut_off() -> None:
    needs_games()
    game = Game("breakout", most=10)
    while not game.over:
        game.move(0)
    assert game.frames == 10
    assert game.endless


@pytest.mark.parametrize("held", [0, 1])
def test_fire_is_pressed_as_a_life_begins(held: int) -> None:
    """Nobody else does, or somebody always did: five balls are lost, and no picture is shown for ever."""
    needs_games()
    game, lives, still, moves = Game("breakout", seed=1), set[int](), 0, 0
    while not game.over:
        assert game.move(held) == 0
        lives.add(game.lives)
        still, moves = max(still, game.still), moves + 1
    assert lives == {0, 1, 2, 3, 4, 5}
    assert still < 15
    assert 100 < moves < 200
    assert FRAMES * (moves + 3) < game.frames <= FRAMES * (moves + 4), "four lives began after the first"


def test_a_serve_is_missed_by_nobody_whose_buttons_stick() -> None:
    needs_games()
    for seed in range(60):
        game = Game("breakout", seed, sticky=0.25)
        for _ in range(12):
            game.move(0)
        assert game.still < 8


def test_points_of_a_serve_count_and_it_may_be_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_games()
    game, served = Game("breakout", seed=1, most=100), list[Any]()
    for _ in range(22):
        game.move(0)
    press = game._press
    monkeypatch.setattr(game, "_press", lambda buttons: (served.append(buttons) or 1.0, press(buttons)[1]))
    while not game.over:
        game.move(0)
    assert served[-1] == game.serve
    assert game.score == len(served) == 3
    assert game.frames == 100
    assert game.endless


def test_in_games_without_it_nothing_is_fired() -> None:
    needs_games()
    assert Game("freeway").serve == []
    assert str(nothing(Game("backgammon").emulator).name) == "NOOP", "though a player there always does something"


def test_episodes_begin_by_their_seed() -> None:
    needs_games()
    screens = [Game("pong", seed).emulator.getRAM().tobytes() for seed in (1, 1, 2, 3)]
    assert screens[0] == screens[1]
    assert len(set(screens)) > 1


def test_buttons_that_do_the_same_are_left_out() -> None:
    needs_games()
    assert buttons_that_matter("breakout", seed=4) == ("noop", "right", "left")  # fire is pressed anyway
    assert positions(Game("pong"), ("noop", "left")) == [0, 3]
    with pytest.raises(st.InputError, match="pong has no action 'up'; it has noop, "):
        positions(Game("pong"), ("up",))


def test_unknown_games_are_named_with_those_that_there_are() -> None:
    needs_games()
    assert game_named("Space Invaders") == "space_invaders"
    with pytest.raises(st.InputError, match=r"no game 'pongg'; did you mean 'pong'\?; there are adventure, .*zaxxon"):
        game_named("pongg")


def test_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.roms.cache_clear()
    monkeypatch.setitem(sys.modules, "ale_py", None)
    with pytest.raises(st.WorkError, match=r"pip install \"striate\[play\]\""):
        game_named("pong")


def test_a_damaged_game_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    needs_games()
    (tmp_path / "pong.bin").write_bytes(b"no game")
    monkeypatch.setattr(emulator, "roms", lambda: {"pong": tmp_path / "pong.bin"})
    with pytest.raises(st.WorkError, match=r"pong\.bin' is damaged"):
        Game("pong")
