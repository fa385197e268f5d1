"""Two-stage detection as Faster R-CNN has it (Ren et al. 2015): boxes are proposed, and each is looked at again.

The first stage gives for each position of a map and each anchor one number, whether there is an object, and four, how
the anchor is to be changed; the best of these boxes are cut from the maps, and the second stage gives for each of them
a number for each class and the background, and four for each class. A box changes by t (section 3.1.2):

    x = x_a + t_x w_a    y = y_a + t_y h_a    w = w_a exp(t_w)    h = h_a exp(t_h)

On a feature pyramid (Lin et al. 2017) several maps, the levels, each with anchors of its own, propose boxes together.

>>> two = TwoStage(((8.0, 8.0),), 3, (32, 48))
>>> given = {"rpn.object": torch.zeros(2, 1, 4, 6), "rpn.box": torch.zeros(2, 4, 4, 6)}
>>> two.propose(given).shape  # the number of its image, and its edges
torch.Size([128, 5])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.boxes import box_iou, has_area, numbered, suppressed
from striate.errors import InputError
from striate.losses.anchored import LEAST, MOST, THRESHOLD

OBJECT, OFFSET, LEVEL = "object", "box", "rpn"  # a level gives `rpn.object` and `rpn.box`
CLASS, BOX, PROPOSED = "roi.class", "roi.box", "boxes"
PROPOSALS, MOST_PROPOSED = 64, 256  # of an image, where few objects are in one and where many
CONSIDERED, APART = 600, 0.7  # boxes of the first stage that are looked at; IoU above which the less sure is dropped
LIKE, UNLIKE = 0.7, 0.3  # IoU with an object from which an anchor is one, and below which it is none (section 3.1.2)
HOLDS = 0.5  # IoU from which a proposal is of the object's class (Girshick 2015, section 2.3)
FOREGROUND = 0.25  # of what the second stage learns from (the same)
SCALES = (0.1, 0.1, 0.2, 0.2)  # the second stage's changes are small: in units of these, as in the published code
FARTHEST = 4.0  # of t_w and t_h
Draw = Callable[[Tensor], Tensor]  # normal numbers of the shape of a tensor (N, …)


@dataclass(frozen=True)
class TwoStage:
    """What a network's numbers say of boxes.

    Attributes:
        anchors: (width, height) of each, in pixels of the network's input; as many of each level, in their order.
        classes: How many there are; of the second stage's numbers the last is the background's.
        size: (height, width) of the network's input.
        levels: The heads that propose boxes.
        proposals: Boxes of an image that are looked at again.
    """

    anchors: tuple[tuple[float, float], ...]
    classes: int
    size: tuple[int, int]
    levels: tuple[str, ...] = (LEVEL,)
    proposals: int = PROPOSALS

    def propose(self, made: Mapping[str, Tensor], before: Sequence[Tensor] = (), draw: Draw | None = None) -> Tensor:
        """(N · P, 5): the boxes of each image that are looked at again, with the image's number.

        Args:
            made: What the first stage gives.
            before: Those that were proposed before: they are for all heads.
            draw: Draws random numbers while the network is training; none are needed.

        Raises:
            InputError: The first stage has not been asked yet.
        """
        if before:
            return before[0]
        if late := [level for level in self.levels if f"{level}.{OBJECT}" not in made]:
            raise InputError(f"the boxes are proposed by the head {late[0]}, which must stand before roi")
        with torch.no_grad():
            odds = self._odds(made).nan_to_num()  # of a network that grew beyond all measure
            changed = self._changed(self._anchors(made), self._offsets(made)).nan_to_num()
            boxes = self._clipped(changed)
            return numbered(torch.stack([self._best(*one) for one in zip(boxes, odds, strict=True)]))

    def _best(self, boxes: Tensor, odds: Tensor) -> Tensor:
        """(P, 4): the surest boxes that do not overlap much, the last repeated where they are fewer."""
        first = odds.topk(min(CONSIDERED, len(odds))).indices
        kept = first[suppressed(boxes[first], odds[first], APART)][: self.proposals]
        return boxes[F.pad(kept, (0, self.proposals - len(kept)), value=int(kept[-1]))]

    def loss(self, outputs: Mapping[str, Tensor], boxes: Tensor, kinds: Tensor) -> dict[str, Tensor]:
        """The parts of the loss of both stages, each a mean over the images.

        Args:
            outputs: Of a network: those of each level, `CLASS` and `BOX`, and the boxes that were proposed.
            boxes: (N, B, 4), what is there; rows of class -1 are none.
            kinds: (N, B), their classes.
        """
        there = [(boxes[n][kinds[n] >= 0], kinds[n][kinds[n] >= 0].long()) for n in range(len(boxes))]
        there = [(places[has_area(places)], its[has_area(places)]) for places, its in there]
        return self._first(outputs, there) | self._second(outputs, there)

    def _first(self, outputs: Mapping[str, Tensor], there: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
        """Anchors that are objects and those that are none count alike together; objects pull their anchors."""
        anchors, odds, offsets = self._anchors(outputs), self._odds(outputs), self._offsets(outputs)
        sure, pulled = [], []
        for image, (places, _) in enumerate(there):
            like, best = overlap(anchors, places)
            is_one = like >= LIKE
            if len(places):
                nearest = box_iou(anchors, places)
                most = nearest.amax(0)
                is_one |= ((nearest == most) & (most > 0)).any(1)
            is_none = ~is_one & (like < UNLIKE)
            sure.append((_mean(F.softplus(-odds[image][is_one])) + _mean(F.softplus(odds[image][is_none]))) / 2)
            given = offsets[image][is_one]
            pulled.append(_smooth(given, _change(anchors[is_one], places[best[is_one]]) if len(places) else given))
        return {"object": torch.stack(sure).mean(), "proposal": torch.stack(pulled).mean()}

    def _second(self, outputs: Mapping[str, Tensor], there: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
        """Of the proposals a quarter counts for objects; each is of the class of the object that it overlaps."""
        check_per_box(outputs, (CLASS, BOX))
        proposed, scores = outputs[PROPOSED][:, 1:], outputs[CLASS].float().flatten(1)
        moves, named, pulled = outputs[BOX].float().reshape(len(scores), self.classes, 4), [], []
        for image, (places, its) in enumerate(there):
            rows = slice(image * self.proposals, (image + 1) * self.proposals)
            like, best = overlap(proposed[rows], places)
            is_one = like >= HOLDS
            true = torch.full((self.proposals,), self.classes, dtype=torch.int64, device=scores.device)
            true[is_one] = its[best[is_one]].to(true.device) if len(places) else true[is_one]
            each = F.cross_entropy(scores[rows], true, reduction="none")
            named.append(FOREGROUND * _mean(each[is_one]) + (1 - FOREGROUND) * _mean(each[~is_one]))
            given = moves[rows][is_one, true[is_one]]
            change = _change(proposed[rows][is_one], places[best[is_one]]) if len(places) else given
            pulled.append(_smooth(given, change / given.new_tensor(SCALES) if len(places) else given))
        return {"class": torch.stack(named).mean(), "box": torch.stack(pulled).mean()}

    def found(self, outputs: Mapping[str, Tensor], least: float = LEAST, most: int = MOST) -> list[Tensor]:
        """Of each image (D, 6): left, top, right, bottom, probability and class, the surest first."""
        proposed, chances = outputs[PROPOSED][:, 1:], outputs[CLASS].float().flatten(1).softmax(1)[:, :-1]
        moves = outputs[BOX].float().reshape(len(chances), self.classes, 4) * chances.new_tensor(SCALES)
        each = zip(*(torch.split(one, self.proposals) for one in (proposed, chances, moves)), strict=True)
        return [self._left(boxes, sure, by, least, most) for boxes, sure, by in each]

    def _left(self, proposed: Tensor, chances: Tensor, moves: Tensor, least: float, most: int) -> Tensor:
        """Every class of every proposal that is likely enough, unless a surer box of the class is there."""
        row, kind = (chances >= least).nonzero(as_tuple=True)
        boxes, sure = self._clipped(self._changed(proposed[row], moves[row, kind])), chances[row, kind]
        large = has_area(boxes)
        boxes, sure, kind = boxes[large], sure[large], kind[large]
        kept = suppressed(boxes, sure, THRESHOLD, kind)[:most]
        return torch.cat([boxes[kept], sure[kept, None], kind[kept, None].float()], 1)

    def _maps(self, made: Mapping[str, Tensor], which: str) -> list[Tensor]:
        """The maps of all levels."""
        return [made[f"{level}.{which}"].float() for level in self.levels]

    def _odds(self, made: Mapping[str, Tensor]) -> Tensor:
        """(N, M): the logarithms of the odds that there is an object."""
        return torch.cat([one.flatten(1) for one in self._maps(made, OBJECT)], 1)

    def _anchors(self, made: Mapping[str, Tensor]) -> Tensor:
        """(M, 4): all anchors, in the order of the maps (N, anchors, h, w) of the levels."""
        every, count = self._maps(made, OBJECT), len(self.anchors) // len(self.levels)
        return torch.cat([self._spread(one, self.anchors[n * count :][:count]) for n, one in enumerate(every)])

    def _spread(self, like: Tensor, sizes: Sequence[tuple[float, float]]) -> Tensor:
        """(M, 4): anchors of these sizes at all positions of a map."""
        rows, columns = like.shape[2:]
        across, down = self.size[1] / columns, self.size[0] / rows
        x = (torch.arange(columns, device=like.device) + 0.5) * across
        y = (torch.arange(rows, device=like.device) + 0.5) * down
        half = torch.tensor(sizes, device=like.device)[:, None, None] / 2
        x, y = x[None, None].expand(len(half), rows, -1), y[None, :, None].expand(len(half), -1, columns)
        return torch.stack([x - half[..., 0], y - half[..., 1], x + half[..., 0], y + half[..., 1]], -1).flatten(0, 2)

    def _offsets(self, made: Mapping[str, Tensor]) -> Tensor:
        """(N, M, 4), in the anchors' order."""
        each = [one.reshape(len(one), -1, 4, *one.shape[2:]) for one in self._maps(made, OFFSET)]
        return torch.cat([one.movedim(2, -1).flatten(1, 3) for one in each], 1)

    def _changed(self, boxes: Tensor, by: Tensor) -> Tensor:
        """Boxes (…, 4) changed by t (…, 4)."""
        sizes = boxes[..., 2:] - boxes[..., :2]
        middle = (boxes[..., 2:] + boxes[..., :2]) / 2 + by[..., :2] * sizes
        half = by[..., 2:].clamp(-FARTHEST, FARTHEST).exp() * sizes / 2
        return torch.cat([middle - half, middle + half], -1)

    def _clipped(self, boxes: Tensor) -> Tensor:
        height, width = self.size
        return boxes.clamp_min(0).minimum(boxes.new_tensor([width, height, width, height]))


def check_per_box(outputs: Mapping[str, Tensor], names: Sequence[str]) -> None:
    """Check that heads look at boxes.

    Raises:
        InputError: One looks at images as a whole.
    """
    for name in names:
        if len(outputs[name]) != len(outputs[PROPOSED]):
            raise InputError(f"the head {name} must look at boxes: begin it with roialign")


def proposals_for(most: int) -> int:
    """How many boxes of an image are looked at again where an image has at most so many objects.

    >>> proposals_for(5), proposals_for(70), proposals_for(1000)
    (64, 160, 256)
    """
    return min(max(PROPOSALS, -(-2 * most // 32) * 32), MOST_PROPOSED)


def overlap(ours: Tensor, theirs: Tensor) -> tuple[Tensor, Tensor]:
    """Each box's IoU with the one that it overlaps most, and which that is."""
    if not len(theirs):
        return ours.new_zeros(len(ours)), ours.new_zeros(len(ours), dtype=torch.int64)
    best = box_iou(ours, theirs).max(1)
    return best.values, best.indices


def _change(boxes: Tensor, wanted: Tensor) -> Tensor:
    """t (N, 4), by which boxes become others."""
    ours, theirs = (one[:, 2:] - one[:, :2] for one in (boxes, wanted))
    apart = (wanted[:, 2:] + wanted[:, :2] - boxes[:, 2:] - boxes[:, :2]) / 2
    return torch.cat([apart / ours.clamp_min(1e-3), (theirs / ours.clamp_min(1e-3)).clamp_min(1e-6).log()], 1)


def _mean(values: Tensor) -> Tensor:
    """0 of none."""
    return values.sum() / max(1, len(values))


def _smooth(ours: Tensor, theirs: Tensor) -> Tensor:
    """Smooth L1 (Girshick 2015, equation 3), a mean over the boxes."""
    return F.smooth_l1_loss(ours, theirs, reduction="sum", beta=1 / 9) / max(1, len(ours))
