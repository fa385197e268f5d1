"""How good several labels an image are: the figures, the floor, the worst images, wherever they are shown.

>>> import torch
>>> from striate.data.examples import Table
>>> rows = {"output": torch.tensor([[2.0, -1.0], [-1.0, 1.0]]), "labels": torch.tensor([[1, 0], [1, 1]])}
>>> judged = JudgedMultilabel("a set", Table(rows), rows, {"loss": 0.5}, "images", ("cat", "dog"))
>>> judged.said()
'mAP 100.00% on 2 images (macro F1 83.33%, 75.00% of the labels right); a ranking by chance gets 75.00%'
>>> judged.worst, [(name, round(probability, 4), there) for name, probability, there in judged.mistakes(1)]
([1], [('cat', 0.2689, True)])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.data.examples import Examples
from striate.metrics.multilabel import MultilabelScores, multilabel_scores
from striate.tasks.task import Judged
from striate.training.fields import OUTPUT

if TYPE_CHECKING:
    from striate.report.section import Section

LABELS = "labels"
MOST_WORST = 24  # images listed
MOST_LABELS, MOST_PRINTED = 10, 5  # printed


@dataclass(frozen=True, eq=False)
class JudgedMultilabel(Judged):
    """A network's answers beside the true labels; its rows are outputs (N, K), before the sigmoid, and labels (N, K).

    Attributes:
        labels: The K names.
    """

    labels: tuple[str, ...]

    @cached_property
    def outputs(self) -> NDArray[np.float64]:
        """(N, K).

        Raises:
            WorkError: One is not finite.
        """
        outputs = self.rows[OUTPUT].double()
        self.check_finite(outputs)
        return np.asarray(outputs.numpy())

    @cached_property
    def true(self) -> NDArray[np.bool_]:
        """Which labels each image has (N, K)."""
        return np.asarray(self.rows[LABELS].numpy() > 0)

    def columns(self) -> Mapping[str, Sequence[Any]]:
        """The labels, those that it was called, and the probability of each."""
        shares = 1 / (1 + np.exp(-self.outputs))
        named = {"labels": self.true, "called": shares >= 0.5}
        return {
            **{name: [";".join(self._named(row)) for row in rows] for name, rows in named.items()},
            **{f"probability_of_{label}": shares[:, k].round(6).tolist() for k, label in enumerate(self.labels)},
        }

    def _named(self, row: NDArray[np.bool_]) -> list[str]:
        return [label for label, there in zip(self.labels, row, strict=True) if there]

    @cached_property
    def scores(self) -> MultilabelScores:
        """Over all images."""
        return multilabel_scores(self.true, self.outputs)

    @property
    def floor(self) -> str:
        """The mean average precision of a ranking by chance."""
        return f"{self.scores.chance:.2%}"

    @cached_property
    def each(self) -> NDArray[np.float64]:
        """The binary cross-entropy of each image (N,)."""
        return np.asarray(np.logaddexp(0, np.where(self.true, -self.outputs, self.outputs)).mean(1))

    @property
    def worst(self) -> list[int]:
        """The positions of the images of which a label is wrong, those with the largest loss first; at most 24."""
        wrong = ((self.outputs >= 0) != self.true).any(1)
        ranked = np.argsort(-self.each, kind="stable")
        return [int(row) for row in ranked if wrong[row]][:MOST_WORST]

    def mistakes(self, row: int) -> list[tuple[str, float, bool]]:
        """The wrong labels of an image: name, probability, and whether it is there; the surest mistake first."""
        probabilities = np.exp(-np.logaddexp(0, -self.outputs[row]))
        wrong = np.flatnonzero((self.outputs[row] >= 0) != self.true[row])
        ranked = sorted(wrong, key=lambda k: -abs(self.outputs[row, k]))
        return [(self.labels[k], float(probabilities[k]), bool(self.true[row, k])) for k in ranked]

    def names(self, row: int) -> list[str]:
        """The true labels of an image."""
        return [self.labels[k] for k in np.flatnonzero(self.true[row])]

    def said(self) -> str:
        """The figures in words."""
        s = self.scores
        rest = f"macro F1 {s.macro_f1:.2%}, {s.label_accuracy:.2%} of the labels right"
        ranked = f"mAP {s.mean_average_precision:.2%} on {self.amount} ({rest})"
        return f"{ranked}; a ranking by chance gets {self.floor}"

    def in_short(self) -> str:
        """The mean average precision."""
        return f"{self.scores.mean_average_precision:.2%}"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        s = self.scores
        return {
            "map": s.mean_average_precision,
            "chance_map": s.chance,
            "macro_f1": s.macro_f1,
            "label_accuracy": s.label_accuracy,
            "loss": self.figures["loss"],
            "examples": len(self.examples),
            "labels": list(self.labels),
            "per_label": s.by_label(self.labels),
            "worst": [
                {
                    "image": self.examples.name(row),
                    "labels": self.names(row),
                    "missed": [name for name, _, there in self.mistakes(row) if there],
                    "wrong": [name for name, _, there in self.mistakes(row) if not there],
                }
                for row in self.worst
            ],
        }

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield f"label error {1 - self.scores.label_accuracy:.2%}, loss {self.figures['loss']:.4f}"
        yield self._table()
        for row in self.worst[:MOST_PRINTED]:
            mistakes = ", ".join(
                f"{'missed' if there else 'not there:'} {name} ({probability:.2%})"
                for name, probability, there in self.mistakes(row)[:MOST_PRINTED]
            )
            yield f"worst: {self.examples.name(row)}: {mistakes}"

    def _table(self) -> Any:
        from rich import box
        from rich.markup import escape
        from rich.table import Table

        present = [one for one in self.scores.by_label(self.labels) if one["positives"]]
        present.sort(key=lambda one: one["average_precision"])
        few = f", the {MOST_LABELS} of {len(present)} with the lowest AP" if len(present) > MOST_LABELS else ""
        table = Table(title=f"label by label{few}", box=box.SIMPLE_HEAD, title_justify="left")
        for title in ("label", "positives", "AP", "precision", "recall", "F1"):
            table.add_column(title, justify="left" if title == "label" else "right")
        for one in present[:MOST_LABELS]:
            figures = (one[name] for name in ("average_precision", "precision", "recall", "f1"))
            table.add_row(escape(one["label"]), f"{one['positives']:,}", *map("{:.2%}".format, figures))
        return table

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import labels

        return labels.headline(self.scores, self._evaluated())

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """Label by label, and the worst images."""
        from striate.report import labels

        yield labels.table(self.scores, self.labels, self._evaluated(), self.unit)
        if worst := self.worst_section(root):
            yield worst

    def worst_section(self, root: str) -> Section | None:
        """The worst images; nothing where no label is wrong."""
        from striate.report import labels

        images, heat = self._drawn(self.worst, root, {})
        return labels.worst(images, self._evaluated(), self.unit, heat) if images else None

    def shown(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> Markup:
        """Images with their labels and those that are wrong."""
        from striate.report import labels

        images, heat = self._drawn(rows, root, notes)
        return labels.listed(images, heat) if images else Markup()

    def _drawn(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> tuple[list[Any], str]:
        """Images of which a label is wrong, and how the places that spoke for their first mistakes were found."""
        from striate.report.labels import WorstImage
        from striate.tasks.pictures import pictured

        mistakes = {row: found for row in rows if (found := self.mistakes(row))}
        pictures, heat = pictured(self, {row: self.labels.index(found[0][0]) for row, found in mistakes.items()}, root)
        return [
            WorstImage(one.image, tuple(self.names(row)), tuple(mistakes[row]), one.name, one.heat, notes.get(row, ""))
            for row, one in pictures.items()
        ], heat

    def _evaluated(self) -> str:
        return f"{self.name} ({self.amount})"
