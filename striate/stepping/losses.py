"""The error at the end of a chain and its gradient: cross-entropy with softmax, and half the squared distance.

>>> from striate.stepping.content import numbers
>>> error, gradient = squared(numbers([1, 3]), numbers([0, 1]))
>>> print(error.entries[0], gradient.entries[1], sep="; ")
E = ((1 - 0)^2 + (3 - 1)^2)/2 = 2.5; dE/dO[1] = 3 - 1 = 2
"""

import math
import sys
from collections.abc import Iterator

import numpy as np

from striate.stepping.cells import hidden
from striate.stepping.content import Entry, Part, label
from striate.stepping.number import MOST_TERMS, Number, factor_text, number_text
from striate.stepping.reading import Array

LOSSES = ("cross-entropy", "squared")


def squared(output: Array, target: Array) -> Iterator[Part]:
    """Half the sum of the squared differences, for O and the target of any one shape."""
    pairs = [f"({factor_text(o)} - {factor_text(t)})" for o, t in zip(output.flat, target.flat, strict=True)]
    more = f" + … ({len(pairs) - MOST_TERMS} more)" if len(pairs) > MOST_TERMS else ""
    written = f"({' + '.join(f'{pair}^2' for pair in pairs[:MOST_TERMS])}{more})/2"
    difference = output - target
    yield Part("E", "half the sum of (O - target)^2", (), (Entry("E", written, (difference**2).sum() / 2),))
    entries = []
    for index in np.ndindex(output.shape):
        name = label("dE/dO", index, output.shape, hidden("O", output.shape))
        formula = f"{number_text(output[index])} - {factor_text(target[index])}"
        entries.append(Entry(name, formula, difference[index]))
    yield Part("dE/dO", "O - target", output.shape, tuple(entries))


def cross_entropy(x: Array, target: int, by: str = "dE/dX") -> Iterator[Part]:
    """exp(x) over its sum, for X (N,), then the loss and p - y, the gradient `by` what goes into the softmax."""
    came, gave = ("X", "O") if by == "dE/dX" else ("O", "p")
    largest: Number = max(x)
    below = [float(score - largest) for score in x]  # less the largest: nothing overflows
    whole = math.fsum(map(math.exp, below))
    p = [math.exp(score) / whole for score in below]
    outputs = [f"exp({number_text(score - largest)})/{number_text(whole)}" for score in x]
    less = f"exp({came} - {factor_text(largest)})/sum"
    rule = f"{less}, the probabilities; {came} less its largest, so that nothing overflows"
    yield Part(gave, rule, x.shape, _row(gave, outputs, p))
    written = f"-log({gave}[{target}]) = -log({number_text(p[target])})"
    if p[target] < sys.float_info.min:  # too small for a float, though its logarithm is not
        scores = f"{number_text(largest)} + log({number_text(whole)}) - {factor_text(x[target])}"
        written = f"log(sum of exp({came})) - {came}[{target}] = {scores}"
    loss = Entry("E", written, math.log(whole) - below[target])
    yield Part("E", f"the cross-entropy with target {target} (entries count from 0)", (), (loss,))
    y = [int(index == target) for index in range(len(p))]
    formulas = [f"{number_text(value)} - {right}" for value, right in zip(p, y, strict=True)]
    differences = [value - right for value, right in zip(p, y, strict=True)]
    where = "where p is O and y is" if gave == "O" else "y being"
    yield Part(by, f"p - y, {where} 1 at the target", x.shape, _row(by, formulas, differences))


def _row(name: str, formulas: list[str], values: list[float]) -> tuple[Entry, ...]:
    pairs = zip(formulas, values, strict=True)
    return tuple(Entry(f"{name}[{index}]", formula, value) for index, (formula, value) in enumerate(pairs))
