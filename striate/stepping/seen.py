"""Which entries of its input an output of a layer reads, as its slopes say.

>>> from striate.stepping.working import step
>>> entries_read(step("gap", "1 2 | 3 4"), (1, 0))
[(1, 0), (1, 1)]
"""

from typing import Any

import numpy as np

from striate.stepping.content import Step, zeros
from striate.stepping.work import work


def entries_read(step: Step, index: tuple[int, ...], symbol: str = "X") -> list[tuple[int, ...]]:
    """The entries of X, or of another input, in which the gradient by one output entry is not 0.

    Args:
        step: Of one layer.
        index: The entry of its output.
        symbol: The input.
    """
    assert step.node is not None
    upstream: Any = zeros(step["O"].shape)
    upstream[index] = 1
    for part in work(step.node, step.arrays, upstream):
        if part.name == f"dE/d{symbol}":
            values: Any = part.values
            return [at for at in np.ndindex(part.shape) if values[at]]
    return []
