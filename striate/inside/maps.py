"""Feature maps: what a layer gives for an input.

>>> feature_maps(nn.Sequential(nn.Conv2d(1, 4, 3)), torch.zeros(2, 1, 8, 8), "0").values.shape
torch.Size([2, 4, 6, 6])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from striate.inside.drawn import Drawn
from striate.inside.watching import value_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class FeatureMaps(Drawn):
    """What a layer gives.

    Attributes:
        layer: Its name.
        values: (N, C, *spatial).
    """

    layer: str
    values: Tensor

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        strongest = self.values.flatten(2).mean(2) if self.values.dim() > 2 else self.values
        return {"layer": self.layer, "shape": list(self.values.shape), "mean_of_each_channel": strongest.tolist()}

    def picture(self) -> Figure:
        """The channels of the first example, all on one scale; values without places as a row."""
        from striate.inside.drawing import MOST_TILES, Panel, grid, plane, sheet, shown_of, signed

        first, count = self.values[0], self.values.shape[1]
        scale = signed(first, "activation")
        if first.dim() < 3:
            each = "a row for each channel" if first.dim() == 2 else "a column for each unit"
            return grid([[Panel(plane(first), f"{self.layer}: {each} of {count}", scale)]])
        panels = [Panel(plane(one), str(channel), scale) for channel, one in enumerate(first[:MOST_TILES])]
        return sheet(panels, scale, f"{self.layer}: {shown_of(count, MOST_TILES, 'channels')}")


def feature_maps(model: nn.Module, x: Tensor, layer: str) -> FeatureMaps:
    """What a layer gives for an input; of a module that is used several times, in its last use.

    Args:
        model: Any module of one input.
        x: (N, …).
        layer: The layer's name.

    Raises:
        InputError: There is no such layer, or the model can't read the input.
    """
    with torch.no_grad():
        return FeatureMaps(layer, value_of(model, x, layer=layer))
