"""A network's calls as the cards that the page shows: all of them where they are few, else folded, as papers do.

What is deepest inside is folded first, module by module, then modules in a row that are alike. A card says how many
layers it hides, and what is folded can be opened.

>>> from torch import nn, zeros
>>> from striate.inside.tracing import traced
>>> block = lambda: nn.Sequential(nn.Linear(2, 2), nn.ReLU())
>>> net = nn.Sequential(nn.Linear(2, 2), *(block() for _ in range(40)), nn.Linear(2, 3))
>>> for card in cards(traced(net, zeros(1, 2))):
...     print(card.name, card.layers)
0 1
1 … 40 80
41 1
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from striate.inside.tracing import Call, Trace

MOST = 40  # cards up to which nothing is folded


@dataclass(frozen=True)
class Card:
    """One or more calls in a row.

    Attributes:
        name: Of its layer; of what is folded, the module's path, or those of the first and the last module.
        path: What is to be opened to see inside, several with commas between them; empty for a single call.
        calls: The numbers of its calls.
        reads: The values that come into it.
        gives: The values that it gives and others read, or the network gives; the last is shown.
        layers: How many layers it has.
    """

    name: str
    path: str
    calls: tuple[int, ...]
    reads: tuple[int, ...]
    gives: tuple[int, ...]
    layers: int


def cards(trace: Trace, opened: Collection[str] = (), most: int = MOST) -> list[Card]:
    """The cards of a trace, in the order of its calls.

    Args:
        trace: Of any module.
        opened: Paths of folded modules of which the inside is shown.
        most: How many cards are shown without folding.
    """
    groups = [_Group("", call.name, (number,)) for number, call in enumerate(trace.calls)]
    depth = max((_home(call).count(".") + 1 for call in trace.calls if _home(call)), default=0)
    while depth and len(groups) > most:
        groups = list(_folded(trace, groups, depth, opened))
        depth -= 1
    if len(groups) > most:
        groups = list(_runs(trace, groups, opened))
    return [_card(trace, group) for group in groups]


@dataclass(frozen=True)
class _Group:
    path: str
    name: str
    calls: tuple[int, ...]


def _home(call: Call) -> str:
    """The path of the module in whose code a call stands."""
    return call.path.rpartition(".")[0] if call.layer else call.path


def _folded(trace: Trace, groups: Sequence[_Group], depth: int, opened: Collection[str]) -> Iterator[_Group]:
    """With the modules at a depth folded."""

    def module(group: _Group) -> str:
        parts = _home(trace.calls[group.calls[0]]).split(".")
        path = ".".join(parts[:depth])
        return "" if len(parts) < depth or any(one == path or one.startswith(f"{path}.") for one in opened) else path

    for path, some in groupby(groups, module):
        inside = list(some)
        if not path or len(inside) == 1:
            yield from inside
        else:
            yield _Group(path, path, tuple(number for one in inside for number in one.calls))


def _runs(trace: Trace, groups: Sequence[_Group], opened: Collection[str]) -> Iterator[_Group]:
    """With modules in a row that do the same work on maps of one size folded into one."""

    def alike(group: _Group) -> tuple[object, ...]:
        if not group.path:
            return (group.calls,)
        kinds = tuple(trace.calls[number].kind for number in group.calls)
        return kinds, trace.values[trace.calls[group.calls[-1]].gives[0]].shape[2:]

    for _, some in groupby(groups, alike):
        inside = list(some)
        if len(inside) == 1 or any(one.path in opened for one in inside):
            yield from inside
        else:
            name = f"{inside[0].name} … {inside[-1].name}"
            yield _Group(
                ",".join(one.path for one in inside), name, tuple(number for one in inside for number in one.calls)
            )


def _card(trace: Trace, group: _Group) -> Card:
    calls = [trace.calls[number] for number in group.calls]
    made = [value for call in calls for value in call.gives]
    inside, others = set(made), set(group.calls)
    wanted = {value for number, call in enumerate(trace.calls) if number not in others for value in call.reads}
    reads = dict.fromkeys(value for call in calls for value in call.reads if value not in inside)
    gives = [value for value in made if value in wanted or value in trace.outputs] or made[-1:]
    layers = sum(call.layer is not None for call in calls)
    return Card(group.name, group.path, group.calls, tuple(reads), tuple(gives), layers)
