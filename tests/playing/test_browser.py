"""The page of a game in a real browser: moves as they are made, and how it ended."""

from typing import Any

import numpy as np
import pytest

from striate.data.games.emulator import Game
from striate.playing.live import Application, Stage
from striate.playing.playing import Seen
from striate.serving import Server
from tests.games import needs_games
from tests.page.browsing import BROWSER, serious

pytest.importorskip("playwright.sync_api", reason="there is no Playwright")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")]
ENDED = "pong, chance: score 1.0 in 1 episode"


@pytest.fixture
def stage() -> Stage:
    """Before the first move."""
    needs_games()
    return Stage("pong, chance")


def move(stage: Stage) -> None:
    """A network's, that is rather sure."""
    stage.watch(Seen(Game("pong"), "right", np.zeros((84, 84, 3), np.uint8), {"right": 0.75, "noop": 0.25}))


def opened(chromium: Any, server: Server, complaints: list[str]) -> Any:
    """A tab with the page."""
    tab = chromium.new_page()
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(server.address)
    tab.wait_for_selector("h1:has-text('pong, chance')")
    return tab


def test_every_tab_keeps_how_the_game_ended(chromium: Any, stage: Stage) -> None:
    complaints: list[str] = []
    with Server(Application(stage)) as server:
        tabs = [opened(chromium, server, complaints) for _ in range(2)]
        assert tabs[0].locator("img:visible").count() == 0, "nothing is seen yet"
        move(stage)
        for tab in tabs:
            tab.wait_for_selector("#status:has-text('move 1, score 0: right')")
            assert tab.title() == "pong, chance"
            assert tab.locator(".taken").inner_text() == "right"
        stage.end(ENDED)
    for tab in tabs:
        tab.wait_for_timeout(200)  # the program has ended: another question would get no answer
        assert tab.locator("#said").inner_text() == ENDED
        assert tab.locator("#status").is_hidden()
        tab.close()
    assert not complaints


def test_the_last_move_stays_where_the_program_ends(chromium: Any, stage: Stage) -> None:
    with Server(Application(stage)) as server:
        move(stage)
        tab = opened(chromium, server, [])
        tab.wait_for_selector("#status:has-text('move 1')")
    tab.wait_for_selector("#said:has-text('the program has ended')")
    assert "score 0" in tab.locator("#status").inner_text()
    tab.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (400, "dark"), (1280, "light")])
def test_it_fits_any_screen(chromium: Any, stage: Stage, width: int, scheme: str) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    tab = context.new_page()
    with Server(Application(stage)) as server:
        move(stage)
        tab.goto(server.address)
        tab.wait_for_selector("#sure meter")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert serious(tab) == []
        rows = {tab.locator(one).bounding_box()["y"] for one in ("#game", "#looked", "#sure")}
        assert len(rows) == (1 if width == 1280 else 3), "beside each other where there is room"
    context.close()
