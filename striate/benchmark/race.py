"""The race: contestants take turns in short rounds, and each round is measured."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from striate import zoo
from striate.benchmark.busy import slower, waiting
from striate.benchmark.contestants import chosen
from striate.benchmark.contestants.base import Job, timed
from striate.benchmark.contestants.contestant import Contestant, Turn
from striate.benchmark.machine import processor
from striate.benchmark.peak import Peak
from striate.benchmark.results import Entry, Race
from striate.benchmark.terms import ALONE, BATCHES, ROUNDS, WORKS, timable
from striate.checks import check_number
from striate.errors import InputError, StriateError
from striate.native.target import host
from striate.notation import Network, measure
from striate.notation.tree import Aux
from striate.training.threads import using

SECONDS = 0.4  # seconds of a contestant's turn in a round
PAUSE = 0.05  # seconds between turns: the threads of some packages spin so long, waiting for more work
Say = Callable[[str], None]
Turns = dict[tuple[str, int], Turn]  # the turn of each engine at each batch size


@torch.random.fork_rng(devices=[])  # a plain loop uses PyTorch's random numbers: the caller's are put back
def bench(
    net: str | Path | Network,
    *,
    engines: Sequence[str] | None = None,
    works: Sequence[str] = WORKS,
    batches: Sequence[int] = BATCHES,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    device: torch.device | str = "cpu",
    threads: int | None = None,
    alone: bool = False,
    say: Say = lambda line: None,
    letters: Mapping[str, int | float] | None = None,
) -> list[Race]:
    """Measure training steps and inference of a network.

    Args:
        net: As for `zoo.net`; its input must have no free axis, and its output must be one row of classes.
        engines: Who takes part; by default our engines and the plain PyTorch loop.
        works: "training", "inference" or both.
        batches: Batch sizes, from 1.
        rounds: Turns of each contestant, from 2.
        seconds: Length of a turn.
        device: Where PyTorch computes; packages other than PyTorch take part on the CPU only.
        threads: That the engines may use; by default as many as PyTorch uses.
        alone: Whether inference is also timed for one image by itself.
        say: Is given one line for who takes no part, for the progress, and for a machine that is busy.
        letters: Values for the letters of the network's text.

    Returns:
        One race per kind of work, without contestants that can't run the network.

    Raises:
        InputError: A network without a fixed input or with boxes, a number out of range, or an engine that is not
            known or not installed.
    """
    network = timable(zoo.find(net, letters))
    for value, name in ((engines or (), "engines"), (works, "works"), (batches, "batches")):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise InputError(f"{name} is a list, as in {name}=[…]. Received: {value!r}")
    if others := [work for work in works if work not in WORKS]:
        raise InputError(f"no work {others[0]!r}; there are {', '.join(WORKS)}")
    for number in (rounds, *batches):
        check_number(number, "each of rounds and batches", least=-math.inf)
    check_number(seconds, "seconds", whole=False)
    if rounds < 2 or not batches or any(batch < 1 for batch in batches):
        raise InputError("bench takes 2 rounds or more, and batches of 1 image or more")
    contestants, place = chosen(engines), _device(device)
    if line := waiting():
        say(line)
    with using(threads):
        jobs = {size: Job.of(network, size, place) for size in (*([ALONE] if alone else []), *batches)}
        sizes = {"training": list(dict.fromkeys(batches)), "inference": list(jobs)}
        entered = {
            work: [(who, jobs[size]) for size in sizes[work] for who in contestants if who.does(work)] for work in works
        }
        return _races(network, entered, rounds, seconds, place, say)


def _device(name: torch.device | str) -> torch.device:
    try:
        return torch.device(str(name))
    except RuntimeError:
        raise InputError(f"no device '{name}'; PyTorch has cpu, cuda, mps") from None


def _races(
    network: Network,
    entered: Mapping[str, list[tuple[Contestant, Job]]],
    rounds: int,
    seconds: float,
    place: torch.device,
    say: Say,
) -> list[Race]:
    peak = Peak.found(torch.get_num_threads(), say) if place.type == "cpu" else None
    races = []
    for work, who_does_what in entered.items():
        ready = {(who.name, job.batch): _ready(who, job, work, say) for who, job in who_does_what}
        if turns := {key: turn for key, turn in ready.items() if turn}:
            length = len(turns) * (seconds + PAUSE) + seconds / 4
            say(f"{work}: {len(turns)} entries, {rounds} rounds of about {length:.1f} s")
            entries, highest = _race(turns, peak, rounds, seconds)
            races.append(Race(work, entries, operations(network, work), highest))
            say(f"{work}: done")
    if not races:
        raise InputError("none of these engines can do this network")
    highest = max(race.peak for race in races)
    if highest and (line := slower(highest, f"{processor()}, {torch.get_num_threads()} threads, {host().name}")):
        say(line)
    return races


def operations(network: Network, work: str) -> int:
    """Floating-point operations of an image: two per multiply-add of convolutions and fully connected layers.

    Training computes each layer three times, forward and for both gradients; the first needs no input gradient.

    >>> from striate.notation import read
    >>> network = read("input 1x4x4 -> fc 5 -> fc 3")
    >>> operations(network, "inference"), operations(network, "training")
    (190, 410)
    """
    if work == "inference":  # side heads are left out
        main = tuple(node for node in network.layers if not isinstance(node, Aux))
        return 2 * (measure(dataclasses.replace(network, layers=main)).total_macs or 0)
    macs = [row.macs.value for row in measure(network).rows if row.macs.value]
    return 2 * (3 * sum(macs) - macs[0]) if macs else 0


def _race(turns: Turns, peak: Peak | None, rounds: int, seconds: float) -> tuple[tuple[Entry, ...], float]:
    """All turns, round by round: the entries, and the machine's peak in the same rounds."""
    counts = {key: max(1, round(seconds / min(timed(turn, 1) for _ in range(3)))) for key, turn in turns.items()}
    speeds: dict[tuple[str, int], list[float]] = {key: [] for key in turns}
    highest = 0.0
    for number in range(rounds):
        for key in list(turns)[:: 1 if number % 2 == 0 else -1]:  # who goes first alternates
            time.sleep(min(PAUSE, seconds))
            speeds[key].append(counts[key] * key[1] / timed(turns[key], counts[key]))
        highest = max(highest, peak.measure(seconds / 4) if peak else 0.0)
    return tuple(Entry(*key, tuple(found)) for key, found in speeds.items()), highest


def _ready(who: Contestant, job: Job, work: str, say: Say) -> Turn | None:
    """The contestant's turn; None, and a line, where it can't."""
    try:
        return who.ready(work, job)
    except StriateError as error:
        say(f"{who.name} takes no part in {work}, batch {job.batch}: {error}")
        return None
