"""Integrated gradients: a score's change from a baseline, shared among the entries (Sundararajan et al. 2017).

>>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
>>> shared = integrated_gradients(model, torch.ones(1, 1, 2, 2), 2)
>>> bool(shared.error.abs().max() < 1e-5)
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.aims import Aim, settled
from striate.inside.attribution import Attribution
from striate.inside.gradients import gradient
from striate.inside.watching import batch_of


@dataclass(frozen=True, eq=False)
class Integrated(Attribution):
    """As an attribution, with what it should sum to.

    Attributes:
        change: (N,), the score of the input less that of the baseline.
    """

    change: Tensor = torch.zeros(0)

    @property
    def error(self) -> Tensor:
        """(N,): the sum of the values less `change`, which is 0 for an exact integral (completeness)."""
        return self.values.flatten(1).sum(1) - self.change

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        return {**super().facts(), "change": self.change.tolist(), "completeness_error": self.error.tolist()}


def integrated_gradients(
    model: nn.Module, x: Tensor, aim: Aim = None, *, baseline: Tensor | float = 0.0, steps: int = 50
) -> Integrated:
    """(x - baseline) times the mean gradient on the straight line between them, by Gauss-Legendre quadrature.

    Args:
        model, x, aim: As for `saliency`.
        baseline: An input that shows nothing, of the shape of `x` or one that it can be expanded to.
        steps: Points on the line.

    Raises:
        InputError: As `saliency`; or no such baseline, or no steps.
    """
    x = batch_of(x)
    if steps < 1:
        raise InputError(f"there is at least 1 step. Received: {steps}")
    start = torch.as_tensor(baseline).to(x)
    sizes = zip(reversed(start.shape), reversed(x.shape), strict=False)
    if start.dim() > x.dim() or any(own not in (1, size) for own, size in sizes):
        raise InputError(f"a baseline has the input's shape {tuple(x.shape)}. Received: {tuple(start.shape)}")
    sight, total = settled(model, x, aim), torch.zeros_like(x)
    points, weights = np.polynomial.legendre.leggauss(steps)
    for point, weight in zip((1 + points) / 2, weights / 2, strict=True):
        total += float(weight) * gradient(sight, start + float(point) * (x - start))[0]
    with torch.no_grad():
        scores = sight.scores(x)
        change = scores - sight.scores(start.expand_as(x))
    values = (x - start) * total
    error = values.flatten(1).sum(1) - change
    note = f"{steps} steps from the baseline; completeness error at most {float(error.abs().max()):.2g}"
    return Integrated("integrated gradients", x, values, scores, sight.explained, note, "share of the score", change)
