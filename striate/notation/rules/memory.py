"""Activation memory: what a layer's output takes for one example.

>>> activation_bytes((16, 64, 64))
Figure(value=262144, formula='4*16*64*64')
"""

from striate.notation.rules.figure import Figure, product, times
from striate.notation.tree import Shape

BYTES = 4  # float32


def activation_bytes(shape: Shape) -> Figure[int | None]:
    """Bytes of a float32 output of this shape; None while an axis is free."""
    return Figure(product((BYTES, *shape)), times(BYTES, *shape))
