"""How a layer or an operation comes to one of its values: the entries that it reads, their factors, and the rest.

>>> from striate.inside.tracing import traced
>>> conv = nn.Conv2d(1, 1, 2, bias=False)
>>> _ = nn.init.ones_(conv.weight)
>>> trace = traced(conv, torch.arange(9.0).reshape(1, 1, 3, 3))
>>> worked(trace, trace.calls[0], (0, 1, 1)).said
'4 + 5 + 7 + 8 = 24'
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.tracing import Call, Trace
from striate.notation.rules.shape import shown

Place: TypeAlias = tuple[int, ...]  # of an entry: channel, row, column

FEW = 4  # terms at the beginning and at the end of a long line
LINEAR = ("ConvTranspose", "Upsample", "AdaptiveAvgPool", "AvgPool", "Conv", "mean", "sum", "interpolate")


@dataclass(frozen=True)
class Term:
    """One entry that is read.

    Attributes:
        read: Which of the values that the call reads it is in.
        place: Where; entries of the padding lie outside of it.
        value: What is there; 0 in the padding.
        times: What it is multiplied by.
    """

    read: int
    place: Place
    value: float
    times: float = 1.0


@dataclass(frozen=True)
class Work:
    """The arithmetic of one value.

    Attributes:
        terms: What is read.
        value: What comes out.
        how: "sum" of the products and the bias; "largest"; "one", the value itself or a function of it; "slope", where
            a term's factor is the slope of the value by that entry, because it is no plain sum.
        bias: Added to a sum.
        formula: The function of x.
    """

    terms: tuple[Term, ...]
    value: float
    how: str
    bias: float | None = None
    formula: str = "x"

    @property
    def said(self) -> str:
        """In a line."""
        values = [_short(term.value) for term in self.terms]
        if self.how == "sum":
            products = _few(
                value if term.times == 1 else f"{value}·{_short(term.times)}"
                for value, term in zip(values, self.terms, strict=True)
            )
            text = " + ".join(products + ([] if self.bias is None else [_short(self.bias)]))
        elif self.how == "largest":
            text = f"max({', '.join(_few(values))})"
        elif self.how == "one":
            text = self.formula.replace("x", values[0])
        else:
            text = f"a function of {len(values):,} entries"
        return f"{text} = {self.value:.4g}"


def worked(trace: Trace, call: Call, at: Place) -> Work:
    """How a call comes to the value at a place of what it gives.

    Args:
        trace: Of a module in evaluation.
        call: One of its calls.
        at: Without the first axis, which counts examples: the first one is meant.

    Raises:
        InputError: There is no such place.
    """
    given, inputs = trace.values[call.gives[0]], [trace.values[number] for number in call.reads]
    if len(at) != given.ndim - 1 or not _inside(at, given.shape[1:]):
        raise InputError(f"{call.name} gives {shown(tuple(given.shape[1:]))} values. Received: the place {at}")
    names = [one.__name__ for one in type(call.layer).__mro__] if call.layer else [call.kind]
    rule = next((RULES[name] for name in names if name in RULES), None)
    return (rule and rule(call, inputs, at)) or _by_slope(call, inputs, at)


def _short(value: float) -> str:
    return f"({value:.4g})" if value < 0 else f"{value:.4g}"


def _few(words: Iterator[str] | Sequence[str]) -> list[str]:
    every = list(words)
    return every if len(every) <= 2 * FEW + 1 else [*every[:FEW], "…", *every[-FEW:]]


def _inside(place: Place, shape: Sequence[int]) -> bool:
    return all(0 <= one < size for one, size in zip(place, shape, strict=True))


def _read(inputs: Sequence[Tensor], number: int, place: Place, times: float = 1.0) -> Term:
    """A term for an entry; 0 outside of the map."""
    values = inputs[number][0]
    return Term(number, place, float(values[place]) if _inside(place, values.shape) else 0.0, times)


def _sum(terms: Sequence[Term], bias: float | None = None) -> Work:
    total = math.fsum([*(term.value * term.times for term in terms), bias or 0.0])
    return Work(tuple(terms), total, "sum", bias)


def _window(layer: Any, place: Place) -> Iterator[tuple[Place, Place]]:
    """For each entry of the window at an output place: where it is in the window, and where in the map."""
    axes = [_each(getattr(layer, name), len(place)) for name in ("stride", "padding", "dilation")]
    for inside in product(*map(range, _each(layer.kernel_size, len(place)))):
        yield inside, tuple(o * s - p + i * d for o, i, s, p, d in zip(place, inside, *axes, strict=True))


def _each(value: Any, dims: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple) else (int(value),) * dims


def _convolution(call: Call, inputs: Sequence[Tensor], at: Place) -> Work | None:
    layer: Any = call.layer
    if isinstance(layer.padding, str) or layer.padding_mode != "zeros" or type(layer).forward not in PLAIN:
        return None
    number, *place = at
    weight = layer.weight[number].detach()
    per = layer.in_channels // layer.groups
    first = number // (layer.out_channels // layer.groups) * per
    terms = [
        _read(inputs, 0, (first + channel, *where), float(weight[(channel, *inside)]))
        for channel in range(per)
        for inside, where in _window(layer, tuple(place))
    ]
    return _sum(terms, _bias(layer, number))


def _dense(call: Call, inputs: Sequence[Tensor], at: Place) -> Work:
    layer: Any = call.layer
    *rows, unit = at
    terms = [_read(inputs, 0, (*rows, place), float(w)) for place, w in enumerate(layer.weight[unit].detach())]
    return _sum(terms, _bias(layer, unit))


def _bias(layer: Any, number: int) -> float | None:
    return None if layer.bias is None else float(layer.bias[number].detach())


def _largest(call: Call, inputs: Sequence[Tensor], at: Place) -> Work:
    channel, *place = at
    found = [(channel, *where) for _, where in _window(call.layer, tuple(place))]
    terms = tuple(_read(inputs, 0, one) for one in found if _inside(one, inputs[0].shape[1:]))
    return Work(terms, max(term.value for term in terms), "largest")


def _batch_norm(call: Call, inputs: Sequence[Tensor], at: Place) -> Work | None:
    layer: Any = call.layer
    if layer.running_mean is None:
        return None
    term, channel = _read(inputs, 0, at), at[0]
    mean, variance = float(layer.running_mean[channel]), float(layer.running_var[channel])
    scale, shift = (float(one[channel].detach()) for one in (layer.weight, layer.bias)) if layer.affine else (1.0, 0.0)
    formula = f"(x - {_short(mean)})/√({_short(variance)} + {layer.eps:g})·{_short(scale)} + {_short(shift)}"
    return Work((term,), (term.value - mean) / math.sqrt(variance + layer.eps) * scale + shift, "one", formula=formula)


def _of_one(formula: str) -> Callable[[Call, Sequence[Tensor], Place], Work]:
    """The rule for a function of each value by itself."""

    def rule(call: Call, inputs: Sequence[Tensor], at: Place) -> Work:
        term = _read(inputs, 0, at)
        with torch.no_grad():
            made = call.again([torch.full((1, 1), term.value)])
        return Work((term,), float(made), "one", formula=formula)

    return rule


def _moved(call: Call, inputs: Sequence[Tensor], at: Place) -> Work | None:
    """For what gives the values of its inputs at other places: which one it is, by sending numbers through."""
    sizes = [one.numel() for one in inputs]
    starts = [sum(sizes[:number]) + 1 for number in range(len(sizes))]  # 0 is what comes from nowhere
    marked = [
        torch.arange(start, start + size, dtype=torch.float64).reshape(one.shape)
        for start, size, one in zip(starts, sizes, inputs, strict=True)
    ]
    with torch.no_grad():
        found = int(call.again(marked)[0][at])
    if not found:
        return Work((), 0.0, "sum", 0.0)
    number = max(n for n, start in enumerate(starts) if start <= found)
    place = torch.unravel_index(torch.tensor(found - starts[number]), inputs[number].shape)[1:]
    term = _read(inputs, number, tuple(map(int, place)))
    return Work((term,), term.value, "one")


def _added(call: Call, inputs: Sequence[Tensor], at: Place) -> Work | None:
    if len(inputs) < 2 or any(one.shape != inputs[0].shape for one in inputs):
        return None
    return _sum([_read(inputs, number, at) for number in range(len(inputs))])


def _by_slope(call: Call, inputs: Sequence[Tensor], at: Place) -> Work:
    """For any other: the entries on which the value depends, with the slopes; those of a linear layer add up."""
    given = [one[:1].detach().clone().requires_grad_() for one in inputs]
    with torch.enable_grad():
        made = call.again([one.clone() for one in given])[0][at]  # it may write over what it reads
        slopes = torch.autograd.grad(made, given, allow_unused=True) if made.requires_grad else ()
    value = float(made.detach())
    terms = tuple(
        _read(inputs, number, tuple(place), float(slope[0][tuple(place)]))
        for number, slope in enumerate(slopes)
        if slope is not None
        for place in slope[0].nonzero().tolist()
    )
    if not call.kind.startswith(LINEAR):
        return Work(terms, value, "slope")
    return _sum(terms, value - math.fsum(term.value * term.times for term in terms))


PLAIN = {one.forward for one in (nn.Conv1d, nn.Conv2d, nn.Conv3d)}  # what a class that changes it does is not known
RULES: dict[str, Callable[[Call, Sequence[Tensor], Place], Work | None]] = {
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), _convolution),
    "Linear": _dense,
    **dict.fromkeys(("MaxPool1d", "MaxPool2d", "MaxPool3d"), _largest),
    "_BatchNorm": _batch_norm,
    **dict.fromkeys(("ReLU", "relu"), _of_one("max(0, x)")),
    **dict.fromkeys(("Tanh", "tanh"), _of_one("tanh(x)")),
    **dict.fromkeys(("Sigmoid", "sigmoid"), _of_one("σ(x)")),
    **dict.fromkeys(("Identity", "_DropoutNd", "dropout"), _of_one("x")),
    **dict.fromkeys(("Flatten", "flatten", "reshape", "view", "cat", "permute", "transpose", "squeeze"), _moved),
    **dict.fromkeys(("add", "iadd"), _added),
}
