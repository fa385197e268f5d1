"""Two classifiers for rows of features: a linear one, and one with an RBF kernel. scikit-learn does the work.

Rows are centred and divided by one number, so that their mean squared length is 1 and the same few values of C and
gamma suit every feature; the validation images decide which of them is taken.

>>> rows = np.random.default_rng(0).standard_normal((200, 2)).astype(np.float32)
>>> inside = ((rows**2).sum(1) < 1).astype(np.int64)
>>> chosen = fit("rbf", rows[:150], inside[:150], rows[150:], inside[150:], seed=0)
>>> float((chosen.predict(rows) == inside).mean()) > 0.9
True
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError, nearest

CLASSIFIERS = ("linear", "rbf")
LINEAR_C = (1.0, 10.0, 100.0)
GAMMAS = (0.5, 1.0, 2.0)
SVC_C, NYSTROEM_C = 10.0, 100.0
EXACT = 10_000  # training images up to which the exact kernel is computed
LANDMARKS = 2_000  # images that stand for all others when there are more
CHOOSING = 6_000  # training images on which C or gamma is chosen, and as many of validation at most
ITERATIONS, TOLERANCE = 500, 1e-4

Rows = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Classifier:
    """A classifier that has learned.

    Attributes:
        middle: (D,) what is subtracted from each row.
        spread: The number rows are then divided by.
        model: scikit-learn's.
        notes: The decisions, one sentence each.
    """

    middle: Rows
    spread: float
    model: Any
    notes: tuple[str, ...]

    def predict(self, rows: Rows) -> Labels:
        """Labels (N,) of rows (N, D)."""
        return np.asarray(self.model.predict((rows - self.middle) / self.spread), dtype=np.int64)


def check(kind: str) -> None:
    """Raises InputError for a classifier that is not known."""
    if kind not in CLASSIFIERS:
        raise InputError(f"no classifier '{kind}'{nearest(kind, CLASSIFIERS)}; there are {', '.join(CLASSIFIERS)}")


def check_classes(labels: Labels, unit: str) -> None:
    """Raises InputError where all are of one class."""
    if len(np.unique(labels)) < 2:
        raise InputError(f"a classifier needs {unit} of two classes or more")


def fit(
    kind: str,
    rows: Rows,
    labels: Labels,
    held_rows: Rows,
    held_labels: Labels,
    *,
    seed: int,
    unit: str = "images",
) -> Classifier:
    """Learn from rows (N, D) and labels (N,); the held-out ones choose the value of C or gamma.

    `unit` is what is said to be learned from.

    Raises:
        InputError: No such classifier, or all rows are of one class.
    """
    check(kind)
    check_classes(labels, unit)
    middle = rows.mean(0)
    rows, held_rows = rows - middle, held_rows - middle
    spread = float(np.sqrt(np.square(rows).sum(1).mean())) or 1.0
    rows, held_rows = rows / np.float32(spread), held_rows / np.float32(spread)
    exact = len(rows) <= EXACT
    part = np.sort(np.random.default_rng(seed).permutation(len(rows))[:CHOOSING])
    values = LINEAR_C if kind == "linear" else GAMMAS
    scores = []
    for value in values:
        model = _fitted(kind, value, exact, seed, rows[part], labels[part])
        scores.append(float(np.mean(model.predict(held_rows[:CHOOSING]) == held_labels[:CHOOSING])))
    best = values[int(np.argmax(scores))]
    model = _fitted(kind, best, exact, seed, rows, labels)
    notes = (_said(kind, best, exact, len(rows), len(part), unit), *_unfinished(model))
    return Classifier(middle, spread, model, notes)


def _fitted(kind: str, value: float, exact: bool, seed: int, rows: Rows, labels: Labels) -> Any:
    # the names of classifiers are read without importing scikit-learn
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    linear = LogisticRegression(C=value if kind == "linear" else NYSTROEM_C, max_iter=ITERATIONS, tol=TOLERANCE)
    if kind == "linear":
        model = linear
    elif exact:
        model = SVC(C=SVC_C, gamma=value)
    else:
        model = make_pipeline(Nystroem(gamma=value, n_components=min(LANDMARKS, len(rows)), random_state=seed), linear)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `_unfinished` reports it
        return model.fit(rows, labels)


def _said(kind: str, value: float, exact: bool, count: int, part: int, unit: str) -> str:
    name, letter = f"linear, logistic regression on all {count:,} training {unit}", "C"
    if kind == "rbf":
        letter = "gamma"
        name = (
            f"rbf, support vectors among all {count:,} training {unit}"
            if exact
            else f"rbf by Nystroem features: the kernel with {LANDMARKS:,} of the {unit}, then logistic regression on "
            f"all {count:,} (beyond {EXACT:,} the kernel between all of them takes too long)"
        )
    tried = "" if part == count else f" after training on {part:,} {unit}"
    return f"classifier: {name}; {letter} = {value:g} did best on the validation {unit}{tried}"


def _unfinished(model: Any) -> list[str]:
    last = model[-1] if hasattr(model, "steps") else model
    if type(last).__name__ == "LogisticRegression" and int(np.max(last.n_iter_)) >= ITERATIONS:
        return [f"classifier: stopped after {ITERATIONS} iterations, before it had settled"]
    return []
