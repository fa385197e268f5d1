"""Time, memory, traffic and cost of a training on many devices that each hold the whole network.

After each step the devices add their gradients up around a ring, for which each sends and receives 2(N-1)/N times the
gradients (Patarasu & Yuan 2009, Bandwidth Optimal All-reduce Algorithms). This may go on while gradients of earlier
layers are computed: a step takes at least the longer of both, at most their sum.

>>> told = plan("resnet50", images="1.28M", gpus=8, batch=256, epochs=90, per_second=2500, bandwidth="100Gb/s")
>>> told.figure("steps").formula, told.figure("sent per step").value
('90 * ceil(1,280,000 / (8 * 256))', 178899224.0)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate import zoo
from striate.checks import check_number
from striate.errors import InputError
from striate.estimating.cards import Card, card
from striate.estimating.quantities import count, in_bytes, in_time, rate
from striate.notation import Measure, Network
from striate.notation import measure as cost_of
from striate.notation.measure import at as at_shape
from striate.notation.sizes import Size
from striate.tables import html_table

BATCH, EPOCHS = 64, 90
PRECISIONS = {"float32": 4, "bfloat16": 2}  # bytes of an activation; weights and gradients stay in float32
GIVEN = "given"
ONE_MACHINE = 8  # cards that most machines have at most
BACKWARD = 3  # a training step has the products of the forward pass, and twice as many backward
ROUNDS, SECONDS = 3, 0.5


@dataclass(frozen=True)
class Figure:
    """A number of the estimate.

    Attributes:
        name: What it is.
        value: It, in seconds, bytes, dollars or as a count.
        said: It with its unit.
        formula: How it follows from others, numbers filled in; empty of what is given.
        source: Where it comes from, of what does not follow.
    """

    name: str
    value: float
    said: str
    formula: str = ""
    source: str = ""


@dataclass(frozen=True)
class Estimate:
    """What a training takes.

    Attributes:
        network: Its name.
        figures: In order: what is given, then what follows.
        notes: What to know of it.
    """

    network: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    def figure(self, name: str) -> Figure:
        """A figure by its name.

        Raises:
            KeyError: There is none of that name.
        """
        return {one.name: one for one in self.figures}[name]

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, value, and formula or source of each."""
        return [(one.name, one.said, one.formula or one.source) for one in self.figures]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate plan --json`."""
        return {"network": self.network, "figures": [vars(one) for one in self.figures], "notes": list(self.notes)}

    def _repr_html_(self) -> str:
        return html_table(self.network, ["", "", "formula or source"], self.rows())


def plan(
    net: str | Path | Network,
    images: int | str,
    *,
    gpus: int = 1,
    batch: int = BATCH,
    epochs: int = EPOCHS,
    per_second: float | None = None,
    measure: bool = False,
    gpu: str | None = None,
    share: float = 1.0,
    bandwidth: str | float | None = None,
    price: float | None = None,
    optimizer: str = "adamw",
    precision: str = "float32",
    device: str = "cpu",
    at: tuple[int, ...] | None = None,
    size: Size | None = None,
    letters: Mapping[str, int | float] | None = None,
) -> Estimate:
    """Estimate what a training takes.

    The speed of one device is given, or measured on this machine, or follows from the peak of a card.

    Args:
        net: As for `explain`.
        images: How many there are to train on: 50000, "1.2M".
        gpus: How many devices, each with all of the network.
        batch: Images in a step, on each device.
        epochs: Passes over the images.
        per_second: Images that one device trains on per second.
        measure: Whether that is measured here, with our engines.
        gpu: A card, whose published peak bounds it: "h100".
        share: The share of that peak that is reached, above 0 to 1.
        bandwidth: Of the link between devices, in one direction: "25GB/s", "100Gb/s"; by default the card's.
        price: Of one device for an hour.
        optimizer: Its state counts as memory.
        precision: Of activations: `float32` or `bfloat16`.
        device: Where to measure.
        at, size, letters: As for `explain`.

    Raises:
        InputError: A number out of range, or the speed is not known.
    """
    network = zoo.resized(net, size, letters)
    network = at_shape(network, at) if at else network
    cost = cost_of(network)
    total = count(images, "images")
    for value, name in ((gpus, "gpus"), (batch, "batch"), (epochs, "epochs")):
        check_number(value, name, least=1, most=10**9)
    if precision not in PRECISIONS:
        raise InputError(f"no precision '{precision}'; there are {', '.join(PRECISIONS)}")
    if cost.total_macs is None:
        raise InputError(f"{network.name} leaves an axis free; give its size, as in `at`")
    chosen = card(gpu) if gpu else None
    speed = _speed(network, cost, batch, per_second, measure, chosen, share, precision, device)
    link = _link(bandwidth, chosen, gpus)
    given = [
        Figure("images", total, f"{total:,}", source=GIVEN),
        Figure("devices", gpus, f"{gpus:,}", source=GIVEN),
        Figure("batch on each", batch, f"{batch:,}", source=_source(batch, BATCH)),
        Figure("epochs", epochs, f"{epochs:,}", source=_source(epochs, EPOCHS)),
        Figure("parameters", cost.total_parameters, f"{cost.total_parameters:,}", source="the network's text"),
        Figure("MACs for an image", cost.total_macs, f"{cost.total_macs:,}", source="the network's text"),
        speed,
        *link,
    ]
    held = _memory(cost, batch, optimizer, precision, chosen)
    follows = [*held, *_time(total, gpus, batch, epochs, cost, speed, link)]
    made = {one.name: one for one in follows}
    return Estimate(
        network.name,
        (*given, *follows, *_price(made, gpus, price)),
        _notes(chosen, share, speed, made, precision, gpus, bandwidth),
    )


def _source(value: int, usual: int) -> str:
    return "unless said otherwise" if value == usual else GIVEN


def _speed(
    network: Network,
    cost: Measure,
    batch: int,
    per_second: float | None,
    measured: bool,
    chosen: Card | None,
    share: float,
    precision: str,
    device: str,
) -> Figure:
    """The images that one device trains on per second."""
    name = "images/s of one"
    if per_second is not None:
        check_number(per_second, "per_second", least=1e-9, most=1e15, whole=False)
        return Figure(name, per_second, _per_second(per_second), source=GIVEN)
    if measured:
        return _measured(name, network, batch, device)
    if chosen is None:
        ways = "give `per_second`, measure it here with `measure=True`, or name a card with `gpu`"
        raise InputError(f"how fast is one device? {ways}")
    check_number(share, "share", least=1e-6, most=1, whole=False)
    peak = chosen.bfloat16 if precision == "bfloat16" else chosen.float32
    value = share * peak / (2 * BACKWARD * (cost.total_macs or 1))
    part = "" if share == 1 else f"{share:g} * "
    formula = f"{part}{peak:.4g} / (2 * {BACKWARD} * {cost.total_macs:,}); peak in {precision}: {chosen.source}"
    return Figure(name, value, _per_second(value), formula)


def _measured(name: str, network: Network, batch: int, device: str) -> Figure:
    from striate.benchmark import bench, machine, spread  # takes PyTorch

    engines = ("native", "torch") if device == "cpu" else ("torch",)
    how: dict[str, Any] = {"works": ("training",), "batches": (batch,), "rounds": ROUNDS, "seconds": SECONDS}
    (race,) = bench(network, engines=engines, device=device, **how)
    best = max(race.entries, key=lambda entry: spread(entry.speeds)[0])
    value, low, high = spread(best.speeds)
    about = ", ".join(f"{key} {word}" for key, word in machine([best.engine]).items())
    source = f"measured here: engine {best.engine} on {device}, quartiles {low:,.4g} to {high:,.4g}; {about}"
    return Figure(name, value, _per_second(value), source=source)


def _per_second(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _link(bandwidth: str | float | None, chosen: Card | None, gpus: int) -> list[Figure]:
    """The bandwidth between devices, if there are several."""
    if gpus == 1:
        return []
    if bandwidth is not None:
        value, source = rate(bandwidth, "bandwidth"), GIVEN
    elif chosen is not None:
        value, source = chosen.link, f"peak between cards of one machine: {chosen.source}"
    else:
        raise InputError("how fast is the link between devices? Give `bandwidth`, as in 25GB/s or 100Gb/s")
    return [Figure("bandwidth", value, f"{in_bytes(value)}/s", source=source)]


def _memory(cost: Measure, batch: int, optimizer: str, precision: str, chosen: Card | None) -> list[Figure]:
    """What one device holds."""
    held = cost.training_memory(batch, optimizer)
    activations = (held.activations or 0) * PRECISIONS[precision] // 4
    total = held.weights + held.gradients + held.optimizer + activations
    parts = [held.weights, held.gradients, held.optimizer, activations]
    formula = f"{' + '.join(map(in_bytes, parts))} (weights, gradients, {optimizer}'s state, activations)"
    figures = [Figure("memory of each", total, in_bytes(total), formula)]
    if chosen:
        fit = f"{in_bytes(total)} of {in_bytes(chosen.memory)}: {chosen.source}"
        figures.append(Figure("share of its memory", total / chosen.memory, f"{total / chosen.memory:.1%}", fit))
    return figures


def _time(
    total: int, gpus: int, batch: int, epochs: int, cost: Measure, speed: Figure, link: list[Figure]
) -> list[Figure]:
    """Steps, what they send, and how long they take."""
    steps = epochs * math.ceil(total / (gpus * batch))
    compute = batch / speed.value
    figures = [
        Figure("steps", steps, f"{steps:,}", f"{epochs:,} * ceil({total:,} / ({gpus:,} * {batch:,}))"),
        Figure("computing a step", compute, in_time(compute), f"{batch:,} / {speed.said}"),
    ]
    least = most = compute
    if link:
        size = 4 * cost.total_parameters
        sent = 2 * (gpus - 1) * size / gpus
        adding = sent / link[0].value
        least, most = max(compute, adding), compute + adding
        formula = f"2 * ({gpus:,} - 1) / {gpus:,} * 4 * {cost.total_parameters:,}"
        figures += [
            Figure("sent per step", sent, in_bytes(sent), f"{formula}, by each device"),
            Figure("adding up gradients", adding, in_time(adding), f"{in_bytes(sent)} / {link[0].said}"),
            Figure("sent in all", sent * gpus * steps, in_bytes(sent * gpus * steps), f"by all, in {steps:,} steps"),
        ]
    both = f"at best {in_time(least)}, at worst {in_time(most)} a step" if link else f"{in_time(compute)} a step"
    read = gpus * batch / least
    return [
        *figures,
        Figure("time at least", steps * least, in_time(steps * least), f"{steps:,} * {in_time(least)}"),
        Figure("time at most", steps * most, in_time(steps * most), f"{steps:,} * {in_time(most)}; {both}"),
        Figure("images/s to read", read, _per_second(read), "what the data must deliver"),
    ]


def _price(made: Mapping[str, Figure], gpus: int, price: float | None) -> list[Figure]:
    if price is None:
        return []
    check_number(price, "price", whole=False)
    low, high = (made[f"time at {end}"].value * gpus / 3600 for end in ("least", "most"))
    said = f"{price * low:,.2f} to {price * high:,.2f}" if high > low else f"{price * low:,.2f}"
    formula = f"{gpus:,} devices * {made['time at most'].said} at most * {price:g} an hour"
    return [Figure("cost", price * high, said, formula)]


def _notes(
    chosen: Card | None,
    share: float,
    speed: Figure,
    made: Mapping[str, Figure],
    precision: str,
    gpus: int,
    bandwidth: str | float | None,
) -> tuple[str, ...]:
    notes = []
    if chosen and speed.formula and share == 1:
        bound = "no training reaches the card's peak, so that times are lower bounds; `share` takes a part of it"
        tf32 = "; PyTorch's convolutions use TF32 on newer cards, which may be faster" * (precision == "float32")
        notes.append(bound + tf32)
    if gpus > ONE_MACHINE and bandwidth is None:
        notes.append("the link is that within one machine; so many cards are in several: give `bandwidth` between them")
    if chosen and made["share of its memory"].value > 1:
        notes.append(f"it does not fit {chosen.title}; take a smaller `batch` or `precision='bfloat16'`")
    notes.append("memory is without temporary buffers; time is without reading data, validation and saving")
    return tuple(notes)
