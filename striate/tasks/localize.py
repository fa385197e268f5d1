"""What an image shows and where: one class and one box (ILSVRC's second task; Russakovsky et al. 2015, section 4.2).

A head `again` with `roialign` looks again at what is in and around the box, as DeepPose's stages do around joints.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from striate.boxes import complete_iou, has_area, numbered, paired_iou
from striate.data.boxes import BoxSet
from striate.data.examples import Opened
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.layers.wired import Draw, Proposer
from striate.metrics.metric import Metric
from striate.notation import Network
from striate.notation.graph import graph
from striate.notation.sizes import Size
from striate.notation.tree import Shape
from striate.report.boxed import drawn_png
from striate.tasks.boxed import WithBoxes
from striate.tasks.ends import flat
from striate.tasks.located import BOXES, KINDS, JudgedPlaces
from striate.tasks.pictures import IMAGE
from striate.tasks.stages import check_looks
from striate.tasks.task import Answer, Asked, Judged, Wish
from striate.training.fields import Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted

CLASS, BOX, AGAIN, LOOKED = "class", "box", "again", "boxes"  # what a network gives, and what it looked at again
SIDES = 4
AROUND = 2.0  # sides of what is looked at again, over those of the box
LEAST = 0.1  # of the canvas's sides: no such box is smaller
MOVED, RESIZED = (
    0.1,
    0.15,
)  # the spread of such boxes while training, as a share of their sides, and of their size's log
MEETS = 0.5  # IoU from which a box is right
FAR, APART = 5.0, 2.0  # how much the distances of edges count, and the missing IoU


@dataclass(frozen=True, kw_only=True)
class Localize(WithBoxes):
    """A class and a box of each image."""

    word: ClassVar[str] = "localize"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("box_iou"), Metric("localized", counted=True), Metric("accuracy"))
    decides: ClassVar[str] = "accuracy"
    proposes: ClassVar[bool] = True
    plainest: ClassVar[str] = "classes = 1\nINPUT -> heads[ class: fc classes | box: fc 4 ]"

    @classmethod
    def wants(cls, root: Path, wish: Wish) -> bool:
        """Only where it is asked for: boxes are more often those of several objects."""
        return wish.named

    @classmethod
    def chosen(cls, found: BoxSet) -> BoxSet:
        """The images that have one object."""
        images = tuple(one for one in found.images if len(one.places) == 1 and not one.aside.any())
        if not images:
            raise InputError("no image has exactly one object, of which there is one class and one box; try detect")
        others = len(found.images) - len(images)
        notes = [f"{others:,} images have no object or several, and are left out"] * bool(others)
        return dataclasses.replace(found, images=images, notes=(*found.notes, *notes))

    def fits_all(self, outputs: Mapping[str, Shape], name: str) -> str:
        """A number for each class, and four for the box, maybe once more."""
        wanted = {CLASS: (len(self.classes),), BOX: (SIDES,)}
        given = {key: flat(shape) for key, shape in outputs.items()}
        if given in (wanted, wanted | {AGAIN: (SIDES,)}):
            return ""
        ends = f"heads[ {CLASS}: fc {len(self.classes)} | {BOX}: fc {SIDES} ]"
        more = f"; a head that looks again at the box is {AGAIN}: roialign 24 from … -> fc {SIDES}"
        return f"gives {', '.join(outputs)}, and {self.word} takes a class and a box; end the network with {ends}{more}"

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads the canvas."""
        made = super().fit(network, opened, recipe, size)
        if AGAIN in graph(made.network).outputs:
            check_looks(made.network, [AGAIN])
        return made

    @property
    def proposer(self) -> Proposer:
        """What is looked at again is around the box that was given first."""
        return self.propose

    def propose(self, made: Mapping[str, Tensor], before: Sequence[Tensor] = (), draw: Draw | None = None) -> Tensor:
        """(N, 5): what is looked at again in each image, with its number.

        Args:
            made: What the heads before give.
            before: What was looked at before.
            draw: Draws by how much boxes are moved while training, since a network is surer of what it learns from.

        Raises:
            InputError: The box was not given yet.
        """
        if before:
            return before[0]
        if BOX not in made:
            raise InputError(f"what is looked at again is around the box, which the head {BOX} must give before")
        with torch.no_grad():
            edges = _ordered(self.edges(made[BOX])).nan_to_num()
            canvas = self._sides(edges)
            edges = edges.clamp_min(0).minimum(canvas)
            middle, sides = (edges[:, :2] + edges[:, 2:]) / 2, edges[:, 2:] - edges[:, :2]
            sides = AROUND * sides.maximum(LEAST * canvas[2:])
            if draw:
                moved, resized = torch.split(draw(edges), 2, 1)
                middle, sides = middle + MOVED / AROUND * sides * moved, sides * (RESIZED * resized).exp()
            return numbered(torch.cat([middle - sides / 2, middle + sides / 2], 1)[:, None])

    # what is made small, and what is measured

    def edges(self, made: Tensor, within: Tensor | None = None) -> Tensor:
        """(N, 4) edges in pixels of the canvas, from what the network gives (N, 4).

        Without `within` they are the middle and the sides, in shares of the canvas, less a half. Within boxes (N, 4)
        they are the changes of a box that has the middle and half the sides of that one, in shares of its sides.
        """
        middle, sides = torch.split(made.flatten(1).float(), 2, 1)
        if within is None:
            half = (sides + 0.5) / 2
            return torch.cat([middle + 0.5 - half, middle + 0.5 + half], 1) * self._sides(made)
        across = within[:, 2:] - within[:, :2]
        half = (sides + 1 / AROUND) * across / 2
        middle = (within[:, :2] + within[:, 2:]) / 2 + middle * across
        return torch.cat([middle - half, middle + half], 1)

    def found(self, outputs: Fields) -> Tensor:
        """(N, 4) edges on the canvas, of the last look, left before right."""
        if AGAIN in outputs:
            return _ordered(self.edges(outputs[AGAIN], outputs[LOOKED][:, 1:]))
        return _ordered(self.edges(outputs[BOX]))

    def _sides(self, like: Tensor) -> Tensor:
        height, width = self.size
        return like.new_tensor([width, height, width, height], dtype=torch.float32)

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """Cross-entropy of the class; how far each box is from the true one (Carion et al. 2020, section 3.1)."""
        theirs, kinds = targets[BOXES][:, 0], targets[KINDS][:, 0]
        first = self.edges(outputs[BOX])
        parts = {CLASS: F.cross_entropy(outputs[CLASS].flatten(1), kinds)}
        parts[BOX] = _apart(first, theirs, self._sides(first))
        if AGAIN in outputs:
            within = outputs[LOOKED][:, 1:]
            sides = (within[:, 2:] - within[:, :2]).repeat(1, 2)
            parts[AGAIN] = _apart(self.edges(outputs[AGAIN], within), theirs, sides)
        return parts

    def right(self, outputs: Fields, targets: Fields) -> tuple[Tensor, int]:
        """The classes."""
        return (outputs[CLASS].flatten(1).argmax(1) == targets[KINDS][:, 0]).sum(), len(targets[KINDS])

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """Each image's probabilities and box, and what is there."""
        edges = torch.tensor([self.size[1], self.size[0]] * 2, dtype=torch.float32)
        places = self.found(outputs).cpu().clamp_min(0).minimum(edges)
        chances = outputs[CLASS].flatten(1).softmax(1).cpu()
        return {"places": places, "chances": chances, BOXES: targets[BOXES][:, 0], KINDS: targets[KINDS][:, 0]}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """The mean IoU of the boxes, the share of right classes with an IoU of 0.5, and of right classes."""
        iou, right = paired_iou(rows["places"], rows[BOXES]), rows["chances"].argmax(1) == rows[KINDS]
        both = right & (iou >= MEETS)
        shares = {"box_iou": iou, "localized": both.float(), "accuracy": right.float()}
        return {name: float(values.double().mean()) for name, values in shares.items()}

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How a network does on images with a box."""
        return JudgedPlaces(name, examples, rows, figures, self.unit, self.classes, self.colours)

    def meaning(self) -> tuple[Any, ...]:
        """The classes, and what is read."""
        return *self.classes, self.size, self.channels

    def shares(self, outputs: Fields) -> Mapping[str, float]:
        """How sure it is of each class."""
        return dict(zip(self.classes, outputs[CLASS].flatten(1).softmax(1)[0].tolist(), strict=True))

    def drawn_on(self, image: NDArray[np.uint8], outputs: Fields) -> bytes:
        """A PNG file of an image (C, *size) on the canvas, with the class and the box of its outputs."""
        chances, place = outputs[CLASS].flatten(1).softmax(1)[0].numpy(), self.found(outputs).numpy()
        kind = np.array([chances.argmax()])
        return drawn_png(image, place[:1], kind, chances[kind], self.classes, self.colours)

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """The class and the box of each image, drawn on it."""
        chances, places = outputs[CLASS].flatten(1).softmax(1).cpu().numpy(), self.found(outputs).cpu().numpy()
        each = zip(asked.names, asked.inputs, chances, places, strict=True)
        return [self._answer(path, fields[IMAGE][0].numpy(), *one) for path, fields, *one in each]

    def _answer(
        self, path: str, image: NDArray[np.uint8], chances: NDArray[np.float32], place: NDArray[np.float32]
    ) -> Answer:
        where, kind = self.back(place[None], (image.shape[1], image.shape[2])), int(chances.argmax())
        box = [round(float(edge), 1) for edge in where[0]]
        one = {"class": self.classes[kind], "probability": float(chances[kind]), "box": box}
        drawn = drawn_png(image, where, np.array([kind]), chances[[kind]], self.classes, self.colours)
        left, top, right, bottom = box
        said = f"{one['class']} {chances[kind]:.1%} from {left:g}, {top:g} to {right:g}, {bottom:g}"
        return Answer(path, said, {"objects": [one]}, {"": drawn})


def _apart(ours: Tensor, theirs: Tensor, sides: Tensor) -> Tensor:
    there = has_area(theirs)  # an object that was moved out of the image is nowhere
    far = (((ours - theirs) / sides).abs().sum(1) * there).mean()
    return FAR * far + APART * ((1 - complete_iou(ours, theirs)) * there).mean()


def _ordered(boxes: Tensor) -> Tensor:
    """Boxes (N, 4) whose sides are not negative, whatever a network says."""
    return torch.cat([torch.minimum(boxes[:, :2], boxes[:, 2:]), torch.maximum(boxes[:, :2], boxes[:, 2:])], 1)
