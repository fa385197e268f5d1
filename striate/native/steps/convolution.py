"""Convolution: its C calls, and the functions of its translation unit, made for its one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from striate.native.plan import Places, Step
from striate.native.steps.bodies import POSITIONS, Bodies, Pair, Shape, written
from striate.native.target import Target
from striate.native.values import Parameter, Value, vecs


@dataclass(frozen=True)
class Edges:
    """The rows and columns of a map with its border, and those before its first entry."""

    whole: Pair
    before: Pair = (0, 0)

    @classmethod
    def of(cls, value: Value, frames: int = 1) -> Edges:
        """Those of each of a value's frames, that are one below the other."""
        return cls((value.all_rows // frames, value.all_columns), value.border[:2])


def macros(s: Shape, x: Edges, y: Edges, dy: Edges, dx: Edges) -> dict[str, int]:
    """The sizes that conv.h reads: those of a shape, and the memory layout of its four maps."""
    above, below = s.gradients_beyond
    found = {
        "ABOVE": above,
        "BELOW": below,
        "CHANNELS": s.channels,
        "FILTERS": s.filters,
        "GROUPS": s.groups,
        "BIAS": int(s.bias),
        "FLIP": int(s.flip),
    }
    depth = {"K": s.depth.kernel, "S": s.depth.stride, "D": s.depth.dilation, "IN": s.depth.size, "OUT": s.depth.out}
    found |= {f"{name}_DEPTH": number for name, number in depth.items()} | {"PAD_FRONT": s.depth.before}
    pairs = {"K": s.kernel, "S": s.stride, "D": s.dilation, "IN": s.size, "OUT": s.out}
    pairs |= {"X": x.whole, "Y": y.whole, "DY": dy.whole, "DX": dx.whole}
    for name, (rows, columns) in pairs.items():
        found |= {f"{name}_ROWS": rows, f"{name}_COLUMNS": columns}
    first = (x.before[0] - s.before[0], x.before[1] - s.before[1])
    for name, (top, left) in {"PAD": s.before, "X": first, "Y": y.before, "DY": dy.before, "DX": dx.before}.items():
        found |= {f"{name}_TOP": top, f"{name}_LEFT": left}
    return found


class Convolution(Step):
    """y = w ⋆ x + b on maps with a border.

    Where a batch norm alone reads y, the kernel for training gathers y's statistics as it stores, and that for
    evaluation normalises; `moments` is the C text of where the statistics go.
    """

    reads_inputs = True

    def __init__(self, title: str, x: Value, y: Value, weights: tuple[Parameter, ...], shape: Shape, target: Target):
        super().__init__(title, (x,), y, weights)
        self.shape, self.registers, self.lanes = shape, target.registers, target.lanes
        self.moments = ""
        self.remake: Callable[[Places], str] | None = None  # what writes x again

    def turned(self) -> int:
        """Each kernel's 16 numbers, for the forward and for the backward pass."""
        return 2 * POSITIONS * (self.shape.filters * self.shape.channels + self.lanes) * self.shape.winograd

    def turn(self, at: Places) -> str:
        """Kernels as Winograd's products need them."""
        if not self.shape.winograd:
            return ""
        there, filters = at.turned(self), self.shape.filters
        back = f"{there} + {self.turned() // 2}"
        share = f"{filters} * thread / threads, {filters} * (thread + 1) / threads"
        return f"{self.name}_turn({at.parameter(self.parameters[0])}, {there}, {back}, {share});"

    def workspace(self) -> int:
        """Memory for a row of turned patches and of products, and for rows of its neighbours' gradients."""
        return self._turning() + self.shape.filters * self.shape.out[1] * sum(self.shape.gradients_beyond)

    def _turning(self) -> int:
        s = self.shape
        tiles = max(vecs(s.out[1], 2), vecs(s.size[1], 2))
        return POSITIONS * ((s.channels + s.filters) * tiles + 2) * self.shape.winograd

    @property
    def name(self) -> str:
        """What its functions' names begin with: the shape, and the borders where there are any."""
        borders = [f"i{'_'.join(map(str, self.inputs[0].border))}"] * any(self.inputs[0].border)
        borders += [f"o{'_'.join(map(str, self.output.border))}"] * any(self.output.border)
        return "_".join([self.shape.name, *borders, *["image"] * self.inputs[0].compact, *["bn"] * bool(self.moments)])

    def units(self) -> dict[str, str]:
        """One unit with the forward kernels and both gradients."""
        lines = [f"/* {self.shape.filters} filters {written(self.shape.kernel)} over "]
        lines[0] += f"{self.shape.channels} x {written(self.shape.size)}, in tiles that stay in registers. */"
        header = "winograd.h" if self.shape.winograd else "conv.h"
        lines += [f"#define {name} {value}" for name, value in self._macros().items()] + [f'#include "{header}"']
        for signature, body in self._functions:
            lines += ["", f"{signature} {{", *(f"  {line}" for line in body), "}"]
        return {self.name: "\n".join([*lines, ""])}

    def signatures(self) -> Iterator[str]:
        """The signatures of the unit's functions."""
        return (signature for signature, _ in self._functions)

    @cached_property
    def _functions(self) -> list[tuple[str, list[str]]]:
        """Each function of the unit, signature and body, once the borders and what reads y are settled."""
        return list(self._written())

    def _written(self) -> Iterator[tuple[str, list[str]]]:
        bodies = Bodies(self.shape, self.registers, self.lanes, self.inputs[0].all_columns)
        x, w, b = "const vec *restrict x", "const float *restrict w", "const float *restrict b"
        dy, y = "const vec *restrict dy", "vec *restrict y"
        halo = "const vec *restrict halo"
        room = ", vec *restrict room" * self.shape.winograd
        if self.moments:
            given = f"{x}, {w}, {b}, {y}, struct moments *found, int count{room}"
            body = bodies.stored("store_tiles(m, b, y, r);", "forward_tile(x, w, b, y, {}, {}, {}, {}, {}, {});", True)
            body = ["struct gathered sums;", *body, "moments_from(&sums, found, count);"]
            yield f"void {self.name}_measured({given})", body
            given = f"{x}, {w}, {b}, const float *scale, const float *shift, const vec *z, {y}"
            given += f", struct map mz, struct map my, int relu{room}"
            numbers = "b, scale, shift, z, y, mz, my, relu"
            tile = f"normalised_tile(x, w, {numbers}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}});"
            body = bodies.stored(f"store_normalised_tiles(m, {numbers}, r);", tile)
            yield f"void {self.name}_normalised({given})", body
        else:
            body = bodies.stored("store_tiles(m, b, y, r);", "forward_tile(x, w, b, y, {}, {}, {}, {}, {}, {});")
            yield f"void {self.name}_forward({x}, {w}, {b}, {y}{room})", body
        body = ["if (db) bias_gradient(dy, db, FILTERS, OUT_DEPTH * OUT_ROWS * OUT_COLUMNS);", *bodies.weights()]
        yield f"void {self.name}_weights({x}, {dy}, float *restrict dw, float *restrict db)", body
        body = bodies.products(False, ["store_gradient_tiles(m, dx, accumulate, r);"]) if room else bodies.back()
        yield f"void {self.name}_input({dy}, {halo}, {w}, vec *restrict dx, int accumulate{room})", body
        if self.shape.winograd:
            given = "const float *w, float *there, float *back, int first, int last"
            yield f"void {self.name}_turn({given})", ["turn_kernels(w, there, back, first, last);"]
        if self.shape.groups == 1:
            pointers = "const float *restrict x, const vec *restrict w, const vec *restrict b, vec *restrict y"
            yield f"void {self.name}_one({pointers}, int first, int last)", bodies.one()

    def forward(self, at: Places) -> str:
        """y from x; in training also the statistics that a batch norm after it needs."""
        before = self._exchange(at, self.inputs[0])
        if self.moments:
            given = f"{self._read(at)}, {at.value(self.output)}, {self.moments}, {self.inputs[0].lanes_in_use}"
            return f"{before}{self.name}_measured({given}{self._room(at)});"
        return before + self.written_to(at, at.value(self.output))

    def written_to(self, at: Places, place: str) -> str:
        """y from x, at a place."""
        return f"{self.name}_forward({self._read(at)}, {place}{self._room(at)});"

    def _exchange(self, at: Places, x: Value) -> str:
        """The rows around each strip, from its neighbours."""
        above, below = self.shape.rows_beyond
        if x.strips == 1 or not above + below:
            return ""
        return f"exchange({at.value(x)}, {x.as_map()}, {above}, {below});\n"

    def normalised(self, at: Places, then: str) -> str:
        """The batch norm's y from x; `then`: scale and shift, shortcut, y, their maps, ReLU."""
        return f"{self._exchange(at, self.inputs[0])}{self.name}_normalised({self._read(at)}, {then}{self._room(at)});"

    def evaluate(self, at: Places) -> str:
        """Nothing where a batch norm calls the convolution."""
        return "" if self.moments else self.forward(at)

    def _read(self, at: Places) -> str:
        bias = at.parameter(self.parameters[1]) if self.shape.bias else "0"
        weights = at.turned(self) if self.shape.winograd else at.parameter(self.parameters[0])
        return f"{at.value(self.inputs[0])}, {weights}, {bias}"

    def _room(self, at: Places) -> str:
        return f", {at.workspace()}" if self.shape.winograd else ""

    def backward(self, at: Places) -> str:
        """dw, db and, where anybody needs it, dx."""
        (x,), weight, dy = self.inputs, self.parameters[0], at.gradient(self.output)
        bias = at.slope(self.parameters[1]) if self.shape.bias else "0"
        text = f"{self.remake(at)}\n{self._exchange(at, x.on_the_way_back)}" if self.remake else ""
        text += f"{self.name}_weights({at.value(x.on_the_way_back)}, {dy}, {at.slope(weight)}, {bias});"
        if at.wanted(x):
            weights = f"{at.turned(self)} + {self.turned() // 2}" if self.shape.winograd else at.parameter(weight)
            halo, exchange = self._halo(at)
            given = f"{dy}, {halo}, {weights}, {at.gradient(x)}, {at.adds(x)}{self._room(at)}"
            text += f"\n{exchange}{self.name}_input({given});"
        return text

    def _halo(self, at: Places) -> tuple[str, str]:
        """Pointer to the rows of dy around each strip, and the call that gets them there."""
        (above, below), y = self.shape.gradients_beyond, self.output
        if not above + below:
            return "0", ""
        halo = f"{at.workspace()} + {self._turning()}"
        sizes = f"{y.channels}, {y.rows}, {y.columns}, {above}, {below}"
        return halo, f"exchange_gradient({at.gradient(y)}, {halo}, {sizes});\n"

    def _macros(self) -> dict[str, int]:
        s, x, y = self.shape, self.inputs[0], self.output
        step = s.channels if x.compact else vecs(s.channels, self.lanes) * self.lanes
        return macros(s, Edges.of(x), Edges.of(y, s.depth.out), Edges(s.out), Edges(s.size)) | {"X_STEP": step}
