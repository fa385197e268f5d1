"""What a network's outputs are called where it is trained.

>>> from striate.notation import measure, read
>>> named_outputs(measure(read("input 1x8x8 -> fc 3")))
{'output': (3,)}
>>> named_outputs(measure(read("input 4 -> heads[ kind: fc 3 | size: fc 1 ]")))
{'kind': (3,), 'size': (1,)}
"""

from __future__ import annotations

from striate.notation import Measure
from striate.notation.tree import Shape
from striate.training.fields import OUTPUT


def named_outputs(measured: Measure) -> dict[str, Shape]:
    """The shape of each output by name; the one of a network without `heads` is `OUTPUT`."""
    return {name or OUTPUT: shape for name, shape in measured.outputs.items()}
