"""Cross-validation: parts of every class, each judged by the network that did not see it, and nothing trained twice."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import striate as st
from striate.data.dataset import folds_of
from striate.errors import InputError
from striate.runs import folding
from striate.runs.run import Run
from tests.tasks.test_every_task import MADE, TASKS, asked_for, options

NET = "input 3x12x16 -> fc 3"


def rows_of(found: Any) -> list[dict[str, str]]:
    with (found.path / "out-of-fold.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@given(some.lists(some.integers(0, 4), min_size=2, max_size=60), some.integers(2, 7))
def test_each_class_and_the_whole_are_shared_out_evenly(labels: list[int], count: int) -> None:
    folds = folds_of(labels, map(str, range(len(labels))), count)
    for of in (None, *set(labels)):
        sizes = Counter(fold for fold, label in zip(folds, labels, strict=True) if of in (None, label))
        each = [sizes[number] for number in range(1, count + 1)]
        assert max(each) - min(each) <= 1


@pytest.mark.parametrize("word", sorted(MADE.keys() - {"detect", "caption"}))  # of own anchors; without a mean
def test_every_task_has_an_answer_on_each_training_example(word: str, tmp_path: Path) -> None:
    data, *_ = MADE[word].make(tmp_path / "data")
    how = options("torch") | {"epochs": 1, "task": asked_for(word)}
    found = st.folds(MADE[word].net, data, count=2, out=tmp_path / "folds", **how)
    rows = rows_of(found)
    count = MADE[word].learned
    assert [int(row["row"]) for row in rows] == list(range(count))
    assert len({row["name"] for row in rows}) == count
    assert Counter(row["fold"] for row in rows) == {"1": count // 2, "2": count // 2}
    name = Run(found.runs[0]).task.metrics[0].name
    values = [figures[name] for figures in found.figures]
    assert found.mean[name] == pytest.approx(np.mean(values))
    assert found.spread[name] == pytest.approx(np.std(values, ddof=1))
    if word in TASKS:
        assert len(st.Ensemble(found.runs).judged().members) == 2


def test_an_example_is_judged_by_the_network_that_did_not_see_it(colours: Path, tmp_path: Path) -> None:
    how: dict[str, Any] = {"epochs": 2, "quiet": True, "augment": "none"}
    found = st.folds(NET, colours, count=3, out=tmp_path / "folds", **how)
    alone = st.train(NET, colours, fold="2/3", out=tmp_path / "alone", **how)
    assert alone.history.epochs[-1].figures == Run(found.runs[1]).history.epochs[-1].figures
    rows = [row for row in rows_of(found) if row["fold"] == "2"]
    answers = alone.predict([row["name"] for row in rows])
    assert [answer.label for answer in answers] == [row["called"] for row in rows]
    sure = [float(row["probability"]) for row in rows]
    assert [answer.probability for answer in answers] == pytest.approx(sure, abs=1e-4)
    share = np.mean([row["label"] == row["called"] for row in rows])
    assert found.figures[1]["accuracy"] == pytest.approx(share)
    assert {Path(row["name"]).parent.name for row in rows} == {"red", "green", "blue"}


def test_what_is_finished_is_not_trained_again(colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how: dict[str, Any] = {"count": 3, "epochs": 2, "quiet": True}
    whole = st.folds(NET, colours, out=tmp_path / "whole", **how)
    begun = list[str]()
    train = folding.trained

    def stopping(asked: Any, path: Path, **rest: Any) -> Any:
        begun.append(path.name)
        if begun == ["fold-1", "fold-2"]:
            path.mkdir(parents=True)  # killed before anything was kept
            raise KeyboardInterrupt
        return train(asked, path, **rest)

    monkeypatch.setattr(folding, "trained", stopping)
    with pytest.raises(KeyboardInterrupt):
        st.folds(NET, colours, out=tmp_path / "half", **how)
    half = st.folds(NET, colours, out=tmp_path / "half", **how)
    assert begun == ["fold-1", "fold-2", "fold-2", "fold-3"]
    assert half.figures == whole.figures
    assert rows_of(half) == rows_of(whole)
    st.folds(NET, colours, out=tmp_path / "half", **how)
    assert len(begun) == 4
    (tmp_path / "half" / "fold-3.csv").unlink()  # its run is whole: it is judged again, and not trained
    assert rows_of(st.folds(NET, colours, out=tmp_path / "half", **how)) == rows_of(whole)
    assert len(begun) == 4


def test_other_folds_and_other_words_are_refused(colours: Path, tmp_path: Path) -> None:
    how: dict[str, Any] = {"count": 2, "epochs": 1, "quiet": True, "out": tmp_path / "folds"}
    st.folds(NET, colours, **how)
    with pytest.raises(st.InputError, match="have another option seed"):
        st.folds(NET, colours, seed=1, **how)
    with pytest.raises(st.InputError, match="have another number of folds"):
        st.folds(NET, colours, **how | {"count": 3})
    with pytest.raises(st.InputError, match="leave `fold` out"):
        st.folds(NET, colours, fold="1/2", **how)
    for wrong in ("3/2", "2", "0/4", "a/b"):
        with pytest.raises(st.InputError, match="as in 2/5"):
            st.train(NET, colours, fold=wrong, quiet=True)
    with pytest.raises(st.InputError, match="99 folds take as many images"):
        st.folds(NET, colours, **how | {"count": 99, "out": tmp_path / "many"})
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").touch()
    with pytest.raises(st.InputError, match="holds something already"):
        st.folds(NET, colours, **how | {"out": tmp_path / "taken"})


@pytest.mark.parametrize("way", ["weights", "teacher"])
def test_folds_do_not_begin_with_what_has_seen_them_all(way: str, tmp_path: Path) -> None:
    net, how = "input 1x8x8 -> fc 10", {"epochs": 1, "quiet": True}
    st.train(net, "digits", seed=1, out=tmp_path / "before", **how)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="has learned from all parts of digits"):
        st.folds(net, "digits", count=2, out=tmp_path / "folds", **{way: tmp_path / "before"}, **how)
    assert not (tmp_path / "folds").exists()
    run = st.train(net, "digits", out=tmp_path / "other", **{way: tmp_path / "before"}, **how)  # type: ignore[arg-type]
    assert any("learned from these data with other validation" in line for line in run.config["decisions"])
    run = st.train(net, "digits", seed=1, out=tmp_path / "same", **{way: tmp_path / "before"}, **how)  # type: ignore[arg-type]
    assert not any("other validation" in line for line in run.config["decisions"])
