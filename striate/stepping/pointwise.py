"""Activations, entry by entry; softmax, alone and with the cross-entropy that makes its gradient p - y."""

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from striate.notation.tree import Layer, Relu, Sigmoid, Tanh
from striate.stepping.content import Entry, Part, entries, filled, label
from striate.stepping.number import Number, Value, factor_text, number_text, total
from striate.stepping.reading import Array

Shown: TypeAlias = tuple[str, Number]  # a formula with the number filled in, and its value
Activation: TypeAlias = Callable[[Number], tuple[Shown, Shown]]  # x → output, slope


def _relu(x: Number) -> tuple[Shown, Shown]:
    slope = Fraction(int(x > 0))
    return (f"max(0, {number_text(x)})", max(Fraction(0), x)), (number_text(slope), slope)


def _sigmoid(x: Number) -> tuple[Shown, Shown]:
    small = math.exp(-abs(float(x)))  # at most 1, so that nothing overflows
    y = 1 / (1 + small) if x >= 0 else small / (1 + small)
    shown = number_text(y)
    return (f"1/(1 + exp({number_text(-x)}))", y), (f"{shown}*(1 - {shown})", small / (1 + small) ** 2)


def _tanh(x: Number) -> tuple[Shown, Shown]:
    y = math.tanh(float(x))
    shown = number_text(y) if y >= 0 else f"({number_text(y)})"
    return (f"tanh({number_text(x)})", y), (f"(1 - {shown}^2)", 1 - y * y)


ACTIVATIONS: Mapping[type[Layer], tuple[Activation, str, str]] = {
    Relu: (_relu, "max(0, X)", "dO where X > 0, 0 elsewhere"),
    Sigmoid: (_sigmoid, "1/(1 + exp(-X))", "O*(1 - O)*dO"),
    Tanh: (_tanh, "tanh(X)", "(1 - O^2)*dO"),
}


def activation(layer: Layer, x: Array, upstream: Array) -> Iterator[Part]:
    """The parts of an activation: its values and its slopes times dO, both of X's shape."""
    function, rule, d_rule = ACTIVATIONS[type(layer)]
    maps = int(x.ndim > 1)
    output, d_x = [], []
    for index in np.ndindex(x.shape):
        value: Any = x[index]
        gradient: Any = upstream[index]
        (formula, y), (slope_formula, slope) = function(value)
        output.append(Entry(label("O", index, x.shape, maps), formula, y))
        d_x.append(Entry(label("dE/dX", index, x.shape, maps), *_chained(slope_formula, slope, gradient)))
    yield Part("O", rule, x.shape, tuple(output))
    yield Part("dE/dX", d_rule, x.shape, tuple(d_x))


def _chained(formula: str, slope: Number, gradient: Value) -> tuple[str, Number | None]:
    """The chain rule: a slope times dO, with the slope's own formula first where it has one."""
    product, value = total([(slope, gradient)])
    written = f"{formula}*{factor_text(gradient)}"
    return (written if value is not None or written == product else f"{written} = {product}"), value


def softmax(x: Array, upstream: Array, target: int | None) -> Iterator[Part]:
    """exp(x) over its sum, for X (N,); then with a target the loss and p - y, else dO through softmax itself."""
    largest: Number = max(x)
    below = [float(score - largest) for score in x]  # less the largest: nothing overflows
    whole = math.fsum(map(math.exp, below))
    p = [math.exp(score) / whole for score in below]
    outputs = [f"exp({number_text(score - largest)})/{number_text(whole)}" for score in x]
    rule = f"exp(X - {factor_text(largest)})/sum, the probabilities; X less its largest, so that nothing overflows"
    yield Part("O", rule, x.shape, _row("O", outputs, p))
    if target is None:
        jacobian = [
            [(p[i] * ((i == j) - p[j]), gradient) for j, gradient in enumerate(upstream)] for i in range(len(p))
        ]
        rule = "Σ O[i]*([i = j] - O[j])*dO[j] over all entries j"
        yield Part("dE/dX", rule, x.shape, entries("dE/dX", filled(x.shape, jacobian)))
        return
    written = f"-log(O[{target}]) = -log({number_text(p[target])})"
    if p[target] < sys.float_info.min:  # too small for a float, though its logarithm is not
        scores = f"{number_text(largest)} + log({number_text(whole)}) - {factor_text(x[target])}"
        written = f"log(sum of exp(X)) - X[{target}] = {scores}"
    loss = Entry("E", written, math.log(whole) - below[target])
    yield Part("E", f"the cross-entropy with target {target} (entries count from 0)", (), (loss,))
    y = [int(index == target) for index in range(len(p))]
    formulas = [f"{number_text(value)} - {right}" for value, right in zip(p, y, strict=True)]
    differences = [value - right for value, right in zip(p, y, strict=True)]
    yield Part("dE/dX", "p - y, where p is O and y is 1 at the target", x.shape, _row("dE/dX", formulas, differences))


def _row(name: str, formulas: list[str], values: list[float]) -> tuple[Entry, ...]:
    pairs = zip(formulas, values, strict=True)
    return tuple(Entry(f"{name}[{index}]", formula, value) for index, (formula, value) in enumerate(pairs))
