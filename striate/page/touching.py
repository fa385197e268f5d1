"""A trained network changed by hand: noise, filters off, biases off, dropout, another padding or stride, another epoch.

The changes are made in a copy, all at once from the trained network, so that none hides another.

>>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 2))
>>> changes = Changes.of_json(b'{"layers": {"0": {"off": [1]}}}')
>>> changed(model, changes)[0].weight[1].abs().sum().item()
0.0
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.watching import module_named

WITHIN = "(itself)"  # a layer's name once dropout stands behind it
SIZED = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
WEIGHTED = (nn.Conv2d, nn.Linear)
MOST_NOISE, MOST_PADDING, MOST_STRIDE = 10.0, 16, 64


@dataclass(frozen=True)
class Change:
    """Of one layer.

    Attributes:
        noise: Added to its weights: the standard deviation, in those of the weights.
        off: Filters or units whose weights and bias are 0.
        dropout: The share of its values that are 0; the others grow, so that the sum stays.
        padding: On each side; None as it is.
        stride: Along each axis; None as it is.
    """

    noise: float = 0.0
    off: tuple[int, ...] = ()
    dropout: float = 0.0
    padding: int | None = None
    stride: int | None = None

    def __post_init__(self) -> None:
        _check("noise", self.noise, 0, MOST_NOISE)
        _check("dropout", self.dropout, 0, 0.95)
        for name, low, high in (("padding", 0, MOST_PADDING), ("stride", 1, MOST_STRIDE)):
            if getattr(self, name) is not None:
                _check(name, getattr(self, name), low, high, whole=True)
        for number in self.off:
            _check("a filter's number", number, 0, 2**31, whole=True)


@dataclass(frozen=True)
class Changes:
    """Of a network.

    Attributes:
        biases: Whether there are any.
        seed: Of noise and dropout.
        epoch: Whose weights are taken; None for the best.
        layers: By name.
    """

    biases: bool = True
    seed: int = 0
    epoch: int | None = None
    layers: Mapping[str, Change] = field(default_factory=dict)

    @classmethod
    def of_json(cls, text: bytes) -> Self:
        """From what the page sends.

        Raises:
            InputError: It says something else.
        """
        try:
            given = json.loads(text or b"{}")
        except (ValueError, RecursionError):
            raise InputError("changes are JSON") from None
        known = _known(cls, given)
        layers = known.pop("layers", {})
        if not isinstance(layers, dict) or not isinstance(known.get("biases", True), bool):
            raise InputError("'layers' names layers with their changes, and 'biases' is true or false")
        for name in ("seed", "epoch"):
            if name in known and (name, known[name]) != ("epoch", None):
                _check(name, known[name], 0, 2**31, whole=True)
        return cls(**known, layers={name: _change(one) for name, one in layers.items()})

    def as_json(self) -> dict[str, Any]:
        """As the page reads it."""
        return asdict(self)


def _change(given: Any) -> Change:
    known = _known(Change, given)
    off = known.pop("off", [])
    if not isinstance(off, list):
        raise InputError("'off' is a list of numbers")
    return Change(**known, off=tuple(off))


def _known(kind: type, given: Any) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    if not isinstance(given, dict) or not given.keys() <= names:
        raise InputError(f"a change has {', '.join(sorted(names))}, and nothing else")
    return dict(given)


def _check(name: str, value: Any, low: float, high: float, whole: bool = False) -> None:
    number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # neither is what is not finite
        raise InputError(f"{name} is a {'whole ' if whole else ''}number from {low} to {high}")


def changed(model: nn.Module, changes: Changes) -> nn.Module:
    """A copy of a model, changed.

    Raises:
        InputError: There is no such layer, or it has nothing of that kind to change.
    """
    made = deepcopy(model)
    if not changes.biases:
        _without_biases(made)
    for number, (name, change) in enumerate(changes.layers.items()):
        _apply(made, name, change, torch.Generator().manual_seed(changes.seed + number))
    return made


@torch.no_grad()
def _without_biases(model: nn.Module) -> None:
    for name, weight in model.named_parameters():
        if name.rpartition(".")[2] == "bias":
            weight.zero_()


@torch.no_grad()
def _apply(model: nn.Module, name: str, change: Change, generator: torch.Generator) -> None:
    layer = module_named(model, name)
    if change.noise or change.off:
        if not isinstance(layer, WEIGHTED):
            raise InputError(f"{name} has no filters to change; choose a convolution or a fully connected layer")
        _weights(name, layer, change, generator)
    for what, value in (("padding", change.padding), ("stride", change.stride)):
        if value is not None:
            if not isinstance(layer, SIZED):
                raise InputError(f"{name} has no {what}; choose a convolution or a pooling layer")
            if what == "padding" and getattr(layer, "padding_mode", "zeros") != "zeros":
                raise InputError(f"{name} pads by '{layer.padding_mode}'; only padding with zeros can be changed")
            setattr(layer, what, (value, value))
    if change.dropout:
        home, _, last = name.rpartition(".")
        behind = nn.Sequential()
        behind.add_module(WITHIN, layer)
        behind.add_module("dropout", Dropped(change.dropout, int(torch.randint(2**31, (), generator=generator))))
        setattr(model.get_submodule(home), last, behind)


def _weights(name: str, layer: nn.Conv2d | nn.Linear, change: Change, generator: torch.Generator) -> None:
    if change.off and max(change.off) >= len(layer.weight):
        raise InputError(f"{name} has {len(layer.weight)} filters, numbered from 0. Received: {max(change.off)}")
    spread = layer.weight.std(correction=0)
    layer.weight += change.noise * spread * torch.randn(layer.weight.shape, generator=generator)
    for weight in (layer.weight, layer.bias):
        if weight is not None:
            weight[list(change.off)] = 0


class Dropped(nn.Module):
    """Dropout as in training, with the same entries dropped each time.

    Args:
        rate: The share that is dropped.
        seed: Chooses them.
    """

    def __init__(self, rate: float, seed: int) -> None:
        super().__init__()
        self.rate, self.seed = rate, seed

    def extra_repr(self) -> str:
        """Shown as its sizes."""
        return f"rate={self.rate}"

    def forward(self, x: Tensor) -> Tensor:
        """What is kept, divided by the share that is."""
        drawn = torch.rand(x.shape[1:], generator=torch.Generator().manual_seed(self.seed))
        return x * ((drawn >= self.rate) / (1 - self.rate)).to(x)
