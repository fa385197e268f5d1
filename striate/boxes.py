"""Boxes: how much two overlap, and which of many are left when those that overlap a surer one are dropped.

>>> import torch
>>> a = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 3], [10, 10, 12, 12]])
>>> box_iou(a, a)[0].tolist()
[1.0, 0.75, 0.0]
>>> suppressed(a, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist()
[0, 2]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

TOGETHER = 500_000  # pairs up to which all boxes are settled together
BLOCK = 512  # boxes that are settled together where there are more pairs
AT_ONCE = 20_000  # pairs that a CPU looks at together: what its cache holds


def box_area(boxes: Tensor) -> Tensor:
    """(…,): the areas of boxes (…, 4) with left, top, right and bottom edge."""
    return (boxes[..., 2] - boxes[..., 0]).clamp_min(0) * (boxes[..., 3] - boxes[..., 1]).clamp_min(0)


def has_area(boxes: Tensor) -> Tensor:
    """(…,): whether boxes (…, 4) are more than a pixel wide and high."""
    return (boxes[..., 2:] - boxes[..., :2] > 1).all(-1)


def box_iou(ours: Tensor, theirs: Tensor) -> Tensor:
    """(A, B): intersection over union of each of (A, 4) with each of (B, 4); 0 where neither has an area."""
    return paired_iou(ours[:, None], theirs[None])


def paired_iou(ours: Tensor, theirs: Tensor) -> Tensor:
    """(…,): that of boxes (…, 4) each with its own partner."""
    import torch

    first, last = torch.maximum(ours[..., :2], theirs[..., :2]), torch.minimum(ours[..., 2:], theirs[..., 2:])
    shared = (last - first).clamp_min(0).prod(-1)
    union = box_area(ours) + box_area(theirs) - shared
    return torch.where(union > 0, shared / union.clamp_min(torch.finfo(union.dtype).tiny), 0)


def numbered(boxes: Tensor) -> Tensor:
    """(N · K, 5): the boxes (N, K, 4) of N images, each with its image's number before it.

    >>> import torch
    >>> numbered(torch.tensor([[[1.0, 2, 3, 4]], [[5.0, 6, 7, 8]]])).tolist()
    [[0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 5.0, 6.0, 7.0, 8.0]]
    """
    import torch

    images, count = boxes.shape[:2]
    numbers = torch.arange(images, device=boxes.device).repeat_interleave(count)
    return torch.cat([numbers[:, None].to(boxes), boxes.flatten(0, 1)], 1)


def complete_iou(ours: Tensor, theirs: Tensor) -> Tensor:
    """(N,): the IoU of each box with its own, less what tells how to move when they do not meet (Zheng et al. 2020).

    That is the squared distance of the middles over the squared diagonal of the box around both, and α v with
    v = 4/π² · (arctan(w/h) - arctan(w'/h'))² and α = v / (1 - IoU + v), which is taken for a constant.
    """
    import torch

    first, last = torch.maximum(ours[:, :2], theirs[:, :2]), torch.minimum(ours[:, 2:], theirs[:, 2:])
    shared = (last - first).clamp_min(0).prod(1)
    a, b = ours[:, 2:] - ours[:, :2], theirs[:, 2:] - theirs[:, :2]
    iou = shared / (a.prod(1) + b.prod(1) - shared).clamp_min(1e-7)
    around = torch.maximum(ours[:, 2:], theirs[:, 2:]) - torch.minimum(ours[:, :2], theirs[:, :2])
    apart = (ours[:, :2] + ours[:, 2:] - theirs[:, :2] - theirs[:, 2:]) / 2
    turn = torch.atan(a[:, 0] / a[:, 1].clamp_min(1e-7)) - torch.atan(b[:, 0] / b[:, 1].clamp_min(1e-7))
    v = 4 / torch.pi**2 * turn.square()
    with torch.no_grad():
        alpha = v / (1 - iou + v).clamp_min(1e-7)
    return iou - apart.square().sum(1) / around.square().sum(1).clamp_min(1e-7) - alpha * v


def suppressed(boxes: Tensor, scores: Tensor, threshold: float, classes: Tensor | None = None) -> Tensor:
    """Non-maximum suppression: the positions of the boxes that are left, the surest first.

    Going from the highest score to the lowest, a box is left unless one that is left before it, of its class, has an
    IoU above the threshold with it. Of equal scores the first counts as higher.

    Args:
        boxes: (N, 4), left, top, right and bottom edge.
        scores: (N,).
        threshold: From 0 to 1.
        classes: (N,) whole numbers; by default all are of one.
    """
    import torch

    order = scores.argsort(descending=True, stable=True)
    sorted_boxes = boxes[order].double()
    kinds = torch.zeros_like(order) if classes is None else classes[order].long()
    windows = _windows(sorted_boxes, kinds, sorted_boxes, kinds, threshold)
    if windows.pairs() <= TOGETHER:
        above, below = _near(sorted_boxes, sorted_boxes, windows, threshold, later=True)
        return order[_settled(len(order), above, below)]
    alive = torch.arange(len(order), device=order.device)
    kept = []
    while len(alive):
        head, rest = alive[:BLOCK], alive[BLOCK:]
        ours, of = sorted_boxes[head], kinds[head]
        above, below = _near(ours, ours, _windows(ours, of, ours, of, threshold), threshold, later=True)
        left = _settled(len(head), above, below)
        kept.append(head[left])
        ours, of, theirs = ours[left], of[left], sorted_boxes[rest]
        _, dropped = _near(ours, theirs, _windows(ours, of, theirs, kinds[rest], threshold), threshold)
        stays = torch.ones(len(rest), dtype=torch.bool, device=rest.device)
        stays[dropped] = False
        alive = rest[stays]
    return order[torch.cat(kept)]


def _settled(count: int, above: Tensor, below: Tensor) -> Tensor:
    """(count,): which are left where each of `above`, if it is left, drops its partner in `below`."""
    import torch

    left = torch.ones(count, dtype=torch.bool, device=above.device)
    while True:
        now = torch.ones_like(left)
        now[below[left[above]]] = False
        if torch.equal(now, left):
            return left
        left = now


@dataclass(frozen=True)
class _Windows:
    """Which of theirs each of ours may be near to: in an order of theirs those from `begin` to `end`, of each part."""

    order: Tensor
    parts: list[tuple[Tensor, Tensor]]

    def pairs(self) -> int:
        """How many pairs there are."""
        return sum(int((end - begin).sum()) for begin, end in self.parts)

    def some(self) -> Iterator[tuple[Tensor, Tensor]]:
        """All pairs, some at a time."""
        import torch

        for begin, end in self.parts:
            many = end - begin
            total = many.cumsum(0)
            some = AT_ONCE if total.device.type == "cpu" else TOGETHER
            edges = torch.arange(some, int(total[-1]) + some, some, device=total.device)
            last = 0
            for now in torch.searchsorted(total, edges, right=True).tolist():
                a = torch.arange(last, now, device=total.device).repeat_interleave(many[last:now])
                shift = begin[last:now] - total[last:now] + many[last:now]  # from a pair's place to that in the order
                before = int(total[last - 1]) if last else 0
                places = torch.arange(before, before + len(a), device=a.device)
                yield a, self.order[places + shift.repeat_interleave(many[last:now])]
                last = now


def _near(
    ours: Tensor, theirs: Tensor, windows: _Windows, threshold: float, later: bool = False
) -> tuple[Tensor, Tensor]:
    """All pairs (a of ours, b of theirs) with an IoU above the threshold; of those with b after a where `later`."""
    import torch

    found_a, found_b = [windows.order[:0]], [windows.order[:0]]
    for a, b in windows.some():
        if later:
            first = a < b
            a, b = a[first], b[first]
        over = paired_iou(ours.index_select(0, a), theirs.index_select(0, b)) > threshold
        found_a.append(a[over])
        found_b.append(b[over])
    return torch.cat(found_a), torch.cat(found_b)


def _windows(ours: Tensor, our_kinds: Tensor, theirs: Tensor, their_kinds: Tensor, threshold: float) -> _Windows:
    """Where theirs lie that one of ours may be near to, of its class.

    Two intervals of lengths a and b whose IoU is above t have middles no further apart than (1 - t) / (1 + t) times
    the mean of a and b, and b is at most a / t; so it is with two boxes on either axis. Theirs are sorted by class, by
    strips of rows in which their middles are, and from left to right; a strip is so high that ours needs two at most.
    """
    import torch

    if not len(ours) or not len(theirs):
        return _Windows(their_kinds, [])
    middles, others = ((boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (ours, theirs))
    sizes, most = ours[:, 2:] - ours[:, :2], (theirs[:, 2:] - theirs[:, :2]).amax(0)
    largest = torch.minimum(sizes / max(threshold, 1e-9), most)
    reach = (1 - threshold) / (1 + threshold) * (sizes + largest) / 2 * (1 + 1e-9)
    origin = torch.minimum(middles.amin(0), others.amin(0))
    middles, others = middles - origin, others - origin
    high = max(float(2 * reach[:, 1].max()), 1e-9)
    strips = int(max(float(middles[:, 1].max()), float(others[:, 1].max())) / high) + 2
    wide = float(others[:, 0].max())

    def places(kinds: Tensor, strip: Tensor, x: Tensor) -> Tensor:
        return (kinds * strips + strip) * (wide + 1) + x.clamp(0, wide)

    keys, order = places(their_kinds, (others[:, 1] / high).floor(), others[:, 0]).sort()
    first, last = (((middles[:, 1] + side * reach[:, 1]) / high).floor().clamp(0, strips - 1) for side in (-1, 1))
    windows = []
    for strip, wanted in ((first, None), (last, last > first)):
        low, end = (places(our_kinds, strip, middles[:, 0] + side * reach[:, 0]) for side in (-1, 1))
        begins, ends = torch.searchsorted(keys, low), torch.searchsorted(keys, end, right=True)
        windows.append((begins, ends if wanted is None else torch.where(wanted, ends, begins)))
    return _Windows(order, windows)
