"""Some of the maps, as one filter of a partly connected layer sees them."""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.values import Value


class Maps(Step):
    """y's maps are the maps of x with these numbers. Consecutive maps are not copied: y shares x's memory."""

    def __init__(self, title: str, x: Value, y: Value, numbers: tuple[int, ...]) -> None:
        super().__init__(title, (x,), y)
        first = numbers[0]
        if numbers == tuple(range(first, first + len(numbers))):
            y.home = (x, first)
        self.numbers = f"(const int[]){{{', '.join(map(str, numbers))}}}"

    def forward(self, at: Places) -> str:
        """A copy, where needed."""
        (x,), y = self.inputs, self.output
        if y.root is x.root:
            return ""
        return f"choose_maps({at.value(x)}, {at.value(y)}, {x.as_map()}, {y.as_map()}, {self.numbers});"

    def backward(self, at: Places) -> str:
        """The gradients of the maps that were chosen; others get none."""
        (x,), y = self.inputs, self.output
        maps = f"{x.as_map()}, {y.channels}, {self.numbers}"
        return f"choose_maps_back({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {maps});"
