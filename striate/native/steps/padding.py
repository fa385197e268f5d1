"""Padding as a layer, and that of a convolution which repeats its input: reflect, replicate, circular; crops too.

A convolution's zeros need no step: a map's border has them.
"""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.values import Value


class Padding(Step):
    """y is x with zeros or entries of x around it; `before`: how many above and left of it, less than none crops."""

    def __init__(self, title: str, x: Value, y: Value, mode: str, before: tuple[int, int]) -> None:
        super().__init__(title, (x,), y)
        self.numbers = f"{mode.upper()}, {before[0]}, {before[1]}"

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        return f"pad_forward({at.value(x)}, {at.value(y)}, {x.as_map()}, {y.as_map()}, {self.numbers});"

    def backward(self, at: Places) -> str:
        """An entry's gradient is the sum of its copies'."""
        (x,), y = self.inputs, self.output
        maps = f"{x.as_map()}, {y.as_map()}, {self.numbers}"
        return f"pad_backward({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {maps});"
