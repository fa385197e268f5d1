"""Which layers a pass goes through, in order, and the last of them that still has maps.

>>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))
>>> last_with_maps(model, torch.zeros(1, 1, 8, 8))
'1'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.watching import Hook, called, hooked, looking


@dataclass(frozen=True)
class Pass:
    """One use of a layer.

    Attributes:
        name: The layer's.
        shape: Of what it gave, (N, C, *spatial).
        weighted: Whether it has weights itself, not only in layers inside.
    """

    name: str
    shape: tuple[int, ...]
    weighted: bool

    def has_maps(self, x: Tensor) -> bool:
        """Whether there is more than one place, on as many axes as the input has (of words (N, L), on one)."""
        return len(self.shape) == max(3, x.dim()) and max(self.shape[2:]) > 1


def passes(model: nn.Module, x: Tensor) -> list[Pass]:
    """The uses of all layers that give tensors, in the order in which they end.

    One that gives what the one before it gave is left out: a block after its last layer, dropout in evaluation.

    Raises:
        InputError: The model can't read the input.
    """
    found: list[Pass] = []
    values: list[tuple[Tensor, int]] = []  # with how often each was changed in place

    def note(name: str) -> Hook:
        def hook(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            if not isinstance(output, Tensor):
                return
            if not values or values[-1][0] is not output or values[-1][1] != output._version:
                values.append((output, output._version))
                weighted = any(True for _ in module.parameters(recurse=False))
                found.append(Pass(name, tuple(output.shape), weighted))

        return hook

    hooks = [(one, note(name)) for name, one in model.named_modules() if name]
    with torch.inference_mode(False), torch.no_grad(), looking(model), hooked(hooks):
        called(model, x.clone())
    return found


def last_features(model: nn.Module, x: Tensor) -> str:
    """The layer before the last one with weights: what the classifier reads.

    >>> last_features(nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), torch.zeros(1, 1, 2, 2))
    '2'

    Raises:
        InputError: There is none.
    """
    found = passes(model, x)
    last = max((place for place, one in enumerate(found) if one.weighted), default=0)
    if not last:
        raise InputError("no layer comes before the last one with weights; say with `layer` which to read")
    return found[last - 1].name


def last_with_maps(model: nn.Module, x: Tensor) -> str:
    """The last layer that has maps; where the output itself is a map, the last before the last layer with weights.

    Raises:
        InputError: There is none.
    """
    found = passes(model, x)
    if found and found[-1].has_maps(x):
        last = max((place for place, one in enumerate(found) if one.weighted), default=0)
        found = found[:last]
    named = [one.name for one in found if one.has_maps(x)]
    if not named:
        raise InputError("no layer has maps of more than one entry on the axes of the input")
    return named[-1]
