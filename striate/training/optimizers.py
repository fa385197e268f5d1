"""Optimisers by the names that lectures use, each with its usual learning rate.

>>> OPTIMIZERS["adamw"].rate
0.003
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the names of optimisers are read without importing torch
    from torch import nn, optim

    from striate.training.layer_rates import LayerRates

MOMENTUM = 0.9


@dataclass(frozen=True)
class Rule:
    """An optimiser: its class in `torch.optim`, its usual learning rate and weight decay, and its other arguments."""

    kind: str
    rate: float
    decay: float = 0.0
    told: dict[str, Any] = field(default_factory=lambda: {"fused": True})

    def make(self, parameters: Iterable[Any], **options: float) -> optim.Optimizer:
        """The optimiser over parameters, or groups of them, as `torch.optim` takes them."""
        from torch import optim

        made: optim.Optimizer = getattr(optim, self.kind)(parameters, **self.told, **options)
        return made


OPTIMIZERS: dict[str, Rule] = {
    "sgd": Rule("SGD", 0.1),
    "momentum": Rule("SGD", 0.05, told={"fused": True, "momentum": MOMENTUM}),
    "nesterov": Rule("SGD", 0.05, told={"fused": True, "momentum": MOMENTUM, "nesterov": True}),
    "adagrad": Rule("Adagrad", 0.01),
    "rmsprop": Rule("RMSprop", 0.001, told={}),
    "adam": Rule("Adam", 0.003),
    "adamw": Rule("AdamW", 0.003, decay=0.05),
}


def make_optimizer(
    name: str, model: nn.Module, rate: float, decay: float, rates: LayerRates | None = None
) -> optim.Optimizer:
    """An optimiser over a model's parameters; weight decay acts on weights, not on biases and normalisation.

    Args:
        name: A key of `OPTIMIZERS`.
        model: Whose parameters are trained.
        rate: The learning rate.
        decay: L2 penalty: its gradient is decay·w (AdamW shrinks the weights directly instead).
        rates: How fast each layer learns; groups keep the share of the rate as `share`.
    """
    names = {id(parameter): name for name, parameter in model.named_parameters()}

    def alike(parameter: nn.Parameter) -> tuple[float, bool]:  # PyTorch's fused SGD wants one beginning in a group
        own = names[id(parameter)]
        return (rates.of(own), rates.freezes(own)) if rates else (1.0, False)

    groups: list[dict[str, Any]] = [
        {"params": list(some), "weight_decay": decays, "share": share, "lr": rate * share}
        for group, decays in zip(in_groups(model), (decay, 0.0), strict=True)
        for (share, _), some in groupby(group, alike)
    ]
    return OPTIMIZERS[name].make(groups, lr=rate)


def in_groups(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The parameters that penalties act on, then the others: in the optimisers' order."""
    return list(weights(model)), [p for p in model.parameters() if p.ndim < 2]


def weights(model: nn.Module) -> Iterable[nn.Parameter]:
    """The parameters that penalties act on: those with two or more axes."""
    return (p for p in model.parameters() if p.ndim >= 2)
