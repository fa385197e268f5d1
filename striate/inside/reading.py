"""What several layers give, with gradients, and nothing computed after the last of them.

>>> import torch
>>> model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.Flatten(), nn.Linear(1, 2))
>>> {name: tuple(values.shape) for name, values in layers_of(model, torch.zeros(1, 3, 9, 9), ["1", "2"]).items()}
{'1': (1, 4, 7, 7), '2': (1, 5, 5, 5)}
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.watching import called, hooked, kept, looking, module_named


class _EnoughError(Exception):
    """All that is asked for is there."""


def layers_of(model: nn.Module, x: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
    """What layers give for an input (N, …); of one that is used several times, what it gives first.

    Args:
        model: Any module of one input.
        x: The input; gradients reach it.
        names: The layers, as `named_modules()` names them.

    Raises:
        InputError: There is no such layer, the model can't read the input, or a layer is not used for it.
    """

    def stop(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if len(values) == len(names):
            raise _EnoughError

    with looking(model), kept(model, names) as values, hooked([(module_named(model, one), stop) for one in names]):
        with suppress(_EnoughError):
            called(model, x)
        found = dict(values)
    if unused := [name for name in names if name not in found]:
        raise InputError(f"layer '{unused[0]}' is not used for this input")
    return {name: found[name] for name in names}
