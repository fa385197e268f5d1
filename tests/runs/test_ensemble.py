"""Several runs together: the mean of their probabilities, for every task; only runs of the same classes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import striate as st
from striate.tasks.multilabel import Multilabel
from striate.tasks.segment import Segment
from striate.training.fields import OUTPUT
from tests.tasks.test_every_task import FORMS, MADE, TASKS, asked_for, options

NETS = ("input 1x8x8 -> conv 6@3x3 -> relu -> fc 10", "input 1x12x12 -> fc 10")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[st.Run]:
    """Two networks on the digits, one of which reads them larger."""
    folder = tmp_path_factory.mktemp("ensemble")
    how: dict[str, Any] = {"epochs": 2, "lr": 0.01, "quiet": True, "engine": "torch"}
    return [st.train(net, "digits", out=folder / str(n), **how) for n, net in enumerate(NETS)]


def test_the_answer_is_the_mean_of_the_probabilities(runs: list[st.Run]) -> None:
    found = st.Ensemble(runs).judged()
    mean = np.mean([one.probabilities for one in found.members], axis=0)
    assert np.allclose(found.whole.probabilities, mean, atol=1e-6)
    assert found.whole.figures["accuracy"] == np.mean(mean.argmax(1) == found.whole.labels)
    for run, member in zip(runs, found.members, strict=True):
        alone = run.judged(quiet=True)
        assert member.figures == pytest.approx(alone.figures)
        assert np.allclose(member.probabilities, alone.probabilities, atol=1e-6)


def test_predictions_are_the_mean_too(runs: list[st.Run], drawn: list[tuple[Path, str]]) -> None:
    paths = [path for path, _ in drawn[:5]]
    each = [run.predict(*paths) for run in runs]
    for number, whole in enumerate(st.Ensemble([run.path for run in runs]).predict(*paths)):
        shares = [dict(answers[number].top) for answers in each]
        if all(whole.label in top for top in shares):
            assert whole.probability == pytest.approx(np.mean([top[whole.label] for top in shares]), abs=1e-5)
        assert whole.path == str(paths[number])


@pytest.mark.parametrize("word", sorted(TASKS.keys() - {"detect", "caption"}))  # of own anchors; without a mean
def test_every_task_answers_together(word: str, tmp_path: Path) -> None:
    data, example, _ = MADE[word].make(tmp_path / "data")
    how = options("torch") | {"epochs": 1}
    how |= {"task": asked_for(word)}
    runs = [st.train(MADE[word].net, data, out=tmp_path / f"{n}", **how | {"seed": n}) for n in (1, 2)]
    ensemble = st.Ensemble(runs)
    assert ensemble.judged().whole.figures.keys() == runs[0].judged(quiet=True).figures.keys()
    answers = ensemble.predict(example)
    assert [answer.path for answer in answers] == [answer.path for answer in runs[0].predict(example)]
    twice = st.Ensemble([runs[0], runs[0].path])  # a run together with itself is itself
    assert twice.judged().whole.figures == pytest.approx(runs[0].judged(quiet=True).figures, rel=1e-5)
    assert twice.predict(example)[0].said.split(" ")[0] == runs[0].predict(example)[0].said.split(" ")[0]


@pytest.mark.parametrize("word", [word for word, made in FORMS.items() if made.word not in ("generate", "series")])
def test_runs_that_look_again_at_boxes_of_their_own_are_refused(word: str, tmp_path: Path) -> None:
    data, *_ = MADE[word].make(tmp_path / "data")
    run = st.train(MADE[word].net, data, out=tmp_path / "run", task=asked_for(word), **options("torch") | {"epochs": 1})
    with pytest.raises(st.InputError, match="run looks again at boxes that it finds itself, so it answers alone"):
        st.Ensemble([run, run.path])


def test_the_tasks_join_probabilities_and_not_outputs() -> None:
    maps = [{OUTPUT: torch.randn(2, k, 3, 3)} for k in (3, 3, 1, 1)]
    segment = Segment(("a", "b", "c"), ((0, 0, 0),) * 3, (1.0,) * 3, channels=1)
    joined = segment.together(maps[:2])[OUTPUT].softmax(1)
    assert torch.allclose(joined, (maps[0][OUTPUT].softmax(1) + maps[1][OUTPUT].softmax(1)) / 2)
    joined = segment.together(maps[2:])[OUTPUT].sigmoid()
    assert torch.allclose(joined, (maps[2][OUTPUT].sigmoid() + maps[3][OUTPUT].sigmoid()) / 2)
    rows = [{OUTPUT: torch.randn(4, 2) * 30} for _ in range(3)]
    joined = Multilabel(("a", "b")).together(rows)[OUTPUT].sigmoid()
    assert torch.allclose(joined, sum(one[OUTPUT].sigmoid() for one in rows) / 3, atol=1e-6)  # type: ignore[arg-type]


def test_runs_that_answer_other_questions_are_refused(runs: list[st.Run], colours: Path, tmp_path: Path) -> None:
    other = st.train("input 3x8x8 -> fc 3", colours, epochs=1, out=tmp_path / "other", quiet=True)
    with pytest.raises(st.InputError, match="only one of them knows 0; an ensemble knows the same"):
        st.Ensemble([runs[0], other])
    data, *_ = MADE["text"].make(tmp_path / "text")
    text = st.train(MADE["text"].net, data, out=tmp_path / "texts", **options("torch") | {"epochs": 1})
    with pytest.raises(st.InputError, match="for the task classify"):
        st.Ensemble([runs[0], text])
    with pytest.raises(st.InputError, match="two runs or more"):
        st.Ensemble(runs[:1])
