"""Convolution: kernels for its one shape, with tiles that fill the registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from striate.native.plan import Places, Step
from striate.native.target import Target
from striate.native.tiles import best, best_for_weights, loops
from striate.native.values import Parameter, Value, vecs

Pair = tuple[int, int]  # rows, columns
NEAR = 3 * 2**18  # bytes that a core's second cache keeps beside what else passes through it
POSITIONS, FEWEST = 16, 12  # of a turned patch; channels and filters from which turning gains
MANY_TILES = 16  # at edges; fewer are written out, so that the compiler knows for each which taps it has
WIDEST = 32  # side of a register tile, as the kernels have it


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

    @property
    def name(self) -> str:
        """Such as `conv_6x14x14_16_5x5`; equal shapes have equal names."""
        parts = [f"conv_{self.channels}x{_x(self.size)}_{self.filters}_{_x(self.kernel)}"]
        parts += [f"s{_x(self.stride)}"] * (self.stride != (1, 1)) + [f"p{_x(self.before)}"] * (self.before != (0, 0))
        parts += [f"d{_x(self.dilation)}"] * (self.dilation != (1, 1)) + [f"g{self.groups}"] * (self.groups != 1)
        return "_".join([*parts, _x(self.out)] + ["b"] * self.bias + ["flip"] * self.flip)


def _x(pair: Pair) -> str:
    return f"{pair[0]}x{pair[1]}"


class Convolution(Step):
    """y = w ⋆ x + b on maps with a border.

    Where a batch norm alone reads y, the kernel for training gathers its statistics as it stores, and that for
    evaluation normalises: `moments` says in C where the statistics go.
    """

    reads_inputs = True

    def __init__(self, title: str, x: Value, y: Value, weights: tuple[Parameter, ...], shape: Shape, target: Target):
        super().__init__(title, (x,), y, weights)
        self.shape, self.registers, self.lanes = shape, target.registers, target.lanes
        self.moments = ""
        self.remake: Callable[[Places], str] | None = None  # what writes x again

    @property
    def winograd(self) -> bool:
        """Whether products of turned patches and kernels cost less; few channels are not worth the turning."""
        s = self.shape
        plain = (s.stride, s.dilation, s.groups, s.flip) == ((1, 1), (1, 1), 1, False)
        large = min(s.channels, s.filters) >= FEWEST and min(*s.size, *s.out) >= 4
        return s.kernel == (3, 3) and plain and large and max(s.before) <= 2

    def turned(self) -> int:
        """Each kernel's 16 numbers, for going there and for going back."""
        return 2 * POSITIONS * (self.shape.filters * self.shape.channels + self.lanes) * self.winograd

    def turn(self, at: Places) -> str:
        """Kernels as Winograd's products need them."""
        if not self.winograd:
            return ""
        there, filters = at.turned(self), self.shape.filters
        back = f"{there} + {self.turned() // 2}"
        share = f"{filters} * thread / threads, {filters} * (thread + 1) / threads"
        return f"{self.name}_turn({at.parameter(self.parameters[0])}, {there}, {back}, {share});"

    def workspace(self) -> int:
        """Room for a row of turned patches and of products."""
        s = self.shape
        tiles = max(vecs(s.out[1], 2), vecs(s.size[1], 2))
        return POSITIONS * ((s.channels + s.filters) * tiles + 2) * self.winograd

    @property
    def name(self) -> str:
        """Of its functions: the shape, and the borders where there are any."""
        borders = [f"i{'_'.join(map(str, self.inputs[0].border))}"] * any(self.inputs[0].border)
        borders += [f"o{'_'.join(map(str, self.output.border))}"] * any(self.output.border)
        return "_".join([self.shape.name, *borders, *["image"] * self.inputs[0].compact, *["bn"] * bool(self.moments)])

    def units(self) -> dict[str, str]:
        """One unit with the forward kernels and both gradients."""
        lines = [f"/* {self.shape.filters} filters {_x(self.shape.kernel)} over "]
        lines[0] += f"{self.shape.channels} x {_x(self.shape.size)}, in tiles that stay in registers. */"
        header = "winograd.h" if self.winograd else "conv.h"
        lines += [f"#define {name} {value}" for name, value in self._macros().items()] + [f'#include "{header}"']
        for signature, body in self._functions():
            lines += ["", f"{signature} {{", *(f"  {line}" for line in body), "}"]
        return {self.name: "\n".join([*lines, ""])}

    def signatures(self) -> Iterator[str]:
        """Of the unit's functions."""
        return (signature for signature, _ in self._functions())

    def _functions(self) -> Iterator[tuple[str, list[str]]]:
        """Each function of the unit: signature and body."""
        x, w, b = "const vec *restrict x", "const float *restrict w", "const float *restrict b"
        dy, y = "const vec *restrict dy", "vec *restrict y"
        room = ", vec *restrict room" * self.winograd
        if self.moments:
            given = f"{x}, {w}, {b}, {y}, struct moments *found, int count{room}"
            body = self._stored("store_tiles(m, b, y, r);", "forward_tile(x, w, b, y, {}, {}, {}, {}, {});", True)
            body = ["struct gathered sums;", *body, "moments_from(&sums, found, count);"]
            yield f"void {self.name}_measured({given})", body
            given = f"{x}, {w}, {b}, const float *scale, const float *shift, const vec *z, {y}"
            given += f", struct map mz, struct map my, int relu{room}"
            numbers = "b, scale, shift, z, y, mz, my, relu"
            tile = f"normalised_tile(x, w, {numbers}, {{}}, {{}}, {{}}, {{}}, {{}});"
            body = self._stored(f"store_normalised_tiles(m, {numbers}, r);", tile)
            yield f"void {self.name}_normalised({given})", body
        else:
            body = self._stored("store_tiles(m, b, y, r);", "forward_tile(x, w, b, y, {}, {}, {}, {}, {});")
            yield f"void {self.name}_forward({x}, {w}, {b}, {y}{room})", body
        yield f"void {self.name}_weights({x}, {dy}, float *restrict dw, float *restrict db)", self._weights()
        body = self._products(False, ["store_gradient_tiles(m, dx, accumulate, r);"]) if room else self._back()
        yield f"void {self.name}_input({dy}, {w}, vec *restrict dx, int accumulate{room})", body
        if self.winograd:
            given = "const float *w, float *there, float *back, int first, int last"
            yield f"void {self.name}_turn({given})", ["turn_kernels(w, there, back, first, last);"]
        if self.shape.groups == 1:
            pointers = "const float *restrict x, const vec *restrict w, const vec *restrict b, vec *restrict y"
            yield f"void {self.name}_one({pointers}, int first, int last)", self._one()

    def forward(self, at: Places) -> str:
        """y from x; in training, what a batch norm behind needs to know of it too."""
        given = f"{self._read(at)}, {at.value(self.output)}"
        if self.moments:
            return f"{self.name}_measured({given}, {self.moments}, count{self._room(at)});"
        return f"{self.name}_forward({given}{self._room(at)});"

    def normalised(self, at: Places, then: str) -> str:
        """The batch norm's y from x; `then`: scale and shift, shortcut, y, their maps, ReLU."""
        return f"{self.name}_normalised({self._read(at)}, {then}{self._room(at)});"

    def evaluate(self, at: Places) -> str:
        """Nothing where a batch norm will call it."""
        return "" if self.moments else self.forward(at)

    def _read(self, at: Places) -> str:
        bias = at.parameter(self.parameters[1]) if self.shape.bias else "0"
        weights = at.turned(self) if self.winograd else at.parameter(self.parameters[0])
        return f"{at.value(self.inputs[0])}, {weights}, {bias}"

    def _room(self, at: Places) -> str:
        return f", {at.workspace()}" if self.winograd else ""

    def backward(self, at: Places) -> str:
        """dw, db and, where anybody needs it, dx."""
        (x,), weight, dy = self.inputs, self.parameters[0], at.gradient(self.output)
        bias = at.slope(self.parameters[1]) if self.shape.bias else "0"
        text = f"{self.remake(at)}\n" if self.remake else ""
        text += f"{self.name}_weights({at.value(x.on_the_way_back)}, {dy}, {at.slope(weight)}, {bias});"
        if at.wanted(x):
            weights = f"{at.turned(self)} + {self.turned() // 2}" if self.winograd else at.parameter(weight)
            text += f"\n{self.name}_input({dy}, {weights}, {at.gradient(x)}, {at.adds(x)}{self._room(at)});"
        return text

    def _macros(self) -> dict[str, int]:
        s, x, y = self.shape, self.inputs[0], self.output
        macros = {"CHANNELS": s.channels, "FILTERS": s.filters, "GROUPS": s.groups}
        macros |= {"BIAS": int(s.bias), "FLIP": int(s.flip)}
        pairs = {"K": s.kernel, "S": s.stride, "D": s.dilation, "IN": s.size, "OUT": s.out}
        pairs |= {"X": (x.all_rows, x.all_columns), "Y": (y.all_rows, y.all_columns)}
        for name, (rows, columns) in pairs.items():
            macros |= {f"{name}_ROWS": rows, f"{name}_COLUMNS": columns}
        macros["X_STEP"] = s.channels if x.compact else vecs(s.channels, self.lanes) * self.lanes
        corners = {"PAD": s.before, "Y": y.border[:2], "X": (x.border[0] - s.before[0], x.border[1] - s.before[1])}
        for name, (top, left) in corners.items():
            macros |= {f"{name}_TOP": top, f"{name}_LEFT": left}
        return macros | ({"TILE": s.stride[1]} if s.stride[1] > WIDEST else {})

    def _groups(self, body: list[str]) -> list[str]:
        if self.shape.groups == 1:
            return ["const int g = 0;", *body]
        return [f"for (int g = 0; g < {self.shape.groups}; g++) {{", *(f"  {line}" for line in body), "}"]

    def _stored(self, turned: str, tile: str, gathers: bool = False) -> list[str]:
        """All of y, by Winograd's products or tile by tile; and its statistics, row by row, where they are wanted."""
        if not self.winograd:
            return self._forward(tile, "gather(y, &sums, g, r);" * gathers)
        rows = "for (int i = r; i < r + 2 && i < OUT_ROWS; i++) gather(y, &sums, 0, i);"
        return self._products(True, [turned, *[rows] * gathers])

    def _products(self, there: bool, stores: list[str]) -> list[str]:
        """Rows of tiles: of y from x, or back, of dx from dy."""
        s = self.shape
        size, (inputs, outputs) = (s.out, (s.channels, s.filters)) if there else (s.size, (s.filters, s.channels))
        tiles, (top, left) = vecs(size[1], 2), s.before if there else (2 - s.before[0], 2 - s.before[1])
        start = "x + (X_TOP + PAD_TOP) * X_COLUMNS + X_LEFT + PAD_LEFT" if there else "dy"
        steps = "X_COLUMNS, X_ROWS * X_COLUMNS" if there else "OUT_COLUMNS, OUT_ROWS * OUT_COLUMNS"
        rows, columns = s.size if there else s.out
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

    def _forward(self, tile: str, behind_a_row: str = "") -> list[str]:
        """The tiles of y; `tile` calls one with filter, row, column, filters and columns."""
        s, filters = self.shape, self.shape.filters // self.shape.groups
        height, width = best(filters, s.out[1], self.registers)

        def row(f: str, count: int) -> list[str]:
            place = f"g * {filters} + {f}"
            return loops("c", s.out[1], width, lambda c, columns: [tile.format(place, "r", c, count, columns)])

        lines = [*loops("f", filters, height, row), *[behind_a_row] * bool(behind_a_row)]
        return self._groups([f"for (int r = 0; r < {s.out[0]}; r++) {{", *(f"  {line}" for line in lines), "}"])

    def _weights(self) -> list[str]:
        s = self.shape
        filters, channels = s.filters // s.groups, s.channels // s.groups
        height, deep, rows, columns = best_for_weights(filters, channels, *s.kernel, self.registers)
        block = self._rows_at_once()

        def tiles(f: str, a: int) -> list[str]:
            def call(k: str, b: int, u: str, c: int, v: str, d: int) -> list[str]:
                return [
                    f"weights_tile(x, dy, dw, g * {filters} + {f}, {k}, {u}, {v}, first, last, {a}, {b}, {c}, {d});"
                ]

            def of_rows(k: str, b: int, u: str, c: int) -> list[str]:
                return loops("v", s.kernel[1], columns, lambda v, d: call(k, b, u, c, v, d))

            def of_channels(k: str, b: int) -> list[str]:
                return loops("u", s.kernel[0], rows, lambda u, c: of_rows(k, b, u, c))

            return loops("k", channels, deep, of_channels)

        return [
            "if (db) bias_gradient(dy, db);",
            f"for (int first = 0; first < {s.out[0]}; first += {block}) {{",
            f"  const int last = first + {block} < {s.out[0]} ? first + {block} : {s.out[0]};",
            *(f"  {line}" for line in self._groups(loops("f", filters, height, tiles))),
            "}",
        ]

    def _rows_at_once(self) -> int:
        """Rows of y whose gradients, and the rows of x that they meet, fit the second cache together."""
        s, x = self.shape, self.inputs[0]
        row = s.filters * s.out[1] + s.channels * x.all_columns * s.stride[0]
        most = NEAR // (4 * self.lanes * row)
        blocks = -(-s.out[0] // max(1, most))
        return -(-s.out[0] // blocks)

    def _back(self) -> list[str]:
        s, channels = self.shape, self.shape.channels // self.shape.groups
        height, width = best(channels, s.size[1], self.registers, s.stride[1])

        def tile(k: str, count: int) -> list[str]:
            return [
                line
                for first, end, step, edge in self._columns(width)
                for line in _column_loop(
                    first, end, step, f"input_tile(dy, w, dx, accumulate, g, {k}, r, {{}}, {count}, {step}, {edge});"
                )
            ]

        inner = loops("k", channels, height, tile)
        return self._groups([f"for (int r = 0; r < {s.size[0]}; r++) {{", *(f"  {line}" for line in inner), "}"])

    def _one(self) -> list[str]:
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


def _column_loop(first: int, end: int, step: int, call: str) -> list[str]:
    if end - first == step:
        return [call.format(first)]
    return [f"for (int c = {first}; c < {end}; c += {step}) {call.format('c')}"]
