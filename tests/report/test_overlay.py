"""Masks over images pixel by pixel, and label files that are read again as the same classes."""

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from striate.data.masks import distinct_colours, find, read_mask, voc_colours
from striate.report import overlay as module
from striate.report.overlay import (
    WRONG,
    LegendRow,
    differing,
    label_png,
    legend,
    outlines,
    overlay,
    overlay_png,
    with_legend,
    write_labels,
    write_overlay,
    wrong_row,
)

GREY = np.full((1, 3, 3), 100, np.uint8)
MASK = np.array([[0, 1, 1], [0, 2, 255], [0, 2, 2]], np.uint8)
COLOURS = ((0, 0, 0), (200, 0, 0), (0, 0, 255))


def test_each_class_has_its_colour_and_the_rest_is_clear() -> None:
    picture = overlay(GREY, MASK, COLOURS, alpha=0.5)
    assert picture.dtype == np.uint8
    assert (picture[(MASK == 0) | (MASK == 255)] == 100).all()
    assert (picture[MASK == 1] == (150, 50, 50)).all()
    assert (picture[MASK == 2] == (50, 50, 178)).all()
    assert (overlay(GREY, MASK, COLOURS, alpha=1, clear=())[MASK == 0] == 0).all()


def test_colour_images_keep_their_colours() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
    assert np.array_equal(overlay(image, np.zeros((4, 5), np.uint8), COLOURS), image.transpose(1, 2, 0))


def test_wrong_areas_are_outlined_and_ignored_ones_are_not() -> None:
    true, called = np.zeros((7, 7), np.uint8), np.zeros((7, 7), np.uint8)
    called[1:6, 1:6] = 1
    true[1, 1] = 255
    picture = differing(np.zeros((1, 7, 7), np.uint8), true, called, COLOURS, alpha=1)
    marked = (picture == WRONG).all(axis=2)
    assert marked.sum() == 15  # the ring of 5x5 without its ignored corner
    assert not marked[1, 1]
    assert not marked[3, 3]
    assert (picture[3, 3] == COLOURS[1]).all()
    assert wrong_row(true, called).said() == "wrong, outlined 50.0%"


@given(hnp.arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_outlines_are_pixels_with_a_neighbour_outside(area: NDArray[np.bool_]) -> None:
    got = outlines(area)
    for (y, x), inside in np.ndenumerate(area):
        around = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        near = [area[a, b] for a, b in around if 0 <= a < area.shape[0] and 0 <= b < area.shape[1]]
        assert got[y, x] == (inside and not all(near))


def test_the_legend_has_the_classes_that_occur_the_largest_first() -> None:
    rows = legend(MASK, ("sky", "cat", "dog", "cow"), (*COLOURS, (1, 2, 3)))
    assert rows == (
        LegendRow("sky", None, 3 / 8),
        LegendRow("dog", (0, 0, 255), 3 / 8),
        LegendRow("cat", (200, 0, 0), 2 / 8),
    )
    assert rows[0].said() == "sky 37.5%"


def test_small_pictures_are_enlarged_and_the_legend_is_below() -> None:
    rows = [LegendRow(f"class {k}", (200, 0, 0), 0.1) for k in range(8)]
    picture = with_legend(np.zeros((10, 100, 3), np.uint8), rows)
    assert picture.shape[1] == 300
    assert not picture[:30].any()
    assert (picture[30:] == (200, 0, 0)).all(axis=2).any()
    assert with_legend(np.zeros((10, 600, 3), np.uint8), rows).shape[0] < picture.shape[0]


@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.sampled_from((0, 1, 2, 20, 255)))
)
def test_a_label_file_holds_positions(mask: NDArray[np.uint8]) -> None:
    image = Image.open(io.BytesIO(label_png(mask, voc_colours(21))))
    assert image.mode == "P"
    assert np.array_equal(np.asarray(image), mask)
    colours = np.asarray(image.convert("RGB"))
    assert (colours[mask == 1] == (128, 0, 0)).all()
    assert (colours[mask == 255] == (224, 224, 192)).all()


def test_label_files_are_found_and_read_again(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    Image.fromarray(GREY[0]).save(tmp_path / "images/a.png")
    write_labels(tmp_path / "masks/a.png", MASK, COLOURS)
    found = find(tmp_path)
    assert found is not None
    assert found.coding.colours == COLOURS
    assert found.coding.ignored == (255,)
    assert np.array_equal(read_mask(found.pairs[0], found.coding), MASK)


def test_an_overlay_is_written_as_png(tmp_path: Path) -> None:
    write_overlay(tmp_path / "a.png", GREY, MASK, ("sky", "cat", "dog"), COLOURS)
    with Image.open(tmp_path / "a.png") as image:
        assert (image.format, image.mode, image.width) == ("PNG", "RGB", 258)
    assert (tmp_path / "a.png").read_bytes() == overlay_png(GREY, MASK, ("sky", "cat", "dog"), COLOURS)


@pytest.mark.parametrize("colours", [distinct_colours, voc_colours])
@pytest.mark.parametrize("count", [2, 8, 9, 40, 255])
def test_the_colours_of_classes_differ(colours: Callable[[int], tuple[tuple[int, int, int], ...]], count: int) -> None:
    found = colours(count)
    assert len(set(found)) == len(found) == count
    assert WRONG not in found


@pytest.mark.parametrize("at_once", [1, 700, 10**9])
def test_a_picture_is_the_same_however_much_is_blended_at_once(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    chance = np.random.default_rng(0)
    image, mask = chance.integers(0, 255, (3, 40, 33), np.uint8), chance.integers(0, 3, (40, 33), np.uint8)
    whole = overlay(image, mask, COLOURS)
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    assert np.array_equal(overlay(image, mask, COLOURS), whole)


def test_a_large_picture_takes_little_more_memory_than_itself() -> None:
    image, mask = np.zeros((1, 3000, 4000), np.uint8), np.ones((3000, 4000), np.uint8)
    tracemalloc.start()
    picture = overlay(image, mask, COLOURS)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2.5 * picture.nbytes
