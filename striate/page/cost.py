"""What one example costs a module: multiply-adds, parameters, and the values that are computed.

>>> costs(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), (1, 8, 8))
Costs(macs=648, parameters=20, values=144, outputs=(2, 6, 6))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from striate.inside.tracing import traced


@dataclass(frozen=True)
class Costs:
    """Of one example.

    Attributes:
        macs: Multiply-adds of convolutions and matrix products.
        parameters: Numbers that are learned.
        values: That all layers and operations give together.
        outputs: The shape of what the module gives.
    """

    macs: int
    parameters: int
    values: int
    outputs: tuple[int, ...]


def costs(model: nn.Module, shape: Sequence[int]) -> Costs:
    """The costs of a module that reads one input of a shape (C, H, W).

    Raises:
        InputError: It can't read it.
    """
    from torch.utils.flop_counter import FlopCounterMode  # it is large

    with FlopCounterMode(display=False) as flops:
        trace = traced(model, torch.zeros(1, *shape))
    given = sum(value.numel() for value in trace.values[trace.inputs :])
    learned = sum(weight.numel() for weight in model.parameters())
    return Costs(flops.get_total_flops() // 2, learned, given, tuple(trace.values[trace.outputs[0]].shape[1:]))
