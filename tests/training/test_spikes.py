"""Spikes of the loss: what is one, what is none, and that a training says it once an epoch."""

import random
from typing import Any

import pytest

import striate as st
from striate.runs import keeper as keeper_module
from striate.training.spikes import FEWEST, WINDOW, Spikes


def falling(count: int, seed: int = 0) -> list[float]:
    """Losses of a healthy training, a few of them odd."""
    drawn = random.Random(seed)
    return [(0.02 + 2 / (1 + k / 20)) * drawn.lognormvariate(0, 0.5) * (4 if k % 97 == 0 else 1) for k in range(count)]


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_training_has_none(seed: int) -> None:
    spikes = Spikes()
    assert [spikes.at(loss) for loss in falling(5000, seed)] == [None] * 5000


def test_a_jump_that_lasts_is_one_from_its_second_batch_on_and_does_not_become_usual() -> None:
    spikes = Spikes()
    for loss in falling(2000):
        spikes.at(loss)
    assert spikes.at(6.0) is None
    usual = [spikes.at(6.0) for _ in range(3 * WINDOW)]
    assert all(value is not None and value < 0.5 for value in usual)
    assert spikes.at(0.1) is None


def test_the_first_batches_are_compared_with_nothing() -> None:
    spikes = Spikes()
    assert [spikes.at(10.0**k) for k in range(FEWEST // 2)] == [None] * (FEWEST // 2)


@pytest.mark.parametrize(("clip", "way_out"), [(0.0, "`clip=1` or a lower `lr`"), (5.0, "try a lower `lr`")])
def test_a_training_says_it_once_an_epoch(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clip: float, way_out: str
) -> None:
    monkeypatch.setattr(keeper_module, "Spikes", lambda: type("Always", (), {"at": lambda self, loss: 0.5})())
    st.train("input 1x8x8 -> fc 10", "digits", epochs=2, engine="torch", clip=clip, out=tmp_path / "run")
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("a spike: ")]
    assert [("from about 0.5 to " in line, f"epoch {n}, batch 2" in line) for n, line in enumerate(lines, 1)] == [
        (True, True)
    ] * 2
    assert way_out in lines[0]
