"""The live page in a real browser: digits are drawn with the mouse, and answered as the network answers their files."""

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from striate import data
from striate.data.fetch import data_folder
from striate.page import see
from striate.runs.run import Run
from tests.page.browsing import BROWSER, draw, settled, strokes

pytest.importorskip("playwright.sync_api", reason="there is no Playwright")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
    pytest.mark.skipif(data_folder() is None, reason="$STRIATE_DATA is not set"),
]
DIGITS, AS_FILES = 100, 95


def draw_by_mouse(page: Any, pixels: NDArray[np.uint8]) -> None:
    """With the mouse itself."""
    page.click("#clear")
    box = page.locator("#paper").bounding_box()
    for first, end, y in strokes(pixels):
        page.mouse.move(box["x"] + first, box["y"] + y)
        page.mouse.down()
        page.mouse.move(box["x"] + end, box["y"] + y)
        page.mouse.up()
    settled(page)


def answered(page: Any) -> str:
    """The first of the answers."""
    return str(page.locator("#answer li").first.inner_text()).split()[0]


def test_drawn_digits_are_answered_as_their_files(page: Any, run: Run, tmp_path: Path) -> None:
    test = data.load("mnist").test
    assert test is not None
    same = 0
    for number in range(DIGITS):
        pixels = test.images[number, 0].numpy()
        Image.fromarray(pixels).save(tmp_path / "digit.png")
        draw(page, pixels)
        same += answered(page) == run.predict(tmp_path / "digit.png")[0].label
    assert same >= AS_FILES


def test_the_mouse_draws_as_those_strokes_do(page: Any) -> None:
    test = data.load("mnist").test
    assert test is not None
    for number in range(5):
        pixels, seen = test.images[number, 0].numpy(), []
        for way in (draw, draw_by_mouse):
            way(page, pixels)
            seen.append(page.locator("#answer").inner_text())
        assert seen[0].split()[0] == seen[1].split()[0]


def test_a_value_is_spelled_out(page: Any) -> None:
    page.locator('.card:has(h3:text-is("conv2")) canvas').nth(3).click()
    page.locator("#large").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_selector("#said:has-text('map 3, row 2, column 1:')")
    said = page.locator("#said")
    total, shown = float(said.inner_text().rpartition("=")[2]), float(said.get_attribute("data-value"))
    assert math.isclose(total, shown, rel_tol=1e-3)
    assert page.locator(".window").count() == 6, "conv2 reads six maps"


def test_the_page_recovers_from_wrong_files(page: Any, tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("just words")
    page.set_input_files("#file", tmp_path / "words.png")
    page.wait_for_selector("#status:has-text('no image')")
    page.click("#clear")
    settled(page)
    assert "ms" in page.locator("#status").inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "dark")])
def test_it_fits_any_screen(chromium: Any, address: str, width: int, scheme: str) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_when_the_server_ends_the_page_says_so(chromium: Any, run: Run) -> None:
    page = chromium.new_page()
    with see(run, browser=False) as server:
        page.goto(server.address)
        settled(page)
    time.sleep(0.1)
    page.click("#clear")
    page.wait_for_selector("#status:has-text('has ended')")
    page.close()
