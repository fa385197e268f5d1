"""Schedules at the moments where their formulas give round numbers, and their shape in between."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.training.schedules import LOWEST, SCHEDULES, WARM_UP

moments = st.floats(0, 1)


@pytest.mark.parametrize(
    ("name", "moment", "share"),
    [
        *(("constant", moment, 1.0) for moment in (0.0, 0.4, 1.0)),
        *(("step", moment, 1.0) for moment in (0.0, 0.499)),
        *(("step", moment, 0.1) for moment in (0.5, 0.749)),
        *(("step", moment, 0.01) for moment in (0.75, 1.0)),
        *(("cosine", moment, share) for moment, share in ((0.0, 1.0), (1 / 3, 0.75), (0.5, 0.5), (2 / 3, 0.25))),
        ("cosine", 1.0, 0.0),
        ("one-cycle", 0.0, LOWEST),
        ("one-cycle", WARM_UP / 2, (1 + LOWEST) / 2),
        ("one-cycle", WARM_UP, 1.0),
        ("one-cycle", (1 + WARM_UP) / 2, 0.5),
        ("one-cycle", 1.0, 0.0),
    ],
)
def test_values(name: str, moment: float, share: float) -> None:
    assert SCHEDULES[name](moment) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("name", list(SCHEDULES))
@settings(deadline=None)
@given(moment=moments)
def test_a_share_lies_between_nothing_and_all(name: str, moment: float) -> None:
    assert -1e-12 <= SCHEDULES[name](moment) <= 1 + 1e-12


@pytest.mark.parametrize("name", ["step", "cosine"])
@settings(deadline=None)
@given(pair=st.tuples(moments, moments).map(sorted))
def test_they_never_rise(name: str, pair: list[float]) -> None:
    assert SCHEDULES[name](pair[0]) >= SCHEDULES[name](pair[1]) - 1e-12


@settings(deadline=None)
@given(pair=st.tuples(moments, moments).map(sorted))
def test_one_cycle_rises_then_falls(pair: list[float]) -> None:
    before, after = (SCHEDULES["one-cycle"](moment) for moment in pair)
    if pair[1] <= WARM_UP:
        assert before <= after + 1e-12
    if pair[0] >= WARM_UP:
        assert before >= after - 1e-12


def test_cosine_is_the_paper_s_equation() -> None:
    for moment in (0.1, 0.37, 0.9):
        assert SCHEDULES["cosine"](moment) == pytest.approx((1 + math.cos(math.pi * moment)) / 2)
