"""How weights begin: the rules by name, and which one an activation asks for.

>>> import torch
>>> w = torch.empty(100, 50)
>>> initialise(w, "zeros"); float(w.abs().sum())
0.0
"""

from collections.abc import Callable

from torch import Tensor, nn

from striate.errors import InputError, nearest
from striate.notation.tree import Elu, Gelu, Layer, Leaky, Maxout, PRelu, Relu, Swish

RECTIFIERS = (Relu, Leaky, PRelu, Elu, Swish, Gelu, Maxout)

RULES: dict[str, Callable[[Tensor], Tensor]] = {
    "he": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),  # He et al. 2015, variance 2/fan_in
    "glorot": nn.init.xavier_uniform_,  # Glorot & Bengio 2010, variance 2/(fan_in + fan_out)
    "lecun": lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear"),  # LeCun et al. 1998, variance 1/fan_in
    "normal": lambda w: nn.init.normal_(w, std=0.01),  # Krizhevsky et al. 2012
    "zeros": nn.init.zeros_,
}
ALSO = {  # what others call them
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
    RULES[rule](weight)


def rule_before(activation: Layer | None) -> str:
    """The rule for a layer that this activation follows: He before rectifiers, Glorot before all else.

    >>> rule_before(Relu())
    'he'
    """
    return "he" if isinstance(activation, RECTIFIERS) else "glorot"
