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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

AT_ONCE = 2_000_000  # pairs that are looked at together
BLOCK = 1024  # boxes that are settled together where there are more pairs


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
    alive = torch.arange(len(order), device=order.device)
    kept = [alive[:0]]
    size = len(alive) if _count_near(sorted_boxes, kinds, threshold) <= AT_ONCE else BLOCK
    while len(alive):
        head, rest = alive[:size], alive[size:]
        a, b = _near(sorted_boxes[head], kinds[head], sorted_boxes[head], kinds[head], threshold)
        first = a < b
        left = head[_settled(len(head), a[first], b[first])]
        kept.append(left)
        if len(rest):
            _, dropped = _near(sorted_boxes[left], kinds[left], sorted_boxes[rest], kinds[rest], threshold)
            stays = torch.ones(len(rest), dtype=torch.bool, device=rest.device)
            stays[dropped] = False
            rest = rest[stays]
        alive = rest
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


def _near(
    ours: Tensor, our_kinds: Tensor, theirs: Tensor, their_kinds: Tensor, threshold: float
) -> tuple[Tensor, Tensor]:
    """All pairs (a of ours, b of theirs) of one class with an IoU above the threshold."""
    import torch

    found_a, found_b = [], []
    for a, b in _candidates(ours, our_kinds, theirs, their_kinds, threshold):
        over = paired_iou(ours[a], theirs[b]) > threshold
        found_a.append(a[over])
        found_b.append(b[over])
    return torch.cat(found_a), torch.cat(found_b)


def _candidates(
    ours: Tensor, our_kinds: Tensor, theirs: Tensor, their_kinds: Tensor, threshold: float
) -> Iterator[tuple[Tensor, Tensor]]:
    """Pairs that may be near enough, a few at a time; all that are among them."""
    import torch

    if not len(ours) or not len(theirs):
        yield our_kinds[:0], our_kinds[:0]
        return
    order, windows = _windows(ours, our_kinds, theirs, their_kinds, threshold)
    for low, high in windows:
        counts = high - low
        group = counts.cumsum(0) // AT_ONCE
        for number in range(int(group[-1]) + 1):
            (a,) = (group == number).nonzero(as_tuple=True)
            many = counts[a]
            begins = many.cumsum(0) - many
            within = torch.arange(int(many.sum()), device=a.device) - begins.repeat_interleave(many)
            yield a.repeat_interleave(many), order[low[a].repeat_interleave(many) + within]


def _count_near(boxes: Tensor, kinds: Tensor, threshold: float) -> int:
    """How many pairs are looked at where all are looked at together."""
    if not len(boxes):
        return 0
    return sum(int((high - low).sum()) for low, high in _windows(boxes, kinds, boxes, kinds, threshold)[1])


def _windows(
    ours: Tensor, our_kinds: Tensor, theirs: Tensor, their_kinds: Tensor, threshold: float
) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """An order of theirs, and from where to where in it those lie that one of ours may be near to.

    Two intervals of lengths a and b whose IoU is above t have middles no further apart than (1 - t) / (1 + t) times
    the mean of a and b, and b is at most a / t; so it is with two boxes on either axis. Theirs are sorted by class, by
    strips of rows in which their middles are, and from left to right; a strip is so high that ours needs two at most.
    """
    import torch

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
    return order, windows
