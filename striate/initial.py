"""Initial weights: the rules by name, and which one suits an activation.

>>> import torch
>>> w = torch.empty(100, 50)
>>> initialise(w, "zeros"); float(w.abs().sum())
0.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from striate.errors import InputError, nearest
from striate.notation.tree import Activation, Layer

if TYPE_CHECKING:
    from torch import Tensor

RULES: dict[str, tuple[str, dict[str, Any]]] = {  # a function of `torch.nn.init`, and its arguments
    "he": ("kaiming_normal_", {"nonlinearity": "relu"}),  # He et al. 2015, variance 2/fan_in
    "glorot": ("xavier_uniform_", {}),  # Glorot & Bengio 2010, variance 2/(fan_in + fan_out)
    "lecun": ("kaiming_normal_", {"nonlinearity": "linear"}),  # LeCun et al. 1998, variance 1/fan_in
    "normal": ("normal_", {"std": 0.01}),  # Krizhevsky et al. 2012
    "zeros": ("zeros_", {}),
}
ALSO = {  # names in other programs
    "he": ("kaiming", "kaimingnormal", "henormal", "msra"),
    "glorot": ("xavier", "xavieruniform", "glorotuniform"),
    "lecun": ("lecunnormal",),
    "normal": ("gaussian", "randomnormal"),
    "zeros": ("zero", "constant"),
}


def initialise(weight: Tensor, rule: str) -> None:
    """Fill a weight of two axes or more in place.

    Raises:
        InputError: No rule of that name.
    """
    if rule not in RULES:
        raise InputError(f"no initialisation '{rule}'; there are {', '.join(RULES)}{nearest(rule, RULES, ALSO)}")
    from torch.nn import init  # the names of rules are read without importing torch

    function, told = RULES[rule]
    getattr(init, function)(weight, **told)


def rule_before(activation: Layer | None) -> str:
    """The rule for a layer that this activation follows; without one, as for an activation that loses nothing.

    >>> from striate.notation.tree import Relu
    >>> rule_before(Relu())
    'he'
    """
    return (activation if isinstance(activation, Activation) else Activation).init
