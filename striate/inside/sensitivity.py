"""Saliency: how a score changes with each entry of the input (Simonyan, Vedaldi & Zisserman 2014, section 3).

>>> import torch
>>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
>>> saliency(model, torch.ones(1, 1, 2, 2), 2).values.shape
torch.Size([1, 1, 2, 2])
"""

from __future__ import annotations

from torch import Tensor, nn

from striate.inside.aims import Aim, settled
from striate.inside.attribution import Attribution
from striate.inside.gradients import gradient
from striate.inside.watching import batch_of


def saliency(model: nn.Module, x: Tensor, aim: Aim = None) -> Attribution:
    """The gradient of the score with respect to the input.

    Args:
        model: Any module of one input.
        x: (N, C, *spatial).
        aim: The class, by default the most probable; or a `Class` or `Unit`.

    Raises:
        InputError: There is no such class or unit, or no gradient.
    """
    x = batch_of(x)
    sight = settled(model, x, aim)
    values, scores = gradient(sight, x)
    return Attribution("saliency", x, values, scores, sight.explained)
