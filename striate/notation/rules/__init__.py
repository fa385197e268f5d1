"""What each layer costs and does to a shape, as pure functions: one file per rule, each with its formula filled in.

`parameters`, `macs` and `unused` take a layer and the shape that comes in, `output` and `receptive_field` all that a
layer or a join reads. None of them needs a tensor.

>>> from striate.notation.tree import Conv, Pad
>>> conv = Conv(16, (7, 7), (2, 2), Pad("zeros", (3, 3)), (1, 1))
>>> output(conv, (3, 128, 128))
Figure(value=(16, 64, 64), formula='floor((128 + 2*3 - 7)/2) + 1 = 64')
>>> parameters(conv, (3, 128, 128))
Figure(value=2368, formula='(7*7*3 + 1)*16')
"""

from striate.notation.rules import joins, norms, regrid  # noqa: F401 - they register their rules
from striate.notation.rules.field import Axis, Field, box_jump, receptive_field
from striate.notation.rules.figure import Figure, product
from striate.notation.rules.macs import macs
from striate.notation.rules.memory import activation_bytes
from striate.notation.rules.parameters import parameters
from striate.notation.rules.reads import Reads, entries, reads_along
from striate.notation.rules.shape import output
from striate.notation.rules.unused import unused

__all__ = [
    "Axis",
    "Field",
    "Figure",
    "Reads",
    "activation_bytes",
    "box_jump",
    "entries",
    "macs",
    "output",
    "parameters",
    "product",
    "reads_along",
    "receptive_field",
    "unused",
]
