"""Pools that give maps of one size, whatever comes in.

>>> spans(7, 3)
[(0, 3), (2, 5), (4, 7)]
"""

from __future__ import annotations

from striate.native.plan import Places, Step
from striate.native.values import Value

Span = tuple[int, int]  # the first entry of a window, and the one after its last


def spans(size: int, wanted: int) -> list[Span]:
    """The windows of an axis of `size` entries that becomes one of `wanted`."""
    return [(i * size // wanted, -(-(i + 1) * size // wanted)) for i in range(wanted)]


class AdaptivePool(Step):
    """The largest or the mean of each window; without spans of columns each column stays by itself."""

    def __init__(
        self, title: str, x: Value, y: Value, largest: bool, rows: list[Span], columns: list[Span] | None = None
    ) -> None:
        super().__init__(title, (x,), y)
        self.rows, self.columns, self.largest = rows, columns, int(largest)
        self.reads_inputs = self.reads_output = largest

    def with_tables(self, call: str) -> str:
        """C text of a call and of the tables that it reads, `rows` and `columns`."""
        columns = _table("columns", self.columns) if self.columns else "const struct span *columns = NULL;"
        return f"{{\n  {_table('rows', self.rows)}\n  {columns}\n  {call}\n}}"

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        maps = f"{x.as_map()}, {y.as_map()}, rows, columns, {self.largest}"
        return self.with_tables(f"adaptive_forward({at.value(x)}, {at.value(y)}, {maps});")

    def backward(self, at: Places) -> str:
        """The gradient goes to the winner, or in equal shares to all; a mean reads no values."""
        (x,), y = self.inputs, self.output
        values = f"{at.value(x)}, {at.value(y)}" if self.largest else "NULL, NULL"
        gradients = f"{at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}"
        maps = f"{x.as_map()}, {y.as_map()}, rows, columns, {self.largest}"
        return self.with_tables(f"adaptive_backward({values}, {gradients}, {maps});")


def _table(name: str, windows: list[Span]) -> str:
    rows = ", ".join(f"{{{first}, {end}}}" for first, end in windows)
    return f"static const struct span {name}[] = {{{rows}}};"
