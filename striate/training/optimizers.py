"""Optimisers by the names that lectures use, each with the rate it is usually run at.

>>> OPTIMIZERS["adamw"].rate
0.003
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from torch import nn, optim

MOMENTUM = 0.9


@dataclass(frozen=True)
class Rule:
    """An optimiser: how to make it, its usual learning rate and weight decay."""

    make: Callable[..., optim.Optimizer]
    rate: float
    decay: float = 0.0


OPTIMIZERS: dict[str, Rule] = {
    "sgd": Rule(lambda p, **o: optim.SGD(p, fused=True, **o), 0.1),
    "momentum": Rule(lambda p, **o: optim.SGD(p, momentum=MOMENTUM, fused=True, **o), 0.05),
    "nesterov": Rule(lambda p, **o: optim.SGD(p, momentum=MOMENTUM, nesterov=True, fused=True, **o), 0.05),
    "adagrad": Rule(lambda p, **o: optim.Adagrad(p, fused=True, **o), 0.01),
    "rmsprop": Rule(lambda p, **o: optim.RMSprop(p, **o), 0.001),
    "adam": Rule(lambda p, **o: optim.Adam(p, fused=True, **o), 0.003),
    "adamw": Rule(lambda p, **o: optim.AdamW(p, fused=True, **o), 0.003, decay=0.05),
}


def make_optimizer(name: str, model: nn.Module, rate: float, decay: float) -> optim.Optimizer:
    """An optimiser over a model's parameters; weight decay acts on weights, not on biases and normalisation.

    Args:
        name: A key of `OPTIMIZERS`.
        model: Whose parameters are trained.
        rate: The learning rate.
        decay: L2 penalty: its gradient is decay·w (AdamW shrinks the weights directly instead).
    """
    decays = (decay, 0.0)
    groups: list[dict[str, Any]] = [
        {"params": group, "weight_decay": decay} for group, decay in zip(in_groups(model), decays, strict=True)
    ]
    return OPTIMIZERS[name].make([group for group in groups if group["params"]], lr=rate)


def in_groups(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The parameters that penalties act on, and the others: as the optimisers number them."""
    return list(weights(model)), [p for p in model.parameters() if p.ndim < 2]


def weights(model: nn.Module) -> Iterable[nn.Parameter]:
    """The parameters that penalties act on: those of two axes and more."""
    return (p for p in model.parameters() if p.ndim >= 2)
