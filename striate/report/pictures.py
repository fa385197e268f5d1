"""The drawings of a report: learning curves, confusion matrix, reliability diagram.

>>> svg = curves(({"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": 0.25}), 2, "loss")
>>> "kept: epoch 2" in svg
True
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, PercentFormatter
from numpy.typing import NDArray

from striate.metrics import Calibration
from striate.report.svg import (
    AXIS,
    BIN,
    CARD,
    ERROR,
    GRID,
    INK,
    MARK,
    ON_COLOUR,
    SOFT,
    TRAIN,
    VALIDATION,
    inline_svg,
    printable,
)

History = Sequence[Mapping[str, float]]

RIGHT, WRONG = np.array([0.12, 0.32, 0.69]), np.array([0.73, 0.11, 0.11])  # red, green, blue
CURVE_SIZE = (4.2, 3.1)  # inches; three stand side by side
MOST_MARKED = 30  # most points of a line that each get a marker
STRONG = 0.6  # strength of a colour on which white letters can be read
MOST_CLASSES_WITH_COUNTS = 25
FEW_IMAGES = 10  # fewer images in a bin say little: one more or less moves its accuracy by a tenth


def curves(history: History, best_epoch: int, quantity: str, share: bool = False) -> Markup:
    """Train against validation over the epochs.

    Args:
        history: one mapping per epoch; see `Report.history`.
        best_epoch: marked with a line, when it is among the epochs.
        quantity: "loss", "accuracy": what follows "train_" and "validation_" in the history.
        share: whether it is a fraction from 0 to 1.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        _lines(axes, history, [(f"train_{quantity}", TRAIN, "o"), (f"validation_{quantity}", VALIDATION, "s")])
        if any(row["epoch"] == best_epoch for row in history):
            axes.axvline(best_epoch, color=MARK, linestyle="--", linewidth=1, label=f"kept: epoch {best_epoch}")
        axes.set_title(quantity.replace("_", " "))
        axes.set_xlabel("epoch")
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
        if share:
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        elif quantity == "loss" and _spans_decades(history):
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
            axes.set_title("loss (logarithmic scale)")

    description = f"Curves of training and validation {quantity} over {len(history)} epochs"
    return inline_svg(draw, CURVE_SIZE, f"{quantity}-curve", description)


def learning_rate_curve(history: History) -> Markup:
    """The learning rate over the epochs: each from its first step's to its last step's, where both are known."""
    points = [
        (row["epoch"] - share, row[rate])
        for row in history
        for share, rate in ((1.0, "first_rate"), (0.0, "learning_rate"))
        if rate in row
    ]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        size = 3 if len(points) <= MOST_MARKED else 0
        axes.plot(*zip(*points, strict=True), color=SOFT, marker="o", markersize=size)
        axes.set_title("learning rate")
        axes.set_xlabel("epochs done")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))

    return inline_svg(draw, CURVE_SIZE, "rate-curve", f"Learning rate over {len(history)} epochs")


def confusion_map(confusion: NDArray[np.int64], classes: Sequence[str]) -> Markup:
    """Rows of true classes, columns of predicted ones; the numbers are shown up to 25 classes.

    Args:
        confusion: counts, shape (K, K).
        classes: the K names.
    """
    num_classes = len(classes)
    colours = _confusion_colours(confusion)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.imshow(colours, interpolation="none")
        axes.grid(False)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        if num_classes <= MOST_CLASSES_WITH_COUNTS:
            _name_cells(axes, confusion, colours, classes)
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))

    side = 2.2 + 0.42 * max(num_classes, 4) if num_classes <= MOST_CLASSES_WITH_COUNTS else 6.6
    description = f"Confusion matrix of {num_classes} classes: {confusion.trace():,} of {confusion.sum():,} right"
    return inline_svg(draw, (side, side), "confusion", description)


def reliability_diagram(calibration: Calibration) -> Markup:
    """Accuracy against confidence in bins, the gap between them, and how many images each bin holds."""
    num_bins = len(calibration.count)
    filled = calibration.count > 0
    centres = ((np.arange(num_bins) + 0.5) / num_bins)[filled]
    confidence, accuracy = calibration.confidence[filled], calibration.accuracy[filled]
    share = calibration.count[filled] / calibration.count.sum()
    strength = np.where(calibration.count[filled] < FEW_IMAGES, 0.3, 1.0)

    def draw(figure: Figure) -> None:
        upper, lower = figure.subplots(2, height_ratios=(3, 1), sharex=True)
        blue, red = [[(colour, alpha) for alpha in strength] for colour in (BIN, ERROR)]
        upper.bar(centres, accuracy, 1 / num_bins, color=blue, edgecolor=CARD)
        upper.bar(centres, confidence - accuracy, 0.4 / num_bins, accuracy, color=red)
        (ideal,) = upper.plot([0, 1], [0, 1], color=MARK, linestyle="--", linewidth=1)
        upper.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
        upper.yaxis.set_major_formatter(PercentFormatter(1.0))
        meanings = {
            "perfectly calibrated": ideal,
            "accuracy": Patch(color=BIN),
            "gap to confidence": Patch(color=ERROR),
        }
        upper.legend(meanings.values(), meanings.keys(), loc="upper left")
        lower.bar(centres, share, 1 / num_bins, color=AXIS, edgecolor=CARD)
        lower.set(xlabel="confidence (probability of the predicted class)", ylabel="images")
        lower.xaxis.set_major_formatter(PercentFormatter(1.0))
        lower.yaxis.set_major_formatter(PercentFormatter(1.0))

    error = f"expected calibration error {100 * calibration.expected_error:.2f} percentage points"
    return inline_svg(draw, (5.6, 4.8), "reliability", f"Reliability diagram: {error}")


def _lines(axes: Axes, history: History, columns: Sequence[tuple[str, str, str]]) -> None:
    """One line per (column, colour, marker) that holds at least one number."""
    epochs = [row["epoch"] for row in history]
    for column, colour, marker in columns:
        values = np.array([row.get(column, math.nan) for row in history])
        values[~np.isfinite(values)] = math.nan
        if not np.isnan(values).all():
            size = 4 if len(epochs) <= MOST_MARKED else 0
            label = column.split("_")[0]
            axes.plot(epochs, values, color=colour, marker=marker, markersize=size, label=label)
    axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _spans_decades(history: History) -> bool:
    losses = [row[key] for row in history for key in ("train_loss", "validation_loss") if key in row]
    positive = [loss for loss in losses if 0 < loss < math.inf]
    return bool(positive) and max(positive) > 20 * min(positive)


def worst_share(confusion: NDArray[np.int64]) -> float:
    """The largest share that one kind of mistake has in its row, 0 to 1: what full red stands for."""
    return float(_mistakes(_share(confusion)).max())


def _share(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1))


def _mistakes(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(share * (1 - np.eye(len(share))))


def _confusion_colours(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """RGBA of shape (K, K, 4) over the page's own ground: blue by the share of the row, red for mistakes.

    A good network's mistakes are a few in a thousand: on the scale of the right ones none would be visible,
    so the worst mistake is full red. A square root keeps small ones visible beside it.
    """
    share = _share(confusion)
    strength = np.sqrt(_mistakes(share) / (worst_share(confusion) or 1))
    on_diagonal = np.eye(len(share), dtype=bool)
    depth = np.where(on_diagonal, 0.85 * share, 0.9 * strength)
    return np.concatenate([np.where(on_diagonal[:, :, None], RIGHT, WRONG), depth[:, :, None]], axis=2)


def _name_cells(axes: Axes, confusion: NDArray[np.int64], colours: NDArray[np.float64], classes: Sequence[str]) -> None:
    names = [printable(name) for name in classes]
    rotation = 0 if max(map(len, names)) <= 3 else 90
    axes.set_xticks(range(len(names)), names, rotation=rotation)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.spines[:].set(visible=True, color=GRID)
    edges = np.arange(1, len(names)) - 0.5
    axes.vlines(edges, -0.5, len(names) - 0.5, color=GRID, linewidth=1)
    axes.hlines(edges, -0.5, len(names) - 0.5, color=GRID, linewidth=1)
    for (row, column), count in np.ndenumerate(confusion):
        if count:
            ink = ON_COLOUR if colours[row, column, 3] > STRONG else INK
            axes.text(column, row, str(count), ha="center", va="center", color=ink, fontsize=8)
