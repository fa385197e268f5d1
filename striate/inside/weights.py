"""The filters of a layer, as they are: a first layer's in colour.

>>> filters(nn.Sequential(nn.Conv2d(3, 8, 5)), "0").values.shape
torch.Size([8, 3, 5, 5])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.drawn import Drawn
from striate.inside.watching import module_named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
MOST_PLANES = 16  # of a filter, and filters, where every channel is a picture of its own


@dataclass(frozen=True, eq=False)
class Filters(Drawn):
    """The weights of a layer.

    Attributes:
        layer: Its name.
        values: (F, C, *kernel), or (F, C) of a fully connected layer.
    """

    layer: str
    values: Tensor

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        low, high = float(self.values.min()), float(self.values.max())
        return {"layer": self.layer, "shape": list(self.values.shape), "smallest": low, "largest": high}

    def picture(self) -> Figure:
        """Filters of 3 channels in colour, of one channel on a signed scale, of more with a row for each filter."""
        from striate.inside.drawing import MOST_TILES, Panel, colours, grid, plane, sheet, shown_of, signed

        values = self.values.detach().float().cpu()
        if values.dim() == 2:
            title = f"{self.layer}: a row for each of {len(values)} units"
            return grid([[Panel(plane(values), title, signed(values, "weight"))]])
        scale, count = signed(values, "weight"), len(values)
        if values.dim() == 4 and values.shape[1] == 3:
            shown, grey = colours(values.transpose(0, 1).flatten(2), "weight")  # (F, k*k, 3): all on one scale
            panels = [Panel(one.reshape(*values.shape[2:], 3), str(i)) for i, one in enumerate(shown[:MOST_TILES])]
            return sheet(panels, grey, f"{self.layer}: {shown_of(count, MOST_TILES, 'filters')}, channels as colours")
        if values.shape[1] == 1 or values.dim() == 3:
            panels = [Panel(plane(one.squeeze(0)), str(i), scale) for i, one in enumerate(values[:MOST_TILES])]
            return sheet(panels, scale, f"{self.layer}: {shown_of(count, MOST_TILES, 'filters')}")
        some = values[:MOST_PLANES, :MOST_PLANES]
        panels = [Panel(plane(one), f"{i},{c}", scale) for i, row in enumerate(some) for c, one in enumerate(row)]
        rows = shown_of(count, MOST_PLANES, "filters")
        columns = shown_of(values.shape[1], MOST_PLANES, "channels")
        return sheet(panels, scale, f"{self.layer}: {rows} in rows, {columns} in columns", some.shape[1])


def filters(model: nn.Module, layer: str) -> Filters:
    """The weights of a convolution (F, C, *kernel), transposed or not, or of a fully connected layer (F, C).

    Args:
        model: Any module.
        layer: The layer's name. Of a grouped convolution C is the number of channels in a group.

    Raises:
        InputError: There is no such layer, or it has no filters.
    """
    module = module_named(model, layer)
    weight = filters_of(module)
    if weight is None:
        having = ", ".join(name for name, one in model.named_modules() if filters_of(one) is not None) or "none"
        raise InputError(f"layer '{layer}' is a {type(module).__name__} without filters; these have some: {having}")
    values = weight.detach().clone()
    if isinstance(module, TRANSPOSED) and module.groups == 1:
        values = values.transpose(0, 1)
    return Filters(layer, values)


def filters_of(module: nn.Module) -> Tensor | None:
    """A module's filters, where it has some."""
    weight = getattr(module, "weight", None)
    return weight if isinstance(weight, Tensor) and weight.dim() > 1 else None
