"""A map over an input that says where a score comes from: the result of CAM, Grad-CAM and occlusion.

>>> x = torch.ones(1, 3, 4, 4)
>>> Heat("CAM", x, torch.ones(1, 2, 2), torch.zeros(1), ("class 0",), "conv1").large.shape
torch.Size([1, 4, 4])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from striate.inside.drawn import Drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Heat(Drawn):
    """A value for each place.

    Attributes:
        method: Its name.
        input: (N, C, *spatial), or the numbers of words (N, L).
        map: (N, *places), as many as the layer has.
        scores: (N,), what is explained.
        explained: What that is, in words, for each example.
        layer: The layer whose maps were read; empty where none was.
        note: What else there is to say, in one line.
        unit: What the colours stand for.
    """

    method: str
    input: Tensor
    map: Tensor
    scores: Tensor
    explained: tuple[str, ...]
    layer: str = ""
    note: str = ""
    unit: str = "weighted activation"

    @property
    def large(self) -> Tensor:
        """The map at the input's size, (N, *spatial), linear between its entries; of words (N, L), a value for each."""
        from striate.inside.drawing import resized

        return resized(self.map, self.input.shape[2:] or self.input.shape[1:])

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        places = [tuple(map(int, torch.unravel_index(one.argmax(), one.shape))) for one in self.map]
        return {
            "method": self.method,
            "explained": list(self.explained),
            "score": self.scores.tolist(),
            "layer": self.layer,
            "map": self.map.tolist(),
            "strongest_at": [list(place) for place in places],
            "note": self.note,
        }

    def picture(self) -> Figure:
        """For each example: the input, the map, and the map over the input."""
        from striate.inside.drawing import MOST_ROWS, Panel, grid, image, plane, positive, signed

        rows = []
        for row in range(min(MOST_ROWS, len(self.input))):
            under, values = image(self.input[row]), self.map[row]
            scale = (signed if bool((values < 0).any()) else positive)(values, self.unit)
            where = f" of {self.layer}" if self.layer else ""
            rows.append(
                [
                    Panel(under, f"input; {self.explained[row]}: {float(self.scores[row]):.3g}"),
                    Panel(plane(values), f"{self.method}{where}", scale),
                    Panel(plane(self.large[row]), "over the input", scale, under=under),
                ]
            )
        return grid(rows, self.note)
