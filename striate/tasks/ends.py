"""A network's inputs and outputs by name, and whether they are those of a task's data.

>>> from striate.notation import read
>>> named_outputs(measure(read("input 1x8x8 -> fc 3")))
{'output': (3,)}
>>> named_outputs(measure(read("input 4 -> heads[ place: fc 3 | level: fc 1 ]")))
{'place': (3,), 'level': (1,)}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from striate.data.examples import Opened
from striate.errors import InputError
from striate.notation import Measure, Network, measure
from striate.notation.errors import RuleError
from striate.notation.tree import Shape
from striate.training.fields import OUTPUT

if TYPE_CHECKING:
    from striate.tasks.task import Task


def named_outputs(measured: Measure) -> dict[str, Shape]:
    """The shape of each output by name; the one of a network without `heads` is `OUTPUT`."""
    return {name or OUTPUT: shape for name, shape in measured.outputs.items()}


def flat(shape: Shape) -> Shape:
    """Without the sides of 1: what a vector has that comes as maps of one entry.

    >>> flat((28, 1, 1)), flat((1, 1))
    ((28,), (1,))
    """
    return tuple(side for side in shape if side != 1) or (1,)


def check_inputs(network: Network, opened: Opened) -> None:
    """Check that a network's inputs are the data's; where there are several they have their names.

    Raises:
        InputError: Names those of both.
    """
    asked, given = network.inputs, opened.schema.inputs
    if len(asked) == len(given) == 1 or asked.keys() == given.keys():
        return
    names = ", ".join(name or "an input without a name" for name in asked)
    raise InputError(
        f"{network.name} reads {names}, and {opened.name} gives {', '.join(given)}; "
        f"let its inputs be those, as in `{next(iter(given))}: input …`"
    )


def outputs_for(network: Network, shape: Shape, task: Task, name: str, what: str) -> dict[str, Shape]:
    """The shapes of what a network gives for an example whose last input has this one, by name.

    Raises:
        InputError: It does not fit the examples, which are `what`, or what it gives does not fit data called `name`.
    """
    try:
        measured = measure(network, shape)
    except RuleError as error:
        raise InputError(f"{network.name} does not fit {what}: {error.headline}") from None
    outputs, aside = named_outputs(measured), measured.graph.aside
    if why := task.fits_all(outputs, name):
        raise InputError(f"{network.name} {why}")
    if aside and outputs.keys() != {OUTPUT}:
        raise InputError(f"{network.name} has aux beside several outputs, and no loss tells which of them it is like")
    for head, value in aside.items():
        if why := task.fits_all({OUTPUT: measured.shape(value)}, name):
            raise InputError(f"{head} of {network.name} {why}")
    return outputs
