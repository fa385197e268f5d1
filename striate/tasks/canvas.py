"""Tasks whose images, each of its own size, are placed on a canvas of one size, with boxes around what they show."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from striate.augmentation.augment import Augment
from striate.augmentation.chain import chained
from striate.augmentation.words import AUTO, parsed
from striate.data import boxes, lazy
from striate.data.boxes import Boxed, BoxSet
from striate.data.boxes.canvas import GREY, placing, read_onto, scaled
from striate.data.dataset import with_test
from striate.data.examples import Opened, Schema, Table, digest_of
from striate.data.kinds import Boxes, Image, Kind
from striate.data.lazy import Lazy
from striate.data.loading import found_at
from striate.data.masks import Colour, coco, distinct_colours, voc
from striate.data.parts import PARTS
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.notation import Network
from striate.notation.sizes import Size
from striate.notation.thumb import CLASSES
from striate.report.boxed import with_boxes
from striate.tasks.augmenting import steps_for
from striate.tasks.located import BOXES, KINDS
from striate.tasks.pictures import IMAGE, asked_images
from striate.tasks.task import Asked, Task, Wish, is_place
from striate.training.fields import Fields
from striate.training.objective import Net
from striate.training.options import Options, for_started

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted

NONE = -1  # the class of a row that holds no object
LONGEST, STEP = 416, 32  # pixels of a canvas's longer side where the network's text leaves it open; a multiple of these
CHANGES = ("mirror", "crop", "colour", "turn", "rotate", "scale", "shear", "noise", "blur", "cutout", "shift")
USUAL = "mirror,crop,scale:0.3,colour"


@dataclass(frozen=True)
class OnCanvas(Task):
    """A task of images with boxes.

    Attributes:
        classes: Their names.
        size: (height, width) of the canvas, which is the network's input.
        channels: Of the images: 1 or 3.
        border: What is around an image, as the network reads it, for each channel; set when the network is known.
    """

    classes: tuple[str, ...]
    size: tuple[int, int]
    channels: int = 3
    border: tuple[float, ...] = ()

    reads: ClassVar[str] = (
        "a folder of images with boxes: VOC's XML files, COCO's JSON, or YOLO's images/ and labels/, maybe below "
        "train/, val/ and test/"
    )
    unit: ClassVar[str] = "images"

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
        if not is_place(source):
            return None
        try:
            root = found_at(str(source))
        except InputError:
            return None
        if not root.is_dir() or not (like or cls.wants(root, wish)):
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
        channels = (wish.shape or (3,))[0] or 3
        if channels not in (1, 3):
            raise InputError(f"images are grey or RGB, of 1 or 3 channels. Received: {channels}")
        task = like or cls(found.classes, _canvas(wish.shape, found), channels)
        return task, _opened(task, root, str(source), found, wish.hold_out)

    @property
    def colours(self) -> tuple[Colour, ...]:
        """How each class is drawn."""
        return distinct_colours(len(self.classes) + 1)[1:]

    def letters(self) -> Mapping[str, int]:
        """The number of classes."""
        return {CLASSES: len(self.classes)}

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads the canvas."""
        from striate.tasks.fitting import fitted

        made = fitted(network, self, opened, recipe, size)
        assert made.recipe is not None
        border = tuple((GREY / 255 - mean) / std for mean, std in zip(made.recipe.mean, made.recipe.std, strict=True))
        recipe = dataclasses.replace(made.recipe, fit="any size")
        return dataclasses.replace(made, task=dataclasses.replace(self, border=border), recipe=recipe)

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> Augment | None:
        """Boxes move with what is in them."""
        changes = parsed(USUAL if wanted == AUTO else wanted)
        if others := [one.word for one in changes if one.word not in CHANGES]:
            raise InputError(f"augment '{others[0]}' is not for boxes; there are {', '.join(CHANGES)}")
        task = fitted.task
        assert fitted.recipe is not None
        assert isinstance(task, OnCanvas)
        return chained(*steps_for(changes, fitted.recipe, task.border)) if changes else None

    def usual(self, options: Options, count: int, augment: Augment | None, started: bool) -> Options:
        """Each image has many boxes to learn from: few images are no reason for another batch or penalty."""
        return for_started(options) if started else options

    def through(self, net: Net, inputs: Fields) -> Fields:
        """What the network says of images, placed on the canvas where they have another size."""
        image = inputs[IMAGE]
        size = (image.shape[2], image.shape[3])
        return net({IMAGE: image if size == self.size else self._placed(image)})

    def _placed(self, images: Tensor) -> Tensor:
        size = (images.shape[2], images.shape[3])
        on = placing(size, self.size)
        height, width = scaled(size, on.scale)
        small = F.interpolate(images, size=(height, width), mode="bilinear", antialias=True)
        made = images.new_tensor(self.border)[None, :, None, None].expand(len(images), -1, *self.size).contiguous()
        made[:, :, on.top : on.top + height, on.left : on.left + width] = small
        return made

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Image files, folders of some, PIL images or arrays, each of its own size."""
        return asked_images(given, None, bad, self.channels)

    def over(self, picture: NDArray[np.float32], targets: Fields) -> NDArray[np.float32]:
        """With its boxes."""
        image = np.rint(255 * np.atleast_3d(picture)).astype(np.uint8).transpose(2, 0, 1)
        there = targets[KINDS].numpy() >= 0
        places, kinds = targets[BOXES].numpy()[there], targets[KINDS].numpy()[there]
        return with_boxes(image, places, kinds, None, self.classes, self.colours).astype(np.float32) / np.float32(255)

    def back(self, places: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
        """Boxes (B, 4) of the canvas, in an image of (height, width)."""
        height, width = size
        found: NDArray[np.float32] = np.clip(placing(size, self.size).back(places), 0, [width, height, width, height])
        return found


def has_masks(root: Path) -> bool:
    """Whether the data are for segmentation, unless boxes are asked for."""
    return voc.arranged(root) is not None or coco.arranged(root) is not None


def _canvas(shape: tuple[int | None, ...] | None, found: BoxSet) -> tuple[int, int]:
    """The canvas: the network's input, or in the shape of most images, at most 416 pixels long."""
    if shape and len(shape) == 3 and shape[1] and shape[2]:
        return shape[1], shape[2]
    (((height, width), _),) = Counter(one.size for one in found.images).most_common(1)
    scale = min(1.0, LONGEST / max(height, width))
    return max(STEP, round(height * scale / STEP) * STEP), max(STEP, round(width * scale / STEP) * STEP)


def _opened(task: OnCanvas, root: Path, source: str, found: BoxSet, hold_out: bool) -> Opened:
    name = root.resolve().name
    parts, decided = with_test({part: found.of(part) for part in PARTS}, lambda one: one.image, root, hold_out)
    notes = [*(f"{name}: {note}" for note in found.notes), *decided]
    most = max(1, *(len(one.places) for one in found.images))
    hold = sum(len(images) for images in parts.values()) * task.channels * task.size[0] * task.size[1] <= lazy.MEMORY
    tables = {part: _table(images, task, most, hold) for part, images in parts.items() if images}
    train = tables.get("train", tables.get("test"))
    assert train is not None
    return Opened(
        name,
        source,
        Schema({IMAGE: Image()}, {BOXES: Boxes(task.size), KINDS: Kind()}),
        train,
        tables.get("test"),
        tables.get("validation"),
        tuple(notes),
        found.left_out,
        sha256=digest_of(train, tables.get("validation")),
    )


def _table(images: Sequence[Boxed], task: OnCanvas, most: int, hold: bool) -> Table:
    """The images on the canvas, in memory or in their files, and their boxes."""
    paths = tuple(str(one.image) for one in images)
    read = partial(read_onto, channels=task.channels, canvas=task.size)
    pictures = Lazy(paths, read, (task.channels, *task.size))
    places = np.zeros((len(images), most, 4), np.float32)
    kinds = np.full((len(images), most), NONE, np.int64)
    for row, one in enumerate(images):
        places[row, : len(one.places)] = placing(one.size, task.size).there(one.places)
        kinds[row, : len(one.places)] = one.classes
    columns: dict[str, Any] = {BOXES: torch.from_numpy(places), KINDS: torch.from_numpy(kinds)}
    return Table({IMAGE: pictures.hold() if hold else pictures, **columns}, paths)
