"""Objects as star-shaped polygons (Schmidt et al. 2018, "Cell detection with star-convex polygons").

For each pixel a network gives how deep inside an object it is, and how far along each of R rays the object's edge is:

    1 + R maps, and one more for each class where there are several

A pixel's depth is its distance from the edge, over the largest in its object. Polygons are taken from the surest pixel
to the least sure; one most of which is taken already is dropped. They tell objects apart; where those end, depth says.

>>> stars = Stars(8, 1, 5.0)
>>> objects = torch.zeros(1, 12, 12, dtype=torch.int32)
>>> objects[0, 3:8, 4:9] = 1
>>> stars.lengths(objects, torch.tensor([[0, 5, 6]]))[0].tolist()  # from the middle of a square of 5 x 5
[2.5, 3.5, 2.5, 3.5, 2.5, 3.5, 2.5, 3.5]
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional as F

from striate.polygons import polygon_mask

OUTPUT = "output"
FEWEST = 8  # rays of a polygon
SAMPLED = 400  # pixels of an image whose rays are learned from
SURE = 0.4  # the least depth of a pixel whose polygon is an object
TAKEN = 0.4  # share of a polygon that others may have before it is dropped
FAR = 0.3  # how much rays count
SHALLOW, CORE = 0.1, 0.25  # depths from which a pixel is in an object, and surely in the one whose polygon it is in
BEYOND = -2  # around an image: no object, and not unknown
MIDDLE = math.log(math.e - 1)  # softplus of it is 1: rays are as long as is usual, before anything is learned
Floats = NDArray[np.float32]
Objects = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Star:
    """An object that is found.

    Attributes:
        kind: Its class.
        chance: How sure it is, 0 to 1.
    """

    kind: int
    chance: float


@dataclass(frozen=True)
class Stars:
    """What a network's maps say of objects.

    Attributes:
        rays: Of a polygon, evenly around it from the right downwards.
        classes: How many there are.
        radius: Of a usual object, in pixels.
    """

    rays: int
    classes: int
    radius: float

    def loss(self, outputs: Mapping[str, Tensor], objects: Tensor) -> dict[str, Tensor]:
        """The cross-entropy of depths; the mean distance of edges along rays, in radii; the cross-entropy of classes.

        Args:
            outputs: The one of a network, (N, 1 + R, h, w), with the classes' maps after it.
            objects: (N, h, w), as `striate.data.masks.objects` codes them.
        """
        logits = outputs[OUTPUT].float()
        depths = torch.from_numpy(np.stack([depth(one) for one in objects.cpu().numpy()])).to(logits)
        known = objects >= 0
        wrong = F.binary_cross_entropy_with_logits(logits[:, 0], depths, reduction="none")
        parts = {"depth": (wrong * known).sum() / known.sum().clamp_min(1)}
        at = _sampled(objects)
        here = logits.movedim(1, -1)[at[:, 0], at[:, 1], at[:, 2]]
        true, weight = self.lengths(objects, at).to(logits), depths[at[:, 0], at[:, 1], at[:, 2], None]
        seen = torch.isfinite(true) * weight
        apart = (self._lengths(here) - true.nan_to_num()).abs() / self.radius
        parts["rays"] = FAR * (apart * seen).sum() / seen.sum().clamp_min(1e-6)
        if self.classes > 1:
            kinds = (objects[at[:, 0], at[:, 1], at[:, 2]].long() - 1) % self.classes
            named = F.cross_entropy(here[:, 1 + self.rays :], kinds, reduction="sum")
            parts["class"] = named / max(1, len(kinds))
        return parts

    def _lengths(self, maps: Tensor) -> Tensor:
        """(…, R) in pixels, of maps in the last axis."""
        return self.radius * F.softplus(maps[..., 1 : 1 + self.rays] + MIDDLE)

    def lengths(self, objects: Tensor, at: Tensor) -> Tensor:
        """(P, R): from pixels (P, 3) of number, row and column, how far the edge of their object is along each ray.

        It is half a pixel beyond the last one that is inside; not a number along rays that leave the image before.
        """
        width = objects.shape[2] + 2
        values = F.pad(objects, (1, 1, 1, 1), value=BEYOND).flatten()
        start = (at[:, 0] * (objects.shape[1] + 2) + at[:, 1] + 1) * width + at[:, 2] + 1
        start, own = start.repeat_interleave(self.rays), values[start].repeat_interleave(self.rays)
        ray = torch.arange(self.rays, device=objects.device).repeat(len(at))
        angles = 2 * math.pi * torch.arange(self.rays, device=objects.device) / self.rays
        made, going, step = torch.zeros(len(start), device=objects.device), torch.arange(len(start)).to(ray), 0
        while len(going):
            step += 1
            away = (step * angles.sin()).round().long() * width + (step * angles.cos()).round().long()
            there = values[start + away[ray]]
            left = there != own
            made[going[left]] = torch.where(there[left] == BEYOND, float("nan"), step - 0.5)
            start, own, ray, going = (one[~left] for one in (start, own, ray, going))
        return made.view(len(at), self.rays)

    def found(self, outputs: Mapping[str, Tensor], least: float = SURE) -> list[tuple[Objects, list[Star]]]:
        """Of each image the objects (h, w), as they are coded in masks, and what is known of each, in their order."""
        logits = outputs[OUTPUT].detach().float().cpu().nan_to_num()
        depths = logits[:, :1].sigmoid()
        peaks = (depths == F.max_pool2d(depths, 3, 1, 1)) & (depths >= least)
        return [self._of(one, depths[n, 0], peaks[n, 0]) for n, one in enumerate(logits)]

    def _of(self, logits: Tensor, depths: Tensor, peaks: Tensor) -> tuple[Objects, list[Star]]:
        rows, columns = peaks.nonzero(as_tuple=True)
        order = depths[rows, columns].argsort(descending=True, stable=True)
        rows, columns = rows[order], columns[order]
        here = logits[:, rows, columns].T
        chances, kinds = depths[rows, columns].tolist(), [0] * len(rows)
        if self.classes > 1:
            kinds = here[:, 1 + self.rays :].argmax(1).tolist()
        angles = 2 * math.pi * torch.arange(self.rays) / self.rays
        lengths = self._lengths(here)
        x = columns[:, None] + 0.5 + lengths * angles.cos()
        y = rows[:, None] + 0.5 + lengths * angles.sin()
        made, stars = np.zeros(depths.shape, np.int32), list[Star]()
        for kind, chance, polygon in zip(kinds, chances, torch.stack([x, y], 2).numpy(), strict=True):
            if _placed(made, polygon, 1 + len(stars)):
                stars.append(Star(kind, chance))
        numbers = outlined(made, depths.numpy())
        left = [number for number in np.unique(numbers).tolist() if number]
        table = np.zeros(len(stars) + 1, np.int32)
        table[left] = [1 + row * self.classes + stars[number - 1].kind for row, number in enumerate(left)]
        return table[numbers], [stars[number - 1] for number in left]


def outlined(polygons: Objects, depths: Floats) -> Objects:
    """Objects whose outlines are where depth begins; each of its pixels is of the nearest polygon's core.

    >>> depths = np.float32([[0.0, 0.2, 0.9, 0.2, 0.2, 0.9, 0.2, 0.0]])
    >>> outlined(np.int32([[0, 0, 1, 1, 2, 2, 0, 0]]), depths).tolist()
    [[0, 1, 1, 1, 2, 2, 2, 0]]
    """
    inside = depths > SHALLOW
    core = np.where((depths > CORE) & inside, polygons, 0)
    if not core.any():
        return np.zeros_like(polygons)
    near = ndimage.distance_transform_edt(core == 0, return_distances=False, return_indices=True)
    parts, count = ndimage.label(inside)
    known = np.zeros(count + 1, bool)
    known[parts[core > 0]] = True
    return _in_one_piece(np.where(inside & known[parts], core[tuple(near)], 0))


def _in_one_piece(objects: Objects) -> Objects:
    """Of each object its largest part."""
    for number, place in enumerate(ndimage.find_objects(objects), start=1):
        if place is None:
            continue
        parts, count = ndimage.label(objects[place] == number)
        if count > 1:
            largest = np.bincount(parts[parts > 0]).argmax()
            objects[place][(parts > 0) & (parts != largest)] = 0
    return objects


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


def _sampled(objects: Tensor) -> Tensor:
    """(P, 3): number, row and column of pixels of objects, at most so many of each image, evenly."""
    every = [(one > 0).nonzero() for one in objects]
    some = [rows[:: max(1, math.ceil(len(rows) / SAMPLED))] for rows in every]
    return torch.cat([F.pad(rows, (1, 0), value=number) for number, rows in enumerate(some)])


def _placed(made: Objects, polygon: Floats, value: int) -> bool:
    """Whether a polygon is one more object: then its free pixels have this value."""
    if not np.isfinite(polygon).all():
        return False
    height, width = made.shape
    low = np.floor(polygon.min(0)).astype(int).clip(0)
    high = np.minimum(np.ceil(polygon.max(0)).astype(int), [width, height])
    if (high <= low).any():
        return False
    inside = polygon_mask((polygon - low).ravel().tolist(), (int(high[1] - low[1]), int(high[0] - low[0])))
    place = made[low[1] : high[1], low[0] : high[0]]
    free = inside & (place == 0)
    if not free.any() or free.sum() < (1 - TAKEN) * inside.sum():
        return False
    place[free] = value
    return True
