"""How fast each layer learns: some not at all or not yet, the first ones more slowly than the last.

What the first layers of a trained network have found (edges, colours) serves other images as it is, what the last ones
have found less so: layers are frozen from the front, or learn at rates that grow towards the head, η(l-1) = η(l) / q
(Howard & Ruder 2018, "Universal Language Model Fine-tuning", section 3.2).

>>> model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 3), nn.Linear(3, 2))
>>> rates = layer_rates(model, "1", share=0.25, until=100)
>>> rates.frozen, [rates.of(f"{name}.weight") for name in "012"]
(('0',), [0.25, 0.5, 1.0])
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from striate.errors import InputError, nearest
from striate.layers import Heads

BODY = "all-but-head"
NAMED = 3  # layers named in a line


@dataclass(frozen=True)
class LayerRates:
    """How fast the layers of a network learn.

    Attributes:
        shares: The share of the learning rate at which a layer learns, by its name; 1 for others.
        frozen: The layers that keep the weights with which they begin.
        norms: Those of them that normalise by batch: they keep their mean and variance, and use these.
        until: Steps after which the frozen ones learn too; 0 for never.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    norms: tuple[str, ...] = ()
    until: int = 0

    @property
    def alike(self) -> bool:
        """Whether all parameters learn at one rate."""
        return not self.frozen and not self.shares

    def of(self, parameter: str) -> float:
        """The share of the learning rate at which a parameter learns, by its name, once it does."""
        return self.shares.get(_layer(parameter), 1.0)

    def freezes(self, parameter: str) -> bool:
        """Whether a parameter is of a layer that is frozen at first."""
        return _layer(parameter) in self.frozen

    def hold(self, step: int) -> bool:
        """Whether the frozen layers are frozen in a step, counted from 1."""
        return bool(self.frozen) and not 0 < self.until < step

    def missed(self, parameter: str, steps: int) -> int:
        """In how many of the first steps a parameter was frozen."""
        return (min(steps, self.until) if self.until else steps) if self.freezes(parameter) else 0


ALIKE = LayerRates()


def layer_rates(
    model: nn.Module,
    freeze: str = "",
    share: float = 1.0,
    until: int = 0,
    labels: Mapping[str, Sequence[str]] | None = None,
    fresh: Collection[str] = (),
) -> LayerRates:
    """What these words mean for a model.

    Args:
        model: Its layers count in the order in which it lists them.
        freeze: Names of layers or parts, or labels, with commas; `all-but-head`; or how many layers from the first on.
            Normalisations and biases belong to the layer before them.
        share: Of the rate, at which the first layer learns; the head has 1, those between are in equal ratios.
        until: Steps after which frozen layers learn; 0 for never.
        labels: The layers or parts that a label stands for.
        fresh: Layers that begin with new weights: they are not frozen and learn at the whole rate.

    Raises:
        InputError: There is no such layer, or none would learn.
    """
    groups = _groups(model)
    frozen = [layer for layer in _frozen(freeze, groups, labels or {}) if layer not in fresh]
    learning = [name for group in groups for name in group if name not in frozen]
    if not any(list(model.get_submodule(name).parameters()) for name in learning):
        raise InputError(f"freeze '{freeze}' leaves no layer that learns; freeze fewer, such as '{BODY}'")
    norms = tuple(name for name in frozen if isinstance(model.get_submodule(name), _BatchNorm))
    deepest = max(1, len(groups) - 1)
    whole = {*fresh, *(frozen if not until else ())}
    depths = {name: depth / deepest for depth, group in enumerate(groups) for name in group if name not in whole}
    shares = {} if share == 1 else {name: share ** (1 - depth) for name, depth in depths.items()}
    return LayerRates(shares, tuple(frozen), norms, until if frozen else 0)


def _groups(model: nn.Module) -> list[list[str]]:
    """The layers with weights, each with the normalisations and biases behind it; the last group is the head."""
    heads = [f"{name}." for name, module in model.named_modules() if isinstance(module, Heads)]
    body, head = list[list[str]](), list[str]()
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        if not own and not isinstance(module, _BatchNorm):
            continue
        if heads and name.startswith(tuple(heads)):
            head.append(name)
        elif not body or any(one.ndim >= 2 for one in own):
            body.append([name])
        else:
            body[-1].append(name)
    return [*body, head] if head else body


def _frozen(freeze: str, groups: list[list[str]], labels: Mapping[str, Sequence[str]]) -> list[str]:
    if freeze == BODY or freeze.isdecimal():
        count = len(groups) - 1 if freeze == BODY else int(freeze)
        if count > len(groups):
            raise InputError(f"freeze {freeze}: there are {len(groups)} layers with weights, the head included")
        return [name for group in groups[:count] for name in group]
    layers = [name for group in groups for name in group]
    found = set[str]()
    for word in filter(None, map(str.strip, freeze.split(","))):
        places = [word, *labels.get(word, ())]
        meant = [name for name in layers if any(name == place or name.startswith(f"{place}.") for place in places)]
        if not meant:
            parts = dict.fromkeys(".".join(name.split(".")[:end]) for name in layers for end in range(1, 9))
            hint = nearest(word, [*parts, *labels, BODY])
            raise InputError(f"no layer '{word}' with weights to freeze{hint}; there are {', '.join(layers)}")
        found.update(meant)
    return [name for name in layers if name in found]


def _layer(parameter: str) -> str:
    return parameter.rpartition(".")[0]
