"""The benchmark measures both sides alike; how fast they are is not asked here."""

import pytest

from striate.benchmark import Sides, bench, machine, spread
from striate.errors import InputError


@pytest.mark.parametrize(
    "text",
    [
        "input 1x4x4 -> fc 3",
        "input 1x4x4 -> conv 3@3 -> gap",
        "input 1x4x4 -> conv 2@3 -> bn -> aux[fc 3] -> relu -> fc 3",
        "input 1x4x4 -> fc 3 -> softmax",
        "input 16 -> fc 3",
        "INPUT -> CONV -> FC",
    ],
)
def test_any_network_can_be_timed(text: str) -> None:
    told: list[Sides] = []
    results = bench(text, batches=(2,), rounds=2, seconds=0.001, told=told.append)
    assert results == told
    assert [(sides.work, sides.batch, len(sides.ours), len(sides.plain)) for sides in results] == [
        ("training", 2, 2, 2),
        ("inference", 2, 2, 2),
    ]
    assert all(speed > 0 for sides in results for speed in (*sides.ours, *sides.plain))


def test_ratios_are_round_by_round() -> None:
    sides = Sides("training", 8, (10.0, 30.0, 20.0), (5.0, 10.0, 40.0))
    assert sides.ratios == [2.0, 3.0, 0.5]
    value = sides.to_json()
    assert (value["work"], value["batch"], value["rounds"]) == ("training", 8, 3)
    assert value["ratio"] == {"median": 2.0, "low": 1.25, "high": 2.5}
    assert value["ours"]["median"] == 20.0


def test_quartiles() -> None:
    assert spread([4.0, 1.0, 3.0, 2.0]) == (2.5, 1.75, 3.25)


def test_a_claim_names_its_machine() -> None:
    assert {"processor", "threads", "python", "torch"} <= set(machine())


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match="free axes can't be timed"):
        bench("input 1x?x? -> gap -> fc 3")
    with pytest.raises(InputError, match="a network that takes boxes can't be timed"):
        bench("input 1x8x8 -> roipool 2 -> fc 3")
    rule = "2 rounds or more, and batches of 1 image or more"
    with pytest.raises(InputError, match=rule):
        bench("input 16 -> fc 3", rounds=1)
    with pytest.raises(InputError, match=rule):
        bench("input 16 -> fc 3", batches=(0,))
