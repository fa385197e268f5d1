"""Masks of boxes as Mask R-CNN has them (He et al. 2017): a third head beside those of Faster R-CNN.

For each box it gives a map of each class, of which the one of the box's class says what is inside. While training it
looks at the boxes that are proposed; later, at those that are found (section 3, "Inference").

>>> numbers, kept = pasted(torch.tensor([[1.0, 0, 4, 3, 0.9, 0]]), torch.ones(1, 7, 7), (3, 5))
>>> numbers.tolist(), kept
([[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0]], [0])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional as F

from striate.boxes import has_area, numbered
from striate.errors import InputError
from striate.losses.proposing import HOLDS, PROPOSED, Draw, TwoStage, check_per_box, overlap

MASK, ROI = "mask", "roi"
SIDES = 4
SURE = 0.5  # the least probability of an object that is drawn
INSIDE = 0.5  # the least chance of a pixel inside
NONE = -1


@dataclass(frozen=True)
class Masks:
    """What a network's numbers say of objects.

    Attributes:
        boxes: What those of its boxes say.
    """

    boxes: TwoStage

    def propose(self, made: Mapping[str, Tensor], before: Sequence[Tensor] = (), draw: Draw | None = None) -> Tensor:
        """(N · P, 5): the boxes that are looked at again; for masks, unless the network is training, those found.

        Args:
            made: What the heads before give.
            before: The boxes that were proposed.
            draw: Draws random numbers while the network is training.

        Raises:
            InputError: The heads stand in another order.
        """
        if MASK in made:
            raise InputError(f"the head {MASK} must stand after {ROI}, which says of what there are masks")
        if draw or not before:
            return self.boxes.propose(made, before, draw)
        with torch.no_grad():
            each = [one[:, :SIDES] for one in self._boxes({**made, PROPOSED: before[0]})]
            return numbered(torch.stack([F.pad(one, (0, 0, 0, self.boxes.proposals - len(one))) for one in each]))

    def _boxes(self, outputs: Mapping[str, Tensor]) -> list[Tensor]:
        return self.boxes.found(_first(outputs), SURE, self.boxes.proposals)

    def loss(self, outputs: Mapping[str, Tensor], objects: Tensor) -> dict[str, Tensor]:
        """The parts of the loss of boxes, and the mean cross-entropy of masks (section 3).

        Args:
            outputs: Of a network, with the boxes that it proposed.
            objects: (N, h, w), as `striate.data.masks.objects` codes them.
        """
        numbers, places, kinds = boxes_of(objects, self.boxes.classes)
        parts, masks = self.boxes.loss(_first(outputs), places, kinds), outputs[MASK].float()
        check_per_box(outputs, [MASK])
        looked, count = outputs[PROPOSED][:, -SIDES:], self.boxes.proposals
        wrong, known = masks.new_zeros(()), 0
        for image in range(len(objects)):
            like, best = overlap(looked[image * count :][:count], places[image][kinds[image] >= 0])
            (rows,) = (like >= HOLDS).nonzero(as_tuple=True)
            best, rows = best[rows], rows + image * count
            seen = _seen(objects[image], looked[rows], masks.shape[2:])
            true = seen == numbers[image][best][:, None, None]
            each = F.binary_cross_entropy_with_logits(
                masks[rows, kinds[image][best]], true.to(masks), weight=(seen >= 0).to(masks), reduction="sum"
            )
            wrong, known = wrong + each, known + int((seen >= 0).sum())
        return parts | {MASK: wrong / max(1, known)}

    def found(self, outputs: Mapping[str, Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Of each image boxes (D, 6), as of two stages, and chances (D, m, m) of what is inside them.

        Raises:
            InputError: Masks are of boxes as they were proposed.
        """
        if outputs[PROPOSED].shape[1] == 1 + SIDES:
            raise InputError(f"the head {MASK} must cut boxes itself: begin it with a roialign of its own")
        masks, looked = outputs[MASK].float().sigmoid(), outputs[PROPOSED][:, -SIDES:]
        each = zip(*(one.split(self.boxes.proposals) for one in (masks, looked)), strict=True)  # type: ignore[no-untyped-call]
        made = []
        for found, (chances, boxes) in zip(self._boxes(outputs), each, strict=True):
            rows = torch.cdist(found[:, :SIDES], boxes).argmin(1)  # other hardware may have ordered them otherwise
            made.append((found.cpu(), chances[rows, found[:, 5].long()].cpu()))
        return made


def _first(outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """With the boxes that were proposed alone."""
    return {**outputs, PROPOSED: outputs[PROPOSED][:, : 1 + SIDES]}


def boxes_of(objects: Tensor, classes: int) -> tuple[Tensor, Tensor, Tensor]:
    """The numbers (N, B), boxes (N, B, 4) and classes (N, B) of objects; -1 where an image has fewer."""
    each = []
    for one in objects.cpu().numpy():
        places = [(number, *place) for number, place in enumerate(ndimage.find_objects(one.clip(0)), 1) if place]
        rows = [(number, across.start, down.start, across.stop, down.stop) for number, down, across in places]
        found = torch.tensor(rows, dtype=torch.float32).reshape(-1, 5)
        each.append(found[has_area(found[:, 1:])])
    most = max(1, *map(len, each))
    padded = torch.stack([F.pad(one, (0, 0, 0, most - len(one)), value=NONE) for one in each]).to(objects.device)
    numbers = padded[..., 0].to(objects.dtype)
    return numbers, padded[..., 1:], torch.where(numbers > 0, (numbers.long() - 1) % classes, NONE)


def _seen(objects: Tensor, boxes: Tensor, grid: tuple[int, ...]) -> Tensor:
    """(R, *grid): the objects (h, w) at the middles of the cells of a grid over each box (R, 4)."""
    down, across = ((torch.arange(side, device=boxes.device) + 0.5) / side for side in grid)
    x = (boxes[:, :1] + across * (boxes[:, 2:3] - boxes[:, :1])).long().clamp(0, objects.shape[1] - 1)
    y = (boxes[:, 1:2] + down * (boxes[:, 3:4] - boxes[:, 1:2])).long().clamp(0, objects.shape[0] - 1)
    return objects[y[:, :, None], x[:, None, :]]


def pasted(boxes: Tensor, chances: Tensor, size: tuple[int, int]) -> tuple[NDArray[np.int32], list[int]]:
    """What is inside of boxes in an image, the surer over the others.

    Args:
        boxes: (D, 6) in pixels of the image, the surest first.
        chances: (D, m, m) over each box.
        size: (height, width) of the image.

    Returns:
        Numbers from 1 on (height, width), 0 where nothing is; which boxes have so much as a pixel, in their order.
    """
    drawn = np.zeros(size, np.int64)
    for row in reversed(range(len(boxes))):
        left, top, right, bottom = boxes[row, :4].tolist()
        x, y = (torch.arange(side) for side in reversed(size))
        x, y = x[(x + 1 > left) & (x < right)], y[(y + 1 > top) & (y < bottom)]
        if not len(x) or not len(y):
            continue
        across, down = (2 * (x + 0.5 - left) / (right - left) - 1, 2 * (y + 0.5 - top) / (bottom - top) - 1)
        grid = torch.stack(torch.meshgrid(across, down, indexing="xy"), -1)[None]
        inside = F.grid_sample(chances[row][None, None], grid, padding_mode="border", align_corners=False)[0, 0]
        part = drawn[int(y[0]) : int(y[-1]) + 1, int(x[0]) : int(x[-1]) + 1]
        part[(inside >= INSIDE).numpy()] = row + 1
    kept = [int(one) - 1 for one in np.unique(drawn) if one]
    numbers = np.zeros(len(boxes) + 1, np.int32)
    numbers[[one + 1 for one in kept]] = np.arange(1, len(kept) + 1)
    return numbers[drawn], kept
