"""Objects one by one, also where they touch: a watershed on a learned distance (Bai & Urtasun 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from striate.data import lazy, masks
from striate.data.dataset import with_test
from striate.data.examples import Opened, Schema, Table, opened_in
from striate.data.image import decode
from striate.data.kinds import Image, Mask
from striate.data.lazy import Lazy
from striate.data.masks import Colour, Pair, distinct_colours
from striate.data.masks.coding import Coding
from striate.data.masks.objects import UNKNOWN, classes_in, read_objects
from striate.data.parts import PARTS
from striate.errors import InputError
from striate.losses.basins import Basin, Basins
from striate.metrics.instances import THRESHOLDS, matches, precisions
from striate.metrics.metric import Metric
from striate.notation.rules.shape import shown
from striate.notation.thumb import CLASSES
from striate.notation.tree import Shape
from striate.polygons import outline
from striate.report.numbered import numbers_png, over_png, with_objects
from striate.tasks.in_pieces import InPieces
from striate.tasks.numbered import COUNTS, FOUND, OBJECTS, JudgedObjects, small
from striate.tasks.pictures import IMAGE, drawn_over
from striate.tasks.task import Answer, Asked, Wish, folder_at
from striate.tiling import middle
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.task import Judged


@dataclass(frozen=True, kw_only=True)
class Instances(InPieces):
    """Each object by itself.

    Attributes:
        classes: Their names.
    """

    classes: tuple[str, ...]

    word: ClassVar[str] = "instances"
    reads: ClassVar[str] = (
        "a folder of images with masks, as segment does: label images with a number for each object, masks in black "
        "and white of objects that do not touch, or COCO's polygons"
    )
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("ap50"), Metric("ap"))
    plainest: ClassVar[str] = "classes = 2\nINPUT -> conv classes@1"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Images and the objects in them; masks are for classes of pixels unless objects are asked for."""
        root = folder_at(source)
        if root is None or not (wish.named or like):
            return None
        bad: Literal["skip", "refuse"] = "refuse" if wish.bad == "refuse" else "skip"
        found = masks.find(root, bad=bad, progress=wish.progress, objects=True)
        if found is None:
            return None
        classes = classes_in(found)
        if like and classes != like.classes and max(len(classes), len(like.classes)) > 1:
            raise InputError(f"{root} has {', '.join(classes)}; the run has learned {', '.join(like.classes)}")
        trained = [row for row, pair in enumerate(found.pairs) if pair.part == "train"]
        if trained and not found.counts[trained, 1:].any():
            raise InputError("no training image has an object; there is nothing to learn")
        task = like or cls(classes=classes, channels=found.channels)
        return task, _opened(task, root, str(source), found, wish.hold_out)

    @property
    def says(self) -> Basins:
        """What the network's maps say."""
        return Basins(len(self.classes))

    @property
    def colours(self) -> tuple[Colour, ...]:
        """In which objects are drawn, in turn."""
        return distinct_colours(24)[1:]

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

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """How deep in its object each pixel is, and inside which class."""
        return self.says.loss(outputs, middle(targets[OBJECTS], outputs[OUTPUT].shape[2:]))

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """Found, invented and missed objects of each image (N, 10, 3) at each threshold, and its answer in small."""
        truth = middle(targets[OBJECTS], outputs[OUTPUT].shape[2:]).numpy()
        found = [made for made, _ in self.says.found(outputs)]
        counts = [_counts(made, true) for made, true in zip(found, truth, strict=True)]
        return {COUNTS: torch.tensor(counts), FOUND: torch.stack([small(made) for made in found])}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Average precision at an IoU of 0.5, and its mean over 0.5 to 0.95; each a mean over the images."""
        each = precisions(rows[COUNTS].numpy()).mean(0)
        return {"ap50": float(each[0]), "ap": float(each.mean())}

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How a network does on images with objects."""
        return JudgedObjects(name, examples, rows, figures, self.unit, self.colours)

    def meaning(self) -> tuple[Any, ...]:
        """The classes, and how many colours the images have."""
        return *self.classes, self.channels

    def over(self, picture: NDArray[np.float32], targets: Fields) -> NDArray[np.float32]:
        """With its objects in colours."""
        return drawn_over(picture, lambda image: with_objects(image, targets[OBJECTS].numpy(), self.colours))

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """The objects of each image, drawn over it."""
        each = zip(asked.names, asked.inputs, self.says.found(outputs), strict=True)
        return [self._answer(path, fields[IMAGE][0].numpy(), *found) for path, fields, found in each]

    def _answer(self, path: str, image: NDArray[np.uint8], made: NDArray[np.int32], found: Sequence[Basin]) -> Answer:
        numbers = np.where(made > 0, (made - 1) // len(self.classes) + 1, 0)
        places = ndimage.find_objects(numbers)
        objects = [
            self._told(one, place, numbers[place] == number)
            for number, (one, place) in enumerate(zip(found, places, strict=True), start=1)
        ]
        counts = np.bincount([one.kind for one in found], minlength=len(self.classes))
        said = ", ".join(f"{count} {name}" for name, count in zip(self.classes, counts.tolist(), strict=True) if count)
        pictures = {"": numbers_png(numbers), "-overlay": over_png(image, numbers, self.colours)}
        return Answer(path, said or "nothing is found", {"size": list(made.shape), "objects": objects}, pictures)

    def _told(self, one: Basin, place: tuple[slice, slice], inside: NDArray[np.bool_]) -> dict[str, Any]:
        rows, columns = place
        box = [columns.start, rows.start, columns.stop, rows.stop]
        polygon = [[columns.start + x, rows.start + y] for x, y in outline(inside)]
        return {"class": self.classes[one.kind], "probability": one.chance, "box": box, "polygon": polygon}


def _counts(found: NDArray[np.int32], truth: NDArray[np.int32]) -> list[tuple[int, int, int]]:
    """Found, invented and missed objects at each threshold; nothing counts where the truth is not known."""
    known = truth >= 0
    pairs = matches(np.where(known, found, 0), np.where(known, truth, 0))
    return [pairs.at(threshold) for threshold in THRESHOLDS]


def _opened(task: Instances, root: Path, source: str, found: masks.MaskSet, hold_out: bool) -> Opened:
    parts, decided = with_test({part: found.of(part) for part in PARTS}, lambda pair: pair.image, root, hold_out)
    hold = sum((task.channels + 4) * pair.size[0] * pair.size[1] for pair in found.pairs) <= lazy.MEMORY
    tables = {part: _table(pairs, found.coding, task.channels, hold) for part, pairs in parts.items() if pairs}
    schema = Schema({IMAGE: Image()}, {OBJECTS: Mask(0, UNKNOWN)})
    return opened_in(root, source, schema, tables, found, decided)


def _table(pairs: Sequence[Pair], coding: Coding, channels: int, hold: bool) -> Table:
    """The images and objects of some pairs: in memory where all fit, else in their files."""
    paths = tuple(str(pair.image) for pair in pairs)
    images = Lazy(paths, partial(decode, channels=channels), (channels, 0, 0))
    objects = Lazy(paths, partial(read_objects, coding=coding), (0, 0), items=tuple(pairs))
    held = (images.hold(), objects.hold()) if hold else (images, objects)
    return Table(dict(zip((IMAGE, OBJECTS), held, strict=True)), paths)
