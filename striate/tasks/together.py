"""One answer of several networks: the mean of their probabilities, as outputs that give these probabilities.

>>> one, other = torch.tensor([[0.0, 0.0]]), torch.tensor([[100.0, 0.0]])
>>> classes_of([one, other]).softmax(1)
tensor([[0.7500, 0.2500]])
>>> labels_of([one, other]).sigmoid()
tensor([[0.7500, 0.5000]])
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import reduce

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def classes_of(outputs: Sequence[Tensor]) -> Tensor:
    """The logarithm of the mean probability of each class: (N, K, …) from as many for each network."""
    return _mean((one.float().log_softmax(1) for one in outputs), len(outputs))


def labels_of(outputs: Sequence[Tensor]) -> Tensor:
    """Outputs whose sigmoid is the mean of the networks', where each label stands for itself."""
    there, absent = (_mean((logsigmoid(sign * one.float()) for one in outputs), len(outputs)) for sign in (1, -1))
    return there - absent


def _mean(logarithms: Iterable[Tensor], count: int) -> Tensor:
    """The logarithm of the mean of what they are logarithms of, one at a time in memory."""
    return reduce(torch.logaddexp, logarithms) - math.log(count)
