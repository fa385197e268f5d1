"""The parts on what may be wrong with the data, where a network looked, and the filters of every layer."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from markupsafe import Markup
from PIL import Image

from striate.report import Report, classes, labels, render
from striate.report.classes import WrongText
from striate.report.heat import heated
from striate.report.hints import DisputedPart, Twins, disputed, duplicates
from striate.report.images import MOST_KERNELS, MOST_LAYERS, MOST_SINGLE, kernel_sheet, planes
from striate.report.labels import WorstImage
from tests.report.classified import Classified
from tests.report.test_document import HOSTILE, Page

GREY = np.zeros((8, 8), np.uint8)


def test_names_are_shown_as_text() -> None:
    twins = [Twins(GREY, GREY, HOSTILE, f'"{HOSTILE}', "test", 0.999, exact=False)]
    sections = (
        duplicates(twins, 30, 0, "10 test images", "images", 0.99),
        disputed([DisputedPart(HOSTILE, Markup("<p>one</p>"))], "images"),
    )
    page = Page(render(Report("a", "b", sections=sections)))
    assert [section["id"] for section in page.all("section")] == ["repeat", "duplicates", "disputed"]
    assert not page.all("script")
    assert page.text.count(HOSTILE) == 3
    assert "The likest 1 pairs." in page.text


def test_the_first_of_several_parts_is_open() -> None:
    parts = [DisputedPart("some", Markup("<p>a</p>")), DisputedPart("others", Markup("<p>b</p>"))]
    assert ["open" in one for one in Page(disputed(parts, "images").body).all("details")] == [True, False]


def test_where_a_network_looked_stands_beside_the_image_with_a_legend(report: Classified) -> None:
    wrong = [replace(report.most_wrong[0], heat=np.zeros((8, 8, 3), np.uint8), note="in 3 epochs")]
    page = Page(classes.most_wrong(wrong, "the test set", 1, heat="CAM, layer relu1").body)
    assert [image["alt"] for image in page.all("img")][1:] == ["where the network looked"]
    assert "(CAM, layer relu1)" in page.text
    assert "in 3 epochs" in page.text
    plain = Page(classes.most_wrong(report.most_wrong, "the test set", 2).body)
    assert "Beside each" not in plain.text
    worst = [WorstImage(GREY, (), (("cat", 0.9, False),), "a.png", np.zeros((8, 8, 3), np.uint8))]
    assert (
        "where the network looked for cat"
        in Page(labels.worst(worst, "a set", "images", "CAM").body).all("img")[1]["alt"]
    )


def test_texts_stand_in_place_of_images() -> None:
    text = WrongText(HOSTILE, "good", (("bad", 0.9), ("good", 0.1)), "mr.txt:3")
    page = Page(str(classes.most_wrong([text], "the test set", 1, "sentences").body))
    assert not page.all("img")
    assert len(page.all("blockquote")) == 1
    assert HOSTILE in page.text


@pytest.mark.parametrize("colours", [(4, 6), (4, 6, 3)])
def test_heat_covers_what_speaks_for_the_class(colours: tuple[int, ...]) -> None:
    heat = np.zeros((4, 6), np.float32)
    heat[1, 2], heat[3, 3] = 2.0, -1.0
    made = heated(np.ones(colours, np.float32), heat)
    assert made.shape == (4, 6, 3)
    assert made[1, 2].sum() == made.sum(2).max()
    assert (made[3, 3] == made[0, 0]).all(), "what speaks against it is left out"


def opened(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))))


def test_deeper_filters_are_one_picture_of_rows_and_columns() -> None:
    filters = np.zeros((2, 3, 2, 2), np.float32)
    filters[1, 2, 0, 1] = -0.5
    sheet = kernel_sheet(filters)
    pixels = opened(sheet.uri)
    assert pixels.shape == (2 * 3, 3 * 3, 2)
    assert pixels[3, 2 * 3 + 1].tolist() == [0, 255], "the smallest weight is black"
    assert pixels[0, 0].tolist() == [128, 255]
    assert pixels[2, 0, 1] == 0, "gaps let the page through"
    assert (sheet.said, sheet.extent, sheet.width) == ("2 filters of 3 x 2x2", 0.5, 9)


@pytest.mark.parametrize(("kernel", "most"), [(3, MOST_KERNELS), (1, MOST_SINGLE)])
def test_many_filters_are_cut_and_that_is_said(kernel: int, most: int) -> None:
    sheet = kernel_sheet(np.ones((100, 90, kernel, kernel), np.float32))
    assert sheet.said.endswith(f", of which {most} x {most} are shown")
    assert len(opened(sheet.uri)) == most * (kernel + (kernel > 1))


def test_sequences_have_a_row_and_volumes_their_middle() -> None:
    assert planes(np.zeros((4, 3, 5), np.float32)).shape == (4, 3, 1, 5)
    volume = np.arange(2 * 3 * 5 * 2 * 2, dtype=np.float32).reshape(2, 3, 5, 2, 2)
    assert (planes(volume) == volume[:, :, 2]).all()


def test_every_convolution_has_its_filters_up_to_a_limit(report: Classified) -> None:
    layers = {f"conv{n}": np.ones((2, 2, 3, 3), np.float32) for n in range(MOST_LAYERS + 3)}
    page = Page(render(replace(report.report(), filters=layers)))
    assert (
        f"The filters of {MOST_LAYERS + 2} more convolutions, of which the first {MOST_LAYERS} are shown" in page.text
    )
    assert "conv1" in page.text
    single = {"conv1": np.ones((2, 2, 1, 1), np.float32)}
    assert "The filters of 1 convolution" in " ".join(
        Page(render(replace(report.report(), filters=single))).text.split()
    )
