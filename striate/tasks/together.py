"""One answer of several networks: the mean of their probabilities, as outputs that give these probabilities.

>>> one, other = torch.tensor([[0.0, 0.0]]), torch.tensor([[100.0, 0.0]])
>>> classes_of([one, other]).softmax(1)
tensor([[0.7500, 0.2500]])
>>> labels_of([one, other]).sigmoid()
tensor([[0.7500, 0.5000]])
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def classes_of(outputs: Sequence[Tensor]) -> Tensor:
    """The logarithm of the mean probability of each class: (N, K, …) from as many for each network."""
    return _mean([one.double().log_softmax(1) for one in outputs]).to(outputs[0].dtype)


def labels_of(outputs: Sequence[Tensor]) -> Tensor:
    """Outputs whose sigmoid is the mean of the networks', where each label stands for itself."""
    there, absent = (_mean([logsigmoid(sign * one.double()) for one in outputs]) for sign in (1, -1))
    return (there - absent).to(outputs[0].dtype)


def _mean(logarithms: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(logarithms)).logsumexp(0) - math.log(len(logarithms))
