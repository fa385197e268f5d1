"""Images per second: our engines beside a hand-written PyTorch loop and other packages, all in one interleaved run.

A machine's speed drifts, so all contestants take turns in short rounds, and with them a loop of multiply-adds that
measures what the machine can do at best. What counts is the median of the rounds, and of the ratios within each round.

>>> from striate.benchmark import bench
>>> results = bench("input 1x8x8 -> fc 10", batches=(4,), rounds=3, seconds=0.01, engines=("torch", "plain"))
>>> [(race.work, len(race.entries)) for race in results]
[('training', 2), ('inference', 2)]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from striate.benchmark.contestants import ENGINES, absent, chosen
from striate.benchmark.machine import machine
from striate.benchmark.memory import taken
from striate.benchmark.results import Entry, Race, spread
from striate.benchmark.terms import BATCHES, ROUNDS, WORKS, timable

if TYPE_CHECKING:
    from striate.benchmark.parts import Part, layer_times
    from striate.benchmark.race import bench
    from striate.benchmark.starting import start_times, stored

_HOMES = {  # imported when they are first used: what is named above waits for no torch
    "Part": "parts",
    "layer_times": "parts",
    "bench": "race",
    "start_times": "starting",
    "stored": "starting",
}

__all__ = [
    "BATCHES",
    "ENGINES",
    "ROUNDS",
    "WORKS",
    "Entry",
    "Part",
    "Race",
    "absent",
    "bench",
    "chosen",
    "layer_times",
    "machine",
    "spread",
    "start_times",
    "stored",
    "taken",
    "timable",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'striate.benchmark' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
