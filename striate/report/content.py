"""What a report says: the facts and figures of one training run, which are computed elsewhere.

>>> WrongImage(np.zeros((2, 2), np.uint8), "cat", (("dog", 0.9), ("cat", 0.1)), "pets/cat/7.png").top[0][0]
'dog'
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from striate.metrics import Calibration, ClassScore, Score


@dataclass(frozen=True, eq=False)
class WrongImage:
    """One image that the network got wrong.

    Attributes:
        image: grey values of shape (H, W) or colours of shape (H, W, 3), uint8.
        true_class: what it is.
        top: the most probable classes with their probabilities, most probable first; usually three.
        name: where to find it: a file name, or its number in the set.
    """

    image: NDArray[np.uint8]
    true_class: str
    top: tuple[tuple[str, float], ...]
    name: str


@dataclass(frozen=True, eq=False)
class Report:
    """All that `render` shows. Names and file names are shown as text, whatever characters they hold.

    Attributes that a test on other data lacks (from `network` on) may be left out; their sections are then omitted.

    Attributes:
        title: for example "lenet5 on mnist".
        command: the exact command that repeats the run.
        facts: rows of (name, value): parameters, MACs, epochs, seconds, engine, device, versions.
        classes: the K class names, in the order of the network's outputs.
        evaluated: the set on which all figures below are measured: "the test set (10,000 images)".
        score: its accuracy, with interval, largest class and balanced accuracy.
        confusion: counts of shape (K, K): row = true class, column = predicted class.
        per_class: one score per class, in the order of `classes`.
        calibration: confidence against accuracy.
        most_wrong: the surest mistakes, surest first; empty when every image is right.
        network: the network's text.
        decisions: what defaults decided, one line each.
        verdict: sentences: does it underfit or overfit, and then what to try.
        history: one mapping per epoch with `epoch`, `train_loss`, `train_accuracy`, `validation_loss`,
            `validation_accuracy`, `first_rate`, `learning_rate` (of its first and its last step),
            `images_per_second`, `seconds`; what was not measured is left out or NaN. Accuracies are
            fractions from 0 to 1.
        best_epoch: the epoch whose weights were kept.
        counts: images of each class, K numbers, by part: "training", "validation", "test".
        filters: weights of the first layer's filters, shape (F, C, kh, kw), or None.
        cost: one row per layer with `name`, `layer`, `output`, `parameters`, `macs`, `receptive_field`; no weight is
            in two rows, so the totals are the sums. None stands for what does not apply.
        left_out: (path, kind and reason) of each file that was found among the images and not read.
    """

    title: str
    command: str
    facts: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]
    evaluated: str
    score: Score
    confusion: NDArray[np.int64]
    per_class: tuple[ClassScore, ...]
    calibration: Calibration
    most_wrong: tuple[WrongImage, ...]
    network: str = ""
    decisions: tuple[str, ...] = ()
    verdict: tuple[str, ...] = ()
    history: tuple[Mapping[str, float], ...] = ()
    best_epoch: int = 0
    counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    filters: NDArray[np.float32] | None = None
    cost: tuple[Mapping[str, object], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        num_classes = len(self.classes)
        assert self.confusion.shape == (num_classes, num_classes), f"{self.confusion.shape}, {num_classes} classes"
        assert self.confusion.sum() > 0, "the figures of a report are on at least one image"
        assert len(self.per_class) == num_classes, f"{len(self.per_class)} scores, {num_classes} classes"
        assert all(len(counts) == num_classes for counts in self.counts.values()), "one count per class"
        assert self.filters is None or self.filters.ndim == 4, "filters must have shape (F, C, kh, kw)"
