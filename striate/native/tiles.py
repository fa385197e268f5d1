"""Register tiles: how many filters x columns are computed at once, so that the multipliers are never idle.

A tile of a x b accumulators does a·b multiply-adds for a + b loads. It must fit the registers, and be large enough to
cover the multipliers' latency.

>>> best(16, 10, registers=32)
(4, 5)
>>> list(regions(16, 6))
[(0, 12, 6), (12, 16, 4)]
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from math import prod

STREAM = 5.3  # half cycles to load a vector from the L2 cache
LATENCY = 8  # multiply-adds in flight: two units, four cycles


def regions(count: int, tile: int) -> Iterator[tuple[int, int, int]]:
    """(first, end, step) of the whole tiles, then of what is left."""
    whole = count // tile * tile
    if whole:
        yield 0, whole, tile
    if whole < count:
        yield whole, count, count - whole


def cost(a: int, b: int) -> float:
    """Half cycles for one tap of a tile."""
    return max(a * b, a + b, LATENCY) + 0.25 * (a + b)


@cache
def best(first: int, second: int, registers: int, step: int = 1) -> tuple[int, int]:
    """The tile that covers first x second accumulators fastest; its second side is a multiple of `step`.

    Args:
        first: Filters, or channels.
        second: Columns, or taps.
        registers: Vector registers of the machine.
        step: What the second side is a multiple of, unless it is all of `second`.
    """
    room = registers - 1 - registers // 8
    sides = [b for b in range(1, second + 1) if b % step == 0 or b == second]
    fitting = [(a, b) for a, b in product(range(1, first + 1), sides) if a * b + min(a, b) <= room]

    def total(tile: tuple[int, int]) -> float:
        parts = product(regions(first, tile[0]), regions(second, tile[1]))
        return sum(
            (end - begin) // a * ((right - left) // b) * cost(a, b) for (begin, end, a), (left, right, b) in parts
        )

    return min(fitting or [(1, sides[0])], key=total)


@cache
def best_for_weights(filters: int, channels: int, rows: int, columns: int, registers: int) -> tuple[int, int, int, int]:
    """Filters, channels, kernel rows and columns of a tile of a weight gradient, which runs over all of the map.

    Per position it loads one vector per filter and one per channel from L2, whose bandwidth is the limit: one vector in
    the time of `STREAM` / 2 multiply-adds on both units. A tile of several channels has whole kernels, one of several
    kernel rows has all columns.

    >>> best_for_weights(16, 6, 5, 5, registers=32), best_for_weights(64, 64, 1, 1, registers=32)
    ((2, 1, 2, 5), (4, 5, 1, 1))
    """
    room = registers * 3 // 4  # with more the compiler spills: measured, not reasoned
    whole = (channels, rows, columns)
    boxes = [
        *((1, 1, c) for c in range(1, columns)),
        *((1, r, columns) for r in range(1, rows)),
        *((k, rows, columns) for k in range(1, channels + 1)),
    ]
    sides = [(a, *box) for a, box in product(range(1, filters + 1), boxes) if a * (prod(box) + 1) <= room]

    def total(side: tuple[int, int, int, int]) -> float:
        """Half cycles over all tiles, those at the ends too."""
        parts = (list(regions(n, tile)) for n, tile in zip((filters, *whole), side, strict=True))
        return sum(
            prod((end - first) // step for first, end, step in part)
            * max(cost(part[0][2], prod(step for _, _, step in part[1:])), STREAM * (part[0][2] + part[1][2]))
            for part in product(*parts)
        )

    return min(sides or [(1, 1, 1, 1)], key=total)


def loops(variable: str, count: int, tile: int, body: Callable[[str, int], list[str]]) -> list[str]:
    """C lines that go through `count` in tiles; `body` is given the variable and the tile's size."""
    lines = []
    for first, end, step in regions(count, tile):
        if end - first == step:
            lines += body(str(first), step)
            continue
        lines.append(f"for (int {variable} = {first}; {variable} < {end}; {variable} += {step}) {{")
        lines += [*(f"  {line}" for line in body(variable, step)), "}"]
    return lines
