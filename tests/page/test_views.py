"""Each view of the page in a real browser, beside what PyTorch and `striate.inside` say."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from striate import data
from striate.data.fetch import data_folder
from striate.inside import Unit, receptive_field
from striate.runs.run import Run
from tests.page.browsing import BROWSER, draw, settled

pytest.importorskip("playwright.sync_api", reason="there is no Playwright")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium"),
    pytest.mark.skipif(data_folder() is None, reason="$STRIATE_DATA is not set"),
]
CONV2 = '.card:has(h3:text-is("conv2"))'


@pytest.fixture
def digit(page: Any) -> Any:
    """The page with the first test image on its paper."""
    test = data.load("mnist").test
    assert test is not None
    draw(page, test.images[0, 0].numpy())
    return page


def test_a_values_receptive_field_lights_up(digit: Any, run: Run) -> None:
    digit.locator(f"{CONV2} canvas").nth(3).click()
    digit.locator("h1").hover()  # the mouse rests on no map
    digit.locator("#large").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        digit.keyboard.press(key)
    digit.wait_for_selector("#said:has-text('map 3, row 2, column 1:')")
    mark = digit.locator("#given figure .mark.source")
    (top, bottom), (left, right) = receptive_field(run.model(), (1, 32, 32), Unit("conv2", 3, (2, 1))).box
    sides = ("top", "height", "left", "width")
    wanted = [f"{100 * one / 32:g}%" for one in (top, bottom - top, left, right - left)]
    digit.wait_for_selector(f"#given figure .mark[style*='top: {wanted[0]}']")
    assert mark.evaluate("(mark, sides) => sides.map((side) => mark.style[side])", list(sides)) == wanted
    assert digit.locator("#given .map:has(#paper) .mark.source").count() == 1, "on the drawing too"
    assert digit.locator('.card:has(h3:text-is("avgpool1")) .mark.source').count() == 6, "conv2 reads six maps"
    assert digit.locator('.card:has(h3:text-is("tanh2")) .mark.target').count() == 1


def over(page: Any, share: float) -> dict[str, Any]:
    """A place on the large map; Playwright waits until it stands still."""
    box = page.locator("#large").bounding_box()
    return {"position": {"x": box["width"] * share, "y": box["height"] * share}}


def test_a_click_holds_a_value_and_another_lets_it_go(digit: Any) -> None:
    digit.locator(f"{CONV2} canvas").nth(3).click()
    digit.wait_for_selector("#large + .mark")
    large = digit.locator("#large")
    large.click(**over(digit, 0.35))
    digit.wait_for_selector("#said:has-text('map 3, row 3, column 3:')")
    large.hover(**over(digit, 0.75))
    digit.wait_for_selector("#large + .mark.source")
    assert "row 3, column 3:" in digit.inner_text("#said")
    large.click(**over(digit, 0.75))
    digit.wait_for_selector("#said:has-text('row 7, column 7:')")
    large.click(**over(digit, 0.75))
    digit.wait_for_selector("#large + .mark.loose")
    large.hover(**over(digit, 0.35))
    digit.wait_for_selector("#said:has-text('row 3, column 3:')")


def test_hovering_links_a_value_and_leaving_ends_it(digit: Any) -> None:
    digit.locator('.card:has(h3:text-is("conv1")) canvas').nth(0).hover()
    digit.wait_for_selector("#given .mark.source")
    digit.locator("h1").hover()
    digit.wait_for_selector(".mark", state="detached")


def test_a_layer_shows_all_its_maps_and_leads_to_each(digit: Any) -> None:
    digit.locator('.card:has(h3:text-is("conv3")) button:text("Look closer")').click()
    digit.wait_for_selector("#page:has-text('maps 0 to 63 of 120')")
    digit.click("#after")
    digit.wait_for_selector("#page:has-text('maps 64 to 119 of 120')")
    assert digit.locator("#all button").count() == 56
    digit.locator("#all button").nth(5).click()
    digit.wait_for_selector("#where:has-text('map 69')")
    digit.locator('#where button:text("conv3")').click()
    digit.wait_for_selector("#page:has-text('maps 64 to 119 of 120')")
    digit.locator('#where button:text("Network")').click()
    assert digit.locator("#zoom").is_hidden()


@pytest.mark.parametrize(
    ("method", "said"), [("gradcam", "Grad-CAM"), ("saliency", "saliency"), ("deconvnet", "no ReLU")]
)
def test_an_overlay_follows_the_picture_and_the_label(digit: Any, method: str, said: str) -> None:
    digit.select_option("#method", method)
    digit.wait_for_selector(f"#overlays figcaption:has-text('{said}'):has-text('class 7')")
    digit.select_option("#aim", "3")
    digit.wait_for_selector("#overlays figcaption:has-text('class 3')")
    before = digit.evaluate("document.querySelector('#over').toDataURL()")
    digit.click("#clear")
    settled(digit)
    frame = digit.get_attribute("body", "data-frame")
    digit.wait_for_selector(f"#overlays figure[data-frame='{frame}']")
    assert digit.evaluate("document.querySelector('#over').toDataURL()") != before
    assert digit.locator("#overlays .legend canvas").count() == 1


def test_gradients_flow_back_to_every_map(digit: Any) -> None:
    digit.select_option("#what", "gradients")
    digit.select_option("#right", "4")
    digit.wait_for_selector("#legend:has-text('gradient')")
    with digit.expect_response(lambda answer: "label=5" in answer.url) as sent:
        digit.select_option("#right", "5")
    assert sent.value.ok
    digit.select_option("#what", "values")
    digit.wait_for_selector("#legend:has-text('value')")


def test_mistakes_of_the_reader_are_said(digit: Any) -> None:
    digit.select_option("#aim", "open")
    digit.select_option("#method", "deconvnet")
    digit.wait_for_selector("#overlays figcaption:has-text('choose a map')")
    digit.locator(f"{CONV2} canvas").nth(2).click()
    digit.wait_for_selector("#overlays figcaption:has-text('conv2 unit 2')")


def test_a_filter_is_switched_off_and_one_button_brings_it_back(digit: Any) -> None:
    before = digit.inner_text("#answer")
    digit.locator(f"{CONV2} canvas").nth(3).click()
    digit.wait_for_selector("#said:has-text('=')")
    digit.check("#off")
    digit.wait_for_selector("#touched:has-text('conv2 without 3')")
    digit.wait_for_selector("#said[data-value='0']")
    digit.check("#nobiases")
    digit.wait_for_selector("#touched:has-text('no biases')")
    digit.click("#back")
    digit.wait_for_selector("#touched:has-text('As it was trained')")
    digit.wait_for_selector("#said:not([data-value='0'])")
    settled(digit)
    assert digit.inner_text("#answer") == before
    assert not digit.is_checked("#off")


def test_dropout_is_drawn_as_a_layer_and_stays_with_its_layer(digit: Any) -> None:
    digit.locator('.card:has(h3:text-is("fc1")) button:text("Look closer")').click()
    digit.locator("#dropout").focus()
    digit.keyboard.press("ArrowRight")
    digit.wait_for_selector('.card h3:text-is("fc1.dropout")')
    digit.wait_for_selector("#costs:has-text('Multiply-adds 416,520 → 416,520')")
    assert digit.inner_text("#where").replace("\n", "").endswith("fc1")
    digit.click("#back")
    digit.wait_for_selector('.card h3:text-is("fc1.dropout")', state="detached")


def test_what_is_impossible_is_said_and_not_done(chromium: Any, address: str) -> None:
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    settled(page)
    page.locator(f"{CONV2} canvas").nth(0).click()
    page.fill("#stride", "3")
    page.keyboard.press("Tab")
    page.wait_for_selector("#status:has-text('compute with this change')")
    assert page.input_value("#stride") == "1"
    assert "As it was trained" in page.inner_text("#touched")
    page.close()


def test_the_strongest_patches_of_a_map_are_found(digit: Any) -> None:
    digit.locator(f"{CONV2} canvas").nth(3).click()
    digit.click("#patches button")
    digit.wait_for_selector("#patches .found figure >> nth=8", timeout=120_000)
    digit.wait_for_selector("#patches p:has-text('2,000 test images')")
    assert digit.locator("#patches .legend canvas").count() == 1
    digit.locator(f"{CONV2} canvas").nth(4).click()
    digit.wait_for_selector("#patches .found figure", state="detached")


def test_any_view_is_saved_as_a_picture(digit: Any, tmp_path: Path) -> None:
    digit.locator(f"{CONV2} canvas").nth(3).click()
    digit.wait_for_selector("#said:has-text('=')")
    for view in ("network", "given", "zoom"):
        digit.select_option("#view", view)
        with digit.expect_download() as saved:
            digit.click("#save")
        assert saved.value.suggested_filename == f"lenet5 on mnist {view}.png"
        saved.value.save_as(tmp_path / "view.png")
        with Image.open(tmp_path / "view.png") as image:
            assert min(image.size) > 200
            colours = image.convert("RGB").getcolors(2**24)
            assert colours is not None
            assert len(colours) > 100, "the maps are on it"


def test_the_diagram_is_saved_as_svg(digit: Any, tmp_path: Path) -> None:
    digit.select_option("#view", "diagram")
    with digit.expect_download() as saved:
        digit.click("#save")
    saved.value.save_as(tmp_path / "net.svg")
    assert "conv2" in (tmp_path / "net.svg").read_text()


def test_a_presentation_turns_by_arrow_keys_and_ends(digit: Any) -> None:
    digit.click("#present")
    assert digit.locator("#paper").is_visible()
    assert digit.locator(".card").first.is_hidden()
    for _ in range(2):
        digit.keyboard.press("ArrowRight")
    assert digit.locator(".card:visible").count() == 1
    assert digit.locator(".card:visible h3").inner_text() == "conv1"
    size = digit.locator(".card:visible h3").evaluate("(title) => title.getBoundingClientRect().height")
    digit.keyboard.press("ArrowLeft")
    digit.keyboard.press("ArrowLeft")
    digit.keyboard.press("ArrowLeft")
    assert digit.inner_text("#screen").startswith("1 of ")
    digit.keyboard.press("Escape")
    assert digit.locator(".card:visible").count() == 12
    assert digit.locator("#screen").is_hidden()
    assert size > 1.2 * digit.locator(".card h3").first.evaluate("(title) => title.getBoundingClientRect().height")


def test_filters_grow_along_the_epochs(digit: Any, run: Run) -> None:
    assert run.epochs() == [1]
    digit.locator('.card:has(h3:text-is("conv2")) button:text("Look closer")').click()
    digit.select_option("#maps", "filters")
    digit.wait_for_selector("#page:has-text('filters 0 to 15 of 16')")
    assert digit.get_attribute("#channel", "max") == "5"
    assert digit.inner_text("#epochsaid") == "best weights"
    digit.locator("#epoch").focus()
    digit.keyboard.press("Home")
    digit.wait_for_selector("#epochsaid:has-text('after epoch 1')")
    digit.wait_for_selector("#touched:has-text('weights after epoch 1')")
    digit.click("#back")
    digit.wait_for_selector("#epochsaid:has-text('best weights')")
