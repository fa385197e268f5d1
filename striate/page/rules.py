"""What each layer does, for a page that computes its arithmetic by itself: the layers that `arithmetic` spells out.

>>> import torch
>>> from striate.inside.tracing import traced
>>> rule(traced(torch.nn.Conv2d(1, 2, 3), torch.zeros(1, 1, 5, 5)).calls[0])["kernel"]
(3, 3)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.inside.arithmetic import PLAIN
from striate.inside.tracing import Call

Rule = dict[str, Any]
VIEWS = ("Flatten", "flatten", "reshape", "view", "squeeze", "unsqueeze")  # the same numbers in another shape


def rule(call: Call) -> Rule:
    """A call's rule for JSON: `how`, its sizes, and the names of its tensors; `how` is empty where there is none."""
    names = [one.__name__ for one in type(call.layer).__mro__] if call.layer else [call.kind]
    found = next((RULES[name] for name in names if name in RULES), None)
    return (found and found(call)) or {"how": ""}


def _window(layer: Any) -> Rule:
    names = {"kernel": "kernel_size", "stride": "stride", "padding": "padding", "dilation": "dilation"}
    return {ours: _pair(getattr(layer, theirs, 1)) for ours, theirs in names.items()}


def _pair(value: Any) -> tuple[int, int]:
    return (value[0], value[1]) if isinstance(value, tuple) else (value, value)


def _tensors(call: Call) -> Rule:
    layer: Any = call.layer
    return {name: f"{call.path}.{name}" for name in ("weight", "bias") if getattr(layer, name) is not None}


def _convolution(call: Call) -> Rule | None:
    layer: Any = call.layer
    if layer.padding_mode != "zeros" or type(layer).forward not in PLAIN:
        return None
    left, _, top, _ = layer._reversed_padding_repeated_twice  # in numbers, where the padding is a word
    return {"how": "convolution", "groups": layer.groups, **_window(layer), "padding": (top, left), **_tensors(call)}


def _mean(call: Call) -> Rule | None:
    layer: Any = call.layer
    if layer.ceil_mode or layer.divisor_override or (not layer.count_include_pad and _pair(layer.padding) != (0, 0)):
        return None
    return {"how": "mean", **_window(layer)}


def _output(call: Call) -> Any:
    layer: Any = call.layer
    return layer.output_size


def _batch_norm(call: Call) -> Rule | None:
    layer: Any = call.layer
    if layer.running_mean is None:
        return None
    statistics = {"mean": f"{call.path}.running_mean", "variance": f"{call.path}.running_var"}
    return {"how": "norm", "eps": layer.eps, **statistics, **_tensors(call)}


def _function(name: str) -> Callable[[Call], Rule]:
    return lambda call: {"how": "function", "name": name}


RULES: dict[str, Callable[[Call], Rule | None]] = {
    "Conv2d": _convolution,
    "Linear": lambda call: {"how": "dense", **_tensors(call)},
    "MaxPool2d": lambda call: {"how": "largest", **_window(call.layer)},
    "AvgPool2d": _mean,
    "AdaptiveAvgPool2d": lambda call: {"how": "average"} if _pair(_output(call)) == (1, 1) else None,
    "BatchNorm2d": _batch_norm,
    "ReLU": _function("relu"),
    "Tanh": _function("tanh"),
    "Sigmoid": _function("sigmoid"),
    "Identity": _function("same"),
    "_DropoutNd": _function("same"),
    **dict.fromkeys(VIEWS, lambda call: {"how": "moved"}),
    **dict.fromkeys(("add", "iadd"), lambda call: {"how": "added"} if len(call.reads) > 1 else None),
}
