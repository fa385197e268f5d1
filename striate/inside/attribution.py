"""What each entry of an input has to do with a score: the result of every method that goes back to the input.

>>> x = torch.ones(1, 3, 2, 2)
>>> Attribution("saliency", x, -2 * x, torch.zeros(1), ("class 0",)).map.shape
torch.Size([1, 2, 2])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from striate.inside.drawn import Drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEYOND = 0.005  # share of entries that a scale leaves out, so that a few large ones do not hide all others


@dataclass(frozen=True, eq=False)
class Attribution(Drawn):
    """A value for each entry of an input.

    Attributes:
        method: Its name.
        input: (N, C, *spatial).
        values: (N, C, *spatial).
        scores: (N,), what is explained.
        explained: What that is, in words, for each example.
        note: What else there is to say, in one line.
        unit: What the colours stand for.
    """

    method: str
    input: Tensor
    values: Tensor
    scores: Tensor
    explained: tuple[str, ...]
    note: str = ""
    unit: str = "change of the score per unit of the input"

    @property
    def map(self) -> Tensor:
        """The largest absolute value over the channels, (N, *spatial) (Simonyan et al. 2014, section 3.1)."""
        return torch.amax(self.values.abs(), dim=1) if self.values.dim() > 2 else self.values.abs()

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        return {
            "method": self.method,
            "explained": list(self.explained),
            "score": self.scores.tolist(),
            "shape": list(self.values.shape),
            "largest": self.map.flatten(1).amax(1).tolist(),
            "note": self.note,
        }

    def picture(self) -> Figure:
        """For each example: the input, the values as a signed map or as colours, and how large they are."""
        from striate.inside.drawing import MOST_ROWS, Panel, colours, grid, image, plane, positive, signed

        rows = []
        for row in range(min(MOST_ROWS, len(self.input))):
            x, values, size = self.input[row], self.values[row], self.map[row]
            if values.dim() == 3 and len(values) == 3:
                shown, scale = colours(values, self.unit, BEYOND)
                towards = Panel(shown, f"{self.method}: 0 is grey", scale)
            else:
                total = values.sum(0) if values.dim() > 1 else values
                towards = Panel(plane(total), f"{self.method}: sum over channels", signed(total, self.unit, BEYOND))
            rows.append(
                [
                    Panel(image(x), f"input; {self.explained[row]}: {float(self.scores[row]):.3g}"),
                    towards,
                    Panel(plane(size), "largest size over channels", positive(size, f"|{self.unit}|", BEYOND)),
                ]
            )
        return grid(rows, self.note)
