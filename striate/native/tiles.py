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

STREAM = 5.3  # half cycles for a vector from the second cache
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
    """The tile that covers first x second accumulators soonest; the second side comes in multiples of `step`.

    Args:
        first: Filters, or channels.
        second: Columns, or taps.
        registers: Vector registers of the machine.
        step: What the second side must divide by, or be whole.
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
def best_for_weights(filters: int, rows: int, columns: int, registers: int) -> tuple[int, int]:
    """Filters and kernel rows of a tile of a weight gradient, which runs over all positions of the map.

    At each it reads a vector a filter and one new one of the input from the second cache, which has no more to give
    than one in the time of `STREAM` / 2 multiply-adds on both units.
    """
    room = registers * 3 // 4  # with more the compiler spills: measured, not reasoned
    sides = [(a, r) for a, r in product(range(1, filters + 1), range(1, rows + 1)) if a * (r * columns + 1) <= room]

    def total(side: tuple[int, int]) -> float:
        parts = product(regions(filters, side[0]), regions(rows, side[1]))
        return sum(
            (end - begin) // a * ((last - first) // r) * max(cost(a, r * columns), STREAM * (a + 1))
            for (begin, end, a), (first, last, r) in parts
        )

    return min(sides or [(1, 1)], key=total)


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
