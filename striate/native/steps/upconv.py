"""Transposed convolution: the mirror of a convolution, whose kernels it calls with their passes exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from striate.native.plan import Places, Step
from striate.native.steps.bodies import Bodies, Shape, written
from striate.native.steps.convolution import Edges, macros
from striate.native.target import Target
from striate.native.values import Parameter, Value


class UpConvolution(Step):
    """y from x as a convolution's dx comes from its dy; `shape` is that convolution's, from y's size to x's."""

    reads_inputs = True

    def __init__(self, title: str, x: Value, y: Value, weights: tuple[Parameter, ...], shape: Shape, target: Target):
        super().__init__(title, (x,), y, weights)
        self.mirror, self.registers, self.lanes = shape, target.registers, target.lanes

    @property
    def macs(self) -> int:
        """Every entry of x is multiplied by each weight that reads its channel."""
        x, weight = self.inputs[0], self.parameters[0]
        return x.rows * x.columns * weight.size

    @property
    def name(self) -> str:
        """What its functions' names begin with: the mirror's shape, and the borders where there are any."""
        borders = [f"i{'_'.join(map(str, self.inputs[0].border))}"] * any(self.inputs[0].border)
        borders += [f"o{'_'.join(map(str, self.output.border))}"] * any(self.output.border)
        return "_".join(["up", self.mirror.name, *borders])

    def _around(self) -> Edges:
        """dy and the zeros around it: as many before as the padding, after it as the last window reaches."""
        s = self.mirror
        axes = zip(s.out, s.stride, s.kernel, s.dilation, s.before, s.size, strict=True)
        after = [max(0, (n - 1) * step + (k - 1) * d + 1 - p - m) for n, step, k, d, p, m in axes]
        rows, columns = (n + p + a for n, p, a in zip(s.size, s.before, after, strict=True))
        return Edges((rows, columns), s.before)

    def workspace(self) -> int:
        """Memory for dy inside its border."""
        rows, columns = self._around().whole
        return self.mirror.channels * self.mirror.depth.size * rows * columns * self._surrounds()

    def _surrounds(self) -> bool:
        return self._around().whole != self.mirror.size

    def units(self) -> dict[str, str]:
        """One unit with the forward kernel and both gradients."""
        s = self.mirror
        lines = [f"/* {s.channels} filters {written(s.kernel)} from {s.filters} x {written(s.out)} up. */"]
        x, y = Edges.of(self.inputs[0], s.depth.out), Edges.of(self.output, s.depth.size)
        edges = (self._around(), Edges(s.out), x, y)
        sizes = macros(replace(s, bias=False), *edges) | {"X_STEP": 1}
        lines += [f"#define {name} {value}" for name, value in sizes.items()] + ['#include "upconv.h"']
        for signature, body in self._functions():
            lines += ["", f"{signature} {{", *(f"  {line}" for line in body), "}"]
        return {self.name: "\n".join([*lines, ""])}

    def signatures(self) -> Iterator[str]:
        """The signatures of the unit's functions."""
        return (signature for signature, _ in self._functions())

    def _functions(self) -> Iterator[tuple[str, list[str]]]:
        """Signatures and bodies; in the bodies x and dy have the names of the mirror's."""
        bodies = Bodies(self.mirror, self.registers, self.lanes, self._around().whole[1])
        w = "const float *restrict w"
        given = f"const vec *restrict dy, {w}, const float *restrict b, vec *restrict dx"
        yield f"void {self.name}_forward({given})", bodies.back("dy, NULL, w, b, dx, 0")
        yield f"void {self.name}_surround(const vec *restrict dy, vec *restrict around)", ["surround(dy, around);"]
        given = "const vec *restrict x, const vec *restrict dy, float *restrict dw"
        yield f"void {self.name}_weights({given})", bodies.weights()
        bias = ["bias_gradient(dy, db, CHANNELS, IN_DEPTH * IN_ROWS * IN_COLUMNS);"]
        yield f"void {self.name}_bias(const vec *restrict dy, float *restrict db)", bias
        body = bodies.forward("gradient_tile(x, w, y, accumulate, {}, {}, {}, {}, {}, {});")
        yield f"void {self.name}_input(const vec *restrict x, {w}, vec *restrict y, int accumulate)", body

    def forward(self, at: Places) -> str:
        """y from x."""
        bias = at.parameter(self.parameters[1]) if self.mirror.bias else "0"
        values = f"{at.value(self.inputs[0])}, {at.parameter(self.parameters[0])}, {bias}, {at.value(self.output)}"
        return f"{self.name}_forward({values});"

    def backward(self, at: Places) -> str:
        """dw, db and, where anybody needs it, dx."""
        (x,), weight, dy, lines = self.inputs, self.parameters[0], at.gradient(self.output), []
        if self.mirror.bias:
            lines.append(f"{self.name}_bias({dy}, {at.slope(self.parameters[1])});")
        if self._surrounds():
            lines.append(f"{self.name}_surround({dy}, {at.workspace()});")
            dy = at.workspace()
        lines.append(f"{self.name}_weights({dy}, {at.value(x)}, {at.slope(weight)});")
        if at.wanted(x):
            lines.append(f"{self.name}_input({dy}, {at.parameter(weight)}, {at.gradient(x)}, {at.adds(x)});")
        return "\n".join(lines)
