"""The camera of the live page, in a real browser whose camera is a film of digits."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

from striate.data.fetch import data_folder
from striate.page import see
from striate.page.application import Application
from striate.page.seeing import of_module, of_run
from striate.runs.run import Run
from tests.finding.composing import Grey, digits, page
from tests.page.browsing import BROWSER, FLAGS

pytest.importorskip("playwright.sync_api", reason="there is no Playwright")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
    pytest.mark.skipif(data_folder() is None, reason="$STRIATE_DATA is not set"),
]
DRAWN = """() => {
  const canvas = document.querySelector("#camera canvas"), context = canvas.getContext("2d")
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data
  return pixels.filter((value, place) => place % 4 == 3 && value).length
}"""
LABELS, PLACES = [7, 2, 1, 0], [(60, 60, 120), (250, 90, 80), (480, 40, 160), (120, 280, 140)]


@pytest.fixture(scope="module")
def sheet() -> Grey:
    """What lies before the camera."""
    return page(digits(LABELS), PLACES, (480, 640))


@pytest.fixture(scope="module")
def film(sheet: Grey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some frames of it, as YUV4MPEG2."""
    path = tmp_path_factory.mktemp("film") / "digits.y4m"
    frame = b"FRAME\n" + sheet.tobytes() + bytes([128]) * (sheet.size // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + 10 * frame)
    return path


@pytest.fixture
def opened(run: Run, film: Path, playwright: Any) -> Iterator[Any]:
    """The page in a browser with that camera."""
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags = [*FLAGS, *camera, f"--use-file-for-fake-video-capture={film}"]
    with see(run, browser=False) as server:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=flags)
        made = browser.new_page(viewport={"width": 390, "height": 900})
        made.goto(server.address)
        made.wait_for_selector("body[data-frame][data-waiting=false]")
        yield made
        browser.close()


def test_characters_in_view_are_found_and_read(opened: Any) -> None:
    opened.click("#film")
    opened.wait_for_selector(f"#camera[data-found='{''.join(map(str, LABELS))}']")
    assert opened.locator("#camera canvas").get_attribute("aria-label") == "Found: 7 2 1 0"
    opened.wait_for_selector("#camera output:has-text('frames a second')")
    assert opened.evaluate(DRAWN) > 1000, "boxes are drawn"
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_whole_picture_goes_through_the_network(opened: Any) -> None:
    opened.click("#film")
    first = int(opened.get_attribute("body", "data-frame"))
    opened.select_option("#camera select", "whole")
    while int(opened.get_attribute("body", "data-frame")) < first + 3:  # the suite's time limit ends it
        opened.wait_for_timeout(100)


def test_the_stream_stops_when_the_camera_is_closed(opened: Any) -> None:
    opened.evaluate("""() => { const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      navigator.mediaDevices.getUserMedia = async (wish) => window.taken = await get(wish) }""")
    opened.click("#film")
    opened.wait_for_selector("#camera[data-found]")
    opened.click("#camera button")
    assert opened.evaluate("window.taken.getTracks().every((track) => track.readyState === 'ended')")
    assert opened.locator("#camera").is_hidden()


def test_a_refused_or_missing_camera_gets_a_line(run: Run, playwright: Any) -> None:
    with see(run, browser=False) as server:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        made = browser.new_page()
        made.goto(server.address)
        made.wait_for_selector("body[data-frame][data-waiting=false]")
        made.click("#film")
        made.wait_for_selector("#status:has-text('camera')")
        assert made.locator("#camera").is_hidden()
        browser.close()


def test_the_address_gives_finds_or_a_line(run: Run, sheet: Grey) -> None:
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    application = Application(of_run(run))
    found = json.loads(application.answer("POST", "/slide", {}, file.getvalue()).body)
    assert [one["label"] for one in found] == [str(label) for label in LABELS]
    assert application.answer("POST", "/slide", {}, b"words").status == 422
    assert application.answer("GET", "/slide", {}, b"").status == 405
    other = Application(of_module(nn.Conv2d(1, 1, 1), (1, 8, 8), (), None))
    assert b"one class for an image" in other.answer("POST", "/slide", {}, file.getvalue()).body
    assert np.asarray(sheet).shape == (480, 640)
