"""The receptive field of a unit: which entries of an input can change it.

By gradients, so of any module: its weights and the input are replaced for one pass by positive random numbers, so that
nothing cancels; a ReLU lets all through and a max pool takes the mean of its window, so that nothing is cut off. What
then has a gradient is in the field; places that a max unpooling chose are taken as they are. For a network of the
notation `Measure.entries` says the same by rule.

>>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2))
>>> receptive_field(net, (1, 8, 8), Unit("2", 0, (1, 0))).box
((2, 6), (0, 4))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from striate.inside import gradients
from striate.inside.aims import Unit, checked_number, checked_place
from striate.inside.drawn import Drawn
from striate.inside.opening import Open
from striate.inside.watching import module_named, value_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Box = tuple[tuple[int, int], ...]  # along each axis the first entry, and the one after the last


@dataclass(frozen=True, eq=False)
class ReceptiveField(Drawn):
    """The entries that can change a unit.

    Attributes:
        unit: Its layer, channel and position.
        mask: (*spatial), whether an entry of any channel is in the field.
        channels: Which channels of the input are.
        input: The input (C, *spatial) that the field is drawn on; None for an empty one.
    """

    unit: Unit
    mask: Tensor
    channels: tuple[int, ...]
    input: Tensor | None = None

    @property
    def box(self) -> Box:
        """The smallest box that holds the field: along each axis the first entry, and the one after the last."""
        places = self.mask.nonzero()
        if not len(places):
            return tuple((0, 0) for _ in self.mask.shape)
        return tuple((int(low), int(high) + 1) for low, high in zip(places.amin(0), places.amax(0), strict=True))

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        return {
            "layer": self.unit.layer,
            "unit": self.unit.channel,
            "position": list(self.unit.position),
            "box": [list(ends) for ends in self.box],
            "entries": int(self.mask.sum()),
            "channels": list(self.channels),
        }

    def picture(self) -> Figure:
        """The input, the field on it and a frame around it."""
        from striate.inside.drawing import Panel, Scale, grid, image, plane

        under = image(self.input) if self.input is not None else plane(torch.zeros(self.mask.shape))
        (top, bottom), (left, right) = self.box[-2:] if len(self.box) > 1 else ((0, 1), *self.box)
        title = f"{self.unit.layer} unit {self.unit.channel} at {self.unit.position}: " + " x ".join(
            str(end - start) for start, end in self.box
        )
        scale = Scale(0, 1, "viridis", "in the field (1) or not (0)")
        mark = (left, top, right - left, bottom - top)
        return grid([[Panel(plane(self.mask), title, scale, under=under, mark=mark)]])


def receptive_field(
    model: nn.Module, shape: Sequence[int], unit: Unit, *, x: Tensor | None = None, seed: int = 0
) -> ReceptiveField:
    """The entries of an input that can change a unit.

    Args:
        model: Any module of one input.
        shape: (C, *spatial) of the input.
        unit: With its position; without one, the middle of its map.
        x: An input (C, *spatial) to draw the field on.
        seed: Of the random numbers; PyTorch's own state is left unchanged.

    Raises:
        InputError: There is no such layer, unit or position, or the model reads no such numbers.
    """
    module_named(model, unit.layer)  # or it is refused by this name
    generator = torch.Generator().manual_seed(seed)
    device = next((one.device for one in model.parameters()), torch.device("cpu"))
    with gradients.recording(), Open():
        leaf = (torch.rand(1, *shape, generator=generator, dtype=torch.float64) + 0.5).to(device).requires_grad_()
        values = value_of(_Positive(model, generator), leaf, layer=f"model.{unit.layer}")
    spatial = values.shape[2:]
    given = unit.position if isinstance(unit.position, tuple) else tuple(size // 2 for size in spatial)
    place = checked_place(given, spatial)
    with gradients.recording():
        score = values[(0, checked_number("unit", unit.channel, values), *place)]
    seen = gradients.of(score, leaf)[0] != 0
    channels = tuple(seen.flatten(1).any(1).nonzero().flatten().tolist())
    return ReceptiveField(replace(unit, position=place), seen.any(0), channels, x)


class _Positive(nn.Module):
    """A model that computes with positive weights in place of its own, which are left as they are."""

    def __init__(self, model: nn.Module, generator: torch.Generator) -> None:
        super().__init__()
        self.model = model
        self.weights = {name: _positive(one, generator) for name, one in model.named_parameters()}
        self.weights |= {name: _neutral(name, one) for name, one in model.named_buffers() if one.is_floating_point()}

    def forward(self, x: Tensor) -> Any:
        """What the model gives."""
        return torch.func.functional_call(self.model, self.weights, (x,))


def _positive(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Numbers near 1 in each row divided by how many there are, so that values neither grow nor fade."""
    drawn = torch.rand(weight.shape, generator=generator, dtype=torch.float64) + 0.5
    return (drawn / (weight[0].numel() if weight.dim() > 1 else 1)).to(weight.device)


def _neutral(name: str, buffer: Tensor) -> Tensor:
    """The moments of a batch norm as 0 and 1; other buffers as they are."""
    moments = {"running_mean": 0.0, "running_var": 1.0}
    kind = name.rpartition(".")[2]
    return torch.full_like(buffer, moments[kind], dtype=torch.float64) if kind in moments else buffer.double()
