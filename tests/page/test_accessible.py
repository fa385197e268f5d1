"""What axe-core finds on the pages: nothing serious, in light and dark, on a phone's width and a desk's."""

from typing import Any

import pytest

from striate.data.fetch import data_folder
from striate.runs.run import Run
from tests.page.browsing import AXE, BROWSER, serious, settled

pytest.importorskip("playwright.sync_api", reason="there is no Playwright")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
    pytest.mark.skipif(not AXE.is_file(), reason="`make front` has not fetched axe-core"),
    pytest.mark.skipif(data_folder() is None, reason="$STRIATE_DATA is not set"),
]
SCREENS = [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)]


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
def test_the_live_page(chromium: Any, address: str, scheme: str, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page.goto(address)
    settled(page)
    assert serious(page) == []
    page.locator(".card canvas").first.click()
    page.select_option("#method", "gradcam")
    page.select_option("#what", "gradients")
    page.wait_for_selector("#over:visible")
    page.wait_for_timeout(300)
    assert serious(page) == []
    page.click("#solid")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report(chromium: Any, run: Run, scheme: str) -> None:
    page = chromium.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    page.goto((run.path / "report.html").absolute().as_uri())
    assert serious(page) == []
    page.close()
