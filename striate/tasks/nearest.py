"""The training pictures that are nearest to pictures that were made: what was learned by heart shows here.

>>> known = torch.tensor([[[[0, 0]]], [[[255, 255]]]], dtype=torch.uint8)
>>> near = nearest(torch.tensor([[[[250, 255]]]], dtype=torch.uint8), [known])
>>> near.pictures.tolist(), round(float(near.apart[0]), 3)
([[[[255, 255]]]], 0.014)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from striate.data.examples import Examples
from striate.data.recipe import floats

AT_ONCE = 1024  # training pictures that are compared at once


@dataclass(frozen=True, eq=False)
class Near:
    """The nearest of many pictures to each of some.

    Attributes:
        apart: (N,), how far: the root of the mean squared difference of pixels that go from 0 to 1.
        pictures: (N, C, H, W) uint8, themselves.
    """

    apart: Tensor
    pictures: Tensor


def nearest(made: Tensor, known: Iterable[Tensor]) -> Near:
    """The nearest of `known`, some (M, C, H, W) at a time, to each of `made` (N, C, H, W), by pixels."""
    ours = floats(made).flatten(1)
    best, pictures = ours.new_full((len(ours),), float("inf")), torch.zeros_like(made)
    for part in known:
        apart, place = torch.cdist(ours, floats(part).flatten(1)).min(1)
        found = (255 * floats(part[place])).round().to(torch.uint8)
        pictures = torch.where((apart < best).view(-1, 1, 1, 1), found, pictures)
        best = best.minimum(apart)
    return Near(best / ours.shape[1] ** 0.5, pictures)


def in_parts(examples: Examples, field: str) -> Iterator[Tensor]:
    """A field of all examples, some at a time, those in files too."""
    for first in range(0, len(examples), AT_ONCE):
        yield examples.take(range(first, min(first + AT_ONCE, len(examples))))[field]
