"""Boxes around objects, each with its class: in one stage, as YOLO9000 has it (Redmon & Farhadi 2017), or in two, as
Faster R-CNN (Ren et al. 2015)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from striate.data.boxes.found import CROWD
from striate.data.examples import Opened
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.layers.wired import Proposer
from striate.losses.anchored import MOST, THRESHOLD, AnchorGrid
from striate.losses.proposing import BOX, CLASS, LEVEL, PROPOSALS, TwoStage
from striate.metrics.detection import coco
from striate.metrics.metric import Metric
from striate.notation import Network, measure
from striate.notation.rules.shape import shown
from striate.notation.sizes import Size
from striate.notation.tree import Shape
from striate.report.boxed import drawn_png
from striate.tasks.boxed import NONE, WithBoxes, has_masks
from striate.tasks.ends import named_outputs
from striate.tasks.located import ASIDE, BOXES, FOUND, KINDS, SURE, WHOLE, JudgedBoxes, detections_of
from striate.tasks.pictures import IMAGE
from striate.tasks.stages import ENDS, anchors_of, check_looks, levels_of, misfit, suited
from striate.tasks.task import Answer, Asked, Wish
from striate.tasks.tiles import found_in_tiles
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted
    from striate.tasks.task import Judged


@dataclass(frozen=True, kw_only=True)
class Detect(WithBoxes):
    """Boxes around objects of several classes.

    Attributes:
        anchors: (width, height) of each, in pixels of the canvas; set when the network is known.
        stages: 1 where the network gives one map, 2 where it proposes boxes and looks at them again; set likewise.
        levels: The heads that propose boxes, those of the finest map first; set likewise.
        proposals: Boxes of an image that are looked at again; set likewise.
    """

    anchors: tuple[tuple[float, float], ...] = ()
    stages: int = 1
    levels: tuple[str, ...] = (LEVEL,)
    proposals: int = PROPOSALS

    word: ClassVar[str] = "detect"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("map50"), Metric("map"))
    proposes: ClassVar[bool] = True
    plainest: ClassVar[str] = "classes = 1\nINPUT -> conv 5+classes@1"

    @classmethod
    def wants(cls, root: Path, wish: Wish) -> bool:
        """All boxes, unless they come with masks and nobody has asked for boxes."""
        return wish.named or not has_masks(root)

    @property
    def says(self) -> AnchorGrid | TwoStage:
        """What the network's numbers say."""
        if self.stages == 1:
            return AnchorGrid(self.anchors, len(self.classes), self.size, self.parents)
        return TwoStage(self.anchors, len(self.classes), self.size, self.levels, self.proposals)

    # the network

    def fits_all(self, outputs: Mapping[str, Shape], name: str) -> str:
        """5 + K maps for each anchor; or what two stages give."""
        classes = len(self.classes)
        if outputs.keys() == {OUTPUT}:
            output, each = outputs[OUTPUT], 5 + classes
            if len(output) == 3 and output[0] and output[0] % each == 0:
                return ""
            takes = f"boxes of {classes} classes take {each} maps for each anchor"
            return f"gives {shown(output)}, and {takes}; for five anchors end it with conv {5 * each}@1"
        why = misfit(outputs, classes)
        ends = f"a detector gives one map, or in two stages heads[ {ENDS} ]"
        return f"gives {', '.join(outputs)}; {ends}" if why is None else why

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads the canvas, with anchors that suit the training boxes."""
        made = super().fit(network, opened, recipe, size)
        outputs = named_outputs(measure(made.network, made.shape))
        levels = levels_of(outputs)
        if levels:
            check_looks(made.network, (CLASS, BOX))
        if levels and (self.parents or WHOLE in opened.schema.targets):
            raise InputError(
                "a hierarchy of classes, and images with a class and no box, are for detectors of one stage"
            )
        count = anchors_of(outputs) if levels else (outputs[OUTPUT][0] or 0) // (5 + len(self.classes))
        found: dict[str, Any] = {"stages": 2, "levels": levels} if levels else {"stages": 1}
        more, notes = dict[str, Any](), tuple[str, ...]()
        if len(self.anchors) != count:
            more, notes = suited(_sizes(opened.train), count, self.size)
        task = dataclasses.replace(made.task, **found, **more)
        return dataclasses.replace(made, task=task, notes=(*made.notes, *notes))

    @property
    def proposer(self) -> Proposer | None:
        """In two stages boxes are proposed by what the first says."""
        return self.says.propose if isinstance(self.says, TwoStage) else None

    # what is made small, and what is measured

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """Places, whether there is an object, and its class; of both stages, where there are two."""
        boxes, kinds, says = targets[BOXES], targets[KINDS], self.says
        if ASIDE in targets:
            kinds = kinds.where(targets[ASIDE] != CROWD, NONE)
        if isinstance(says, AnchorGrid):
            return says.loss(outputs, boxes, kinds, targets.get(WHOLE))
        return says.loss(outputs, boxes, kinds)

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """The boxes that are found (N, 300, 6) and those that are there."""
        found = [F.pad(one, (0, 0, 0, MOST - len(one)), value=NONE) for one in self.says.found(outputs)]
        if WHOLE in targets:  # nothing is known of places there
            found = [
                one.new_full(one.shape, NONE) if whole >= 0 else one
                for one, whole in zip(found, targets[WHOLE].tolist(), strict=True)
            ]
        kept = {name: targets[name] for name in (BOXES, KINDS, ASIDE) if name in targets}
        return {FOUND: torch.stack(found).cpu(), **kept}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Mean average precision by COCO's rules: at an IoU of 0.5, and over 0.5 to 0.95."""
        scores = coco(*detections_of(rows), len(self.classes))
        return {"map50": scores.map50, "map": scores.map}

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How a network does on images with boxes."""
        return JudgedBoxes(name, examples, rows, figures, self.unit, self.classes, self.colours)

    def meaning(self) -> tuple[Any, ...]:
        """The classes and the anchors, and what is read."""
        return *self.classes, *self.anchors, self.size, self.channels

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """The objects of each image, drawn on it."""
        images = [fields[IMAGE][0] for fields in asked.inputs]
        found = self._found(outputs, [(image.shape[1], image.shape[2]) for image in images])
        return [self._answer(*one) for one in zip(asked.names, images, found, strict=True)]

    def answers_in_tiles(self, look: Net, asked: Asked, tile: tuple[int, int]) -> Iterator[Answer]:
        """The objects of each image, drawn on it."""

        def find(images: Tensor) -> list[Tensor]:
            return self._found(look({IMAGE: images}), [(images.shape[2], images.shape[3])] * len(images))

        for path, fields in zip(asked.names, asked.inputs, strict=True):
            image = fields[IMAGE][0]
            yield self._answer(path, image, found_in_tiles(find, image, tile, THRESHOLD))

    def _found(self, outputs: Fields, sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
        """Of images of these (height, width) each the objects (B, 6), in its pixels."""
        found = [one.numpy() for one in self.says.found(outputs, SURE)]
        places = [self.back(one[:, :4], size) for one, size in zip(found, sizes, strict=True)]
        return [
            torch.from_numpy(np.concatenate([place, one[:, 4:]], 1)) for place, one in zip(places, found, strict=True)
        ]

    def _answer(self, path: str, image: Tensor, objects: Tensor) -> Answer:
        found = objects.numpy()
        places = found[:, :4]
        told = [
            {"class": self.classes[int(kind)], "probability": float(chance), "box": [round(float(x), 1) for x in place]}
            for *place, chance, kind in found
        ]
        counts = np.bincount(found[:, 5].astype(int), minlength=len(self.classes))
        said = ", ".join(f"{count} {name}" for name, count in zip(self.classes, counts.tolist(), strict=True) if count)
        drawn = drawn_png(image.numpy(), places, found[:, 5].astype(int), found[:, 4], self.classes, self.colours)
        return Answer(path, said or "nothing is found", {"objects": told}, {"": drawn})


def _sizes(examples: Any) -> list[NDArray[np.float64]]:
    """(B, 2): the widths and heights of the boxes of each image."""
    places, kinds = examples.columns[BOXES].numpy(), examples.columns[KINDS].numpy()
    if ASIDE in examples.columns:
        kinds = np.where(examples.columns[ASIDE].numpy() == CROWD, NONE, kinds)
    sizes = (places[..., 2:] - places[..., :2]).astype(np.float64)
    return [size[kind >= 0] for size, kind in zip(sizes, kinds, strict=True)]
