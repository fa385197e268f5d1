"""The site builds without a warning, opens from disk without a network, and its figures answer to keys and clicks."""

import doctest
import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.page.browsing import BROWSER

pytest.importorskip("furo", reason="the docs extra is not installed")
pytest.importorskip("myst_parser", reason="the docs extra is not installed")

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.stem for path in (ROOT / "docs" / "companion").glob("*.md"))
FIGURES = {
    "activations": "activations",
    "backpropagation": "backpropagation",
    "connections": "sharing",
    "convolution": "convolution",
    "field": "sharing",
    "overfitting": "overfitting",
    "pooling": "pooling",
    "sizes": "sizes",
    "training": "training",
}
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = (
    """all => axe.run(all ? document : { exclude: [".highlight span"] }, { preload: false })"""  # code looks alike
)
MOST = 3_000_000  # bytes of the whole site

in_browser = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` builds it: a warning is an error."""
    folder = tmp_path_factory.mktemp("docs")
    words = ["-q", "-W", "--keep-going", "-a", "-E", "-d", str(folder / "doctrees"), "docs", str(folder / "site")]
    done = subprocess.run([sys.executable, "-m", "sphinx", *words], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


class Reader(HTMLParser):
    """The addresses that a page names, and the places in it that can be named."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links, self.loads, self.places = list[str](), list[str](), set[str]()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.places.add(given.get("id", ""))
        if "href" in given and tag == "a":
            self.links.append(given["href"])
        elif "href" in given or "src" in given:
            self.loads.append(given.get("src") or given["href"])


def test_the_examples_of_the_settings_hold() -> None:
    spec = importlib.util.spec_from_file_location("conf", ROOT / "docs" / "conf.py")
    assert spec is not None
    assert spec.loader is not None
    conf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conf)
    assert doctest.testmod(conf) == doctest.TestResults(failed=0, attempted=2)


def test_every_page_is_there_and_the_site_is_small(site: Path) -> None:
    assert {path.stem for path in (site / "companion").glob("*.html")} == set(PAGES)
    assert {path.stem for path in site.glob("*.html")} >= {"index", "layers", "networks", "whole", "adding", "search"}
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"the site has {size:,} bytes")
    assert size < MOST


def test_every_link_inside_the_site_leads_somewhere(site: Path) -> None:
    pages = {page.resolve(): Reader(page) for page in site.rglob("*.html")}
    for page, read in pages.items():
        for link in read.links:
            path, _, place = link.partition("#")
            if re.match(r"\w+:", path):
                continue
            target = (page.parent / unquote(path)).resolve() if path else page
            assert target.is_file(), f"{page.name}: {link}"
            if place and target in pages:
                assert unquote(place) in pages[target].places, f"{page.name}: {link}"


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for load in Reader(page).loads:
            assert not load.startswith(("http:", "https:", "//", "/")), f"{page.name}: {load}"
            if not load.startswith(("#", "data:")):
                assert (page.parent / unquote(load.partition("?")[0])).is_file(), f"{page.name}: {load}"
    for style in site.rglob("*.css"):
        assert not re.search(r"""(@import|url\(\s*["']?(https?:)?//)""", style.read_text(encoding="utf-8")), style.name


def test_where_the_pages_are_stored_a_sentence_stands_for_a_figure() -> None:
    for figure, page in FIGURES.items():
        text = (ROOT / "docs" / "companion" / f"{page}.md").read_text(encoding="utf-8")
        assert f'<div data-figure="{figure}"><em>In the site that <code>make docs</code> builds' in text


def test_links_to_files_outside_the_site_are_their_names(site: Path) -> None:
    assert "benchmarks/RESULTS.md</span></code>" in (site / "companion" / "features.html").read_text(encoding="utf-8")


class Sheet:
    """A page of the browser that notes complaints and requests."""

    def __init__(self, chromium: Any, width: int = 1440, **options: Any) -> None:
        self.page = chromium.new_page(viewport={"width": width, "height": 900}, **options)
        self.complaints, self.requests = list[str](), list[str]()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def __enter__(self) -> "Sheet":
        return self

    def __exit__(self, *raised: object) -> None:
        self.page.close()

    def figure(self, site: Path, name: str) -> Any:
        """Opens a figure's page; the figure."""
        self.page.goto((site / "companion" / f"{FIGURES[name]}.html").as_uri())
        return self.page.locator(f"[data-figure={name}] figure")


def pages(site: Path) -> list[str]:
    """The addresses of all pages on disk."""
    return [page.as_uri() for page in sorted(site.rglob("*.html"))]


class TestInBrowser:
    pytestmark = in_browser

    def test_every_page_opens_from_disk(self, site: Path, chromium: Any) -> None:
        with Sheet(chromium) as sheet:
            for address in pages(site):
                sheet.page.goto(address)
            assert not sheet.complaints
            assert sheet.requests
            assert not [url for url in sheet.requests if not url.startswith(("file:", "data:"))]

    def test_a_telephone_needs_no_scrolling_sideways(self, site: Path, chromium: Any) -> None:
        with Sheet(chromium, 390) as sheet:
            for address in pages(site):
                sheet.page.goto(address)
                assert sheet.page.evaluate("document.documentElement.scrollWidth") == 390, address

    def test_the_search_works_from_disk(self, site: Path, chromium: Any) -> None:
        with Sheet(chromium) as sheet:
            sheet.page.goto((site / "search.html").as_uri() + "?q=dilation")
            sheet.page.wait_for_selector("#search-results ul.search li a")
            assert "sharing" in sheet.page.locator("#search-results").inner_html()

    @pytest.mark.skipif(not AXE.is_file(), reason="make front has not run")
    @pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
    def test_axe_finds_nothing_serious(self, scheme: str, width: int, site: Path, chromium: Any) -> None:
        with Sheet(chromium, width, color_scheme=scheme) as sheet:
            for address in pages(site):
                sheet.page.goto(address)
                sheet.page.evaluate(AXE.read_text(encoding="utf-8"))
                found = sheet.page.evaluate(RUN_AXE, "convolution" in address)["violations"]
                assert not [
                    (address, one["id"], one["nodes"][0]["target"])
                    for one in found
                    if one["impact"] in ("serious", "critical")
                ]

    @pytest.mark.parametrize("name", FIGURES)
    def test_a_figure_says_something_else_after_a_key_and_after_a_click(
        self, name: str, site: Path, chromium: Any
    ) -> None:
        with Sheet(chromium) as sheet:
            figure = sheet.figure(site, name)
            said = [figure.locator(".said").inner_text()]
            slider = figure.locator("input[type=range]").first
            if slider.count():
                slider.press("ArrowRight")
            else:
                figure.locator("[tabindex='0']").last.press("ArrowDown")
            said.append(figure.locator(".said").inner_text())
            button, cells = figure.get_by_role("button", name="Next"), figure.locator("td")
            places = (button.first, cells.first, figure.locator("svg [role=button]").last)
            clicked = next((place for place in places if place.count()), slider)  # a slider may be all there is
            clicked.click()
            said.append(figure.locator(".said").inner_text())
            assert all(said)
            assert said[0] != said[1] != said[2], said
            assert not sheet.complaints

    @pytest.mark.parametrize("name", FIGURES)
    def test_every_control_of_a_figure_has_a_label_that_is_seen(self, name: str, site: Path, chromium: Any) -> None:
        with Sheet(chromium) as sheet:
            figure = sheet.figure(site, name)
            for control in figure.locator("input, select").all():
                assert control.evaluate("one => one.labels[0].innerText.trim()")
            for button in figure.locator("button").all():
                assert button.inner_text()

    def test_the_image_of_a_convolution_is_edited_by_click_and_key(self, site: Path, chromium: Any) -> None:
        with Sheet(chromium) as sheet:
            figure = sheet.figure(site, "convolution")
            cell = figure.get_by_role("grid", name="image").locator("td").first
            cell.click()
            assert cell.inner_text() == "1"
            cell.click(modifiers=["Shift"])
            cell.press("-")
            assert cell.inner_text() == "−1"
            cell.press("ArrowRight")
            sheet.page.keyboard.press("+")
            assert figure.locator(".said").inner_text().startswith("Row 1, column 1: (−1)·(−2) + ")
            assert figure.get_by_role("grid", name="map").locator("td").first.inner_text() == "21"

    def test_play_goes_on_by_itself_unless_less_motion_is_asked_for(self, site: Path, chromium: Any) -> None:
        with Sheet(chromium) as sheet:
            figure = sheet.figure(site, "convolution")
            figure.get_by_role("button", name="Play").click()
            figure.locator(".said", has_text="Row 2, column 1").wait_for()
            figure.get_by_role("button", name="Stop").click()
        with Sheet(chromium, reduced_motion="reduce") as sheet:
            figure = sheet.figure(site, "convolution")
            assert figure.get_by_role("button").all_inner_texts() == ["First image", "Next"]

    def test_a_step_of_descent_makes_the_error_smaller(self, site: Path, chromium: Any) -> None:
        with Sheet(chromium) as sheet:
            figure = sheet.figure(site, "backpropagation")
            errors = []
            for _ in range(3):
                figure.get_by_role("button", name="Take the step").click()
                errors.append(float(figure.locator(".said").inner_text().split("= ")[1].rstrip(".")))
            assert errors == sorted(errors, reverse=True)
            assert errors[0] < 5.006
