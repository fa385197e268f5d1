"""Tensors by name: what goes into a network, what it is compared with, and what comes out.

>>> named(torch.zeros(2, 3))[OUTPUT].shape
torch.Size([2, 3])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

Fields: TypeAlias = Mapping[str, Tensor]
OUTPUT = "output"  # the name of what a network gives that has no heads


def named(given: Any) -> dict[str, Tensor]:
    """What a network gave, by name."""
    return dict(given) if isinstance(given, Mapping) else {OUTPUT: given}


def moved_to(device: torch.device | str, fields: Fields) -> dict[str, Tensor]:
    """The same on a device."""
    return {name: values.to(device) for name, values in fields.items()}


def detached(fields: Fields) -> dict[str, Tensor]:
    """The same without what made them."""
    return {name: values.detach() for name, values in fields.items()}


def joined(parts: Sequence[Fields]) -> dict[str, Tensor]:
    """The parts one after another, name by name.

    >>> joined([{"y": torch.tensor([1])}, {"y": torch.tensor([2, 3])}])["y"].tolist()
    [1, 2, 3]
    """
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]} if parts else {}
