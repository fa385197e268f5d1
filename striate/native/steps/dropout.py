"""Dropout, by a hash of each entry's position."""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.values import Value


class Dropout(Step):
    """y = x where it is kept, scaled to preserve the mean; in evaluation y = x. `number`: which dropout of the net."""

    def __init__(self, title: str, x: Value, y: Value, p: float, number: int) -> None:
        super().__init__(title, (x,), y)
        self.p, self.number = p, number

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        maps, last = f"{x.as_map()}, {y.as_map()}", f"mixed(n->seed + {self.number}), g * IMAGES, {x.strips}"
        drop = f"dropout_forward({at.value(x)}, {at.value(y)}, {maps}, {self.p!r}, {last});"
        same = x.root is y.root
        return f"if (training) {drop}" + ("" if same else f"\nelse copy({at.value(x)}, {at.value(y)}, {maps});")

    def backward(self, at: Places) -> str:
        """dx from dy."""
        (x,), y = self.inputs, self.output
        last = f"{self.p!r}, mixed(n->seed + {self.number}), g * IMAGES, {x.strips}"
        sizes = f"{x.size}, {x.rows * x.columns}"
        return f"dropout_backward({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {sizes}, {last});"
