"""How good a network's moves are, by what trials of each action say and by the episodes that it plays.

>>> from dataclasses import replace
>>> from striate.data.examples import Table
>>> rows = {"output": torch.tensor([[2.0, 0.0], [0.0, 1.0]]), "values": torch.tensor([[0.0, 1.0], [1.0, 1.0]])}
>>> found = {"regret": 0.5, "accuracy": 0.5, "loss": 1.0}
>>> facts = ("moves", ("noop", "left"), "pong", 1.0, (20.0,), (-21.0, -20.0))
>>> judged = JudgedMoves("a set", Table(rows), rows, found, *facts)
>>> judged.said()
'regret 50.00%, 50.0% of 2 moves as trials prefer; always left has 0.00% and 100.0%'
>>> replace(judged, scores=(3.0, 4.0)).to_json()["score"]
3.5
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from markupsafe import Markup

from striate.data.examples import Examples
from striate.tasks.task import Judged
from striate.training.fields import OUTPUT

if TYPE_CHECKING:
    from striate.report.played import Shown
    from striate.report.section import Section

VALUES, SCORE = "values", "score"
MOST_WORST = 12  # moves shown
CLOSE = 1e-6  # values that differ by less are alike


def regrets(outputs: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """How much less (N,) the action of the largest output brings than the best."""
    return values.amax(1) - values.gather(1, outputs.argmax(1, keepdim=True))[:, 0]


@dataclass(frozen=True, eq=False)
class JudgedMoves(Judged):
    """A network's moves; its rows are outputs (N, actions) and the values (N, actions) of trials.

    Attributes:
        actions: The names.
        game: The game.
        spread: How far values of a move are apart, as the task has it; what a move loses is counted in it, up to 1.
        planner: The scores of the planner's own episodes.
        random: Those of a random player.
        scores: Those of the network's; () where it did not play.
        endless: How many of these were cut off, as they had lasted long enough.
        missing: Why it did not play.
    """

    actions: tuple[str, ...]
    game: str
    spread: float
    planner: tuple[float, ...]
    random: tuple[float, ...]
    scores: tuple[float, ...] = ()
    endless: int = 0
    missing: str = ""

    @cached_property
    def lost(self) -> torch.Tensor:
        """How much less than the best action each chosen one brings (N,)."""
        return regrets(self.rows[OUTPUT], self.rows[VALUES])

    @cached_property
    def always(self) -> tuple[str, float, float]:
        """The one action that is best for all moves, its regret and its accuracy: what a network must beat."""
        lost = self.rows[VALUES].amax(1, keepdim=True) - self.rows[VALUES]
        shares = (lost / self.spread).clamp(max=1).double().mean(0)
        best = int(shares.argmin())
        return self.actions[best], float(shares[best]), float((lost[:, best] < CLOSE).double().mean())

    @property
    def guessing(self) -> str:
        """Whether one action for all moves is as good."""
        action, regret, _ = self.always
        return (
            "" if self.figures["regret"] < regret else f"No better than always {action}, whose regret is {regret:.2%}."
        )

    def said(self) -> str:
        """The figures in words, with the scores where it has played before them."""
        return "; ".join(filter(None, (self.in_play(), self.of_moves())))

    def of_moves(self) -> str:
        """How single moves are, in words."""
        action, regret, accuracy = self.always
        return (
            f"regret {self.figures['regret']:.2%}, {self.figures['accuracy']:.1%} of {len(self.examples):,} "
            f"{self.unit} as trials prefer; always {action} has {regret:.2%} and {accuracy:.1%}"
        )

    def in_short(self) -> str:
        """The score; the regret where it has not played."""
        return f"{np.mean(self.scores):.1f} points" if self.scores else f"unknown; regret {self.figures['regret']:.2%}"

    def in_play(self) -> str:
        """The scores in words; empty where it did not play."""
        if self.missing:
            return f"it did not play: {self.missing}"
        if not self.scores:
            return ""
        cut = f" ({self.endless} cut off as they went on)" if self.endless else ""
        beside = [f"random play {np.mean(self.random):.1f}"] if self.random else []
        beside += [f"the planner {np.mean(self.planner):.1f}"] if self.planner else []
        of = f"score {np.mean(self.scores):.1f} in {len(self.scores)} episodes of {self.game}{cut}"
        return f"{of}; {', '.join(beside)}" if beside else of

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        _, regret, accuracy = self.always
        played = {SCORE: self.scores, "score_random": self.random, "score_planner": self.planner}
        means = {name: float(np.mean(scores)) if scores else None for name, scores in played.items()}
        floors = {"regret_of_one_action": regret, "accuracy_of_one_action": accuracy}
        more = {"scores": list(self.scores), "cut_off": self.endless, "game": self.game}
        return {**self.figures, **floors, **means, **more, "examples": len(self.examples)}

    def columns(self) -> Mapping[str, Sequence[Any]]:
        """The best actions, those of the network, and the regret."""
        best, taken = self.rows[VALUES].argmax(1).tolist(), self.rows[OUTPUT].argmax(1).tolist()
        names = {"best": best, "network": taken}
        named = {who: [self.actions[action] for action in actions] for who, actions in names.items()}
        return {**named, "regret": [round(one, 6) for one in self.lost.tolist()]}

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        if play := self.in_play():
            yield play
        yield self.of_moves()
        yield from self.advice()

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import played

        score = float(np.mean(self.scores)) if self.scores else None
        return played.headline(score, self.in_play(), self.of_moves(), self.name)

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """The worst moves."""
        if worst := self.worst_section(root):
            yield worst

    def worst_section(self, root: str) -> Section | None:
        """The moves that lose most, with where the network looked."""
        from striate.report import played

        order = torch.argsort(self.lost, descending=True, stable=True)[:MOST_WORST].tolist()
        shown, heat = self._shown([row for row in order if self.lost[row] > CLOSE], root, {})
        return played.worst(shown, heat) if shown else None

    def shown(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> Markup:
        """Moves with what the network does, and what is best."""
        from striate.report import played

        shown, heat = self._shown(rows, root, notes)
        return played.listed(shown, heat) if shown else Markup()

    def _shown(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> tuple[list[Shown], str]:
        from striate.report.places import inside
        from striate.report.played import Shown
        from striate.tasks.pictures import IMAGE

        if not rows:
            return [], ""
        frames = self.examples.take(list(rows))[IMAGE][:, -1].numpy()  # the newest
        taken, best = self.rows[OUTPUT].argmax(1).tolist(), self.rows[VALUES].argmax(1).tolist()
        sights = self.look(list(rows), [taken[row] for row in rows]) if self.look else None
        heats = sights.pictures if sights else [None] * len(rows)
        found = [
            Shown(
                frame,
                heat,
                inside(self.examples.name(row), root),
                self.actions[taken[row]],
                self.actions[best[row]],
                float(self.lost[row]),
                notes.get(row, ""),
            )
            for row, frame, heat in zip(rows, frames, heats, strict=True)
        ]
        return found, sights.said if sights else ""
