"""Ways from one picture to another: through the noise that they are made of, and from one class to another.

>>> ends = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 3.0]])
>>> [[round(value, 2) for value in point] for point in between(*ends, 3).tolist()]
[[3.0, 0.0], [2.12, 2.12], [0.0, 3.0]]
"""

from __future__ import annotations

import torch
from torch import Tensor

PARALLEL = 1e-4  # the sine of an angle below which a straight line is as good


def between(first: Tensor, last: Tensor, count: int) -> Tensor:
    """(count, …): points on the arc from one noise (1, …) to another (Shoemake 1985, slerp).

    On a straight line they would come nearer to 0 than any noise that a network has learned from.
    """
    one, other = first.flatten().double(), last.flatten().double()
    cosine = (one @ other / (one.norm() * other.norm()).clamp_min(1e-12)).clamp(-1, 1)
    angle, share = torch.arccos(cosine), torch.linspace(0, 1, count, dtype=torch.float64)[:, None]
    if torch.sin(angle) < PARALLEL:
        points = (1 - share) * one + share * other
    else:
        points = (torch.sin((1 - share) * angle) * one + torch.sin(share * angle) * other) / torch.sin(angle)
    return points.to(first.dtype).view(count, *first.shape[1:])


def mixed(first: Tensor, last: Tensor, count: int) -> Tensor:
    """(count, classes): shares of one class, (1, classes), that go over to another."""
    share = torch.linspace(0, 1, count)[:, None]
    return (1 - share) * first + share * last
