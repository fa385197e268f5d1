"""What a network gives, as answers for the page.

>>> surest({"cat": 0.25, "dog": 0.75})
[{'label': 'dog', 'probability': 0.75}, {'label': 'cat', 'probability': 0.25}]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from striate.page.live import Outputs
from striate.training.fields import OUTPUT, Fields

MOST = 10  # answers that are told


def by_name(outputs: Outputs) -> Fields:
    """What a network gives, as its task reads it."""
    return {name or OUTPUT: values.detach() for name, values in outputs.items()}


def only(outputs: Outputs) -> Tensor:
    """What a network of one output gives."""
    (values,) = outputs.values()
    return values


def surest(shares: Mapping[str, float]) -> list[Mapping[str, Any]]:
    """The surest first."""
    best = sorted(shares.items(), key=lambda item: -item[1])[:MOST]
    return [{"label": name, "probability": share} for name, share in best]


def counted(
    kinds: NDArray[np.integer], chances: NDArray[np.floating], classes: Sequence[str]
) -> list[Mapping[str, Any]]:
    """How many objects of each class there are, each with the probability of its surest; (B,) classes, probabilities.

    >>> counted(np.array([0, 0]), np.array([0.5, 0.25]), ("cat", "dog"))
    [{'label': '2 cat', 'probability': 0.5}]
    """
    each = ((name, chances[kinds == number]) for number, name in enumerate(classes))
    return surest({f"{len(mine)} {name}": float(mine.max()) for name, mine in each if len(mine)})
