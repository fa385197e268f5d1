"""The bodies of a convolution's kernels: loops over tiles that fill the registers, for its one shape."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from striate.native.tiles import best, best_for_weights, loops
from striate.native.values import vecs
from striate.notation.rules.window import reach

Pair = tuple[int, int]  # rows, columns
NEAR = 3 * 2**18  # bytes that a core's L2 cache keeps besides what streams through it
POSITIONS, FEWEST = 16, 12  # of a turned (transformed) patch; channels and filters from which turning pays
MANY_TILES = 16  # at edges; fewer are written out one by one, so that the compiler knows the taps of each


@dataclass(frozen=True)
class Axis:
    """What a convolution does on one axis."""

    size: int = 1
    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    before: int = 0
    out: int = 1

    @property
    def beyond(self) -> int:
        """Entries after the last one that the windows reach."""
        return max(0, (self.out - 1) * self.stride + reach(self.kernel, self.dilation) - self.before - self.size)


FLAT = Axis()


@dataclass(frozen=True)
class Shape:
    """All that a convolution's kernels depend on, besides the borders of its maps."""

    channels: int
    size: Pair
    filters: int
    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair  # padding above and left
    out: Pair
    groups: int
    bias: bool
    flip: bool
    strips: int = 1
    depth: Axis = FLAT  # of frames: one in fewer than three dimensions

    @property
    def name(self) -> str:
        """Such as `conv_6x14x14_16_5x5`; equal shapes have equal names."""
        parts = [f"conv_{self.channels}x{written(self.size)}_{self.filters}_{written(self.kernel)}"]
        parts += [f"s{written(self.stride)}"] * (self.stride != (1, 1))
        parts += [f"p{written(self.before)}"] * (self.before != (0, 0))
        parts += [f"d{written(self.dilation)}"] * (self.dilation != (1, 1))
        parts += [f"g{self.groups}"] * (self.groups != 1)
        parts += [f"strips{self.strips}"] * (self.strips != 1)
        parts += ["_".join(map(str, ("depth", *astuple(self.depth))))] * (self.depth != FLAT)
        return "_".join([*parts, written(self.out)] + ["b"] * self.bias + ["flip"] * self.flip)

    @property
    def rows_beyond(self) -> Pair:
        """Rows above and below a strip that its windows reach."""
        last = (self.out[0] - 1) * self.stride[0] + (self.kernel[0] - 1) * self.dilation[0]
        return self.before[0], max(0, last - self.before[0] - self.size[0] + 1)

    @property
    def gradients_beyond(self) -> Pair:
        """Rows of dy above and below a strip's that its entries have a part in; none where images are whole."""
        if self.strips == 1:
            return 0, 0
        read = [r + self.before[0] - u * self.dilation[0] for r in range(self.size[0]) for u in range(self.kernel[0])]
        rows = [at // self.stride[0] for at in read if at % self.stride[0] == 0] or [0]
        return max(0, -min(rows)), max(0, max(rows) + 1 - self.out[0])

    @property
    def winograd(self) -> bool:
        """Whether Winograd's products cost less; with few channels the transforms cost more than they save."""
        found = (self.stride, self.dilation, self.groups, self.flip, self.depth)
        plain = found == ((1, 1), (1, 1), 1, False, FLAT)
        large = min(self.channels, self.filters) >= FEWEST and min(*self.size, *self.out) >= 4
        return self.kernel == (3, 3) and plain and large and max(self.before) <= 2


def written(pair: Pair) -> str:
    """Such as `5x5`."""
    return f"{pair[0]}x{pair[1]}"


@dataclass(frozen=True)
class Bodies:
    """Lines of C for a shape, on a machine with `registers` of `lanes` each; x has rows of `x_columns`."""

    shape: Shape
    registers: int
    lanes: int
    x_columns: int

    def stored(self, turned: str, tile: str, gathers: bool = False) -> list[str]:
        """All of y, by Winograd's products or tile by tile; and its statistics, row by row, where they are wanted."""
        if not self.shape.winograd:
            return self.forward(tile, "gather(y, &sums, g, d, r);" * gathers)
        rows = "for (int i = r; i < r + 2 && i < OUT_ROWS; i++) gather(y, &sums, 0, 0, i);"
        return self.products(True, [turned, *[rows] * gathers])

    def products(self, there: bool, stores: list[str]) -> list[str]:
        """Rows of tiles: of y from x, or back, of dx from dy."""
        s = self.shape
        size, (inputs, outputs) = (s.out, (s.channels, s.filters)) if there else (s.size, (s.filters, s.channels))
        tiles, (top, left) = vecs(size[1], 2), s.before if there else (2 - s.before[0], 2 - s.before[1])
        start = "x + (X_TOP + PAD_TOP) * X_COLUMNS + X_LEFT + PAD_LEFT, NULL" if there else "dy, halo"
        steps = "X_COLUMNS, X_ROWS * X_COLUMNS" if there else "OUT_COLUMNS, OUT_ROWS * OUT_COLUMNS"
        rows, columns = s.size if there else s.out
        if there and s.strips > 1:  # its neighbours' rows are in x's border
            start, top, rows = "x + X_TOP * X_COLUMNS + X_LEFT + PAD_LEFT, NULL", 0, rows + sum(s.rows_beyond)
        across, wide = best(outputs, tiles, self.registers)
        turned, products = (f"p * APART({planes}, {tiles})" for planes in (inputs, outputs))
        at = f"room + {turned}, w + p * KERNELS, m + {products}, {inputs}, {tiles}"

        def of_outputs(f: str, count: int) -> list[str]:
            call = f"product_tile({at}, {f}, {{}}, {count}, {{}});"
            return loops("t", tiles, wide, lambda t, columns: [call.format(t, columns)])

        return [
            f"vec *m = room + POSITIONS * APART({inputs}, {tiles});",
            f"for (int r = 0; r < {size[0]}; r += 2) {{",
            f"  turn_patches({start}, room, {inputs}, {rows}, {columns}, {steps}, r - {top}, -{left}, {tiles});",
            "  for (int p = 0; p < POSITIONS; p++) {",
            *(f"    {line}" for line in loops("f", outputs, across, of_outputs)),
            "  }",
            *(f"  {line}" for line in stores),
            "}",
        ]

    def forward(self, tile: str, behind_a_row: str = "") -> list[str]:
        """The tiles of y; `tile` calls one with filter, frame, row, column, filters and columns."""
        s, filters = self.shape, self.shape.filters // self.shape.groups
        height, width = best(filters, s.out[1], self.registers)

        def row(f: str, count: int) -> list[str]:
            place = f"g * {filters} + {f}"
            return loops("c", s.out[1], width, lambda c, columns: [tile.format(place, "d", "r", c, count, columns)])

        lines = [*loops("f", filters, height, row), *[behind_a_row] * bool(behind_a_row)]
        return each("g", s.groups, each("d", s.depth.out, each("r", s.out[0], lines)))

    def weights(self) -> list[str]:
        """dw, by blocks of rows."""
        s = self.shape
        filters, channels = s.filters // s.groups, s.channels // s.groups
        height, deep, rows, columns = best_for_weights(filters, channels, *s.kernel, self.registers)
        block = self._rows_at_once()

        def tiles(f: str, a: int) -> list[str]:
            def call(k: str, b: int, u: str, c: int, v: str, d: int) -> list[str]:
                place = f"d, a, g * {filters} + {f}, {k}, {u}, {v}, first, last"
                return [f"weights_tile(x, dy, dw, {place}, {a}, {b}, {c}, {d});"]

            def of_rows(k: str, b: int, u: str, c: int) -> list[str]:
                return loops("v", s.kernel[1], columns, lambda v, d: call(k, b, u, c, v, d))

            def of_channels(k: str, b: int) -> list[str]:
                return loops("u", s.kernel[0], rows, lambda u, c: of_rows(k, b, u, c))

            return loops("k", channels, deep, of_channels)

        lines = [
            f"for (int first = 0; first < {s.out[0]}; first += {block}) {{",
            f"  const int last = first + {block} < {s.out[0]} ? first + {block} : {s.out[0]};",
            *(f"  {line}" for line in each("g", s.groups, loops("f", filters, height, tiles))),
            "}",
        ]
        inside = ["if (IS_FRAME(FRAME(d, a)))", *(f"  {line}" for line in lines)]
        return each("d", s.depth.out, each("a", s.depth.kernel, inside))

    def _rows_at_once(self) -> int:
        """Rows of y whose gradients, and the rows of x that they meet, fit the L2 cache together."""
        s = self.shape
        row = s.filters * s.out[1] + s.channels * self.x_columns * s.stride[0]
        most = NEAR // (4 * self.lanes * row)
        blocks = -(-s.out[0] // max(1, most))
        return -(-s.out[0] // blocks)

    def back(self, given: str = "dy, halo, w, NULL, dx, accumulate") -> list[str]:
        """dx, tile by tile; `given`: dy and its neighbours' rows, weights and bias, the result, whether to add."""
        s, channels = self.shape, self.shape.channels // self.shape.groups
        height, width = best(channels, s.size[1], self.registers, s.stride[1])

        def tile(k: str, count: int) -> list[str]:
            return [
                line
                for first, end, step, edge in self._columns(width)
                for line in _column_loop(
                    first, end, step, f"input_tile({given}, g, {k}, d, r, {{}}, {count}, {step}, {edge});"
                )
            ]

        inner = loops("k", channels, height, tile)
        return each("g", s.groups, each("d", s.depth.size, each("r", s.size[0], inner)))

    def one(self) -> list[str]:
        """y of a single image, channels in the lanes, the rows from `first` to `last`."""
        s = self.shape
        held = vecs(s.filters, self.lanes)
        across, width = best(held, s.out[1], self.registers)

        def columns(f: str, count: int) -> list[str]:
            call = f"one_tile(x, w, b, y, r, {{}}, {f}, {{}}, {count});"
            return loops("c", s.out[1], width, lambda c, wide: [call.format(c, wide)])

        return ["for (int r = first; r < last; r++) {", *(f"  {x}" for x in loops("f", held, across, columns)), "}"]

    def _columns(self, width: int) -> list[tuple[int, int, int, int]]:
        """(first, end, step, whether at the edge) of dx's columns in loops; inside, no tap of a tile leaves dy."""
        s = self.shape
        reach = (s.kernel[1] - 1) * s.dilation[1]
        least, most = reach - s.before[1], (s.out[1] - 1) * s.stride[1] - s.before[1]
        many = s.size[1] > MANY_TILES * width
        runs: list[tuple[int, int, int, int]] = []
        for first in range(0, s.size[1], width):
            step = min(width, s.size[1] - first)
            edge = int(step < width or first < least or first + width - 1 > most)
            if runs and runs[-1][2:] == (step, edge) and (many or not edge):
                runs[-1] = (runs[-1][0], first + step, step, edge)
            else:
                runs.append((first, first + step, step, edge))
        return runs


def each(name: str, count: int, body: list[str]) -> list[str]:
    """The lines once for each number; for one alone without a loop."""
    if count == 1:
        return [f"const int {name} = 0;", *body]
    return [f"for (int {name} = 0; {name} < {count}; {name}++) {{", *(f"  {line}" for line in body), "}"]


def _column_loop(first: int, end: int, step: int, call: str) -> list[str]:
    if end - first == step:
        return [call.format(first)]
    return [f"for (int c = {first}; c < {end}; c += {step}) {call.format('c')}"]
