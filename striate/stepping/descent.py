"""A step of gradient descent: each weight less the rate times its gradient, which is summed where weights are shared.

>>> from striate.stepping.content import numbers
>>> part = moved("W", numbers([1, 2]), [numbers([10, -20])], Fraction(1, 10))
>>> print(part.entries[0])
W'[0] = 1 - 0.1*10 = 0
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from striate.stepping.cells import hidden
from striate.stepping.content import Entry, Part, label
from striate.stepping.number import factor_text, number_text
from striate.stepping.reading import Array


def moved(symbol: str, array: Array, gradients: Sequence[Array], rate: Fraction) -> Part:
    """An array after the step.

    Args:
        symbol: Its name in formulas.
        array: Before the step.
        gradients: Its gradient, one for each use of the array.
        rate: The learning rate.
    """
    entries = []
    for index in np.ndindex(array.shape):
        slopes = [gradient[index] for gradient in gradients]
        sum_of = factor_text(slopes[0]) if len(slopes) == 1 else f"({' + '.join(map(factor_text, slopes))})"
        formula = f"{number_text(array[index])} - {number_text(rate)}*{sum_of}"
        name = label(f"{symbol}'", index, array.shape, hidden(symbol, array.shape))
        entries.append(Entry(name, formula, array[index] - rate * sum(slopes)))
    summed = "" if len(gradients) == 1 else ", the gradients of all its uses added"
    rule = f"{symbol} - {number_text(rate)}*dE/d{symbol}, a step of gradient descent{summed}"
    return Part(f"{symbol}'", rule, array.shape, tuple(entries))
