"""Semantic segmentation: a class for each pixel of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from striate.data import lazy, masks
from striate.data.dataset import with_test
from striate.data.examples import Opened, Schema, Table, opened_in
from striate.data.image import decode
from striate.data.kinds import Image, Mask
from striate.data.lazy import Lazy
from striate.data.masks import Pair
from striate.data.masks.reading import read_mask
from striate.data.parts import PARTS
from striate.errors import InputError
from striate.losses import median_frequency
from striate.metrics.metric import Metric
from striate.metrics.regions import pixel_confusion, region_scores
from striate.report.overlay import label_png, overlay, overlay_png
from striate.tasks.class_of_places import MASK, ClassOfPlaces, called
from striate.tasks.pictures import IMAGE, drawn_over
from striate.tasks.regions import JudgedRegions
from striate.tasks.task import Answer, Asked, Wish, folder_at
from striate.tiling import middle
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.task import Judged

CALLED, COUNTS = "called", "counts"
SEEN = 192  # rows and columns of the answer that is kept of an image, to draw it


@dataclass(frozen=True)
class Segmented(Answer):
    """What a run says of one image.

    Attributes:
        mask: (H, W) uint8, the class of each pixel as its position in `run.classes`, of the size of the image.
    """

    mask: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0), np.uint8), compare=False, repr=False)


@dataclass(frozen=True)
class Segment(ClassOfPlaces):
    """A class for each pixel."""

    word: ClassVar[str] = "segment"
    reads: ClassVar[str] = (
        "a folder of images with masks: images/ and masks/ (or labels/) of equal names, maybe below train/, val/ and "
        "test/; *_mask.png beside each image; VOC's SegmentationClass; COCO's polygons"
    )
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("mean_iou"), Metric("dice"), Metric("pixel_accuracy"))
    unit: ClassVar[str] = "images"
    decides: ClassVar[str] = "pixel_accuracy"
    plainest: ClassVar[str] = "classes = 1\nINPUT -> conv classes@1"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Pairs of images and masks."""
        root = folder_at(source)
        if root is None:
            return None
        found = masks.find(root, bad="refuse" if wish.bad == "refuse" else "skip", progress=wish.progress)
        if found is None:
            return None
        if like and found.classes != like.classes:
            raise InputError(
                f"{root} has the classes {', '.join(found.classes)}; the run has learned {', '.join(like.classes)}"
            )
        colours = found.coding.colours or masks.distinct_colours(len(found.classes))
        counts = found.counts[[row for row, pair in enumerate(found.pairs) if pair.part == "train"] or slice(None)]
        weights = tuple(median_frequency(counts).round(4).tolist())
        task = like or cls(found.classes, tuple(colours), weights, channels=found.channels)
        return task, _opened(task, root, str(source), found, wish.hold_out)

    # what is measured

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """The counts (N, K, K) of each image, and its answer (N, 192, 192) in small."""
        logits = outputs[OUTPUT]
        true = middle(targets[MASK], logits.shape[2:]).long()
        counts = [pixel_confusion(one[None], mask[None]) for one, mask in zip(logits, true, strict=True)]
        small = torch.nn.functional.interpolate(called(logits)[:, None].float(), (SEEN, SEEN), mode="nearest-exact")
        return {COUNTS: torch.stack(counts), CALLED: small[:, 0].byte()}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Mean IoU, mean Dice and pixel accuracy over all pixels of all images."""
        scores = region_scores(rows[COUNTS].sum(0).numpy())
        return {"mean_iou": scores.mean_iou, "dice": scores.mean_dice, "pixel_accuracy": scores.pixel_accuracy}

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How a network does on images with masks."""
        return JudgedRegions(name, examples, rows, figures, self.unit, self.classes, self.colours)

    def over(self, picture: NDArray[np.float32], targets: Fields) -> NDArray[np.float32]:
        """With its mask in colours."""
        mask = targets[MASK].numpy().astype(np.uint8)
        return drawn_over(picture, lambda image: overlay(image, mask, self.colours))

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Segmented]:
        """The mask of each image, drawn over it."""
        made = called(outputs[OUTPUT]).byte().numpy()
        rows = zip(asked.names, asked.inputs, made, strict=True)
        return [self._answer(path, fields[IMAGE][0].numpy(), mask) for path, fields, mask in rows]

    def _answer(self, path: str, image: NDArray[np.uint8], mask: NDArray[np.uint8]) -> Segmented:
        shares = np.bincount(mask.ravel(), minlength=len(self.classes)) / mask.size
        pairs = sorted(zip(self.classes, shares.tolist(), strict=True), key=lambda pair: -pair[1])
        said = ", ".join(f"{name} {share:.1%}" for name, share in pairs if share)
        values = {"size": list(mask.shape), "classes": [{"class": name, "share": share} for name, share in pairs]}
        drawn = overlay_png(image, mask, self.classes, self.colours)
        return Segmented(path, said, values, {"": label_png(mask, self.colours), "-overlay": drawn}, mask)


def _opened(task: Segment, root: Path, source: str, found: masks.MaskSet, hold_out: bool) -> Opened:
    parts, decided = with_test({part: found.of(part) for part in PARTS}, lambda pair: pair.image, root, hold_out)
    tables = {part: _table(pairs, found, task.channels) for part, pairs in parts.items() if pairs}
    schema = Schema({IMAGE: Image()}, {MASK: Mask(len(task.classes))})
    return opened_in(root, source, schema, tables, found, decided)


def _table(pairs: Sequence[Pair], found: masks.MaskSet, channels: int) -> Table:
    """The images and masks of some pairs: in memory where all fit, else in their files."""
    paths = tuple(str(pair.image) for pair in pairs)
    images = Lazy(paths, partial(decode, channels=channels), (channels, 0, 0))
    labels = Lazy(paths, partial(read_mask, coding=found.coding), (0, 0), items=tuple(pairs))
    if sum((channels + 1) * pair.size[0] * pair.size[1] for pair in found.pairs) <= lazy.MEMORY:
        images, labels = images.hold(), labels.hold()
    return Table({IMAGE: images, MASK: labels}, paths)
