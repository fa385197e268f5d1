"""How good the classes of voxels are: the figures, the floor, the worst volumes, wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.data.examples import Examples
from striate.data.volumes.finding import BACKGROUND
from striate.metrics.regions import RegionScores, region_scores
from striate.metrics.volumes import dice_of_classes, dice_of_each, mean_dice
from striate.report.section import PERCENT, Section, part
from striate.report.sliced import fullest, grey, three
from striate.tasks.task import Judged

if TYPE_CHECKING:
    from markupsafe import Markup

TEMPLATE = "volumes.html"
MOST_DRAWN, MOST_PRINTED = 12, 5
COUNTS, GUESSED, CALLED = "counts", "guessed", "called"
USUAL = "always saying the class that is usual at a place"
NOTE = (
    "A slice along each axis, where most is labelled. The classes that the network names are in colours; what is wrong "
    "is outlined."
)


@dataclass(frozen=True, eq=False)
class JudgedVoxels(Judged):
    """A network's classes of voxels beside the true ones.

    Its rows are counts (N, K, K), those of always saying the usual class, and small pictures of what it says.

    Attributes:
        classes: The K names.
        colours: How they are drawn.
        spacing: The size of a voxel along each axis; () where nobody knows.
    """

    classes: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    spacing: tuple[float, ...] = ()

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(N, K, K): true class by row, called by column, of each volume."""
        return np.asarray(self.rows[COUNTS].numpy())

    @cached_property
    def guesses(self) -> NDArray[np.int64]:
        """The same of always saying the class that is usual at a place."""
        return np.asarray(self.rows[GUESSED].numpy())

    @cached_property
    def scores(self) -> RegionScores:
        """Over all voxels of all volumes."""
        return region_scores(self.counts.sum(0))

    @cached_property
    def each(self) -> list[float]:
        """The mean Dice of each volume."""
        return [mean_dice(one[None], background_of(self.classes)) for one in self.counts]

    def columns(self) -> Mapping[str, Sequence[float]]:
        """The mean Dice of each volume."""
        return {"dice": self.each}

    @property
    def worst(self) -> list[int]:
        """The positions of the volumes, the worst first."""
        return [int(row) for row in np.argsort(np.nan_to_num(self.each, nan=2.0), kind="stable")]

    @property
    def guessing(self) -> str:
        """Whether one class is named everywhere, or the class that is usual at a place would do as well."""
        named = np.flatnonzero(self.counts.sum((0, 1)))
        if len(named) == 1:
            return f"Every voxel is called '{self.classes[named[0]]}': the network has not learned to tell the classes."
        return f"No better than {USUAL}, which gets {_shown(self.floor)}." if self.dice <= self.floor else ""

    @property
    def floor(self) -> float:
        """The mean Dice of always saying the class that is usual at a place."""
        return mean_dice(self.guesses, background_of(self.classes))

    @property
    def dice(self) -> float:
        """The mean of all classes but the background."""
        return mean_dice(self.counts, background_of(self.classes))

    def said(self) -> str:
        """The figures in words."""
        right = f"{self.scores.pixel_accuracy:.2%} of the voxels right"
        guess = f"{USUAL} gets {_shown(self.floor)}"
        return f"mean Dice {_shown(self.dice)} on {self.amount} ({right}); {guess}"

    def in_short(self) -> str:
        """The mean Dice."""
        return _shown(self.dice)

    def by_class(self) -> list[dict[str, Any]]:
        """Each class with its Dice, that of the worst volume and of the guess, and its share of the voxels."""
        each, mean, floor = dice_of_each(self.counts), dice_of_classes(self.counts), dice_of_classes(self.guesses)
        return [
            {
                "class": name,
                "dice": _number(mean[place]),
                "worst_dice": _number(np.nanmin(each[:, place]) if not np.isnan(each[:, place]).all() else np.nan),
                "usual_dice": _number(floor[place]),
                "share": float(self.scores.share[place]),
            }
            for place, name in enumerate(self.classes)
        ]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        worst = [{"volume": self.examples.name(row), "dice": _number(self.each[row])} for row in self.worst]
        return {
            "dice": self.dice,
            "usual_dice": self.floor,
            "voxel_accuracy": self.scores.pixel_accuracy,
            "mean_iou": self.scores.mean_iou,
            "loss": self.figures["loss"],
            "examples": len(self.examples),
            "classes": list(self.classes),
            "per_class": self.by_class(),
            "worst": worst[:MOST_DRAWN],
        }

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield f"mean IoU {self.scores.mean_iou:.2%}, loss {self.figures['loss']:.4f}"
        yield from self.advice()
        yield self._table()
        for row in self.worst[:MOST_PRINTED]:
            yield f"worst: {self.examples.name(row)}: mean Dice {_shown(self.each[row])}"

    def _cells(self) -> list[list[str]]:
        keys = ("dice", "worst_dice", "usual_dice", "share")
        return [[one["class"], *(_shown(one[key]) for key in keys)] for one in self.by_class()]

    def _table(self) -> Any:
        from rich import box
        from rich.markup import escape
        from rich.table import Table

        table = Table(title="class by class", box=box.SIMPLE_HEAD, title_justify="left")
        for title in ("class", "Dice", "worst volume", "usual class", "share of voxels"):
            table.add_column(title, justify="left" if title == "class" else "right")
        for name, *figures in self._cells():
            table.add_row(escape(name), *figures)
        return table

    @property
    def _evaluated(self) -> str:
        return f"{self.name} ({self.amount})"

    def headline(self) -> Markup:
        """The first lines of the report."""
        given = {"dice": _shown(self.dice), "floor": _shown(self.floor), "evaluated": self._evaluated}
        return part(
            TEMPLATE,
            "headline",
            accuracy=self.scores.pixel_accuracy,
            but=background_of(self.classes) is not None,
            **given,
        )

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """Class by class, and the worst volumes with what is said of them."""
        colours = [f"rgb{colour}" for colour in self.colours]
        rows = [(name, colour, *rest) for (name, *rest), colour in zip(self._cells(), colours, strict=True)]
        yield Section("classes", "Classes", part(TEMPLATE, "table", rows=rows, evaluated=self._evaluated))
        yield self.worst_section(root)

    def worst_section(self, root: str) -> Section:
        """The worst volumes, a slice along each axis."""
        from striate.report import wrong
        from striate.report.images import data_uri
        from striate.report.overlay import differing
        from striate.report.places import inside

        drawn = []
        for row in self.worst[:MOST_DRAWN]:
            fields = self.examples.take([row])
            image, mask = fields["image"][0, 0].numpy(), fields["mask"][0].numpy().astype(np.uint8)
            places = fullest(mask)
            planes = [three(one, places, self.spacing) for one in (grey(image), mask)]
            picture = differing(planes[0][None], planes[1], self.rows[CALLED][row].numpy(), list(self.colours))
            drawn.append((data_uri(picture), inside(self.examples.name(row), root), _shown(self.each[row])))
        return wrong.worst(drawn, "mean Dice", NOTE)


def background_of(classes: Sequence[str]) -> int | None:
    """The position of the class that is called background, which counts in no mean; None where none is.

    >>> background_of(("Background", "heart")), background_of(("1", "2"))
    (0, None)
    """
    return next((place for place, name in enumerate(classes) if name.lower() == BACKGROUND), None)


def _shown(value: float | None) -> str:
    return PERCENT(value) if value is not None and value == value else "–"


def _number(value: Any) -> float | None:
    return float(value) if value == value else None
