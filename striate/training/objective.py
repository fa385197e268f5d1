"""All that the loop and the engines ask of a task: what is made small, and what is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from torch import Tensor

from striate.metrics.metric import Metric
from striate.training.fields import OUTPUT, Fields

AUX_WEIGHT = 0.3  # weight of a side head's loss (Szegedy et al. 2014, section 5)
Net = Callable[[Fields], Fields]  # from inputs to outputs, in evaluation


class Objective(Protocol):
    """What a network is trained for.

    Attributes:
        metrics: What is measured on examples that are not learned from; the first chooses the best epoch.
        unit: What examples are called, in the plural: "images".
        decides: The metric that `right` counts while the weights move; empty where nothing is right or wrong.
    """

    @property
    def metrics(self) -> tuple[Metric, ...]: ...

    @property
    def unit(self) -> str: ...

    @property
    def decides(self) -> str: ...

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The parts of the loss by name, each a mean over the batch; their sum is what is made small."""

    def through(self, net: Net, inputs: Fields) -> Fields:
        """The outputs for inputs in evaluation: the network's, or put together from those for parts of them."""

    def right(self, outputs: Fields, targets: Fields) -> tuple[Tensor | int, int]:
        """How many of the network's decisions are right, and how many there are."""

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """What is kept of a batch to measure it: small tensors, which are put one after another over all batches."""

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """The metrics of all examples by name, from their rows; maybe more figures, which the history keeps too."""


class Step(NamedTuple):
    """The result of one step; tensors are still on the device.

    Attributes:
        parts: The batch's mean loss, in parts by name.
        right: How many decisions were right.
        decided: How many there were.
    """

    parts: Mapping[str, Tensor | float]
    right: Tensor | int = 0
    decided: int = 0

    @property
    def loss(self) -> float:
        """The batch's mean loss."""
        return float(sum(self.parts.values()))


def loss_of(objective: Objective, outputs: Fields, heads: Sequence[Tensor], targets: Fields) -> dict[str, Tensor]:
    """The parts of the loss of outputs, and of heads on the side, which are compared with the same targets."""
    parts = dict(objective.loss(outputs, targets))
    for head in heads:
        for name, part in objective.loss({OUTPUT: head}, targets).items():
            parts[name] = parts[name] + AUX_WEIGHT * part
    return parts


class Squares:
    """The simplest objective: outputs near their targets of the same names, or the one output near the one target.

    >>> import torch
    >>> from striate.training.fields import OUTPUT
    >>> outputs, targets = {OUTPUT: torch.tensor([[1.0, 3.0]])}, {"size": torch.tensor([[1.0, 1.0]])}
    >>> Squares().loss(outputs, targets), Squares().figures(Squares().rows(outputs, targets))
    ({'squares': tensor(2.)}, {'mse': 2.0})
    """

    metrics = (Metric("mse", up=False, share=False),)
    unit = "examples"
    decides = ""

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The mean of all squared differences."""
        pairs = [(output.flatten(), target.flatten()) for output, target in _paired(outputs, targets)]
        return {"squares": sum((output - target).square().mean() for output, target in pairs) / len(pairs)}  # type: ignore[dict-item]

    def through(self, net: Net, inputs: Fields) -> Fields:
        """The network's outputs."""
        return net(inputs)

    def right(self, outputs: Fields, targets: Fields) -> tuple[Tensor | int, int]:
        """Nothing is right or wrong."""
        return 0, 0

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """The mean squared difference of each example."""
        each = [(output - target.reshape(output.shape)) for output, target in _paired(outputs, targets)]
        return {"squares": sum(apart.square().flatten(1).mean(1) for apart in each) / len(each)}  # type: ignore[dict-item]

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Their mean."""
        return {"mse": float(rows["squares"].double().mean())}


def _paired(outputs: Fields, targets: Fields) -> list[tuple[Tensor, Tensor]]:
    """Each output with its target."""
    if len(outputs) == len(targets) == 1:
        return [(*outputs.values(), *targets.values())]  # type: ignore[list-item]
    return [(outputs[name], target) for name, target in targets.items()]
