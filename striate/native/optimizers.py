"""The optimisers of the machine code, by their numbers.

>>> optimizer_named("adamw")
<Optimizer.ADAMW: 6>
"""

from enum import IntEnum

from striate.native.lowering import Refused


class Optimizer(IntEnum):
    """As the kernels' `enum optimizer` has it."""

    SGD = 0
    MOMENTUM = 1
    NESTEROV = 2
    ADAGRAD = 3
    RMSPROP = 4
    ADAM = 5
    ADAMW = 6


def optimizer_named(name: str) -> Optimizer:
    """The optimiser of a lower-case name.

    Raises:
        Refused: The engine lacks it.
    """
    if name.upper() not in Optimizer.__members__:
        raise Refused(f"the native engine lacks the optimiser '{name}'")
    return Optimizer[name.upper()]
