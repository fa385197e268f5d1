"""The two classifiers: what each can tell apart, what is chosen on the validation rows, what is said."""

import numpy as np
import pytest

from striate.errors import InputError
from striate.rival import classifiers
from striate.rival.classifiers import Labels, Rows, fit


def rings(count: int, seed: int) -> tuple[Rows, Labels]:
    """Points in the plane, far from 0, of two classes that no line parts."""
    rows = np.random.default_rng(seed).standard_normal((count, 2)).astype(np.float32)
    return 100 * rows + 700, ((rows**2).sum(1) < 1.4).astype(np.int64)


@pytest.mark.parametrize("most", [10_000, 100], ids=["exact", "nystroem"])
def test_the_kernel_parts_what_no_line_can(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "EXACT", most)
    (rows, labels), (held, held_labels), (test, wanted) = rings(400, 0), rings(100, 1), rings(400, 2)
    rbf = fit("rbf", rows, labels, held, held_labels, seed=0)
    linear = fit("linear", rows, labels, held, held_labels, seed=0)
    assert (rbf.predict(test) == wanted).mean() > 0.93
    assert (linear.predict(test) == wanted).mean() < 0.7
    assert ("Nystroem" in rbf.notes[0]) == (most == 100)
    assert "on all 400 training images; C = " in linear.notes[0]


def test_the_validation_rows_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a gamma so large that every point is alone, and one so small that all are one, the middle one wins."""
    monkeypatch.setattr(classifiers, "GAMMAS", (1e-6, 1.0, 1e6))
    (rows, labels), (held, held_labels) = rings(300, 0), rings(200, 1)
    assert "gamma = 1 did best" in fit("rbf", rows, labels, held, held_labels, seed=0).notes[0]


def test_choosing_on_a_part_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "CHOOSING", 50)
    note = fit("linear", *rings(300, 0), *rings(80, 1), seed=0).notes[0]
    assert note.endswith("did best on the validation images after training on 50 images")


def test_same_seed_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "EXACT", 100)
    monkeypatch.setattr(classifiers, "LANDMARKS", 20)
    first, second, other = (fit("rbf", *rings(300, 0), *rings(80, 1), seed=seed) for seed in (3, 3, 4))
    points = rings(200, 5)[0]
    assert (first.predict(points) == second.predict(points)).all()
    assert not np.array_equal(first.model[0].components_, other.model[0].components_)


def test_too_few_iterations_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "ITERATIONS", 2)
    notes = fit("linear", *rings(300, 0), *rings(80, 1), seed=0).notes
    assert notes[1] == "classifier: stopped after 2 iterations, before it had settled"


def test_rows_that_are_all_alike_are_no_trouble() -> None:
    rows, labels = np.ones((20, 3), np.float32), np.arange(20) % 2
    assert set(fit("linear", rows, labels, rows, labels, seed=0).predict(rows)) <= {0, 1}


def test_what_is_refused() -> None:
    rows, labels = rings(20, 0)
    with pytest.raises(InputError, match="no classifier 'linea'; did you mean 'linear'"):
        fit("linea", rows, labels, rows, labels, seed=0)
    with pytest.raises(InputError, match="images of two classes or more"):
        fit("linear", rows, 0 * labels, rows, 0 * labels, seed=0)
