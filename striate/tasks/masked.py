"""Objects one by one by their boxes: Mask R-CNN (He et al. 2017)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.data import masks
from striate.data.boxes.canvas import objects_onto, placing, read_onto
from striate.data.examples import Examples, Opened, Table
from striate.data.image import ImageError
from striate.data.lazy import Lazy
from striate.data.masks import Pair
from striate.data.masks.coding import Coding
from striate.data.masks.objects import read_objects
from striate.data.recipe import Recipe
from striate.layers.wired import Proposer
from striate.losses.masked import MASK, Masks, boxes_of, pasted
from striate.losses.objects import Known, Objects
from striate.losses.proposing import BOX, CLASS, LEVEL, PROPOSALS, TwoStage
from striate.notation import Network, measure
from striate.notation.sizes import Size
from striate.notation.thumb import CLASSES
from striate.notation.tree import Shape
from striate.tasks.canvas import OnCanvas, canvas_for, channels_of
from striate.tasks.ends import named_outputs
from striate.tasks.numbered import OBJECTS
from striate.tasks.objects import OfObjects
from striate.tasks.pictures import IMAGE
from striate.tasks.stages import ENDS, anchors_of, check_looks, levels_of, misfit, suited
from striate.tasks.task import Answer, Asked, Wish
from striate.training.fields import Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted

SAMPLED = 500  # images whose objects stand for those of all


@dataclass(frozen=True, kw_only=True)
class Masked(OfObjects, OnCanvas):
    """Each object by itself, of images on a canvas.

    Attributes:
        heads: What the network gives, by which a saved run is known to be of this form; set when the network is known.
        anchors: (width, height) of each, in pixels of the canvas; set likewise.
        levels: The heads that propose boxes, those of the finest map first; set likewise.
        proposals: Boxes of an image that are looked at again; set likewise.
    """

    heads: tuple[str, ...] = (MASK,)
    anchors: tuple[tuple[float, float], ...] = ()
    levels: tuple[str, ...] = (LEVEL,)
    proposals: int = PROPOSALS

    proposes: ClassVar[bool] = True
    usual_changes: ClassVar[str] = "mirror,crop,scale:0.3,colour"

    # the data

    @classmethod
    def made_for(cls, found: masks.MaskSet, classes: tuple[str, ...], wish: Wish) -> Self:
        """For a canvas as the network reads it."""
        canvas = canvas_for(wish.shape, [pair.size for pair in found.pairs])
        return cls(classes=classes, size=canvas, channels=channels_of(wish.shape))

    def columns(self, pairs: Sequence[Pair], coding: Coding) -> tuple[Lazy, Lazy]:
        """Each image on the canvas."""
        paths = tuple(str(pair.image) for pair in pairs)
        images = Lazy(paths, partial(read_onto, channels=self.channels, canvas=self.size), (self.channels, *self.size))
        read = partial(_read, coding=coding, canvas=self.size)
        return images, Lazy(paths, read, self.size, items=tuple(pairs))

    def bytes_of(self, found: masks.MaskSet) -> int:
        """All canvases are of one size."""
        return len(found.pairs) * (self.channels + 4) * self.size[0] * self.size[1]

    @property
    def says(self) -> Masks:
        """What the network's numbers say."""
        return Masks(TwoStage(self.anchors, len(self.classes), self.size, self.levels, self.proposals))

    # the network

    def letters(self) -> Mapping[str, int]:
        """The number of classes."""
        return {CLASSES: len(self.classes)}

    def fits_all(self, outputs: Mapping[str, Shape], name: str) -> str:
        """What two stages give, and a map for each class."""
        why = misfit(outputs, len(self.classes), {MASK: len(self.classes)})
        ends = f"heads[ {ENDS} | {MASK}: roialign 14 from … -> conv classes@1 ]"
        return f"gives {', '.join(outputs)}; masks of boxes take {ends}" if why is None else why

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads the canvas, with anchors that suit the training objects."""
        made = super().fit(network, opened, recipe, size)
        check_looks(made.network, (CLASS, BOX, MASK))
        outputs = named_outputs(measure(made.network, made.shape))
        found, notes = dict[str, Any](), tuple[str, ...]()
        if len(self.anchors) != anchors_of(outputs):
            found, notes = suited(_sizes(opened.train, len(self.classes)), anchors_of(outputs), self.size)
        task = dataclasses.replace(made.task, heads=tuple(outputs), levels=levels_of(outputs), **found)  # type: ignore[call-arg]
        return dataclasses.replace(made, task=task, notes=(*made.notes, *notes))

    @property
    def proposer(self) -> Proposer:
        """Boxes are proposed by what the first stage says, those of masks by what the second says."""
        return self.says.propose

    # what is made small, and what is measured

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """Of both stages, and of the masks."""
        return self.says.loss(outputs, targets[OBJECTS])

    def found(self, outputs: Fields) -> list[tuple[Objects, list[Known]]]:
        """Those of the canvas."""
        return [_drawn(*one, self.size) for one in self.says.found(outputs)]

    # what is told

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """The objects of each image, drawn over it."""
        each = zip(asked.names, asked.inputs, self.says.found(outputs), strict=True)
        return [self._answer(path, fields[IMAGE][0].numpy(), *found) for path, fields, found in each]

    def _answer(self, path: str, image: NDArray[np.uint8], boxes: Tensor, chances: Tensor) -> Answer:
        size = (image.shape[1], image.shape[2])
        there = boxes.clone()
        there[:, :4] = there.new_tensor(placing(size, self.size).back(boxes[:, :4].numpy()))
        return self.answer(path, image, *_drawn(there, chances, size))


def _drawn(boxes: Tensor, chances: Tensor, size: tuple[int, int]) -> tuple[Objects, list[Known]]:
    numbers, kept = pasted(boxes, chances, size)
    return numbers, [Known(int(boxes[one, 5]), float(boxes[one, 4])) for one in kept]


def _read(pair: Pair, *, coding: Coding, canvas: tuple[int, int]) -> NDArray[np.int32]:
    return objects_onto(read_objects(pair, coding=coding), canvas)


def _some(examples: Examples) -> Iterator[Tensor]:
    """The objects (1, h, w) of images, evenly spread; those that can't be read are passed over."""
    assert isinstance(examples, Table)
    column = examples.columns[OBJECTS]
    for row in range(0, len(examples), -(-len(examples) // SAMPLED)):
        if not isinstance(column, Lazy):
            yield column[row : row + 1]
            continue
        with suppress(ImageError):
            yield torch.from_numpy(column.one(row))[None]


def _sizes(examples: Examples, classes: int) -> list[NDArray[np.float64]]:
    """(B, 2): the widths and heights of the objects of each of many images."""
    each = [boxes_of(one, classes) for one in _some(examples)]
    return [(places[0, :, 2:] - places[0, :, :2])[kinds[0] >= 0].double().numpy() for _, places, kinds in each]
