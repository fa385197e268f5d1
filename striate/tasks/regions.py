"""How good masks are: the figures, the floor, the worst images, wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.data.examples import Examples
from striate.data.masks import resized
from striate.metrics.regions import RegionScores, majority_scores, region_scores
from striate.tasks.task import Judged

if TYPE_CHECKING:
    from striate.report.section import Section

MOST_DRAWN = 12
MOST_PRINTED = 5


@dataclass(frozen=True, eq=False)
class JudgedRegions(Judged):
    """A network's masks beside the true ones; its rows are counts (N, K, K) and small answers (N, 192, 192).

    Attributes:
        classes: The K names.
        colours: How they are drawn.
    """

    classes: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]

    @cached_property
    def scores(self) -> RegionScores:
        """Over all pixels of all images."""
        return region_scores(self.rows["counts"].sum(0).numpy())

    @cached_property
    def floor(self) -> tuple[str, RegionScores]:
        """The most common class, and the figures of always naming it."""
        most, scores = majority_scores(self.rows["counts"].sum(0).numpy())
        return self.classes[most], scores

    @cached_property
    def each(self) -> list[float]:
        """The mean IoU of each image."""
        return [region_scores(counts).mean_iou for counts in self.rows["counts"].numpy()]

    def columns(self) -> Mapping[str, Sequence[float]]:
        """The mean IoU of each image."""
        return {"mean_iou": self.each}

    @property
    def worst(self) -> list[int]:
        """The positions of the images, the worst first."""
        return [int(row) for row in np.argsort(np.nan_to_num(self.each, nan=2.0), kind="stable")]

    @property
    def guessing(self) -> str:
        """Whether one class is named everywhere, as by a network that has learned nothing, or that would do as well."""
        named = np.flatnonzero(self.rows["counts"].sum((0, 1)).numpy())
        if len(self.classes) < 2:
            return ""
        if len(named) == 1:
            return f"Every pixel is called '{self.classes[named[0]]}': the network has not learned to tell the classes."
        most, floor = self.floor
        there = self.scores.share > 0  # pixels that stray into a class that is not there count against a network alone
        no_better = there.any() and self.scores.iou[there].mean() <= floor.mean_iou
        return f"No better than always saying '{most}', which gets {floor.mean_iou:.2%}." if no_better else ""

    def said(self) -> str:
        """The figures in words."""
        most, floor = self.floor
        guess = f"always saying '{most}' gets {floor.mean_iou:.2%} and {floor.pixel_accuracy:.2%}"
        s = self.scores
        rest = f"Dice {s.mean_dice:.2%}, {s.pixel_accuracy:.2%} of the pixels right"
        return f"mean IoU {s.mean_iou:.2%} on {self.amount} ({rest}); {guess}"

    def in_short(self) -> str:
        """The mean IoU."""
        return f"{self.scores.mean_iou:.2%}"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        s, (most, floor) = self.scores, self.floor
        per_class = [
            {"class": name, "iou": iou, "dice": dice, "share": share}
            for name, iou, dice, share in s.by_class(self.classes)
        ]
        return {
            "mean_iou": s.mean_iou,
            "dice": s.mean_dice,
            "pixel_accuracy": s.pixel_accuracy,
            "error": s.pixel_error,
            "frequency_weighted_iou": s.frequency_weighted_iou,
            "loss": self.figures["loss"],
            "examples": len(self.examples),
            "majority_class": most,
            "majority_mean_iou": floor.mean_iou,
            "majority_pixel_accuracy": floor.pixel_accuracy,
            "classes": list(self.classes),
            "per_class": per_class,
            "worst": [
                {"image": self.examples.name(row), "mean_iou": self.each[row]} for row in self.worst[:MOST_DRAWN]
            ],
        }

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield f"pixel error {self.scores.pixel_error:.2%}, loss {self.figures['loss']:.4f}"
        yield from self.advice()
        yield self._table()
        for row in self.worst[:MOST_PRINTED]:
            yield f"worst: {self.examples.name(row)}: mean IoU {self.each[row]:.2%}"

    def _table(self) -> Any:
        from rich import box
        from rich.markup import escape
        from rich.table import Table

        table = Table(title="class by class", box=box.SIMPLE_HEAD, title_justify="left")
        for title in ("class", "IoU", "Dice", "share of pixels"):
            table.add_column(title, justify="left" if title == "class" else "right")
        for name, *figures in self.scores.by_class(self.classes):
            table.add_row(escape(name), *(f"{figure:.2%}" if figure == figure else "–" for figure in figures))
        return table

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import regions

        return regions.headline(self.scores, self.floor, f"{self.name} ({self.amount})")

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """Class by class, and the worst images with their masks."""
        from striate.report import regions

        yield regions.table(self.scores, self.classes, self.colours, f"{self.name} ({self.amount})")
        yield self.worst_section(root)

    def worst_section(self, root: str) -> Section:
        """The worst images with their masks."""
        from striate.report import regions
        from striate.report.places import inside

        drawn = []
        for row in self.worst[:MOST_DRAWN]:
            fields = self.examples.take([row])
            image, mask = fields["image"][0].numpy(), fields["mask"][0].numpy()
            small = self.rows["called"][row].numpy()
            name = inside(self.examples.name(row), root)
            drawn.append(regions.Drawn(image, mask, resized(small, mask.shape), name, self.each[row]))
        return regions.worst(drawn, self.classes, self.colours)
