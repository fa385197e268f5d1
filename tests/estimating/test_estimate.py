"""A plan's figures follow from what is given by formulas that come to the same."""

import re
from math import ceil

import pytest

from striate.errors import InputError
from striate.estimating.cards import CARDS
from striate.estimating.estimate import plan
from striate.estimating.quantities import count, in_bytes, in_time, rate
from striate.notation import measure
from striate.zoo import net

GIVEN = {"gpus": 64, "batch": 256, "epochs": 90, "per_second": 2500.0, "bandwidth": "100Gb/s", "price": 2.0}


def test_the_figures_are_those_of_the_arithmetic() -> None:
    told = plan("resnet50", "1.2M", **GIVEN)
    cost = measure(net("resnet50"))
    steps = 90 * ceil(1_200_000 / (64 * 256))
    sent = 2 * 63 / 64 * 4 * cost.total_parameters
    assert told.figure("steps").value == steps
    assert told.figure("sent per step").value == pytest.approx(sent)
    assert told.figure("time at least").value == pytest.approx(steps * max(256 / 2500, sent / 12.5e9))
    assert told.figure("time at most").value == pytest.approx(steps * (256 / 2500 + sent / 12.5e9))
    assert told.figure("cost").value == pytest.approx(2 * 64 * told.figure("time at most").value / 3600)
    assert told.figure("memory of each").value == cost.training_memory(256).total


@pytest.mark.parametrize("name", ["steps", "sent per step"])
def test_a_formula_comes_to_its_figure(name: str) -> None:
    figure = plan("lenet5", "60k", **GIVEN).figure(name)
    written = figure.formula.replace(",", "").removesuffix(" by each device")
    assert eval(re.sub(r"(?<=\d) (?=\d)", "", written), {"ceil": ceil}) == pytest.approx(figure.value)


def test_every_number_that_does_not_follow_has_a_source() -> None:
    for told in (plan("lenet5", 60_000, **GIVEN), plan("lenet5", 60_000, gpus=8, gpu="h100", share=0.3)):
        assert all(one.formula or one.source for one in told.figures)
    assert all(re.search(r"data sheet, \d{4}$", card.source) for card in CARDS.values())


def test_one_device_sends_nothing() -> None:
    told = plan("lenet5", 60_000, per_second=1000)
    assert told.figure("time at least").value == told.figure("time at most").value
    assert "sent per step" not in {one.name for one in told.figures}


def test_a_card_bounds_the_speed_and_the_memory() -> None:
    told = plan("vgg16", "1M", gpu="t4", batch=512)
    assert told.figure("share of its memory").value > 1
    assert any("does not fit NVIDIA T4" in note for note in told.notes)
    assert any("lower bounds" in note for note in told.notes)
    faster = plan("vgg16", "1M", gpu="t4", batch=512, precision="bfloat16")
    assert faster.figure("images/s of one").value > told.figure("images/s of one").value
    assert faster.figure("memory of each").value < told.figure("memory of each").value


def test_the_speed_is_measured_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.estimating.estimate.SECONDS", 0.01)
    told = plan("input 1x8x8 -> fc 10", 1000, measure=True, batch=8, epochs=1)
    speed = told.figure("images/s of one")
    assert speed.value > 0
    assert speed.source.startswith("measured here: engine ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "how fast is one device"),
        ({"per_second": 10.0, "gpus": 2}, "how fast is the link"),
        ({"per_second": 0.0}, "per_second must be"),
        ({"gpu": "h1000"}, "no card 'h1000'"),
        ({"gpu": "h100", "share": 2.0}, "share must be"),
        ({"per_second": 10.0, "gpus": 0}, "gpus must be"),
        ({"per_second": 10.0, "precision": "int8"}, "no precision"),
    ],
)
def test_what_is_missing_is_said(words: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan("lenet5", 1000, **words)  # type: ignore[arg-type]


def test_quantities() -> None:
    assert [count(word, "images") for word in ("1.2M", "300k", "50,000", 7)] == [1_200_000, 300_000, 50_000, 7]
    assert [rate(word, "bandwidth") for word in ("1Gb/s", "1 GB/s", "400Gbps", "5e", "5")[:3]] == [1.25e8, 1e9, 5e10]
    for word in ("", "many", "-1", "0", "nan"):
        with pytest.raises(InputError):
            count(word, "images")
        with pytest.raises(InputError):
            rate(word, "bandwidth")
    assert [in_time(seconds) for seconds in (3e-6, 0.012, 40, 600, 7200, 1e6)] == [
        *("3 µs", "12 ms", "40 s", "10 minutes", "2 hours", "11.6 days")
    ]


def test_times_and_sizes_have_no_exponents() -> None:
    values = [10**k * m for k in range(-7, 9) for m in (1.0, 1.2, 1.5, 9.996)]
    assert not [one for value in values for one in (in_time(value), in_bytes(value * 1e4)) if "e+" in one]
    assert (in_bytes(999_600), in_time(1.2)) == ("1 MB", "1.2 s")


def test_a_speed_without_end_is_refused() -> None:
    with pytest.raises(InputError, match="per_second"):
        plan("lenet5", images=1000, per_second=float("inf"))
