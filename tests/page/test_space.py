"""The view in three dimensions in a real browser: drawn, turned, flown through, and the links of a value shown."""

import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate import data
from striate.data.fetch import data_folder
from tests.page.browsing import BROWSER, draw, settled

pytest.importorskip("playwright.sync_api", reason="there is no Playwright")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
    pytest.mark.skipif(data_folder() is None, reason="$STRIATE_DATA is not set"),
]


@pytest.fixture
def space(page: Any) -> Any:
    """The page with a digit on the paper and the view open."""
    draw(page, np.asarray(data.load("mnist").test.images[0, 0]))
    page.click("#solid")
    page.wait_for_selector("#space canvas")
    page.wait_for_function("document.querySelectorAll('#space .labels span:not([hidden])').length > 5")
    return page


def pixels(page: Any, tmp_path: Any) -> Any:
    """What the view shows."""
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.locator("#space canvas").screenshot(path=tmp_path / "space.png")
    with Image.open(tmp_path / "space.png") as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_every_layer_stands_there_in_colours(space: Any, tmp_path: Any) -> None:
    shown = pixels(space, tmp_path)
    orange, blue = shown[..., 0] - shown[..., 2] > 60, shown[..., 2] - shown[..., 0] > 60
    assert min(orange.sum(), blue.sum()) > 500
    names = space.locator("#space .labels span").all_inner_texts()
    assert names[:3] == ["input", "conv1", "tanh1"]
    assert names[-1] == "fc2"


@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowUp", "+", "-", "w", "d", "e"])
def test_keys_move_it(space: Any, tmp_path: Any, key: str) -> None:
    before = pixels(space, tmp_path)
    space.focus("#space canvas")
    for _ in range(3):
        space.keyboard.press(key)
    assert (np.abs(pixels(space, tmp_path) - before).sum(2) > 30).mean() > 0.01


def test_what_is_drawn_changes_it(space: Any, tmp_path: Any) -> None:
    before = pixels(space, tmp_path)
    draw(space, np.asarray(data.load("mnist").test.images[1, 0]))
    assert (np.abs(pixels(space, tmp_path) - before).sum(2) > 30).mean() > 0.005


def test_a_chosen_value_has_its_links_and_its_sum(space: Any) -> None:
    """Clicks over the view until a value is met that is computed from others."""
    links = {"conv1": 25, "conv2": 150, "conv3": 400, "tanh": 1, "avgpool": 4, "fc1": 120, "fc2": 84}
    for across, down in np.random.default_rng(0).uniform(0.25, 0.75, (150, 2)):
        box = space.locator("#space canvas").bounding_box()
        space.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        if space.get_attribute("#space canvas", "data-chosen"):
            break
    said = space.wait_for_selector("#space .said:has-text(' link')").inner_text()
    found = re.match(r"(\w+), [\w ,]+: ([\d,]+) links?\.", said)
    assert found
    name, count = found.groups()
    assert int(count) == next(number for kind, number in links.items() if name.startswith(kind))
    assert name in space.inner_text("#where")


def test_back_in_the_flat_view_all_is_as_before(space: Any) -> None:
    space.click("#solid")
    settled(space)
    assert not space.locator("#space").is_visible()
    assert space.locator("#network .card").first.is_visible()
