"""Class activation maps: which places of the last maps speak for a class (Zhou et al. 2016, equation 2).

For networks that end in global average pooling and one fully connected layer: its weights for the class weight the
maps, so the mean of a map is the class's score without its bias.

>>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3))
>>> heat = cam(model, torch.ones(1, 1, 8, 8), 0)
>>> bool((heat.map.mean() + model[3].bias[0] - heat.scores).abs() < 1e-6)
True
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.aims import Class, settled
from striate.inside.heat import Heat
from striate.inside.probing import passes
from striate.inside.watching import batch_of, hooked, kept, value_of


class NoCamError(InputError):
    """The network has not the end that CAM needs."""


RULE = "CAM is for networks that end in global average pooling and one fully connected layer"


def cam(model: nn.Module, x: Tensor, aim: int | Class | None = None) -> Heat:
    """The sum over channels of the class's weight times the map, before pooling.

    Args:
        model, x: As for `saliency`.
        aim: The class, by default the most probable.

    Raises:
        NoCamError: The network has another end; `grad_cam` is for any.
        InputError: There is no such class.
    """
    x = batch_of(x)
    with torch.no_grad():
        sight, output = settled(model, x, aim), aim.output if isinstance(aim, Class) else ""
        last, pooled = _last(model, x, output)
        layer, maps = _maps(model, x, pooled, output)
        weights = torch.stack([last.weight[number] for (number,) in sight.numbers])  # (N, C)
        heat = torch.einsum("nc,nc...->n...", weights, maps)
        scores = sight.scores(x)
    return Heat("CAM", x, heat, scores, sight.explained, layer)


def _last(model: nn.Module, x: Tensor, output: str) -> tuple[nn.Linear, Tensor]:
    """The fully connected layer that gives the output, and what it reads (N, C)."""
    seen: list[tuple[nn.Linear, Tensor, Tensor]] = []

    def note(module: nn.Module, args: tuple[Any, ...], given: Tensor) -> None:
        assert isinstance(module, nn.Linear)
        seen.append((module, args[0], given))

    with hooked([(module, note) for module in model.modules() if isinstance(module, nn.Linear)]):
        outputs = value_of(model, x, output=output)
    for module, read, given in reversed(seen):
        if given.shape == outputs.shape and torch.allclose(given, outputs):
            return module, read
    raise NoCamError(f"{RULE}, whose outputs it gives as they are; here none does: take Grad-CAM")


def _maps(model: nn.Module, x: Tensor, pooled: Tensor, output: str) -> tuple[str, Tensor]:
    """The last layer whose maps have these means, and its maps."""
    for name in reversed([one.name for one in passes(model, x) if one.has_maps(x)]):
        with kept(model, [name]) as values:
            value_of(model, x, output=output)
        means = values[name].flatten(2).mean(2)
        if means.shape == pooled.shape and torch.allclose(means, pooled, rtol=1e-4, atol=1e-5):
            return name, values[name]
    raise NoCamError(f"{RULE}; here it reads no means of the maps of a layer: take Grad-CAM")
