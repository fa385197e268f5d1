"""Tasks of images with boxes around what they show."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from striate.data import boxes, lazy
from striate.data.boxes import Boxed, BoxSet
from striate.data.boxes.canvas import placing, read_onto
from striate.data.dataset import with_test
from striate.data.examples import Opened, Schema, Table, opened_in
from striate.data.kinds import Boxes, Image, Kind
from striate.data.lazy import Lazy
from striate.data.masks import Colour, coco, distinct_colours, voc
from striate.data.parts import PARTS
from striate.errors import InputError
from striate.notation.thumb import CLASSES
from striate.report.boxed import with_boxes
from striate.tasks.canvas import OnCanvas, canvas_for, channels_of
from striate.tasks.located import ASIDE, BOXES, KINDS, WHOLE
from striate.tasks.pictures import IMAGE, drawn_over
from striate.tasks.task import Wish, folder_at
from striate.training.fields import Fields

NONE = -1  # the class of a row that holds no object


@dataclass(frozen=True, kw_only=True)
class WithBoxes(OnCanvas):
    """A task of images with boxes.

    Attributes:
        classes: Their names.
        parents: The position of the class above each, -1 at the top; () without a hierarchy.
    """

    classes: tuple[str, ...]
    parents: tuple[int, ...] = ()

    reads: ClassVar[str] = (
        "a folder of images with boxes: VOC's XML files, COCO's JSON, or YOLO's images/ and labels/, maybe below "
        "train/, val/ and test/"
    )
    usual_changes: ClassVar[str] = "mirror,crop,scale:0.3,colour"

    @classmethod
    @abstractmethod
    def wants(cls, root: Path, wish: Wish) -> bool:
        """Whether the boxes of a folder are this task's."""

    @classmethod
    def chosen(cls, found: BoxSet) -> BoxSet:
        """The images that the task learns from; by default all.

        Raises:
            InputError: There are none.
        """
        return found

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Images with boxes."""
        root = folder_at(source)
        if root is None or not (like or cls.wants(root, wish)):
            return None
        bad, learned = "refuse" if wish.bad == "refuse" else "skip", like.classes if like else ()
        found = boxes.find(root, bad=bad, like=learned, sure=wish.named or like is not None)  # type: ignore[arg-type]
        if found is None:
            return None
        if not found.classes and not wish.named:
            return None
        if not found.classes:
            raise InputError(f"no image under '{root}' has an object; there is nothing to learn")
        found = cls.chosen(found)
        if not like and not found.of("train"):
            raise InputError(f"'{root}' has boxes for {found.images[0].part} and none to train on; add train/")
        sizes = [one.size for one in found.images]
        task = like or cls(
            size=canvas_for(wish.shape, sizes),
            channels=channels_of(wish.shape),
            classes=found.classes,
            parents=found.parents,
        )
        return task, _opened(task, root, str(source), found, wish.hold_out)

    @property
    def colours(self) -> tuple[Colour, ...]:
        """How each class is drawn."""
        return distinct_colours(len(self.classes) + 1)[1:]

    def letters(self) -> Mapping[str, int]:
        """The number of classes."""
        return {CLASSES: len(self.classes)}

    def over(self, picture: NDArray[np.float32], targets: Fields) -> NDArray[np.float32]:
        """With its boxes."""
        there = targets[KINDS].numpy() >= 0
        places, kinds = targets[BOXES].numpy()[there], targets[KINDS].numpy()[there]
        return drawn_over(picture, lambda image: with_boxes(image, places, kinds, None, self.classes, self.colours))

    def back(self, places: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
        """Boxes (B, 4) of the canvas, in an image of (height, width)."""
        height, width = size
        edges = np.array([width, height, width, height], np.float32)
        found: NDArray[np.float32] = np.clip(placing(size, self.size).back(places), 0, edges)
        return found


def has_masks(root: Path) -> bool:
    """Whether the data are for segmentation, unless boxes are asked for."""
    return voc.arranged(root) is not None or coco.arranged(root) is not None


def _opened(task: WithBoxes, root: Path, source: str, found: BoxSet, hold_out: bool) -> Opened:
    whole = [one for one in found.images if one.whole >= 0]
    boxed = {part: [one for one in found.of(part) if one.whole < 0] for part in PARTS}
    parts, decided = with_test(boxed, lambda one: one.image, root, hold_out)
    extra = [WHOLE] * bool(whole) + [ASIDE] * any(one.aside.any() for one in found.images)
    parts["train"] += whole  # in no part that is judged: where their objects are is not known
    most = max(1, *(len(one.places) for one in found.images))
    hold = sum(len(images) for images in parts.values()) * task.channels * task.size[0] * task.size[1] <= lazy.MEMORY
    tables = {part: _table(images, task, most, hold, extra) for part, images in parts.items() if images}
    schema = Schema({IMAGE: Image()}, {BOXES: Boxes(task.size), KINDS: Kind(), **{name: Kind() for name in extra}})
    return opened_in(root, source, schema, tables, found, decided)


def _table(images: Sequence[Boxed], task: WithBoxes, most: int, hold: bool, extra: Sequence[str]) -> Table:
    """The images on the canvas, in memory or in their files, and their boxes."""
    paths = tuple(str(one.image) for one in images)
    read = partial(read_onto, channels=task.channels, canvas=task.size)
    pictures = Lazy(paths, read, (task.channels, *task.size))
    places = np.zeros((len(images), most, 4), np.float32)
    kinds, aside = np.full((len(images), most), NONE, np.int64), np.zeros((len(images), most), np.uint8)
    for row, one in enumerate(images):
        places[row, : len(one.places)] = placing(one.size, task.size).there(one.places)
        kinds[row, : len(one.places)] = one.classes
        aside[row, : len(one.places)] = one.aside
    columns: dict[str, Any] = {BOXES: torch.from_numpy(places), KINDS: torch.from_numpy(kinds)}
    marks = {ASIDE: torch.from_numpy(aside), WHOLE: torch.tensor([one.whole for one in images])}
    columns |= {name: marks[name] for name in extra}
    return Table({IMAGE: pictures.hold() if hold else pictures, **columns}, paths)
