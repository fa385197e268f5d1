"""How good objects are, one by one: the figures, the floor, the worst images, wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.data.masks import Colour, resized
from striate.metrics.instances import THRESHOLDS, by_threshold, matches, precisions
from striate.tasks.task import Judged
from striate.training.fields import Fields

if TYPE_CHECKING:
    from striate.data.examples import Examples
    from striate.report.section import Section

OBJECTS, COUNTS, FOUND = "objects", "counts", "found"
SEEN = 192  # rows and columns of the answer that is kept of an image, to draw it
MOST_DRAWN, MOST_PRINTED = 12, 5


def small(found: NDArray[np.int32]) -> Tensor:
    """(192, 192): an image's objects, to draw them."""
    made = torch.from_numpy(found)[None, None].float()
    return torch.nn.functional.interpolate(made, (SEEN, SEEN), mode="nearest-exact")[0, 0].int()


@dataclass(frozen=True, eq=False)
class JudgedObjects(Judged):
    """A network's objects beside the true ones; its rows are counts (N, 10, 3) and small answers (N, 192, 192).

    Attributes:
        colours: In which objects are drawn, in turn.
    """

    colours: tuple[Colour, ...]

    @cached_property
    def each(self) -> list[float]:
        """The average precision of each image at an IoU of 0.5; 1 where nothing is there and nothing is found."""
        return [float(one) for one in precisions(self.rows[COUNTS][:, 0].numpy())]

    @cached_property
    def curve(self) -> list[float]:
        """Average precision at each threshold."""
        return [float(one) for one in precisions(self.rows[COUNTS].numpy()).mean(0)]

    @cached_property
    def total(self) -> tuple[int, int, int]:
        """Found, invented and missed objects at an IoU of 0.5."""
        right, invented, missed = self.rows[COUNTS][:, 0].sum(0).tolist()
        return right, invented, missed

    @cached_property
    def floor(self) -> float:
        """AP50 of what is brighter or darker than a threshold and does not touch (Otsu 1979)."""
        each = [self._fields(row) for row in range(len(self.examples))]
        pairs = [(np.where(truth >= 0, by_threshold(image), 0), truth.clip(0)) for image, truth in each]
        return float(np.mean([matches(*pair).average_precision(0.5) for pair in pairs]))

    def _fields(self, row: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        fields: Fields = self.examples.take([row])
        return fields["image"][0].numpy(), fields[OBJECTS][0].numpy()

    def columns(self) -> Mapping[str, Sequence[float]]:
        """The average precision of each image."""
        return {"ap50": self.each}

    @property
    def worst(self) -> list[int]:
        """The positions of the images, the worst first."""
        return [int(row) for row in np.argsort(self.each, kind="stable")]

    @property
    def guessing(self) -> str:
        """Whether no object is found in any image."""
        right, invented, _ = self.total
        return "" if right + invented else "No object is found: the network has learned too little."

    def said(self) -> str:
        """The figures in words."""
        right, invented, missed = self.total
        counts = f"{right:,} objects found, {invented:,} invented, {missed:,} missed"
        rest = f"AP {self.figures['ap']:.2%} over IoU 0.5 to 0.95; {counts}"
        floor = f"Otsu's threshold gets {self.floor:.2%}"
        return f"AP50 {self.figures['ap50']:.2%} on {self.amount} ({rest}); {floor}"

    def in_short(self) -> str:
        """AP50."""
        return f"{self.figures['ap50']:.2%}"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        right, invented, missed = self.total
        return {
            "ap50": self.figures["ap50"],
            "ap": self.figures["ap"],
            "thresholds": [{"iou": iou, "ap": ap} for iou, ap in zip(THRESHOLDS, self.curve, strict=True)],
            "found": right,
            "invented": invented,
            "missed": missed,
            "otsu_ap50": self.floor,
            "loss": self.figures["loss"],
            "examples": len(self.examples),
            "worst": [{"image": self.examples.name(row), "ap50": self.each[row]} for row in self.worst[:MOST_DRAWN]],
        }

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield f"loss {self.figures['loss']:.4f}"
        yield from self.advice()
        yield ", ".join(f"AP at {iou:.2f} {ap:.1%}" for iou, ap in zip(THRESHOLDS, self.curve, strict=True))
        for row in self.worst[:MOST_PRINTED]:
            yield f"worst: {self.examples.name(row)}: AP50 {self.each[row]:.2%}"

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import numbered

        evaluated = f"{self.name} ({self.amount})"
        return numbered.headline(self.figures, self.total, self.floor, evaluated)

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """Threshold by threshold, and the worst images with truth and answer side by side."""
        from striate.report import numbered

        yield numbered.table([*zip(THRESHOLDS, self.curve, strict=True)])
        yield self.worst_section(root)

    def worst_section(self, root: str) -> Section:
        """The worst images, what is there beside what is found."""
        from striate.report import numbered
        from striate.report.places import inside

        drawn = []
        for row in self.worst[:MOST_DRAWN]:
            image, truth = self._fields(row)
            found = resized(self.rows[FOUND][row].numpy(), truth.shape)
            name = inside(self.examples.name(row), root)
            drawn.append(numbered.Drawn(image, truth, found, name, self.each[row]))
        return numbered.worst(drawn, self.colours)
