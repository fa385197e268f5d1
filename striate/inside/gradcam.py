"""Grad-CAM: the maps of a layer, weighted by how the score grows with each (Selvaraju et al. 2017, equations 1 and 2).

>>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))
>>> heat = grad_cam(model, torch.ones(1, 1, 8, 8), 0)
>>> heat.layer, heat.map.shape
('1', torch.Size([1, 6, 6]))
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside import gradients
from striate.inside.aims import Aim, settled
from striate.inside.heat import Heat
from striate.inside.probing import last_with_maps
from striate.inside.watching import batch_of, kept


def grad_cam(model: nn.Module, x: Tensor, aim: Aim = None, *, layer: str = "") -> Heat:
    """ReLU of the sum over channels of the mean gradient of a channel times its map.

    Args:
        model, x, aim: As for `saliency`; also what networks that read words take.
        layer: Whose maps; by default the last that has any, which the result names. Of a module that is used
            several times, its last use.

    Raises:
        InputError: There is no such class, unit or layer, or the layer has no maps.
    """
    x = batch_of(x) if x.is_floating_point() else x
    sight, layer = settled(model, x, aim), layer or last_with_maps(model, x)
    with gradients.recording(), kept(model, [layer]) as values:
        leaf = x.clone().requires_grad_() if x.is_floating_point() else x  # so that frozen layers have gradients, too
        scores = sight.scores(leaf)
    if layer not in values:
        raise InputError(f"layer '{layer}' is not used for this input")
    maps = values[layer]  # (N, C, *places)
    if maps.dim() != max(3, x.dim()):
        raise InputError(f"layer '{layer}' has no maps on the input's axes, but {tuple(maps.shape)}; say another")
    slopes = gradients.of(scores, maps).flatten(2).mean(2)  # (N, C)
    heat = torch.einsum("nc,nc...->n...", slopes, maps.detach()).relu()
    return Heat("Grad-CAM", x, heat, scores.detach(), sight.explained, layer)
