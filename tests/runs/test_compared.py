"""Runs side by side: what differs, whether it is more than chance, and the page of it."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from striate.errors import InputError
from striate.metrics.interval import wilson
from striate.runs.compared import compare
from striate.runs.differing import by_examples, by_shares, mcnemar
from striate.runs.run import Run
from striate.runs.training import train
from tests.page.browsing import serious


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A worse run than `trained`."""
    out = tmp_path_factory.mktemp("runs") / "<other>"
    return train("input 1x8x8 -> fc 10", "digits", epochs=1, lr=1e-4, batch=128, out=out, quiet=True)


def test_mcnemar_is_the_binomial_test() -> None:
    for first, second in ((0, 0), (1, 0), (5, 12), (40, 41), (300, 210), (0, 2000)):
        expected = binomtest(min(first, second), first + second).pvalue if first + second else 1.0
        assert mcnemar(first, second) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_chance_alone_is_rarely_called_a_difference() -> None:
    draw = np.random.default_rng(0)
    right = draw.random((2, 300, 200)) < 0.9
    called = [by_examples(list(a), [list(b)])[0].beyond_chance for a, b in zip(*right, strict=True)]
    assert sum(called) / len(called) <= 0.05
    apart = [by_shares((int(a.sum()), 200), (int(b.sum()), 200)).beyond_chance for a, b in zip(*right, strict=True)]
    assert sum(apart) / len(apart) <= 0.08  # 5 % and what 300 draws may add


@pytest.mark.parametrize("runs", [3, 8])
def test_the_best_of_several_alike_is_rarely_called_better(runs: int) -> None:
    """It is chosen on the examples on which it is compared with all the others."""
    draw, shares, examples = np.random.default_rng(0), 0, 0
    for _ in range(200):
        right = draw.random((runs, 500)) < 0.9
        best, *others = sorted(right, key=lambda one: -one.sum())
        counts = [(int(one.sum()), 500) for one in (best, *others)]
        shares += any(by_shares(counts[0], one, runs).beyond_chance for one in counts[1:])
        examples += any(one.beyond_chance for one in by_examples(list(best), [list(other) for other in others]))
    assert shares / 200 <= 0.08
    assert examples / 200 <= 0.08


def test_runs_are_named_from_wherever_they_are(trained: Run, other: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained.path.parent)
    assert compare(trained.path.name, other.path.absolute()).names[0].endswith(trained.path.name)


def test_only_the_settings_that_differ_are_told(trained: Run, other: Run) -> None:
    made = compare(trained.path, other.path)
    assert made.settings["options.batch"] == (64, 128)
    assert made.settings["options.lr"] == (0.01, 1e-4)
    assert "options.seed" not in made.settings
    assert "data.name" not in made.settings
    assert made.best == 0
    difference = made.differences[1]
    assert difference is not None
    assert difference.beyond_chance
    assert made.differences[0] is None
    accuracies = [run.history.best.validation_accuracy for run in (trained, other)]
    assert difference.points == pytest.approx(accuracies[0] - accuracies[1])


def test_a_run_does_not_differ_from_itself(trained: Run) -> None:
    made = compare(trained.path, trained.path)
    assert made.settings == {}
    assert made.differences[1] is not None
    assert not made.differences[1].beyond_chance


def test_a_test_compares_example_by_example(trained: Run, other: Run) -> None:
    made = compare(trained.path, other.path, test=True)
    (right, count), (lower, _) = made.tested
    assert (right / count, lower / count) == pytest.approx((trained.test().accuracy, other.test().accuracy))
    difference = made.differences[1]
    assert difference is not None
    assert difference.only is not None
    assert difference.only[0] - difference.only[1] == right - lower
    assert difference.p is not None
    assert difference.p < 0.05


def test_figures_of_other_data_do_not_compare(trained: Run, colours: Path, tmp_path: Path) -> None:
    path = train("input 3x8x8 -> fc 3", colours, epochs=1, out=tmp_path / "run", quiet=True).path
    made = compare(trained.path, path)
    assert (made.best, made.differences, made.method) == (None, (), "")
    with pytest.raises(InputError, match="trained on different data"):
        compare(trained.path, path, test=True)
    with pytest.raises(InputError, match="two runs or more"):
        compare(trained.path)


def test_the_page_needs_nothing_but_itself(trained: Run, other: Run, tmp_path: Path, chromium: Any) -> None:
    made = compare(trained.path, other.path)
    page_file = tmp_path / "pages" / "compare.html"
    made.save(page_file)
    text = page_file.read_text()
    assert "<script" not in text
    assert "<other>" not in text
    assert not re.search(r"(src|href)=\"(?!#|data:)", text)
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme)
        page, told = context.new_page(), []
        page.on("console", lambda message, told=told: told.append(message.text))
        page.goto(page_file.as_uri())
        assert page.locator("svg").count() == 4
        assert "<other>" in page.inner_text("#figures")
        assert "beyond chance" in page.inner_text("#figures")
        assert told == []
        assert not serious(page)
        context.close()


def test_wilson_stands_beside_each_figure(trained: Run, other: Run) -> None:
    run = compare(trained.path, other.path).runs[0]
    assert run.counts is not None
    assert run.interval == wilson(*run.counts)
    assert math.isclose(run.counts[0] / run.counts[1], run.value or 0)
