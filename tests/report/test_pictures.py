"""The drawings say what the numbers say."""

import base64
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from striate import report
from striate.metrics import Calibration
from striate.report.pictures import (
    confusion_map,
    curves,
    learning_rate_curve,
    reliability_diagram,
    worst_share,
)
from striate.report.svg import TRAIN, VARIABLES, inline_svg, printable


def words(svg: str) -> list[str]:
    """The texts of a drawing, in order."""
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("text")]


def test_curves_are_named_and_the_best_epoch_is_marked() -> None:
    history = [{"epoch": e, "train_accuracy": 0.5 + 0.1 * e, "validation_accuracy": 0.6} for e in (1, 2, 3)]
    assert {"train", "validation", "kept: epoch 3", "accuracy", "epoch"} <= set(words(curves(history, 3, "accuracy")))


def test_curves_leave_out_what_was_not_measured() -> None:
    history = [{"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": float("inf")}]
    texts = words(curves(history, 7, "loss"))
    assert "train" in texts
    assert "validation" not in texts
    assert not [text for text in texts if text.startswith("best")]
    assert words(curves(history, 7, "accuracy"))  # nothing at all: an empty pair of axes, no failure


def test_loss_over_more_than_a_decade_is_drawn_on_a_logarithmic_scale() -> None:
    steep = [{"epoch": 1, "train_loss": 1.0}, {"epoch": 2, "train_loss": 0.01}]
    flat = [{"epoch": 1, "train_loss": 1.0}, {"epoch": 2, "train_loss": 0.5}]
    assert "loss (logarithmic scale)" in words(curves(steep, 2, "loss"))
    assert "loss" in words(curves(flat, 2, "loss"))
    assert not [text for text in words(curves(steep, 2, "loss")) if "$" in text]


def test_epochs_are_whole_numbers_even_when_there_is_one() -> None:
    texts = words(learning_rate_curve([{"epoch": 1, "learning_rate": 0.1}]))
    assert "1" in texts
    assert not [text for text in texts if text.startswith("1.")]


def test_the_rate_is_drawn_from_each_epoch_s_first_step_to_its_last() -> None:
    def points(history: list[dict[str, float]]) -> int:
        lines = re.findall(
            r'<path d="([^"]*)"[^>]*style="fill: none; stroke: var\(--soft\)', learning_rate_curve(history)
        )
        return max(len(re.findall("[ML]", line)) for line in lines)

    rates = [{"epoch": e, "first_rate": 0.1 * e, "learning_rate": 0.1 * e + 0.05} for e in (1, 2, 3)]
    assert points(rates) == 6
    assert points([{"epoch": row["epoch"], "learning_rate": row["learning_rate"]} for row in rates]) == 3, "old runs"


def test_confusion_map_names_the_classes_and_counts_up_to_25() -> None:
    confusion = np.diag(np.arange(1000, 1025)).astype(np.int64)
    confusion[3, 4] = 7
    texts = words(confusion_map(confusion, [f"kind {k}" for k in range(25)]))
    assert texts.count("kind 24") == 2
    assert {"1000", "1024", "7"} <= set(texts)
    assert "0" not in texts


def test_confusion_map_of_many_classes_has_no_counts() -> None:
    confusion = np.diag(np.arange(1000, 1026)).astype(np.int64)
    texts = words(confusion_map(confusion, [f"kind {k}" for k in range(26)]))
    assert not [text for text in texts if text.startswith(("kind", "1000", "1025"))]
    assert "predicted class" in texts


def test_worst_share_is_of_the_row_and_skips_the_diagonal() -> None:
    confusion = np.array([[90, 10, 0], [3, 3, 4], [0, 0, 0]])
    assert worst_share(confusion) == pytest.approx(0.4)
    assert worst_share(np.diag([3, 4])) == 0


def test_reliability_diagram_draws_one_bin_or_all() -> None:
    one = Calibration(0.1, np.array([np.nan, 0.9]), np.array([np.nan, 0.8]), np.array([0, 50]))
    both = Calibration(0.1, np.array([0.4, 0.9]), np.array([0.5, 0.8]), np.array([3, 50]))
    for calibration in (one, both):
        assert {"accuracy", "gap to confidence", "perfectly calibrated"} <= set(words(reliability_diagram(calibration)))
    assert "10.00 percentage points" in reliability_diagram(one)


def test_svg_ids_carry_the_drawings_name() -> None:
    def draw(figure: object) -> None:
        figure.subplots().plot([0, 1], marker="o", color=TRAIN)  # type: ignore[attr-defined]

    root = ElementTree.fromstring(inline_svg(draw, (2, 2), "mine", "a line"))
    ids = [element.get("id", "mine-") for element in root.iter()]
    assert all(name.startswith("mine-") for name in ids)
    used = [element.get("href", "") for element in root.iter("use")]
    assert used
    assert all(reference.removeprefix("#") in ids for reference in used)


def test_printable_keeps_short_names_and_cuts_long_ones() -> None:
    assert printable("cat") == "cat"
    assert printable("a" * 20) == "a" * 20
    assert printable("a" * 21) == "a" * 19 + "…"
    assert printable("a\x00\udcffb") == "a��b"


def test_a_colour_that_is_not_the_page_s_is_our_bug() -> None:
    with pytest.raises(AssertionError, match="#123456 is no colour of the page"):
        inline_svg(lambda figure: figure.subplots().plot([0, 1], color="#123456") and None, (2, 2), "mine", "a line")


def test_the_light_page_has_the_colours_that_were_drawn() -> None:
    style = (Path(report.__file__).parent / "report.css").read_text().split("@media")[0]
    for colour, name in VARIABLES.items():
        if name not in ("ink", "soft", "card"):  # the page's own, a shade apart
            assert f"--{name}: {colour};" in style


def test_cells_are_see_through_where_nothing_is() -> None:
    """A white cell would be a lamp on a dark page."""
    svg = confusion_map(np.array([[9, 1], [0, 0]]), ["a", "b"])
    image = re.search('href="data:image/png;base64,([^"]*)"', svg)
    assert image
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(image[1].replace("\n", "")))))
    assert pixels.shape[2] == 4
    assert pixels[-1, 0, 3] == pixels[-1, -1, 3] == 0
    assert pixels[0, 0, 3] > 150
