"""The learning-rate finder: what it suggests trains well, for every task and both engines, and it leaves no trace."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import striate as st
from striate.runs.risen import Risen
from tests.tasks.test_every_task import BOTH, MADE, TRAIN, asked_for, options

DEEP = "input 1x8x8 -> [conv 6@3x3 pad 1 -> relu]*3 -> maxpool 2 -> fc 10"
PLAIN = "input 1x8x8 -> conv 12@3x3 -> relu -> fc 10"
SHORT = {"steps": 60, "quiet": True}


def randomness() -> tuple[Any, ...]:
    """The state of all generators that are not ours."""
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]


@pytest.mark.parametrize(("net", "optimizer"), [(DEEP, "momentum")])
def test_what_it_suggests_trains_better_than_a_tenth_and_ten_times_that(
    net: str, optimizer: str, tmp_path: Path
) -> None:
    found = st.rate(net, "digits", optimizer=optimizer, quiet=True)
    assert found.suggested is not None
    losses = []
    for factor in (0.1, 1.0, 10.0):
        how: dict[str, Any] = {"optimizer": optimizer, "lr": found.suggested * factor, "epochs": 3, "quiet": True}
        history = st.train(net, "digits", out=tmp_path / str(factor), **how).history
        losses.append(history.epochs[-1].validation_loss)
    assert losses[1] < 0.9 * min(losses[0], losses[2])


@pytest.mark.parametrize("word", MADE)
def test_every_task_has_a_curve_that_falls_alike_in_its_engines(word: str, tmp_path: Path) -> None:
    data, *_ = MADE[word].make(tmp_path / "data")
    how = {name: value for name, value in options("torch").items() if name not in ("epochs", "lr")}
    how |= {"task": asked_for(word), "batch": TRAIN}  # all in each step, so that losses differ by the weights alone
    curves = [st.rate(MADE[word].net, data, **{**how, **SHORT, "engine": engine}) for engine in MADE[word].engines]
    assert all(curve.fell and curve.steepest <= curve.lowest for curve in curves)
    early = [curve.losses[:25] for curve in curves]  # before they blow up, differences are roundings
    assert len(early) == sum(name == word for name, _ in BOTH)
    assert np.allclose(early[0], early[-1], rtol=1e-3)
    assert np.allclose(np.diff(np.log(curves[0].rates)), np.log(1e7) / 59)


def test_it_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10), torch.nn.Dropout(0.5))
    weights, before = model[1].weight.clone(), randomness()
    st.rate(PLAIN, "digits", **SHORT)
    assert randomness() == before
    st.rate(model, "digits", engine="torch", size=8, **SHORT)
    assert torch.equal(model[1].weight, weights)
    assert list(tmp_path.iterdir()) == []


def test_it_ends_where_the_loss_blows_up_and_says_where_there_is_nothing_to_suggest() -> None:
    wild = st.rate(PLAIN, "digits", optimizer="sgd", low=1e-3, high=1e5, **SHORT)
    assert len(wild.rates) < 60
    assert wild.rates[-1] < 1e5
    still = st.rate(PLAIN, "digits", low=1e-12, high=1e-11, augment="none", **SHORT)
    assert still.suggested is None
    assert still.said().startswith("no rate to suggest: ")
    assert "│" not in "".join(still.sketch())


def test_the_suggestion_of_a_known_curve() -> None:
    rates = np.logspace(-4, 0, 201)
    noise = np.random.default_rng(0).normal(0, 0.02, 201)
    losses = 1 - 0.9 / (1 + (0.01 / rates) ** 2) + (rates / 0.3) ** 4 + noise
    curve = Risen("net", "data", rates.tolist(), losses.tolist(), 0.003)
    assert curve.steepest == pytest.approx(0.01, rel=0.3)
    true = rates[(losses - noise).argmin()]
    assert curve.lowest == pytest.approx(true, rel=0.3)
    assert curve.lowest < curve.edge < 3 * true
    assert curve.suggested == curve.edge / 3


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lr": 0.1}, "sets `lr` itself"),
        ({"low": 1.0, "high": 0.1}, "rises from `low` to `high`"),
        ({"steps": 3}, "steps must be from 20"),
        ({"optimiser": "sgd"}, "training takes no 'optimiser'; did you mean 'optimizer'"),
    ],
)
def test_wrong_words_get_one_line(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(st.InputError, match=said):
        st.rate(PLAIN, "digits", quiet=True, **wrong)
