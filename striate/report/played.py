"""The parts of a report on a network that plays: its score, and the moves that lose most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.report.images import data_uri
from striate.report.section import Section, part

TEMPLATE = "played.html"


@dataclass(frozen=True, eq=False)
class Shown:
    """A move.

    Attributes:
        frame: What the player saw newly, (84, 84).
        heat: What it read with the places that decided, (84, 84, 3); None where nobody can say.
        name: Where to find it.
        network: The action that the network takes.
        best: The one that trials value most.
        lost: By how much less than that the network's is valued.
        note: What else there is to say.
    """

    frame: NDArray[np.uint8]
    heat: NDArray[np.uint8] | None
    name: str
    network: str
    best: str
    lost: float
    note: str = ""


def headline(score: float | None, play: str, said: str, evaluated: str) -> Markup:
    """The first lines of a page: the score beside random play's and the planner's, and the figures of single moves."""
    return part(TEMPLATE, "headline", score=score, play=play, said=said, evaluated=evaluated)


def worst(moves: Sequence[Shown], heat: str) -> Section:
    """The moves that lose most; `heat` says how the places that decided were found."""
    body = part(TEMPLATE, "worst", moves=_embedded(moves), heat=heat)
    return Section("worst", "Costliest moves", body)


def listed(moves: Sequence[Shown], heat: str) -> Markup:
    """Moves, one beside the other."""
    return part(TEMPLATE, "listed", moves=_embedded(moves), heat=heat)


def _embedded(moves: Sequence[Shown]) -> list[tuple[str, str, Shown]]:
    return [(data_uri(one.frame), data_uri(one.heat) if one.heat is not None else "", one) for one in moves]
