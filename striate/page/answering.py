"""What a network gives, as answers for the page.

>>> surest({"cat": 0.25, "dog": 0.75})
[{'label': 'dog', 'probability': 0.75}, {'label': 'cat', 'probability': 0.25}]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
