"""Choices and numbers that depend on an example's position and the epoch alone."""

from __future__ import annotations

import torch
from torch import Tensor

from striate.layers.dropout import mixed

SEEDS = 2**32  # what a seed of `noise` is below


def alternating(count: int, epoch: int) -> Tensor:
    """(count,) bool: half of the examples, and in the next epoch the other half.

    Two epochs together show an example and its mirror image once each, where chance would show one of them twice half
    of the time (Jordan 2024, "94% on CIFAR-10 in 3.29 seconds", section 3.6).

    >>> torch.equal(alternating(9, 1), ~alternating(9, 2)), torch.equal(alternating(9, 1), alternating(9, 3))
    (True, True)
    """
    return (mixed(torch.arange(count)) + epoch) % 2 == 1


def noise(seeds: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Numbers (N, *shape) from 0 to 1, of which each example's depend on its seed (N,) alone.

    >>> some = noise(torch.tensor([3, 4]), (2, 2))
    >>> torch.equal(some[1], noise(torch.tensor([4]), (2, 2))[0])
    True
    """
    places = torch.arange(int(torch.Size(shape).numel()), device=seeds.device)
    return (mixed((places ^ mixed(seeds)[:, None]) & 0xFFFFFFFF).float() / 2**32).view(len(seeds), *shape)


def normal(seeds: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Normal numbers (N, *shape), of which each example's depend on its seed (N,) alone (Box & Muller 1958).

    >>> some = normal(torch.arange(3), (64, 64))
    >>> bool(some.mean().abs() < 0.05), round(float(some.std()), 1)
    (True, 1.0)
    """
    first, second = noise(seeds, (2, *shape)).unbind(1)
    return (-2 * first.clamp_min(0.5 / SEEDS).log()).sqrt() * (2 * torch.pi * second).cos()
