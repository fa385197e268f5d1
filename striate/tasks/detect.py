"""Boxes around objects, each with its class: one stage, as YOLO9000 has it (Redmon & Farhadi 2017)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from striate.data.examples import Opened
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.losses.anchored import MOST, AnchorGrid, clustered
from striate.metrics.detection import coco
from striate.metrics.metric import Metric
from striate.notation import Network, measure
from striate.notation.sizes import Size
from striate.report.boxed import drawn_png
from striate.tasks.canvas import NONE, OnCanvas, has_masks
from striate.tasks.located import BOXES, FOUND, KINDS, SURE, JudgedBoxes, detections_of
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Answer, Asked, Wish
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted
    from striate.tasks.task import Judged


@dataclass(frozen=True)
class Detect(OnCanvas):
    """Boxes around objects of several classes.

    Attributes:
        anchors: (width, height) of each, in pixels of the canvas; set when the network is known.
    """

    anchors: tuple[tuple[float, float], ...] = ()

    word: ClassVar[str] = "detect"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("map50"), Metric("map"))
    plainest: ClassVar[str] = "classes = 1\nINPUT -> conv 5+classes@1"

    @classmethod
    def wants(cls, root: Path, wish: Wish) -> bool:
        """All boxes, unless they come with masks and nobody has asked for boxes."""
        return wish.named or not has_masks(root)

    @property
    def grid(self) -> AnchorGrid:
        """What the network's numbers say."""
        return AnchorGrid(self.anchors, len(self.classes), self.size)

    # the network

    def fits(self, output: tuple[int | None, ...], name: str) -> str:
        """5 + K maps for each anchor."""
        each = 5 + len(self.classes)
        if len(output) == 3 and output[0] is not None and output[0] % each == 0:
            return ""
        shape = "x".join("?" if side is None else str(side) for side in output)
        takes = f"boxes of {len(self.classes)} classes take {each} maps for each anchor"
        return f"gives {shape}, and {takes}; for five anchors end it with conv {5 * each}@1"

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads the canvas, with anchors that suit the training boxes."""
        made = super().fit(network, opened, recipe, size)
        out = measure(made.network, made.shape).output
        count = (out[0] or 0) // (5 + len(self.classes))
        anchors, notes = self.anchors, made.notes
        if len(anchors) != count:
            anchors = clustered(_sizes(opened.train), count)
            shown = ", ".join(f"{round(width)}x{round(height)}" for width, height in anchors)
            notes = (*notes, f"anchors, of {self.size[1]}x{self.size[0]}: {shown}")
        task = dataclasses.replace(made.task, anchors=anchors)  # type: ignore[call-arg]
        return dataclasses.replace(made, task=task, notes=notes)

    # what is made small, and what is measured

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """Places, whether there is an object, and its class."""
        return self.grid.loss(outputs[OUTPUT], targets[BOXES], targets[KINDS])

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """The boxes that are found (N, 300, 6) and those that are there."""
        found = [F.pad(one, (0, 0, 0, MOST - len(one)), value=NONE) for one in self.grid.found(outputs[OUTPUT])]
        return {FOUND: torch.stack(found).cpu(), BOXES: targets[BOXES], KINDS: targets[KINDS]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Mean average precision by COCO's rules: at an IoU of 0.5, and over 0.5 to 0.95."""
        scores = coco(*detections_of(rows), len(self.classes))
        return {"map50": scores.map50, "map": scores.map}

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How a network does on images with boxes."""
        return JudgedBoxes(name, examples, rows, figures, self.unit, self.classes, self.colours)

    def meaning(self) -> tuple[Any, ...]:
        """The classes and the anchors."""
        return *self.classes, *self.anchors, self.size

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """The objects of each image, drawn on it."""
        found = self.grid.found(outputs[OUTPUT], SURE)
        return [
            self._answer(path, fields[IMAGE][0].numpy(), one.numpy())
            for path, fields, one in zip(asked.names, asked.inputs, found, strict=True)
        ]

    def _answer(self, path: str, image: NDArray[np.uint8], found: NDArray[np.float32]) -> Answer:
        places = self.back(found[:, :4], (image.shape[1], image.shape[2]))
        objects = [
            {"class": self.classes[int(kind)], "probability": float(chance), "box": [round(float(x), 1) for x in place]}
            for place, (*_, chance, kind) in zip(places, found, strict=True)
        ]
        counts = np.bincount(found[:, 5].astype(int), minlength=len(self.classes))
        said = ", ".join(f"{count} {name}" for name, count in zip(self.classes, counts.tolist(), strict=True) if count)
        drawn = drawn_png(image, places, found[:, 5].astype(int), found[:, 4], self.classes, self.colours)
        return Answer(path, said or "nothing is found", {"objects": objects}, {"": drawn})


def _sizes(examples: Any) -> NDArray[np.float64]:
    """(B, 2): the widths and heights of all boxes."""
    places, kinds = examples.columns[BOXES].numpy(), examples.columns[KINDS].numpy()
    there: NDArray[np.float64] = places[kinds >= 0].astype(np.float64)
    if not len(there):
        raise InputError("no training image has an object; there is nothing to learn")
    return there[:, 2:] - there[:, :2]
