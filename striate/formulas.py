"""The formulas of a network's rows with their numbers in, as a lecture writes them on the board.

>>> from striate.notation import measure, read
>>> row = measure(read("input 3x15x16 -> maxpool 2")).rows[0]
>>> dict(formulas(row))["discards"], unread(row)
('1 - 168/720 = 76.7% of the entries', '1 of 15 rows')
"""

from collections.abc import Iterator
from functools import singledispatch

from striate.notation import Row, rules
from striate.notation.rules.shape import shown
from striate.notation.tree import Conv, FullyConnected, Local, Node, Pool, Shape, Shuffle, Unpool, UpConv


def row_formulas(row: Row, every: bool) -> list[str]:
    """A row's formulas as lines under its name; by default all of them, else output and parameters alone."""
    lines = list(formulas(row))
    if not every:
        lines = [(name, text) for name, text in lines if name in ("output", "parameters")]
    head = f"{row.name}: {row.text}"
    width = max((len(name) for name, _ in lines), default=0)
    return [head, *(f"  {name:<{width}}  {text}" for name, text in lines)] if lines else []


def formulas(row: Row) -> Iterator[tuple[str, str]]:
    """Each figure of a row that has a formula, as (name, formula = value)."""
    if row.output.formula:
        yield "output", f"{row.output.formula}, so {cross(row.output.value)}"
    if row.parameters.formula:
        yield "parameters", f"{row.parameters.formula} = {number(row.parameters.value)}"
    if row.macs.formula:
        yield "MACs", f"{row.macs.formula} = {number(row.macs.value)}"
    yield "memory", row.memory.formula + (f" = {number(row.memory.value)} bytes" if row.memory.value != 0 else "")
    fields = list(dict.fromkeys(axis.formula for axis in row.field.axes if axis.formula))
    each = isinstance(row.node, FullyConnected) and row.node.each
    if fields and isinstance(row.node, Conv | Pool | Local | FullyConnected | UpConv | Unpool | Shuffle) and not each:
        yield "receptive field", "; ".join(fields)
    if row.unused.formula:
        yield "never read", f"{row.unused.formula} ({unread(row)})"
    yield from _asides(row.node, row)


@singledispatch
def _asides(node: Node, row: Row) -> Iterator[tuple[str, str]]:
    """What a lecture would add beside a layer's figures."""
    yield from ()


@_asides.register
def _(node: Conv, row: Row) -> Iterator[tuple[str, str]]:
    """What the same maps would cost without shared weights, and without locality."""
    if None in row.output.value or None in row.input or node.groups > 1 or set(node.dilation) != {1}:
        return
    local = rules.parameters(Local(node.filters, node.kernel, node.stride, node.pad, node.bias), row.input)
    outputs = rules.product(row.output.value) or 0
    full = rules.parameters(FullyConnected(outputs, node.bias), row.input)
    yield "if unshared", f"{local.formula} = {number(local.value)} parameters"
    yield "if fully connected", f"{full.formula} = {number(full.value)} parameters"


@_asides.register
def _(node: Pool, row: Row) -> Iterator[tuple[str, str]]:
    before, after = rules.product(row.input), rules.product(row.output.value)
    if before and after:
        yield "discards", f"1 - {after:,}/{before:,} = {1 - after / before:.1%} of the entries"


def unread(row: Row) -> str:
    """`1 of 15 rows and 1 of 16 columns`; alike axes once."""
    names = ("planes", "rows", "columns") if len(row.unused.value) > 1 else ("entries",)
    axes = zip(row.unused.value, row.input[1:], names[-len(row.unused.value) :], strict=True)
    told: dict[tuple[int, int | None], list[str]] = {}
    for count, n, name in axes:
        if count:
            told.setdefault((count, n), []).append(name)
    return ", ".join(f"{count} of {n} {' and '.join(names)}" for (count, n), names in told.items())


def number(value: int | None) -> str:
    """`2,368`; `?` for what a free axis leaves open."""
    return "?" if value is None else f"{value:,}"


def cross(shape: Shape) -> str:
    """`16×64×64`."""
    return shown(shape).replace("x", "×")
