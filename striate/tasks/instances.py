"""Objects one by one, also where they touch: a watershed on a learned distance (Bai & Urtasun 2017)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Self

from torch import Tensor

from striate.data import masks
from striate.data.image import decode
from striate.data.lazy import Lazy
from striate.data.masks import Pair
from striate.data.masks.coding import Coding
from striate.data.masks.objects import read_objects
from striate.losses.basins import Basins
from striate.losses.masked import MASK
from striate.losses.objects import Known, Objects
from striate.notation.rules.shape import shown
from striate.notation.thumb import CLASSES
from striate.notation.tree import Shape
from striate.tasks.in_pieces import InPieces
from striate.tasks.masked import Masked
from striate.tasks.numbered import OBJECTS
from striate.tasks.objects import OfObjects
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Answer, Asked, Task, Wish
from striate.tasks.together import labels_of
from striate.tiling import middle
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net


@dataclass(frozen=True, kw_only=True)
class Instances(OfObjects, InPieces):
    """Each object by itself, of images in pieces."""

    word: ClassVar[str] = OfObjects.word
    plainest: ClassVar[str] = "classes = 2\nINPUT -> conv classes@1"
    places: ClassVar[bool] = True

    @classmethod
    def form(cls, heads: Collection[str]) -> type[Task]:
        """A network with a head for masks proposes boxes first."""
        return Masked if MASK in heads else cls

    @classmethod
    def made_for(cls, found: masks.MaskSet, classes: tuple[str, ...], wish: Wish) -> Self:
        """For images of as many colours as they have."""
        return cls(classes=classes, channels=found.channels)

    def columns(self, pairs: Sequence[Pair], coding: Coding) -> tuple[Lazy, Lazy]:
        """Each image at its size."""
        paths = tuple(str(pair.image) for pair in pairs)
        images = Lazy(paths, partial(decode, channels=self.channels), (self.channels, 0, 0))
        return images, Lazy(paths, partial(read_objects, coding=coding), (0, 0), items=tuple(pairs))

    @property
    def says(self) -> Basins:
        """What the network's maps say."""
        return Basins(len(self.classes))

    # the network

    def letters(self) -> Mapping[str, int]:
        """The number of maps: as many as of a network that tells the classes and the background apart."""
        return {CLASSES: 1 + len(self.classes)}

    def fits(self, output: Shape, name: str) -> str:
        """A map of depth, and one for each class."""
        maps = 1 + len(self.classes)
        if len(output) == 3 and output[0] == maps:
            return ""
        takes = f"objects ({', '.join(self.classes)}) in {name} take {maps} maps, of depth and of each class"
        return f"gives {shown(output)}, and {takes}; end it with conv {maps}@1"

    # what is made small, and what is measured

    def truth(self, outputs: Fields, targets: Fields) -> Tensor:
        """Without the border that a network without padding loses."""
        return middle(targets[OBJECTS], outputs[OUTPUT].shape[2:])

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """How deep in its object each pixel is, and inside which class."""
        return self.says.loss(outputs, self.truth(outputs, targets))

    def found(self, outputs: Fields) -> list[tuple[Objects, list[Known]]]:
        """The basins."""
        return self.says.found(outputs)

    # what is told

    def together(self, outputs: Sequence[Fields]) -> Fields:
        """The mean of the depths, and of the chances to be inside."""
        return {OUTPUT: labels_of([one[OUTPUT] for one in outputs])}

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """The objects of each image, drawn over it."""
        each = zip(asked.names, asked.inputs, self.found(outputs), strict=True)
        return [self.answer(path, fields[IMAGE][0].numpy(), *found) for path, fields, found in each]
