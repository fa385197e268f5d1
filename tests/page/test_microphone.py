"""The page of a network that hears, in a real browser whose microphone is a file with a tone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate as st
from striate.page import see
from striate.runs.run import Run
from tests.page.browsing import BROWSER, FLAGS, serious, settled
from tests.sounding import RATE, tone, words, write

pytest.importorskip("playwright.sync_api", reason="there is no Playwright")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")]
NET = "bands = 40\nframes = 40\ninput 3x(bands)x(frames)\nconv 4@5 stride 2 -> relu -> conv 4@3 -> relu -> gap -> fc 2"
DEVICE, ALLOWED = "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"


@pytest.fixture(scope="module")
def hears(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on tones that are high or low."""
    root = tmp_path_factory.mktemp("hears")
    data = words(root / "data", 24, 4)
    how: dict[str, Any] = {"epochs": 20, "batch": 4, "lr": 0.01, "augment": "none", "engine": "torch", "quiet": True}
    return st.train(NET, data, task="speech", out=root / "run", **how)


@pytest.fixture(scope="module")
def address(hears: Run) -> Iterator[str]:
    """Where its page is."""
    with see(hears, browser=False) as server:
        yield server.address


def opened(playwright: Any, address: str, *flags: str) -> Any:
    """The page in a browser of its own."""
    browser = playwright.chromium.launch(executable_path=BROWSER, args=[*FLAGS, *flags])
    page = browser.new_page(viewport={"width": 400, "height": 900}, bypass_csp=True)
    page.goto(address)
    settled(page)
    return page


def test_what_is_spoken_is_heard(playwright: Any, address: str, tmp_path: Path) -> None:
    silence = np.zeros(RATE // 2, np.float32)  # low: browsers take high tones for noise
    file = write(tmp_path / "word.wav", np.concatenate([silence, tone("low", 7), silence, silence, silence]))
    page = opened(playwright, address, DEVICE, ALLOWED, f"--use-file-for-fake-audio-capture={file}%noloop")
    before = page.get_attribute("body", "data-frame")
    page.focus("#listen")
    page.keyboard.press("Enter")
    page.wait_for_selector("#status:has-text('listening')")
    page.keyboard.press("Enter")  # it listens already
    page.wait_for_selector(f"body:not([data-frame='{before}'])[data-waiting=false]")
    assert page.locator("#answer li").first.inner_text().startswith("low")
    assert page.locator("#answer meter").first.evaluate("(meter) => meter.value") > 0.8, "silence is about even"
    assert page.evaluate("document.activeElement.id") == "listen"
    page.wait_for_selector("#listen[aria-disabled=false]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert serious(page) == []
    page.context.browser.close()


def test_a_refused_microphone_gets_a_line(playwright: Any, address: str) -> None:
    page = opened(playwright, address, DEVICE)
    page.click("#listen")
    page.wait_for_selector("#status:has-text('the microphone was refused')")
    assert page.get_attribute("#listen", "aria-disabled") == "false"
    page.context.browser.close()


def test_a_page_finds_its_picture_again_after_another_has_sent_one(chromium: Any, address: str) -> None:
    first, second = chromium.new_page(), chromium.new_page()
    for page in (first, second):
        page.goto(address)
        settled(page)
    first.locator('.card:has(h3:text-is("conv1")) canvas').nth(2).click()
    first.wait_for_selector("#said:has-text('map 2, row 0, column 0')")
    first.close()
    second.close()


def test_a_sound_is_read_where_it_is_dropped(chromium: Any, address: str, tmp_path: Path) -> None:
    page = chromium.new_page()
    page.goto(address)
    settled(page)
    before = page.get_attribute("body", "data-frame")
    page.evaluate(
        """(bytes) => {
          const data = new DataTransfer()
          data.items.add(new File([new Uint8Array(bytes)], "word.wav", { type: "audio/wav" }))
          document.dispatchEvent(new DragEvent("drop", { dataTransfer: data }))
        }""",
        list(write(tmp_path / "word.wav", tone("high", 8)).read_bytes()),
    )
    page.wait_for_selector(f"body:not([data-frame='{before}'])[data-waiting=false]")
    assert page.locator("#answer li").first.inner_text().startswith("high")
    page.click("#present")
    assert page.locator("#listen").is_visible()
    page.close()
