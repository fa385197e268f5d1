"""One-stage detection as YOLO9000 has it (Redmon & Farhadi 2017, section 2): boxes as changes of anchors, in one map.

For each position of the map and each anchor there are 5 + K numbers: t_x, t_y, t_w, t_h, t_o and one for each class.

    b_x = (column + σ(t_x)) · stride    b_w = p_w · exp(t_w)    Pr(object) = σ(t_o + PRIOR)
    b_y = (row    + σ(t_y)) · stride    b_h = p_h · exp(t_h)    Pr(class | object) = softmax

>>> grid = AnchorGrid(((8.0, 8.0), (20.0, 10.0)), 3, (32, 48))
>>> boxes, objects, kinds = grid.read(torch.zeros(1, 16, 2, 3))
>>> boxes.shape, objects.shape, kinds.shape
(torch.Size([1, 12, 4]), torch.Size([1, 12]), torch.Size([1, 12, 3]))
>>> boxes[0, 0].tolist()  # in the middle of the first position, as large as the first anchor
[4.0, 4.0, 12.0, 12.0]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from striate.boxes import box_iou, complete_iou, has_area, suppressed
from striate.losses.hierarchy import ClassTree, tree_of

PRIOR = -4.0  # of the logarithm of the odds that an anchor has an object, before anything is learned
FARTHEST = 4.0  # of t_w and t_h: a box is at most e^4 times as wide as its anchor
NEAR = 0.6  # IoU with an object from which an anchor that has none is not taught to be empty, as in YOLO's code
ALIKE = 0.5  # IoU of an anchor's shape with an object's from which it learns the object, beside the best one
BOX, EMPTY = 2.0, 0.5  # how much places count, and that an anchor is empty
THRESHOLD, LEAST = 0.5, 0.01  # IoU above which the less sure of two boxes is dropped; the least score
MOST = 300  # boxes of an image that are told, the surest
CONSIDERED = 2000  # that are looked at


@dataclass(frozen=True)
class AnchorGrid:
    """What a map of numbers says of boxes.

    Attributes:
        anchors: (width, height) of each, in pixels of the network's input.
        classes: How many there are.
        size: (height, width) of the network's input.
        parents: The class above each class; () without a hierarchy.
    """

    anchors: tuple[tuple[float, float], ...]
    classes: int
    size: tuple[int, int]
    parents: tuple[int, ...] = ()

    @property
    def tree(self) -> ClassTree:
        """The hierarchy of the classes."""
        return tree_of(self.parents or (-1,) * self.classes)

    @property
    def channels(self) -> int:
        """Of the map."""
        return len(self.anchors) * (5 + self.classes)

    def read(self, made: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (N, M, 4) in pixels, logits of an object (N, M) and of each class (N, M, K); M is anchors · h · w.

        Args:
            made: (N, anchors · (5 + K), h, w).
        """
        count, _, rows, columns = made.shape
        t = made.float().reshape(count, len(self.anchors), 5 + self.classes, rows, columns).movedim(2, -1)
        across, down = self.size[1] / columns, self.size[0] / rows
        x = (torch.arange(columns, device=made.device) + t[..., 0].sigmoid()) * across
        y = (torch.arange(rows, device=made.device)[:, None] + t[..., 1].sigmoid()) * down
        sizes = torch.tensor(self.anchors, device=made.device).reshape(-1, 1, 1, 2)
        half = t[..., 2:4].clamp(-FARTHEST, FARTHEST).exp() * sizes / 2
        boxes = torch.stack([x - half[..., 0], y - half[..., 1], x + half[..., 0], y + half[..., 1]], -1)
        return boxes.flatten(1, 3), (t[..., 4] + PRIOR).flatten(1), t[..., 5:].flatten(1, 3)

    def loss(
        self, outputs: Mapping[str, Tensor], boxes: Tensor, kinds: Tensor, whole: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The parts of the loss: of each image over the number of anchors that learn an object, and a mean over images.

        An image with a class and no box teaches that class to the anchor that is likeliest to be it (section 4).

        Args:
            outputs: The one of a network, as for `read`.
            boxes: (N, B, 4), what is there; rows of class -1 are none.
            kinds: (N, B), their classes.
            whole: (N,), the classes of images without boxes that have one; -1 for others.
        """
        (made,) = outputs.values()
        places, objects, classes = self.read(made)
        rows, columns = made.shape[2:]
        image, anchor, true = self._learning(boxes, kinds, rows, columns)
        named = kinds[image, true].long()
        alone = (torch.full_like(kinds[:, 0], -1) if whole is None else whole) >= 0
        shares = 1 / (len(made) * image.bincount(minlength=len(made)).clamp_min(1))  # of an anchor in the whole
        ours, theirs = places[image, anchor], boxes[image, true].to(places)
        with torch.no_grad():
            taught = torch.ones_like(objects, dtype=torch.bool)
            for one in range(len(made)):
                there = boxes[one][kinds[one] >= 0].to(places)
                if len(there):
                    taught[one] = box_iou(places[one], there).amax(1) < NEAR
            taught[image, anchor] = False
            taught[alone] = False
        empty = (F.softplus(objects) * taught).sum(1)  # -log(1 - σ(x))
        full = F.softplus(-objects[image, anchor])  # -log σ(x)
        wrong = self.tree.loss(classes[image, anchor], named)
        parts = {
            "box": BOX * ((1 - complete_iou(ours, theirs)) * shares[image]).sum(),
            "object": (full * shares[image]).sum() + EMPTY * (empty * shares).sum(),
            "class": (wrong * shares[image]).sum(),
        }
        return self._with_whole(parts, objects, classes, whole, alone) if whole is not None else parts

    def _with_whole(
        self, parts: dict[str, Tensor], objects: Tensor, classes: Tensor, whole: Tensor, alone: Tensor
    ) -> dict[str, Tensor]:
        """The parts with those of images that have a class and no box."""
        objects, classes, true = objects[alone], classes[alone], whole[alone].long()
        rows = torch.arange(len(true), device=true.device)
        with torch.no_grad():
            best = (objects.sigmoid() * self.tree.chances(classes)[rows, :, true]).argmax(1)
        found = F.softplus(-objects[rows, best]).sum() / len(whole)
        wrong = self.tree.loss(classes[rows, best], true).sum() / len(whole)
        return {**parts, "object": parts["object"] + found, "class": parts["class"] + wrong}

    def _learning(self, boxes: Tensor, kinds: Tensor, rows: int, columns: int) -> tuple[Tensor, Tensor, Tensor]:
        """Which anchors (image, position) learn which object: in the position of its middle, those of its shape."""
        sizes = boxes[..., 2:] - boxes[..., :2]
        image, true = ((kinds >= 0) & has_area(boxes)).nonzero(as_tuple=True)
        there, wide = boxes[image, true], sizes[image, true]
        column = (((there[:, 0] + there[:, 2]) / 2) / self.size[1] * columns).long().clamp(0, columns - 1)
        row = (((there[:, 1] + there[:, 3]) / 2) / self.size[0] * rows).long().clamp(0, rows - 1)
        alike = shape_iou(wide, torch.tensor(self.anchors, device=boxes.device).to(wide))
        learns = alike > ALIKE
        learns |= F.one_hot(alike.argmax(1), len(self.anchors)).bool() if len(alike) else learns
        which, anchor = learns.nonzero(as_tuple=True)
        order = alike[which, anchor].argsort(stable=True)  # where two share an anchor, the more alike is the last
        which, anchor = which[order], anchor[order]
        position = (anchor * rows + row[which]) * columns + column[which]
        keys = zip(image[which].tolist(), position.tolist(), strict=True)
        last = {key: at for at, key in enumerate(keys)}
        chosen = torch.tensor(sorted(last.values()), dtype=torch.int64, device=boxes.device)
        which, position = which[chosen], position[chosen]
        return image[which], position, true[which]

    def found(self, outputs: Mapping[str, Tensor], least: float = LEAST, most: int = MOST) -> list[Tensor]:
        """Of each image (D, 6): left, top, right, bottom, probability and class, the surest first."""
        (made,) = outputs.values()
        boxes, objects, kinds = self.read(made)
        chances, classes = self.tree.told(kinds)
        chances = chances * objects.sigmoid()
        return [self._left(*one, least, most) for one in zip(boxes, chances, classes, strict=True)]

    def _left(self, boxes: Tensor, chances: Tensor, classes: Tensor, least: float, most: int) -> Tensor:
        height, width = self.size
        rows = (chances >= least).nonzero()[:, 0]
        if len(rows) > CONSIDERED:
            rows = rows[chances[rows].topk(CONSIDERED).indices]
        edges = boxes.new_tensor([width, height, width, height])
        boxes = boxes[rows].clamp_min(0).minimum(edges)
        rows, boxes = rows[has_area(boxes)], boxes[has_area(boxes)]
        kept = suppressed(boxes, chances[rows], THRESHOLD, classes[rows])[:most]
        return torch.cat([boxes[kept], chances[rows][kept, None], classes[rows][kept, None].float()], 1)


def shape_iou(ours: Tensor, theirs: Tensor) -> Tensor:
    """(A, B): the IoU of boxes of sizes (A, 2) and (B, 2) with the same middle."""
    shared = torch.minimum(ours[:, None], theirs[None]).prod(-1)
    return shared / (ours.prod(-1)[:, None] + theirs.prod(-1)[None] - shared).clamp_min(1e-9)


def clustered(sizes: NDArray[np.floating], count: int, seed: int = 0) -> tuple[tuple[float, float], ...]:
    """`count` sizes (width, height) that stand for sizes (B, 2): k-means with the distance 1 - IoU (section 2).

    The first are drawn far from each other (Arthur & Vassilvitskii 2007, "k-means++"); the smallest is first.

    >>> clustered(np.array([[10.0, 10], [11, 10], [50, 20], [52, 20]]), 2)
    ((10.5, 10.0), (51.0, 20.0))
    """
    given, chance = torch.tensor(sizes, dtype=torch.float64), np.random.default_rng(seed)
    distinct = len(np.unique(sizes, axis=0))
    middles = given[[int(chance.integers(len(given)))]]
    while len(middles) < min(count, distinct):
        far = (1 - shape_iou(given, middles)).amin(1).clamp_min(0).numpy() ** 2
        middles = torch.cat([middles, given[[int(chance.choice(len(given), p=far / far.sum()))]]])
    nearest = None
    for _ in range(300):
        now = shape_iou(given, middles).argmax(1)
        if nearest is not None and torch.equal(now, nearest):
            break
        nearest = now
        groups = [given[nearest == one] for one in range(len(middles))]
        middles = torch.stack([g.mean(0) if len(g) else old for g, old in zip(groups, middles, strict=True)])
    found = sorted(((float(w), float(h)) for w, h in middles), key=lambda one: one[0] * one[1])
    return tuple(found + [found[-1]] * (count - len(found)))
