"""The arithmetic of a window that slides along one axis: convolution and pooling share it.

Output size `floor((n + 2p - (d(k-1)+1)) / s) + 1` (Dumoulin & Visin 2016, relationship 15).

>>> Window(7, 2, Pad("zeros", (3,)), 1, True).output(128)
Figure(value=64, formula='floor((128 + 2*3 - 7)/2) + 1 = 64')
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

from striate.notation.errors import RuleError
from striate.notation.rules.figure import Figure
from striate.notation.tree import MaxPool, Pad, Sliding, Subsample


def reach(size: int, dilation: int) -> int:
    """Entries from the first to the last that a kernel of `size` entries, `dilation` apart, touches: d(k - 1) + 1."""
    return dilation * (size - 1) + 1


@dataclass(frozen=True)
class Window:
    """A kernel of `size` entries, `dilation` apart, moving by `stride` over an axis padded by `pad`."""

    size: int
    stride: int
    pad: Pad
    dilation: int
    floor: bool

    @property
    def reach(self) -> int:
        """Entries from the first to the last that the kernel touches."""
        return reach(self.size, self.dilation)

    @property
    def _reach_text(self) -> str:
        return str(self.size) if self.dilation == 1 else f"({self.dilation}*({self.size} - 1) + 1)"

    def padding(self, n: int | None) -> tuple[int, int]:
        """Entries added before and after an axis of `n`; "same" adds an odd one at the end (TensorFlow's rule)."""
        if self.pad.mode != "same":
            return self.pad.sizes[0], self.pad.ends[0]
        whole = 0 if n is None else n % self.stride
        total = max(self.reach - (whole or self.stride), 0)
        return total // 2, total - total // 2

    def output(self, n: int | None) -> Figure[int | None]:
        """The number of positions on an axis of `n` entries; may be below 1 when the kernel does not fit."""
        if self.pad.mode == "same":
            size = None if n is None else -(-n // self.stride)
            return Figure(size, f"ceil({_q(n)}/{self.stride}) = {_q(size)}")
        before, after = self.padding(n)
        pads = f"2*{before}" if before == after else f"{before} + {after}"
        rounding = "floor" if self.floor else "ceil"
        formula = f"{rounding}(({_q(n)} + {pads} - {self._reach_text})/{self.stride}) + 1"
        if n is None:
            return Figure(None, formula)
        room = n + before + after - self.reach
        size = room // self.stride + 1 if self.floor else -(-room // self.stride) + 1
        if not self.floor and room % self.stride and (size - 1) * self.stride >= n + before:
            size, formula = size - 1, f"{formula} - 1 (the last window would be outside)"
        return Figure(size, f"{formula} = {size}")

    def sees_padding_alone(self, n: int) -> bool:
        """Whether a window steps over all of the `n` entries of an axis, or ends before or begins behind them."""
        before, count = self.padding(n)[0], self.output(n).value or 0
        if before >= self.reach or (count - 1) * self.stride - before >= n:
            return True
        rests = self.dilation // gcd(self.stride, self.dilation)  # after so many windows the same ones come again
        starts = range(-before, 0, self.stride)[: min(count, rests)]
        return self.dilation > n and any(start % self.dilation >= n for start in starts)

    def way_out(self, n: int, most_pad: int | None) -> str:
        """What would make the kernel fit; `most_pad` is how wide the padding may be."""
        room = n + sum(self.padding(n)) - 1
        largest, nearer = room // self.dilation + 1, room // max(self.size - 1, 1)
        denser = f", or dilate at most {nearer}" if self.dilation > 1 and nearer else ""
        pad = -(-(self.reach - n) // 2)
        wider = f", or pad {pad}" if most_pad is None or pad <= most_pad else ""
        return f"use a kernel of at most {largest}{denser}{wider}"


def windows(layer: Sliding) -> Iterator[Window]:
    """The window of a layer along each axis."""
    return (window_along(layer, axis) for axis in range(len(layer.kernel)))


def window_along(layer: Sliding, axis: int) -> Window:
    """The window of a layer along one axis, 0 the first."""
    given = layer.pad
    pad = given if given.mode == "same" else Pad(given.mode, (given.sizes[axis],), (given.ends[axis],))
    return Window(layer.kernel[axis], layer.stride[axis], pad, layer.dilation[axis], layer.floor)


def slide(layer: Sliding, spatial: tuple[int | None, ...], text: str) -> Figure[tuple[int | None, ...]]:
    """The spatial shape that comes out; raises an error that says why where none does."""
    figures = []
    for window, n in zip(windows(layer), spatial, strict=True):
        figure = window.output(n)
        if n is not None and (figure.value is None or figure.value < 1):
            shape = "x".join(_q(size) for size in spatial)
            most_pad = {MaxPool: window.size // 2, Subsample: 0}.get(type(layer))
            way_out = window.way_out(n, most_pad)
            detail = f"output = {figure.formula}; {way_out}"
            raise RuleError(f"{text} does not fit its {shape} input", detail, "kernel", len(spatial))
        figures.append(figure)
    check_repeats(layer.pad, spatial, "pad")
    formulas = [figure.formula for figure in figures]
    return Figure(
        tuple(figure.value for figure in figures),
        formulas[0] if len(set(formulas)) == 1 else "; ".join(formulas),
    )


def check_repeats(pad: Pad, spatial: tuple[int | None, ...], field: str) -> None:
    """Raise an error where padding is too wide to repeat entries of its axis; `field` is what the layer calls it."""
    for axis, n in enumerate(spatial if pad.mode in ("reflect", "circular") else ()):
        widest = max(pad.sizes[axis], pad.ends[axis])
        most = widest if n is None else n - 1 if pad.mode == "reflect" else n
        if widest > most:
            raise RuleError(
                f"pad {pad.mode} {widest} is too wide for {n} entries",
                f"{pad.mode} padding repeats the input itself; use pad {pad.mode} {most} or less",
                field,
            )


def _q(n: int | None) -> str:
    return "?" if n is None else str(n)
