"""Guided backpropagation: only what raises the score, through units that were active (Springenberg et al. 2015).

>>> import torch
>>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
>>> guided_backprop(model, torch.ones(1, 1, 2, 2), 0).note
'1 ReLU in the pass'
"""

from __future__ import annotations

from torch import Tensor, nn

from striate.inside.aims import Aim, settled
from striate.inside.attribution import Attribution
from striate.inside.gradients import gradient
from striate.inside.rectifying import Guided, Rectifying
from striate.inside.watching import batch_of


def guided_backprop(model: nn.Module, x: Tensor, aim: Aim = None) -> Attribution:
    """The gradient, with negative ones set to 0 at every ReLU on the way back.

    Without any ReLU in the pass it is the plain gradient, and `note` says so.

    Args:
        model, x, aim: As for `saliency`. In the paper it is a `Unit`, where it is strongest.

    Raises:
        InputError: As `saliency`.
    """
    x = batch_of(x)
    sight, passes = settled(model, x, aim), Rectifying(Guided)
    values, scores = gradient(sight, x, passes)
    return Attribution("guided backpropagation", x, values, scores, sight.explained, passes.said(), "guided gradient")
