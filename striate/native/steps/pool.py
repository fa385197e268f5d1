"""Pooling: the largest or the mean of windows, or of whole maps."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from striate.native.plan import Places, Step
from striate.native.values import Value


@dataclass(frozen=True)
class Window:
    """As the kernels' `struct window` has it."""

    rows: int
    columns: int
    down: int
    right: int
    row_step: int
    column_step: int
    top: int
    left: int
    bottom: int
    end: int

    def __str__(self) -> str:
        return f"(struct window){{{', '.join(map(str, astuple(self)))}}}"


class MaxPool(Step):
    """The largest entry of each window."""

    reads_inputs = True
    reads_output = True

    @staticmethod
    def whole(x: Value) -> Window:
        """The window that is all of a map."""
        return Window(x.rows, x.columns, 1, 1, 1, 1, 0, 0, 0, 0)

    def __init__(self, title: str, x: Value, y: Value, window: Window) -> None:
        super().__init__(title, (x,), y)
        self.window = window

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        return f"maxpool_forward({at.value(x)}, {at.value(y)}, {x.as_map()}, {y.as_map()}, {self.window});"

    def backward(self, at: Places) -> str:
        """The gradient goes to the winner."""
        (x,), y = self.inputs, self.output
        values = f"{at.value(x)}, {at.value(y)}, {at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}"
        return f"maxpool_backward({values}, {x.as_map()}, {y.as_map()}, {self.window});"


class AvgPool(Step):
    """The mean of each window."""

    def __init__(self, title: str, x: Value, y: Value, window: Window, counts_padding: bool) -> None:
        super().__init__(title, (x,), y)
        self.window = window
        w = window
        down = (y.rows - 1) * w.down + (w.rows - 1) * w.row_step + 1 <= x.rows + w.top + w.bottom
        right = (y.columns - 1) * w.right + (w.columns - 1) * w.column_step + 1 <= x.columns + w.left + w.end
        bare = not counts_padding and any((w.top, w.left, w.bottom, w.end))
        self.share = "BARE" if bare else "WHOLE" if down and right else "PADDED"

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        maps = f"{x.as_map()}, {y.as_map()}, {self.window}, {self.share}"
        return f"avgpool_forward({at.value(x)}, {at.value(y)}, {maps});"

    def backward(self, at: Places) -> str:
        """The gradient goes to all entries in equal shares."""
        (x,), y = self.inputs, self.output
        maps = f"{x.as_map()}, {y.as_map()}, {self.window}, {self.share}"
        return f"avgpool_backward({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {maps});"


class SumPool(AvgPool):
    """The sum of each window."""

    def __init__(self, title: str, x: Value, y: Value, window: Window) -> None:
        super().__init__(title, x, y, window, True)
        self.share = "SUM"


class GlobalAvgPool(Step):
    """The mean of each whole map."""

    gathers = True

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        means = f"gap_forward({at.value(x)}, {at.value(y)}, {x.as_map()});"
        return means if x.strips == 1 else f"{means}\ngather_means({at.value(y)}, {y.channels});"

    def backward(self, at: Places) -> str:
        """The gradient goes to all entries in equal shares."""
        (x,), y = self.inputs, self.output
        kernel = "gap_backward" if x.strips == 1 else "spread_means"
        return f"{kernel}({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {x.as_map()});"
