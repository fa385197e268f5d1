"""The page of a training in a real browser: curves, filters and the most wrong while it runs, then the verdict."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from striate.runs.planning import Request
from striate.runs.training import trained
from striate.training.options import Options
from striate.watching import Page
from tests.page.browsing import BROWSER, serious

pytest.importorskip("playwright.sync_api", reason="there is no Playwright")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")]
NET = "input 1x8x8 -> conv 8@3 -> relu -> conv 8@3 -> relu -> fc 10"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of a training that is over."""
    page = Page(lambda line: None, browser=False)
    trained(Request(NET, "digits", Options(epochs=3), page=page), tmp_path_factory.mktemp("runs") / "run")
    yield page
    page.stop()


def test_it_shows_a_training_as_it_goes_on(chromium: Any, tmp_path: Path) -> None:
    page, errors = Page(lambda line: None, browser=False), list[str]()
    request = Request(NET, "digits", Options(epochs=400), page=page)
    work = threading.Thread(target=trained, args=(request, tmp_path / "run"))
    work.start()
    while page.server is None:
        work.join(0.05)
    tab = chromium.new_page()
    tab.on("console", lambda message: errors.append(message.text))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(page.server.address)
    tab.wait_for_selector("#plots .plot", state="attached")
    tab.wait_for_selector("body[data-epochs]:not([data-epochs='0'])", state="attached")
    first = int(tab.locator("body").get_attribute("data-epochs"))
    tab.wait_for_selector(f"body[data-epochs]:not([data-epochs='{first}'])", state="attached")
    assert int(tab.locator("body").get_attribute("data-epochs")) > first
    tab.wait_for_selector("#verdict:not([hidden])", timeout=300_000)
    work.join()
    assert tab.locator("#plots .plot").count() == 3
    assert tab.locator("#plots .plot").first.get_attribute("aria-label").startswith("loss: training ")
    assert tab.locator("#sheets h3").all_inner_texts() == ["conv1", "conv2"]
    assert tab.locator("#wrong .guess div").first.evaluate("one => one.style.getPropertyValue('--share')").endswith("%")
    assert not errors, "nothing that the page's rules forbid, no error"
    page.stop()
    tab.wait_for_selector("#status:has-text('has ended')")
    tab.close()


def test_its_link_leads_to_the_report(chromium: Any, seen: Page) -> None:
    context = chromium.new_context()
    tab = context.new_page()
    assert seen.server
    tab.goto(seen.server.address)
    tab.wait_for_selector("#verdict:not([hidden])")
    with context.expect_page() as opened:
        tab.click("#report")
    report = opened.value
    report.wait_for_load_state()
    assert report.title() == "net on digits"
    assert report.locator("section").first.evaluate("one => getComputedStyle(one).borderRadius") == "12px", "its style"
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "dark")])
def test_it_fits_any_screen(chromium: Any, seen: Page, width: int, scheme: str) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    tab = context.new_page()
    assert seen.server
    tab.goto(seen.server.address)
    tab.wait_for_selector("#verdict:not([hidden])")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(tab) == []
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(18, 21, 27)") == (scheme == "dark")
    context.close()
