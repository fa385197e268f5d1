"""Tasks whose images, each of its own size, are placed on a canvas of one size."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from striate.augmentation.augment import Augment
from striate.augmentation.chain import chained
from striate.augmentation.words import AUTO, parsed
from striate.data.boxes.canvas import GREY, placing, scaled
from striate.data.examples import Opened
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.layers.wired import Called, Proposer
from striate.notation import Network
from striate.notation.sizes import Size
from striate.tasks.augmenting import steps_for
from striate.tasks.pictures import IMAGE, asked_images
from striate.tasks.task import Asked, Task
from striate.training.fields import Fields
from striate.training.objective import Net
from striate.training.options import Options, for_started

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted

LONGEST, STEP = 416, 32  # pixels of a canvas's longer side where the network's text leaves it open; a multiple of these
CHANGES = ("mirror", "crop", "colour", "turn", "rotate", "scale", "shear", "noise", "blur", "cutout", "shift")


@dataclass(frozen=True)
class OnCanvas(Task):
    """A task of images on a canvas.

    Attributes:
        size: (height, width) of the canvas, which is the network's input.
        channels: Of the images: 1 or 3.
        border: What is around an image, as the network reads it, for each channel; set when the network is known.
    """

    size: tuple[int, int]
    channels: int = 3
    border: tuple[float, ...] = ()

    unit: ClassVar[str] = "images"
    usual_changes: ClassVar[str]  # the words of `augment` that suit it

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads the canvas."""
        from striate.tasks.fitting import fitted

        made = fitted(network, self, opened, recipe, size)
        assert made.recipe is not None
        border = tuple((GREY / 255 - mean) / std for mean, std in zip(made.recipe.mean, made.recipe.std, strict=True))
        recipe = dataclasses.replace(made.recipe, fit="any size")
        return dataclasses.replace(made, task=dataclasses.replace(self, border=border), recipe=recipe)

    @property
    def proposer(self) -> Proposer | None:
        """What makes the boxes that a network looks at, where it takes some; by default nothing."""
        return None

    def build(self, network: Network, init: str | None = None, seed: int | None = None) -> nn.Sequential:
        """A network that takes boxes gets them from what its own heads say."""
        model = super().build(network, init, seed)
        if isinstance(model, Called) and model.takes_boxes:
            model.proposes = self.proposer
        return model

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> Augment | None:
        """What is said of places moves with what is there."""
        changes = parsed(self.usual_changes if wanted == AUTO else wanted)
        if others := [one.word for one in changes if one.word not in CHANGES]:
            raise InputError(f"augment '{others[0]}' does not go with places; there are {', '.join(CHANGES)}")
        task = fitted.task
        assert fitted.recipe is not None
        assert isinstance(task, OnCanvas)
        return chained(*steps_for(changes, fitted.recipe, task.border)) if changes else None

    def usual(self, options: Options, count: int, augment: Augment | None, started: bool) -> Options:
        """Each image has several places to learn from: few images are no reason for another batch or penalty."""
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


def channels_of(shape: tuple[int | None, ...] | None) -> int:
    """How many channels images have that a network of this input reads.

    Raises:
        InputError: Neither 1 nor 3.
    """
    channels = (shape or (3,))[0] or 3
    if channels not in (1, 3):
        raise InputError(f"images are grey or RGB, of 1 or 3 channels. Received: {channels}")
    return channels


def canvas_for(shape: tuple[int | None, ...] | None, sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The canvas: the network's input, or in the shape of most images, at most 416 pixels long."""
    if shape and len(shape) == 3 and shape[1] and shape[2]:
        return shape[1], shape[2]
    (((height, width), _),) = Counter(sizes).most_common(1)
    scale = min(1.0, LONGEST / max(height, width))
    return max(STEP, round(height * scale / STEP) * STEP), max(STEP, round(width * scale / STEP) * STEP)
