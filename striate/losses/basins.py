"""Objects as basins of a learned distance: a watershed (Bai & Urtasun 2017, "Deep watershed transform").

For each pixel a network gives how deep inside an object it is, and whether it is inside one of each class:

    1 + K maps

A pixel's depth is its distance from the edge, over the largest in its object. From each pixel inside the depth is
climbed to a peak; two peaks are of one object where the pass between them is hardly lower than the lower one.

>>> deep = np.array([[0.2, 0.9, 0.5, 0.2, 0.6, 0.5]])
>>> basins(deep, deep > 0.1).tolist(), basins(deep, deep > 0.1, rise=0.5).tolist()
([[1, 1, 1, 2, 2, 2]], [[1, 1, 1, 1, 1, 1]])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional as F

from striate.losses.objects import Known, Objects

OUTPUT = "output"
SMOOTH = 1.0  # pixels, the spread of the Gaussian that depths are smoothed with
RISE = 0.05  # how far a peak is above the pass to a higher one, at least, to be another object
SURE = 0.4  # the least depth of a peak
INSIDE = 0.5  # the least chance of a pixel inside
AROUND = ((-1, 0), (1, 0), (0, -1), (0, 1))
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Basins:
    """What a network's maps say of objects.

    Attributes:
        classes: How many there are.
    """

    classes: int

    def loss(self, outputs: Mapping[str, Tensor], objects: Tensor) -> dict[str, Tensor]:
        """The cross-entropy of depths, and of what is inside; each a mean over the pixels that are known.

        Args:
            outputs: The one of a network, (N, 1 + K, h, w).
            objects: (N, h, w), as `striate.data.masks.objects` codes them.
        """
        logits = outputs[OUTPUT].float()
        depths = torch.from_numpy(np.stack([depth(one) for one in objects.cpu().numpy()]))[:, None]
        kinds = torch.arange(self.classes, device=objects.device).view(1, -1, 1, 1)
        inside = (objects[:, None] > 0) & ((objects[:, None] - 1) % self.classes == kinds)
        true = torch.cat([depths.to(logits), inside.to(logits)], 1)
        wrong = F.binary_cross_entropy_with_logits(logits, true, reduction="none") * (objects >= 0)[:, None]
        known = (objects >= 0).sum().clamp_min(1)
        return {"depth": wrong[:, 0].sum() / known, "inside": wrong[:, 1:].sum() / known}

    def found(self, outputs: Mapping[str, Tensor]) -> list[tuple[Objects, list[Known]]]:
        """Of each image the objects (h, w), numbered from 1, and what is known of each, in their order."""
        chances = outputs[OUTPUT].detach().float().cpu().nan_to_num().sigmoid().numpy()
        return [self._of(one[0], one[1:]) for one in chances]

    def _of(self, deep: Floats, inside: Floats) -> tuple[Objects, list[Known]]:
        numbers = basins(ndimage.gaussian_filter(deep, SMOOTH), inside.max(0) >= INSIDE)
        every = range(1, int(numbers.max()) + 1)
        sums = np.array([ndimage.mean(one, numbers, every) for one in inside]).reshape(self.classes, -1)
        kinds, chances = sums.argmax(0), sums.max(0)
        made = [Known(int(kind), float(chance)) for kind, chance in zip(kinds, chances, strict=True)]
        return numbers, made


def depth(objects: Objects) -> Floats:
    """(h, w), 0 to 1: how deep each pixel is inside its object, over the deepest of it.

    >>> depth(np.array([[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0]], np.int32))[1].tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    inside = objects > 0
    apart = np.zeros(objects.shape, bool)  # beside another object: these are its edge, too
    for axis in (0, 1):
        first, second = (np.moveaxis(objects, axis, 0)[part] for part in (slice(1, None), slice(None, -1)))
        meet = (first != second) & (first > 0) & (second > 0)
        for part in (slice(1, None), slice(None, -1)):
            np.moveaxis(apart, axis, 0)[part] |= meet
    deep = ndimage.distance_transform_edt(inside & ~apart) if inside.any() else np.zeros(objects.shape)
    if not inside.any():
        return np.zeros(objects.shape, np.float32)
    deepest = np.zeros(int(objects.max()) + 1)
    np.maximum.at(deepest, objects[inside], deep[inside])
    made = np.divide(deep, deepest[objects.clip(0)], out=np.zeros(objects.shape), where=deepest[objects.clip(0)] > 0)
    shallow: Floats = made.astype(np.float32)
    return shallow


def basins(deep: NDArray[np.floating], inside: NDArray[np.bool_], rise: float = RISE) -> Objects:
    """Numbers from 1 on, (h, w), of the peaks that pixels inside belong to; 0 elsewhere.

    Peaks join as in Chazal et al. 2013 ("Persistence-based clustering in Riemannian manifolds").
    """
    peaks = _climbed(deep, inside)
    joined = _joined(peaks, deep, inside, rise)
    made = np.where(inside, joined[peaks], -1)
    made[inside] = np.where(deep.ravel()[made[inside]] >= SURE, made[inside], -1)
    _, numbers = np.unique(np.append(made.ravel(), -1), return_inverse=True)
    return np.asarray(numbers.ravel()[:-1].reshape(deep.shape).astype(np.int32))


def _climbed(deep: NDArray[np.floating], inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(h, w): the position of the peak that is reached from each pixel inside by the steepest way."""
    rank = np.full(deep.size, -1)
    order = np.flatnonzero(inside)[np.argsort(deep[inside], kind="stable")]
    rank[order] = np.arange(len(order))  # no two are alike, so that level places have one peak, too
    padded = np.pad(rank.reshape(deep.shape), 1, constant_values=-1)
    height, width = deep.shape
    best, up = rank.copy(), np.arange(deep.size)
    for down, right in AROUND:
        near = padded[1 + down : 1 + down + height, 1 + right : 1 + right + width].ravel()
        better = (near > best) & (rank >= 0)
        best[better], up[better] = near[better], (np.arange(deep.size) + down * width + right)[better]
    while (up != up[up]).any():
        up = up[up]
    return up.reshape(deep.shape)


def _joined(
    peaks: NDArray[np.int64], deep: NDArray[np.floating], inside: NDArray[np.bool_], rise: float
) -> NDArray[np.int64]:
    """(h w,): for the position of each peak that of the highest one that it is joined to, over the highest pass."""
    heights, joined = deep.ravel(), np.arange(deep.size)

    def top(place: int) -> int:
        while joined[place] != place:
            joined[place] = place = joined[joined[place]]
        return place

    for one, other, height in _passes(peaks, deep, inside):
        low, high = sorted((top(one), top(other)), key=lambda place: (heights[place], place))
        if heights[low] - height < rise:
            joined[low] = high
    for peak in np.unique(peaks[inside]):
        joined[peak] = top(peak)
    return joined


def _passes(
    peaks: NDArray[np.int64], deep: NDArray[np.floating], inside: NDArray[np.bool_]
) -> list[tuple[int, int, float]]:
    """Pairs of peaks with the height of the highest pass between them, the highest passes first."""
    met = list[NDArray[np.int64]](), list[NDArray[np.int64]](), list[NDArray[np.floating]]()
    for first, second in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        meet = inside[first] & inside[second] & (peaks[first] != peaks[second])
        met[0].append(np.minimum(peaks[first], peaks[second])[meet])
        met[1].append(np.maximum(peaks[first], peaks[second])[meet])
        met[2].append(np.minimum(deep[first], deep[second])[meet])
    one, other, height = (np.concatenate(values) for values in met)
    order = np.argsort(-height, kind="stable")
    _, firsts = np.unique((one * deep.size + other)[order], return_index=True)
    kept = order[np.sort(firsts)]
    return list(zip(one[kept].tolist(), other[kept].tolist(), height[kept].tolist(), strict=True))
