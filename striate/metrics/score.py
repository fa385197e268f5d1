"""An accuracy in context: over how many images, and what a guess without a network would get.

>>> result = score(np.array([[57, 0], [3, 0]]), ("common", "rare"))
>>> result.said()
"95.00% of 60 images (95% interval: 86.3% to 98.3%); always saying 'common' gets 95.00%; balanced accuracy 50.00%"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.metrics.interval import Interval, weighted_sum, wilson

UNEQUAL = 1.5  # times as many images in the largest class as in the smallest: then balanced accuracy is reported


@dataclass(frozen=True)
class Score:
    """How many images of a set are right, and how many a constant guess would get right.

    Attributes:
        right: Images whose most probable class is the true one.
        examples: All of them, at least one.
        majority: The name of the class that most of the images have.
        majority_share: The accuracy of always saying that class, 0 to 1: the no-information rate.
        balanced_accuracy: Mean recall of the classes that occur, 0 to 1; always saying one class has 1 / their number.
        balanced_interval: Its 95 % interval.
        num_present: Classes that occur.
        unequal: Whether one class has over 1.5 times as many images as another.
    """

    right: int
    examples: int
    majority: str
    majority_share: float
    balanced_accuracy: float
    balanced_interval: Interval
    num_present: int
    unequal: bool

    @property
    def accuracy(self) -> float:
        """The fraction right, 0 to 1."""
        return self.right / self.examples

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the accuracy (Wilson)."""
        return wilson(self.right, self.examples)

    @property
    def beats_guessing(self) -> bool:
        """Whether the images show, beyond chance, that it does better than always naming one class.

        Either its accuracy exceeds the share of the largest class, or its balanced accuracy exceeds guessing.
        """
        if self.num_present == 1:
            return False
        return self.interval.low > self.majority_share or self.balanced_interval.low > 1 / self.num_present

    def in_short(self) -> str:
        """The accuracy and its interval."""
        low, high = self.interval
        return f"{self.accuracy:.2%} ({low:.1%} to {high:.1%})"

    def said(self, unit: str = "images") -> str:
        """The figures in words; `unit` is what the examples are called."""
        low, high = self.interval
        figures = f"{self.accuracy:.2%} of {self.examples:,} {unit} (95% interval: {low:.1%} to {high:.1%})"
        if self.num_present == 1:
            return f"{figures}; all of them are '{self.majority}'"
        balanced = f"; balanced accuracy {self.balanced_accuracy:.2%}" if self.unequal else ""
        return f"{figures}; always saying '{self.majority}' gets {self.majority_share:.2%}{balanced}"

    def to_json(self) -> dict[str, Any]:
        """All as fractions from 0 to 1."""
        return {
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "examples": self.examples,
            "majority_class": self.majority,
            "majority_share": self.majority_share,
            "balanced_accuracy": self.balanced_accuracy,
            "balanced_interval": list(self.balanced_interval),
        }


def score(confusion: NDArray[np.int64], classes: Sequence[str]) -> Score:
    """What a confusion matrix says over all classes.

    Args:
        confusion: Counts of shape (K, K) with at least one image: row = true class, column = predicted class.
        classes: The K names.
    """
    assert confusion.shape == (len(classes), len(classes)), f"{confusion.shape}, {len(classes)} classes"
    support, right = confusion.sum(axis=1), confusion.diagonal()
    assert support.sum(), "a score needs at least one image"
    present = np.flatnonzero(support)
    weight = 1 / len(present)
    largest = int(support.argmax())
    return Score(
        right=int(right.sum()),
        examples=int(support.sum()),
        majority=classes[largest],
        majority_share=float(support[largest] / support.sum()),
        balanced_accuracy=float((right[present] / support[present]).mean()),
        balanced_interval=weighted_sum([(weight, int(right[k]), int(support[k])) for k in present]),
        num_present=len(present),
        unequal=bool(support[largest] > UNEQUAL * support[present].min()),
    )
