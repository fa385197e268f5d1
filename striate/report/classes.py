"""The parts of a report on examples that have one class each.

>>> most_confused(np.array([[5, 2], [1, 7]]), ("cat", "dog"))[0]
ConfusedPair(true_class='cat', predicted_class='dog', count=2, share=0.2857142857142857)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.metrics import Calibration, ClassScore, Score
from striate.report.pictures import (
    FEW_IMAGES,
    MOST_CLASSES_WITH_COUNTS,
    confusion_map,
    reliability_diagram,
    worst_share,
)
from striate.report.section import PERCENT, Section, part

TEMPLATE = "classes.html"
MOST_PAIRS = 20
MANY_CLASSES = 10  # more classes do not fit a phone: their matrix scrolls and is not reduced


@dataclass(frozen=True, eq=False)
class WrongImage:
    """One image that the network got wrong.

    Attributes:
        image: grey values of shape (H, W) or colours of shape (H, W, 3), uint8.
        true_class: what it is.
        top: the most probable classes with their probabilities, most probable first; usually three.
        name: where to find it: a file name, or its number in the set.
        heat: what the network read with the places that decided, (H, W, 3), uint8; None where there is none.
        note: what else there is to say.
    """

    image: NDArray[np.uint8]
    true_class: str
    top: tuple[tuple[str, float], ...]
    name: str
    heat: NDArray[np.uint8] | None = None
    note: str = ""


@dataclass(frozen=True)
class WrongText:
    """One text that the network got wrong; attributes as for `WrongImage`."""

    text: str
    true_class: str
    top: tuple[tuple[str, float], ...]
    name: str
    note: str = ""


Wrong = Sequence[WrongImage] | Sequence[WrongText]


@dataclass(frozen=True)
class ConfusedPair:
    """How often one class is taken for another: a count, and its share of the true class, 0 to 1."""

    true_class: str
    predicted_class: str
    count: int
    share: float


def headline(score: Score, evaluated: str, unit: str = "images") -> Markup:
    """The first lines of a page: how many are right, and what chance and guessing would do.

    Args:
        score: The accuracy, with interval, largest class and balanced accuracy.
        evaluated: The set on which all figures are measured: "the test set (10,000 images)".
        unit: What its examples are called.
    """
    return part(TEMPLATE, "headline", score=score, evaluated=evaluated, unit=unit)


def confusions(confusion: NDArray[np.int64], classes: tuple[str, ...], evaluated: str, unit: str = "images") -> Section:
    """What is taken for what.

    Args:
        confusion: Counts of shape (K, K): row = true class, column = predicted class; at least one.
        classes: The K names.
        evaluated: As for `headline`.
        unit: As for `headline`.
    """
    assert confusion.shape == (len(classes), len(classes)), f"{confusion.shape}, {len(classes)} classes"
    assert confusion.sum() > 0, "the figures of a report are on at least one example"
    body = part(
        TEMPLATE,
        "confusion",
        map=confusion_map(confusion, classes),
        classes=classes,
        evaluated=evaluated,
        unit=unit,
        confused=most_confused(confusion, classes),
        worst_share=worst_share(confusion),
        many_classes=MANY_CLASSES,
        most_classes_with_counts=MOST_CLASSES_WITH_COUNTS,
    )
    return Section("confusion", "Confusions", body)


def table(
    per_class: Sequence[ClassScore],
    classes: tuple[str, ...],
    counts: Mapping[str, tuple[int, ...]],
    evaluated: str,
    unit: str = "images",
) -> Section:
    """Class by class.

    Args:
        per_class: One score per class, in the order of `classes`.
        classes: The K names.
        counts: Examples of each class, K numbers, by part: "training", "validation", "test".
        evaluated: As for `headline`.
        unit: As for `headline`.
    """
    assert len(per_class) == len(classes), f"{len(per_class)} scores, {len(classes)} classes"
    assert all(len(count) == len(classes) for count in counts.values()), "one count per class"
    body = part(TEMPLATE, "table", per_class=per_class, classes=classes, counts=counts, evaluated=evaluated, unit=unit)
    return Section("classes", "Classes", body)


def calibration(measured: Calibration, evaluated: str, unit: str = "images") -> Section:
    """Confidence against accuracy; arguments as for `headline`."""
    body = part(
        TEMPLATE,
        "calibration",
        calibration=measured,
        diagram=reliability_diagram(measured),
        words=_calibration_words(measured),
        rows=_calibration_table(measured),
        evaluated=evaluated,
        unit=unit,
        few_images=FEW_IMAGES,
    )
    return Section("calibration", "Calibration", body)


def most_wrong(wrong: Wrong, evaluated: str, num_wrong: int, unit: str = "images", heat: str = "") -> Section:
    """The surest mistakes, surest first, of `num_wrong`; `heat` says how the places that decided were found."""
    about = {"count": len(wrong), "evaluated": evaluated, "num_wrong": num_wrong, "unit": unit}
    body = part(TEMPLATE, "wrong", listed=listed(wrong, heat), **about)
    return Section("wrong", "Most wrong", body)


def listed(wrong: Wrong, heat: str = "") -> Markup:
    """Examples side by side, each with its class and the most probable ones; `heat` as for `most_wrong`."""
    macro = "texts" if wrong and isinstance(wrong[0], WrongText) else "images"
    return part(TEMPLATE, macro, wrong=wrong) + part("heat.html", "legend", heat=heat)


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
    return f"On average it is {PERCENT(confidence)} sure and {PERCENT(accuracy)} right: {judgement}."


def _calibration_table(calibration: Calibration) -> tuple[tuple[str, ...], ...]:
    """A row per bin that holds an image: its range, images, mean confidence and accuracy."""
    num_bins = len(calibration.count)
    return tuple(
        (
            f"{PERCENT(place / num_bins)} to {PERCENT((place + 1) / num_bins)}",
            f"{calibration.count[place]:,}",
            PERCENT(calibration.confidence[place]),
            PERCENT(calibration.accuracy[place]),
        )
        for place in np.flatnonzero(calibration.count)
    )
