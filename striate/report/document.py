"""A report as one HTML document that opens from disk: no network, no other file, no script.

>>> most_confused(np.array([[5, 2], [1, 7]]), ("cat", "dog"))[0]
ConfusedPair(true_class='cat', predicted_class='dog', count=2, share=0.2857142857142857)
"""

import math
from dataclasses import dataclass

import jinja2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.metrics import Calibration
from striate.report.content import Report
from striate.report.images import data_uri, filter_sheet
from striate.report.pictures import (
    FEW_IMAGES,
    MOST_CLASSES_WITH_COUNTS,
    confusion_map,
    curves,
    learning_rate_curve,
    reliability_diagram,
    worst_share,
)

MOST_PAIRS = 20
MANY_CLASSES = 10  # more classes do not fit a phone: their matrix scrolls and is not reduced
_PERCENT = "{:.2%}".format
HISTORY_FORMATS = {
    "epoch": "{:.0f}",
    "train_loss": "{:.4f}",
    "validation_loss": "{:.4f}",
    "train_accuracy": "{:.2%}",
    "validation_accuracy": "{:.2%}",
    "first_rate": "{:.3g}",
    "learning_rate": "{:.3g}",
    "images_per_second": "{:,.0f}",
    "seconds": "{:.1f}",
}
HISTORY_NAMES = {"first_rate": "rate at start", "learning_rate": "rate at end"}


@dataclass(frozen=True)
class ConfusedPair:
    """How often one class is taken for another: a count, and its share of the true class, 0 to 1."""

    true_class: str
    predicted_class: str
    count: int
    share: float


def render(report: Report) -> str:
    """The report as one self-contained HTML document; equal reports give equal text."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("striate.report", "."),
        autoescape=True,  # class names and file names come from anywhere
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _PERCENT, "share": "{:.1%}".format, "cell": _cell, "data_uri": data_uri}
    text = environment.get_template("report.html").render(
        report=report,
        score=report.score,
        num_wrong=report.score.examples - report.score.right,
        history_table=_history_table(report),
        confused=most_confused(report.confusion, report.classes),
        calibration_words=_calibration_words(report.calibration),
        calibration_table=_calibration_table(report.calibration),
        filters=None if report.filters is None else filter_sheet(report.filters),
        totals={column: _total(report, column) for column in ("parameters", "macs")},
        curves=_curves(report) if report.history else (),
        sections=_sections(report),
        worst_share=worst_share(report.confusion),
        confusion_map=confusion_map(report.confusion, report.classes),
        reliability_diagram=reliability_diagram(report.calibration),
        most_classes_with_counts=MOST_CLASSES_WITH_COUNTS,
        few_images=FEW_IMAGES,
        many_classes=MANY_CLASSES,
    )
    # A file name that is not valid UTF-8 holds lone surrogates, which no page can be written with.
    return text.encode("utf-8", "replace").decode("utf-8")


def most_confused(confusion: NDArray[np.int64], classes: tuple[str, ...]) -> tuple[ConfusedPair, ...]:
    """The (at most 20) pairs of classes with the most mistakes, most first; pairs without a mistake are left out.

    Args:
        confusion: counts of shape (K, K): row = true class, column = predicted class.
        classes: the K names.
    """
    mistakes = confusion * (1 - np.eye(len(confusion), dtype=np.int64))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:MOST_PAIRS]
    pairs = [divmod(int(place), len(confusion)) for place in order]
    return tuple(
        ConfusedPair(classes[true], classes[predicted], count, count / int(confusion[true].sum()))
        for true, predicted in pairs
        if (count := int(mistakes[true, predicted]))
    )


def _sections(report: Report) -> dict[str, str]:
    """The page's sections in order, as its contents name them; empty sections are left out."""
    parts: dict[str, tuple[str, object]] = {
        "repeat": ("How to repeat", True),
        "verdict": ("Verdict", report.verdict),
        "decisions": ("Decisions", report.decisions or report.left_out),
        "curves": ("Learning curves", report.history),
        "confusion": ("Confusions", True),
        "classes": ("Classes", True),
        "calibration": ("Calibration", True),
        "wrong": ("Most wrong", report.most_wrong),
        "cost": ("Cost", report.cost),
        "filters": ("Filters", report.filters is not None),
        "network": ("Network", report.network),
    }
    return {anchor: name for anchor, (name, content) in parts.items() if content}


def _curves(report: Report) -> tuple[Markup, ...]:
    loss, accuracy = (curves(report.history, report.best_epoch, quantity) for quantity in ("loss", "accuracy"))
    return loss, accuracy, learning_rate_curve(report.history)


def _history_table(report: Report) -> tuple[tuple[str, ...], ...]:
    """A row of column names, then a row per epoch; columns that were never measured are left out."""
    columns = [column for column in HISTORY_FORMATS if any(column in row for row in report.history)]
    names = tuple(HISTORY_NAMES.get(column, column.replace("_", " ")) for column in columns)
    rows = [
        tuple(
            HISTORY_FORMATS[column].format(row[column]) if math.isfinite(row.get(column, math.nan)) else "–"
            for column in columns
        )
        for row in report.history
    ]
    return (names, *rows)


def _calibration_words(calibration: Calibration) -> str:
    filled = calibration.count > 0
    weights = calibration.count[filled] / calibration.count.sum()
    confidence = float(weights @ calibration.confidence[filled])
    accuracy = float(weights @ calibration.accuracy[filled])
    points = 100 * (confidence - accuracy)
    if abs(points) < 0.005:
        judgement = "as sure as it should be"
    else:
        judgement = f"{'over' if points > 0 else 'under'}confident by {abs(points):.2f} percentage points"
    return f"On average it is {_PERCENT(confidence)} sure and {_PERCENT(accuracy)} right: {judgement}."


def _calibration_table(calibration: Calibration) -> tuple[tuple[str, ...], ...]:
    """A row per bin that holds an image: its range, images, mean confidence and accuracy."""
    num_bins = len(calibration.count)
    return tuple(
        (
            f"{_PERCENT(place / num_bins)} to {_PERCENT((place + 1) / num_bins)}",
            f"{calibration.count[place]:,}",
            _PERCENT(calibration.confidence[place]),
            _PERCENT(calibration.accuracy[place]),
        )
        for place in np.flatnonzero(calibration.count)
    )


def _total(report: Report, column: str) -> int:
    values = [row.get(column) for row in report.cost]
    return sum(int(value) for value in values if isinstance(value, (int, np.integer)))


def _cell(value: object) -> str:
    """A table cell: numbers with thousands separators, a dash for what does not apply."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, (int, np.integer)) else str(value)
