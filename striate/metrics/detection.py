"""How good boxes are: average precision by COCO's rules, and by VOC's.

A class's detections in all images are gone through from the surest to the least sure. One is right where it overlaps an
object of its class in its image enough, and no surer one has that object. Of the precision at each recall that is
reached, its highest value at that or a higher recall counts (Everingham et al. 2010, section 4.2).

>>> truth = [Objects(np.array([[0, 0, 10, 10], [20, 20, 30, 30]]), np.array([0, 0]))]
>>> found = [Detections(np.array([[0, 0, 10, 9], [50, 50, 60, 60.0]]), np.array([0, 0]), np.array([0.9, 0.8]))]
>>> round(coco(found, truth, 1).map50, 4)  # one of two objects is found, before the false one
0.505
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
THRESHOLDS = tuple(float(value) for value in np.linspace(0.5, 0.95, 10))  # COCO's, of IoU
RECALLS = np.linspace(0.0, 1.0, 101)  # at which COCO reads the precision
MOST = 100  # detections of an image and class, the surest ones, that COCO counts


@dataclass(frozen=True, eq=False)
class Objects:
    """What is in an image.

    Attributes:
        boxes: (T, 4): left, top, right and bottom edge.
        classes: (T,).
        hard: (T,), which VOC calls difficult: they count neither as found nor as missed; by default none.
        crowd: (T,), which are many objects in one box: what lies in it counts neither; by default none.
    """

    boxes: NDArray[np.floating]
    classes: NDArray[np.integer]
    hard: NDArray[np.bool_] | None = None
    crowd: NDArray[np.bool_] | None = None

    @cached_property
    def aside(self) -> NDArray[np.bool_]:
        """(T,): those that count neither as found nor as missed."""
        none = np.zeros(len(self.boxes), bool)
        return (none if self.hard is None else self.hard) | (none if self.crowd is None else self.crowd)

    @property
    def counted(self) -> Objects:
        """The others alone."""
        return Objects(self.boxes[~self.aside], self.classes[~self.aside]) if self.aside.any() else self

    def forgives(self, boxes: NDArray[np.floating], kind: int) -> Floats:
        """(D,): how much boxes overlap with what counts neither: IoU, and of crowds the share of the box within."""
        here = self.aside & (self.classes == kind)
        crowd = here & (np.zeros(len(here), bool) if self.crowd is None else self.crowd)
        overlaps = [iou_of(boxes, self.boxes[here & ~crowd]), within(boxes, self.boxes[crowd])]
        most: Floats = np.concatenate(overlaps, 1).max(1, initial=0.0)
        return most


@dataclass(frozen=True, eq=False)
class Detections:
    """What a network says is in an image.

    Attributes:
        boxes: (D, 4), as `Objects` has them.
        classes: (D,).
        scores: (D,), larger where it is surer.
    """

    boxes: NDArray[np.floating]
    classes: NDArray[np.integer]
    scores: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision over recall of one class, at one threshold.

    Attributes:
        scores: (D,) of the detections, the surest first.
        right: (D,) whether each is right.
        objects: How many objects there are.
    """

    scores: Floats
    right: NDArray[np.bool_]
    objects: int

    @cached_property
    def recall(self) -> Floats:
        """(D,): the share of objects that are found when so many detections are taken."""
        return np.cumsum(self.right) / self.objects

    @cached_property
    def precision(self) -> Floats:
        """(D,): the share of those that are right."""
        return np.cumsum(self.right) / np.arange(1, len(self.right) + 1)

    @cached_property
    def highest(self) -> Floats:
        """(D,): the highest precision at that or a higher recall."""
        return np.maximum.accumulate(self.precision[::-1])[::-1]

    @property
    def at_recalls(self) -> float:
        """COCO's average precision: the mean at 101 recalls; not a number without objects."""
        if not self.objects:
            return float("nan")
        places = np.searchsorted(self.recall, RECALLS, side="left")
        return float(np.append(self.highest, 0.0)[np.minimum(places, len(self.highest))].mean())

    @property
    def area(self) -> float:
        """VOC's since 2010: the area under the highest precision; not a number without objects."""
        if not self.objects:
            return float("nan")
        return float((np.diff(self.recall, prepend=0.0) * self.highest).sum())

    @property
    def at_eleven(self) -> float:
        """VOC's in 2007: the mean at the recalls 0, 0.1, … 1; not a number without objects."""
        if not self.objects:
            return float("nan")
        reached = [self.highest[self.recall >= least] for least in np.arange(0.0, 1.1, 0.1)]
        return float(np.mean([found[0] if len(found) else 0.0 for found in reached]))


@dataclass(frozen=True, eq=False)
class DetectionScores:
    """Average precision of each class at each threshold.

    Attributes:
        thresholds: (T,) of IoU.
        each: (K, T) average precision, from 0 to 1; not a number for a class without objects.
        curves: Of each class at the first threshold.
    """

    thresholds: tuple[float, ...]
    each: Floats
    curves: tuple[Curve, ...]

    @property
    def map(self) -> float:
        """The mean over thresholds and the classes that have objects; not a number without objects."""
        return _mean(self.each)

    @property
    def map50(self) -> float:
        """The same at the first threshold, 0.5 by default."""
        return _mean(self.each[:, 0])


def coco(
    found: Sequence[Detections],
    truth: Sequence[Objects],
    num_classes: int,
    thresholds: Sequence[float] = THRESHOLDS,
    most: int = MOST,
) -> DetectionScores:
    """Average precision as COCO counts it, over boxes of all sizes.

    Args:
        found, truth: Of each image.
        num_classes: How many there are.
        thresholds: Of IoU.
        most: Detections of an image and class that count.
    """
    each, curves = np.full((num_classes, len(thresholds)), np.nan), list[Curve]()
    for kind in range(num_classes):
        made = _curves(found, truth, kind, thresholds, most)
        each[kind] = [curve.at_recalls for curve in made]
        curves.append(made[0])
    return DetectionScores(tuple(thresholds), each, tuple(curves))


def voc(
    found: Sequence[Detections],
    truth: Sequence[Objects],
    num_classes: int,
    threshold: float = 0.5,
    rule: Literal["area", "eleven"] = "area",
) -> Floats:
    """(K,): average precision of each class as VOC counts it; not a number for a class without objects.

    A detection is compared with the object that it overlaps most, also where a surer one has that.

    Args:
        found, truth, num_classes: As for `coco`.
        threshold: Of IoU, which must be above it.
        rule: The area under the curve (VOC 2010 to 2012), or the mean at eleven recalls (2007).
    """
    curves = [_voc_curve(found, truth, kind, threshold) for kind in range(num_classes)]
    return np.array([curve.area if rule == "area" else curve.at_eleven for curve in curves])


def iou_of(ours: NDArray[np.floating], theirs: NDArray[np.floating]) -> Floats:
    """(A, B): intersection over union of each of (A, 4) with each of (B, 4)."""
    shared = _shared(ours, theirs)
    union = _area(ours)[:, None] + _area(theirs)[None] - shared
    made: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return made


def within(ours: NDArray[np.floating], theirs: NDArray[np.floating]) -> Floats:
    """(A, B): the share of each of (A, 4) that lies in each of (B, 4)."""
    shared, area = _shared(ours, theirs), np.broadcast_to(_area(ours)[:, None], (len(ours), len(theirs)))
    made: Floats = np.divide(shared, area, out=np.zeros_like(shared), where=area > 0)
    return made


def _shared(ours: NDArray[np.floating], theirs: NDArray[np.floating]) -> Floats:
    a, b = ours[:, None].astype(np.float64), theirs[None].astype(np.float64)
    sides: Floats = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    return np.asarray(np.maximum(sides, 0).prod(-1))


def _area(boxes: NDArray[np.floating]) -> Floats:
    sides = boxes[:, 2:].astype(np.float64) - boxes[:, :2]
    return np.asarray(np.maximum(sides, 0).prod(-1))


def _curves(
    found: Sequence[Detections], truth: Sequence[Objects], kind: int, thresholds: Sequence[float], most: int
) -> list[Curve]:
    """A class's curve at each threshold."""
    none = np.zeros((0, len(thresholds)), bool)
    scores, rights, counted, count = [np.zeros(0)], [none], [none], 0
    for ours, theirs in zip(found, truth, strict=True):
        if not (theirs.classes == kind).any() and not (ours.classes == kind).any():
            continue
        boxes, values = _of_class(ours, kind)
        boxes, values = boxes[:most], values[:most]
        objects = theirs.counted.boxes[theirs.counted.classes == kind]
        count += len(objects)
        scores.append(values)
        rights.append(_right(iou_of(boxes, objects), thresholds))
        counted.append(rights[-1] | (theirs.forgives(boxes, kind)[:, None] < np.minimum(thresholds, 1 - 1e-10)))
    together, right, counts = np.concatenate(scores), np.concatenate(rights), np.concatenate(counted)
    order = np.argsort(-together, kind="stable")
    each = [order[counts[order, number]] for number in range(len(thresholds))]
    return [Curve(together[rows], right[rows, number], count) for number, rows in enumerate(each)]


def _of_class(ours: Detections, kind: int) -> tuple[NDArray[np.floating], Floats]:
    """The boxes and scores of one class, the surest first."""
    rows = np.flatnonzero(ours.classes == kind)
    rows = rows[np.argsort(-ours.scores[rows], kind="stable")]
    return ours.boxes[rows], ours.scores[rows].astype(np.float64)


def _right(iou: Floats, thresholds: Sequence[float]) -> NDArray[np.bool_]:
    """(D, T): which of an image's detections, the surest first, find an object; each takes the nearest that is free."""
    right = np.zeros((len(iou), len(thresholds)), bool)
    if not iou.shape[1]:
        return right
    least = np.minimum(thresholds, 1 - 1e-10)
    taken = np.zeros((len(thresholds), iou.shape[1]), bool)
    for row in np.flatnonzero(iou.max(1) >= least.min()):
        free = np.where(taken, -1.0, iou[row])
        best = free.shape[1] - 1 - free[:, ::-1].argmax(1)  # of equal ones the last, as in COCO's own code
        hits = free[np.arange(len(best)), best] >= least
        right[row] = hits
        taken[np.flatnonzero(hits), best[hits]] = True
    return right


def _voc_curve(found: Sequence[Detections], truth: Sequence[Objects], kind: int, threshold: float) -> Curve:
    scores, rights, counted, count = [np.zeros(0)], [np.zeros(0, bool)], [np.zeros(0, bool)], 0
    for ours, theirs in zip(found, truth, strict=True):
        boxes, values = _of_class(ours, kind)
        rows = theirs.classes == kind
        hard = theirs.aside[rows]
        iou, taken = iou_of(boxes, theirs.boxes[rows]), np.zeros(len(hard), bool)
        right, counts = np.zeros(len(boxes), bool), np.ones(len(boxes), bool)
        for row in range(len(boxes) if len(hard) else 0):
            best = int(iou[row].argmax())
            if iou[row, best] > threshold:
                counts[row] = not hard[best]
                right[row] = not hard[best] and not taken[best]
                taken[best] = True
        count += int((~hard).sum())
        scores.append(values)
        rights.append(right)
        counted.append(counts)
    together, right, counts = (np.concatenate(one) for one in (scores, rights, counted))
    order = np.argsort(-together, kind="stable")
    order = order[counts[order]]
    return Curve(together[order], right[order], count)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
