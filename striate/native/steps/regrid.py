"""Maps read on another grid: pixel shuffle and its inverse, the nearest entry, a value between entries.

>>> Axis(2, 4, between=True).taken()
[(0, 1, 0.0), (0, 1, 0.25), (0, 1, 0.75), (1, 1, 0.25)]
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from striate.native.plan import Places, Step
from striate.native.values import Value


class Shuffle(Step):
    """Channels become the places in blocks of `block` rows and columns; with `finer` False, these become channels."""

    def __init__(self, title: str, x: Value, y: Value, block: tuple[int, int], finer: bool = True) -> None:
        super().__init__(title, (x,), y)
        self.sizes, self.finer = f"{block[0]}, {block[1]}", finer

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        return f"{self.kernel(self.finer)}({at.value(x)}, {at.value(y)}, 0, {x.as_map()}, {y.as_map()}, {self.sizes});"

    def backward(self, at: Places) -> str:
        """The other way round."""
        (x,), y = self.inputs, self.output
        maps = f"{y.as_bare_map()}, {x.as_bare_map()}, {self.sizes}"
        return f"{self.kernel(not self.finer)}({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {maps});"

    @staticmethod
    def kernel(finer: bool) -> str:
        """The name of the function that does it."""
        return "to_blocks" if finer else "from_blocks"


@dataclass(frozen=True)
class Axis:
    """How an axis of `size` entries becomes one of `wanted`."""

    size: int
    wanted: int
    between: bool = False
    corners: bool = False

    def taken(self) -> list[tuple[int, int, float]]:
        """For each entry the two that it lies between, and its way from the one to the other, 0 to 1."""
        return [self._taken(i) for i in range(self.wanted)]

    def _taken(self, i: int) -> tuple[int, int, float]:
        n, m = self.size, self.wanted
        if not self.between:
            return i * n // m, i * n // m, 0.0
        at = Fraction(i * (n - 1), max(m - 1, 1)) if self.corners else Fraction((2 * i + 1) * n, 2 * m) - Fraction(1, 2)
        at = max(at, Fraction(0))
        low = min(int(at), n - 1)
        return low, min(low + 1, n - 1), float(at - low)

    def as_table(self, name: str) -> str:
        """A C table of these."""
        rows = ", ".join(f"{{{low}, {high}, {way!r}f}}" for low, high, way in self.taken())
        return f"static const struct taken {name}[] = {{{rows}}};"


class Resample(Step):
    """y's entries read from x at the places that each axis says; without one of columns these are x's."""

    def __init__(self, title: str, x: Value, y: Value, rows: Axis, columns: Axis | None = None) -> None:
        super().__init__(title, (x,), y)
        self.rows, self.columns, self.between = rows, columns, int(rows.between)

    def tables(self) -> str:
        """C tables of the places."""
        if not self.columns:
            return f"{self.rows.as_table('rows')}\n  const struct taken *columns = NULL;"
        return f"{self.rows.as_table('rows')}\n  {self.columns.as_table('columns')}"

    def _with_tables(self, call: str) -> str:
        return f"{{\n  {self.tables()}\n  {call}\n}}"

    def forward(self, at: Places) -> str:
        """y from x."""
        (x,), y = self.inputs, self.output
        maps = f"{x.as_map()}, {y.as_map()}, rows, columns, {self.between}"
        return self._with_tables(f"resample_forward({at.value(x)}, {at.value(y)}, {maps});")

    def backward(self, at: Places) -> str:
        """Each gradient in the same shares to where it was read."""
        (x,), y = self.inputs, self.output
        maps = f"{x.as_bare_map()}, {y.as_bare_map()}, rows, columns, {self.between}"
        return self._with_tables(f"resample_backward({at.gradient(y)}, {at.gradient(x)}, {at.adds(x)}, {maps});")
