"""Tasks that tell each object of an image by itself, whatever their networks give."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from striate.data import lazy, masks
from striate.data.dataset import with_test
from striate.data.examples import Opened, Schema, Table, opened_in
from striate.data.kinds import Image, Mask
from striate.data.lazy import Lazy
from striate.data.masks import Colour, Pair, distinct_colours
from striate.data.masks.objects import UNKNOWN, classes_in
from striate.data.parts import PARTS
from striate.errors import InputError
from striate.losses.objects import Known, Objects
from striate.metrics.instances import THRESHOLDS, matches, precisions
from striate.metrics.metric import Metric
from striate.polygons import outline
from striate.report.numbered import numbers_png, over_png, with_objects
from striate.tasks.numbered import COUNTS, FOUND, OBJECTS, JudgedObjects, small
from striate.tasks.pictures import IMAGE, drawn_over
from striate.tasks.task import Answer, Task, Wish, folder_at
from striate.training.fields import Fields

if TYPE_CHECKING:
    from striate.data.masks.coding import Coding
    from striate.tasks.task import Judged


@dataclass(frozen=True, kw_only=True)
class OfObjects(Task):
    """A task of images with objects.

    Attributes:
        classes: Their names.
        channels: Of the images: 1 or 3.
    """

    classes: tuple[str, ...]
    channels: int

    word: ClassVar[str] = "instances"
    unit: ClassVar[str] = "images"
    reads: ClassVar[str] = (
        "a folder of images with masks, as segment does: label images with a number for each object, masks in black "
        "and white of objects that do not touch, or COCO's polygons"
    )
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("ap50"), Metric("ap"))

    # the data

    @classmethod
    @abstractmethod
    def made_for(cls, found: masks.MaskSet, classes: tuple[str, ...], wish: Wish) -> Self:
        """The task for a set of masks."""

    @abstractmethod
    def columns(self, pairs: Sequence[Pair], coding: Coding) -> tuple[Lazy, Lazy]:
        """The images and the objects of some pairs, in their files."""

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
        task = like or cls.made_for(found, classes, wish)
        return task, task._opened(root, str(source), found, wish.hold_out)

    def _opened(self, root: Path, source: str, found: masks.MaskSet, hold_out: bool) -> Opened:
        parts, decided = with_test({part: found.of(part) for part in PARTS}, lambda pair: pair.image, root, hold_out)
        hold = self.bytes_of(found) <= lazy.MEMORY
        tables = {part: self._table(pairs, found.coding, hold) for part, pairs in parts.items() if pairs}
        schema = Schema({IMAGE: Image()}, {OBJECTS: Mask(0, UNKNOWN)})
        return opened_in(root, source, schema, tables, found, decided)

    def bytes_of(self, found: masks.MaskSet) -> int:
        """How much memory all images and their objects take."""
        return sum((self.channels + 4) * pair.size[0] * pair.size[1] for pair in found.pairs)

    def _table(self, pairs: Sequence[Pair], coding: Coding, hold: bool) -> Table:
        """The images and objects of some pairs: in memory where all fit, else in their files."""
        columns = self.columns(pairs, coding)
        held = [one.hold() for one in columns] if hold else columns
        return Table(dict(zip((IMAGE, OBJECTS), held, strict=True)), columns[0].paths)

    @property
    def colours(self) -> tuple[Colour, ...]:
        """In which objects are drawn, in turn."""
        return distinct_colours(24)[1:]

    # what is measured

    @abstractmethod
    def found(self, outputs: Fields) -> list[tuple[Objects, list[Known]]]:
        """The objects of each image, numbered from 1 at the size that the network sees, and what is known of each."""

    def truth(self, outputs: Fields, targets: Fields) -> Tensor:
        """The true objects at that size."""
        return targets[OBJECTS]

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """Found, invented and missed objects of each image (N, 10, 3) at each threshold, and its answer in small."""
        found, truth = [made for made, _ in self.found(outputs)], self.truth(outputs, targets).cpu().numpy()
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

    def answer(self, path: str, image: NDArray[np.uint8], numbers: Objects, known: Sequence[Known]) -> Answer:
        """The objects of an image, numbered from 1 in it, drawn over it."""
        places = ndimage.find_objects(numbers)
        objects = [
            self._told(one, place, numbers[place] == number)
            for number, (one, place) in enumerate(zip(known, places, strict=True), start=1)
        ]
        counts = np.bincount([one.kind for one in known], minlength=len(self.classes))
        said = ", ".join(f"{count} {name}" for name, count in zip(self.classes, counts.tolist(), strict=True) if count)
        pictures = {"": numbers_png(numbers), "-overlay": over_png(image, numbers, self.colours)}
        return Answer(path, said or "nothing is found", {"size": list(numbers.shape), "objects": objects}, pictures)

    def _told(self, one: Known, place: tuple[slice, slice], inside: NDArray[np.bool_]) -> dict[str, Any]:
        rows, columns = place
        box = [columns.start, rows.start, columns.stop, rows.stop]
        polygon = [[columns.start + x, rows.start + y] for x, y in outline(inside)]
        return {"class": self.classes[one.kind], "probability": one.chance, "box": box, "polygon": polygon}


def _counts(found: Objects, truth: Objects) -> list[tuple[int, int, int]]:
    """Found, invented and missed objects at each threshold; nothing counts where the truth is not known."""
    known = truth >= 0
    pairs = matches(np.where(known, found, 0), np.where(known, truth, 0))
    return [pairs.at(threshold) for threshold in THRESHOLDS]
