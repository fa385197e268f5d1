"""The functions of one number: each with its value and its slope, written out with the number filled in.

At a corner the slope is PyTorch's.

>>> function(tree.Leaky()).at(tree.Leaky(0.1), Fraction(-2))
(('0.1*(-2)', Fraction(-1, 5)), ('0.1', Fraction(1, 10)))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from striate.notation import tree
from striate.notation.tree import Layer
from striate.stepping.number import Number, factor_text, number_text

Shown: TypeAlias = tuple[str, Number]  # a formula with the number filled in, and its value
At: TypeAlias = Callable[[Any, Number], tuple[Shown, Shown]]  # the layer, x → the output, the slope
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
AMPLITUDE, STEEPNESS = Fraction("1.7159"), Fraction(2, 3)


@dataclass(frozen=True)
class Function:
    """An activation.

    Attributes:
        at: From the layer and a number, the value and the slope.
        value, slope: What both are, in letters; fields of the layer stand in braces.
    """

    at: At
    value: str
    slope: str

    def rule(self, layer: Layer) -> str:
        """What the output is."""
        return self.value.format(**_fields(layer))

    def slope_rule(self, layer: Layer) -> str:
        """What the gradient is."""
        return self.slope.format(**_fields(layer))


def _fields(layer: Layer) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in vars(layer).items() if isinstance(value, int | float)}


def _exact(number: float) -> Fraction:
    return Fraction(repr(float(number)))


def _flat(value: Number) -> Shown:
    return number_text(value), value


def _relu(layer: tree.Relu, x: Number) -> tuple[Shown, Shown]:
    return (f"max(0, {number_text(x)})", max(Fraction(0), x)), _flat(Fraction(int(x > 0)))


def _clipped(low: Fraction, high: Fraction, x: Number) -> tuple[Shown, Shown]:
    written = f"min(max({number_text(low)}, {number_text(x)}), {number_text(high)})"
    return (written, min(max(low, x), high)), _flat(Fraction(int(low < x < high)))


def _leaky(layer: tree.Leaky, x: Number) -> tuple[Shown, Shown]:
    slope = _exact(layer.slope)
    if x > 0:
        return _flat(x), _flat(Fraction(1))
    return (f"{layer.slope:g}*{factor_text(x)}", slope * x), _flat(slope)


def sigmoid_of(x: Number) -> float:
    """1/(1 + exp(-x)), without overflow."""
    small = math.exp(-abs(float(x)))
    return 1 / (1 + small) if x >= 0 else small / (1 + small)


def _sigmoid(layer: tree.Sigmoid, x: Number) -> tuple[Shown, Shown]:
    small, y = math.exp(-abs(float(x))), sigmoid_of(x)
    shown = number_text(y)
    return (f"1/(1 + exp({number_text(-x)}))", y), (f"{shown}*(1 - {shown})", small / (1 + small) ** 2)


def _tanh(layer: tree.Tanh, x: Number) -> tuple[Shown, Shown]:
    if layer.scaled:
        y = math.tanh(float(STEEPNESS * x))
        value = (f"1.7159*tanh(2*{factor_text(x)}/3)", float(AMPLITUDE) * y)
        return value, (f"1.7159*(2/3)*(1 - tanh(2*{factor_text(x)}/3)^2)", float(AMPLITUDE * STEEPNESS) * (1 - y * y))
    y = math.tanh(float(x))
    shown = number_text(y) if y >= 0 else f"({number_text(y)})"
    return (f"tanh({number_text(x)})", y), (f"(1 - {shown}^2)", 1 - y * y)


def _bent(scale: float, alpha: float, x: Number) -> tuple[Shown, Shown]:
    """Straight above 0, an exponential below: ELU and SELU."""
    front = "" if scale == 1 else f"{number_text(scale)}*"
    if x > 0:
        value: Number = x if scale == 1 else scale * float(x)
        return (f"{front}{number_text(x)}", value), _flat(Fraction(1) if scale == 1 else scale)
    power, below = f"exp({number_text(x)})", f"{front}{alpha:.6g}*"
    return (f"{below}({power} - 1)", scale * alpha * math.expm1(x)), (f"{below}{power}", scale * alpha * math.exp(x))


def _swish(layer: tree.Swish, x: Number) -> tuple[Shown, Shown]:
    s, number = sigmoid_of(x), factor_text(x)
    shown = number_text(s)
    value = float(x) * s
    slope = f"({shown} + {number}*{shown}*(1 - {shown}))"
    return (f"{number}/(1 + exp({number_text(-x)}))", value), (slope, s + value * (1 - s))


def _gelu(layer: tree.Gelu, x: Number) -> tuple[Shown, Shown]:
    z, number = float(x), factor_text(x)
    if layer.exact:
        share, density = math.erfc(-z / math.sqrt(2)) / 2, math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        slope = f"({number_text(share)} + {number}*{number_text(density)})"
        return (f"{number}*Φ({number_text(x)}) = {number}*{number_text(share)}", z * share), (
            slope,
            share + z * density,
        )
    root = math.sqrt(2 / math.pi)
    t = math.tanh(root * (z + 0.044715 * z**3))
    inner = root * (1 + 3 * 0.044715 * z * z)
    shown = factor_text(t)
    slope = f"(0.5*(1 + {shown}) + 0.5*{number}*(1 - {shown}^2)*{number_text(inner)})"
    return (f"0.5*{number}*(1 + {shown})", z / 2 * (1 + t)), (slope, (1 + t) / 2 + z / 2 * (1 - t * t) * inner)


def softplus_of(x: Number) -> float:
    """log(1 + exp(x)), without overflow."""
    return max(float(x), 0.0) + math.log1p(math.exp(-abs(float(x))))


def _softplus(layer: tree.Softplus, x: Number) -> tuple[Shown, Shown]:
    return (f"log(1 + exp({number_text(x)}))", softplus_of(x)), (
        f"1/(1 + exp({number_text(-x)}))",
        sigmoid_of(x),
    )


def _mish(layer: tree.Mish, x: Number) -> tuple[Shown, Shown]:
    t, s, z, number = math.tanh(softplus_of(x)), sigmoid_of(x), float(x), factor_text(x)
    shown = number_text(t)
    slope = f"({shown} + {number}*(1 - {shown}^2)*{number_text(s)})"
    return (f"{number}*tanh(log(1 + exp({number_text(x)})))", z * t), (slope, t + z * (1 - t * t) * s)


def _hard_sigmoid(layer: tree.HardSigmoid, x: Number) -> tuple[Shown, Shown]:
    within = Fraction(int(-3 < x < 3), 6)
    return (f"min(max(0, {number_text(x)} + 3), 6)/6", min(max(Fraction(0), x + 3), Fraction(6)) / 6), _flat(within)


def _hard_swish(layer: tree.HardSwish, x: Number) -> tuple[Shown, Shown]:
    number = factor_text(x)
    value = x * min(max(Fraction(0), x + 3), Fraction(6)) / 6
    slope: Shown = (f"(2*{number} + 3)/6", (2 * x + 3) / 6)
    if not -3 < x < 3:
        slope = _flat(Fraction(int(x >= 3)))
    return (f"{number}*min(max(0, {number_text(x)} + 3), 6)/6", value), slope


SCALED_TANH = Function(_tanh, "1.7159*tanh(2*X/3)", "1.7159*(2/3)*(1 - tanh(2*X/3)^2)*dO")
APPROXIMATE_GELU = Function(
    _gelu,
    "0.5*X*(1 + t), where t = tanh(sqrt(2/π)*(X + 0.044715*X^3))",
    "(0.5*(1 + t) + 0.5*X*(1 - t^2)*sqrt(2/π)*(1 + 0.134145*X^2))*dO",
)


def function(layer: Layer) -> Function:
    """What an activation computes."""
    if isinstance(layer, tree.Tanh) and layer.scaled:
        return SCALED_TANH
    if isinstance(layer, tree.Gelu) and not layer.exact:
        return APPROXIMATE_GELU
    return FUNCTIONS[type(layer)]


FUNCTIONS: Mapping[type[Layer], Function] = {
    tree.Relu: Function(_relu, "max(0, X)", "dO where X > 0, 0 elsewhere"),
    tree.Relu6: Function(
        lambda layer, x: _clipped(Fraction(0), Fraction(6), x), "min(max(0, X), 6)", "dO where 0 < X < 6, 0 elsewhere"
    ),
    tree.Clip: Function(
        lambda layer, x: _clipped(_exact(layer.min), _exact(layer.max), x),
        "min(max({min}, X), {max})",
        "dO where {min} < X < {max}, 0 elsewhere",
    ),
    tree.Leaky: Function(_leaky, "X where X > 0, {slope}*X elsewhere", "dO where X > 0, {slope}*dO elsewhere"),
    tree.Elu: Function(
        lambda layer, x: _bent(1.0, layer.alpha, x),
        "X where X > 0, {alpha}*(exp(X) - 1) elsewhere",
        "dO where X > 0, {alpha}*exp(X)*dO elsewhere",
    ),
    tree.Selu: Function(
        lambda layer, x: _bent(SELU_SCALE, SELU_ALPHA, x),
        "1.0507*X where X > 0, 1.0507*1.67326*(exp(X) - 1) elsewhere",
        "1.0507*dO where X > 0, 1.0507*1.67326*exp(X)*dO elsewhere",
    ),
    tree.Sigmoid: Function(_sigmoid, "1/(1 + exp(-X))", "O*(1 - O)*dO"),
    tree.Tanh: Function(_tanh, "tanh(X)", "(1 - O^2)*dO"),
    tree.Swish: Function(_swish, "X*s, where s = 1/(1 + exp(-X))", "(s + X*s*(1 - s))*dO"),
    tree.Gelu: Function(_gelu, "X*Φ(X), Φ the normal distribution", "(Φ(X) + X*φ(X))*dO, φ its density"),
    tree.Softplus: Function(_softplus, "log(1 + exp(X))", "dO/(1 + exp(-X))"),
    tree.Mish: Function(
        _mish, "X*t, where t = tanh(log(1 + exp(X)))", "(t + X*(1 - t^2)*s)*dO, where s = 1/(1 + exp(-X))"
    ),
    tree.HardSigmoid: Function(_hard_sigmoid, "min(max(0, X + 3), 6)/6", "dO/6 where -3 < X < 3, 0 elsewhere"),
    tree.HardSwish: Function(
        _hard_swish, "X*min(max(0, X + 3), 6)/6", "(2*X + 3)/6*dO where -3 < X < 3, dO above, 0 below"
    ),
}
