"""Checks a user's loss: if it is not finite for finite outputs, the loss is to blame, not the learning rate.

>>> import torch
>>> watched(lambda outputs, labels: outputs.log().mean())(torch.zeros(2, 3), torch.tensor([0, 1]))
Traceback (most recent call last):
striate.losses.own.LossError: your loss is -inf for finite outputs, from 0 to 0
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from striate.errors import InputError, WorkError

if TYPE_CHECKING:  # the names of losses are read without importing torch
    from torch import Tensor

MEASURE = 1e9  # outputs beyond this have diverged; if their squares overflow, that is not the loss's fault


class LossError(WorkError):
    """A loss that is not finite, or whose gradient is not, where the network's outputs are finite."""


def watched(loss: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """The same loss, checked: it raises an error where it is to blame.

    Raises (when it is called, or its gradient is taken):
        LossError: It is not finite, or its gradient is not, for outputs that are.
        InputError: It does not return a tensor of one number.
    """

    import torch

    def checked(outputs: Tensor, labels: Tensor) -> Tensor:
        value = loss(outputs, labels)
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            got = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else type(value).__name__
            raise InputError(f"a loss of your own returns a tensor of one number, such as a mean. Received: {got}")
        low, high = (float(end) for end in torch.aminmax(outputs.detach()))
        if not max(-low, high) < MEASURE:  # NaN too
            return value  # the outputs are to blame
        number, ends = float(value.detach()), f"finite outputs, from {low:.3g} to {high:.3g}"
        if not math.isfinite(number):
            raise LossError(f"your loss is {number} for {ends}")

        def check(gradient: Tensor) -> None:
            if not bool(torch.isfinite(gradient).all()):
                raise LossError(f"your loss is {number:.3g} but its gradient is not finite, for {ends}")

        if outputs.requires_grad:
            outputs.register_hook(check)  # type: ignore[no-untyped-call]
        return value

    return checked
