"""Tasks that give a class to each place: to the pixels of images, to the voxels of volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor

from striate.errors import InputError, nearest
from striate.ignored import IGNORED
from striate.losses import dice_loss, pixel_cross_entropy
from striate.losses.pixels import LOSSES
from striate.native.losses import GIVEN, Criterion
from striate.native.losses import Loss as NativeLoss
from striate.notation.thumb import CLASSES
from striate.tasks.in_pieces import InPieces
from striate.tasks.task import Bound, LossName
from striate.tasks.together import classes_of, labels_of
from striate.tiling import middle
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Objective

MASK = "mask"


@dataclass(frozen=True)
class ClassOfPlaces(InPieces):
    """A class for each place.

    Attributes:
        classes: Their names.
        colours: How they are drawn, red, green and blue.
        weights: How much a place of each class counts in the balanced losses.
    """

    classes: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    weights: tuple[float, ...]

    places: ClassVar[bool] = True
    place: ClassVar[str] = "pixels"
    usual_loss: ClassVar[str] = LOSSES[0]

    # the network

    def letters(self) -> Mapping[str, int]:
        """The number of classes."""
        return {CLASSES: len(self.classes)}

    def fits(self, output: tuple[int | None, ...], name: str) -> str:
        """A map for each class."""
        maps = len(self.classes)
        if len(output) == self.axes + 1 and output[0] in ({1, 2} if maps == 2 else {maps}):
            return ""
        kernel = "x".join("1" * self.axes)
        shape = "x".join("?" if side is None else str(side) for side in output)
        return f"gives {shape} and {name} has {maps} classes of {self.place}; end the network with conv {maps}@{kernel}"

    # what is made small, and what is measured

    def objective(self, loss: LossName) -> Objective:
        """With a loss of this name, or the usual one."""
        name = loss or self.usual_loss
        if callable(name) or name not in LOSSES:
            hint = "" if callable(name) else nearest(name, LOSSES)
            raise InputError(f"{self.word} has no loss '{name}'{hint}; there are {', '.join(LOSSES)}")
        return Bound(self, partial(self._parts, name.split("+")))

    def loss_name(self, loss: LossName) -> str:
        """The name of that loss, as a run keeps it."""
        return str(loss or self.usual_loss)

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The usual one."""
        return self.objective(None).loss(outputs, targets)

    def _parts(self, words: Sequence[str], outputs: Fields, targets: Fields) -> Fields:
        """The parts of a loss that is joined of these, each a mean over the pixels that count."""
        logits = outputs[OUTPUT]
        true = middle(targets[MASK], logits.shape[2:]).long()
        parts: dict[str, Tensor] = {}
        for word in words:
            if word == "dice":
                parts["dice_loss"] = dice_loss(logits, true)
            else:
                weights = torch.tensor(self.weights) if word.startswith("balanced") else None
                parts["cross-entropy"] = pixel_cross_entropy(logits, true, weights=weights)
        return parts

    def native(self, loss: LossName) -> NativeLoss:
        """The engine has cross-entropy over positions, balanced or not; PyTorch the others."""
        name = loss or self.usual_loss
        if name == "balanced-cross-entropy":
            return Criterion("pixel-cross-entropy", classes=self.weights)
        return "pixel-cross-entropy" if name == "cross-entropy" else GIVEN

    def right(self, outputs: Fields, targets: Fields) -> tuple[Tensor, int]:
        """The pixels that are right, of those that count."""
        logits = outputs[OUTPUT]
        true = middle(targets[MASK], logits.shape[2:])
        return (called(logits) == true).sum(), int((true != IGNORED).sum())

    def meaning(self) -> tuple[Any, ...]:
        """The classes, and how many colours the images have."""
        return *self.classes, self.channels

    def together(self, outputs: Sequence[Fields]) -> Fields:
        """The mean of the probabilities at each pixel."""
        maps = [one[OUTPUT] for one in outputs]
        join = classes_of if maps[0].shape[1] > 1 else labels_of
        return {OUTPUT: join(maps)}


def called(logits: Tensor) -> Tensor:
    """(N, *size): the class of each place of (N, K, *size); of one map, class 1 where it is above 0."""
    return logits.argmax(1) if logits.shape[1] > 1 else (logits[:, 0] > 0).long()
