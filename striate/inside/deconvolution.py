"""The deconvnet: what in an input excites a unit, projected back to the input (Zeiler & Fergus 2014, section 2.1).

From the unit back: pools put values where their largest were found (switches), ReLUs rectify what comes back, and
convolutions apply their filters transposed. These are the gradients of pool and convolution, so one backward pass with
another rule at ReLUs does it. Other layers go back by their gradient; the paper has none.

>>> import torch
>>> model = nn.Sequential(nn.Conv1d(1, 1, 2, bias=False), nn.ReLU(), nn.MaxPool1d(2))
>>> model[0].weight.data[:] = torch.tensor([1.0, 2.0])
>>> deconvnet(model, torch.tensor([[[1.0, 0.0, 3.0]]]), Unit("2", 0)).values.tolist()  # the switch is at 1: 6
[[[0.0, 6.0, 12.0]]]
"""

from __future__ import annotations

from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.aims import Aim, Unit, settled
from striate.inside.attribution import Attribution
from striate.inside.gradients import gradient
from striate.inside.rectifying import Deconvolved, Rectifying
from striate.inside.watching import batch_of


def deconvnet(model: nn.Module, x: Tensor, aim: Aim) -> Attribution:
    """The projection of a unit's activation; all other units of its layer count as 0.

    Args:
        model, x: As for `saliency`.
        aim: A `Unit`, by default where its channel is strongest; or a class.

    Raises:
        InputError: As `saliency`; or it is a whole channel.
    """
    x = batch_of(x)
    if isinstance(aim, Unit) and aim.position == "all":
        raise InputError("a deconvnet projects one unit: say its position, or take the strongest")
    sight, passes = settled(model, x, aim), Rectifying(Deconvolved)
    values, scores = gradient(sight, x, passes)
    values = values * scores.view(-1, *(1,) * (x.dim() - 1))
    return Attribution("deconvnet", x, values, scores, sight.explained, passes.said(), "projection")
