"""Which values share memory, so that nothing is copied without need.

An activation's input is stored where its output will be; the branches of a concatenation are stored one after another
from the start; a sum is added into its first term. Nothing is overwritten while another step still needs it.
"""

from __future__ import annotations

from collections import Counter

from striate.native.plan import Step
from striate.native.steps.activation import Activation
from striate.native.steps.convolution import Convolution
from striate.native.steps.dropout import Dropout
from striate.native.steps.join import Add, Concat
from striate.native.steps.norm import BatchNorm
from striate.native.steps.view import View
from striate.native.values import Value


def share(steps: list[Step], network_input: Value) -> None:
    """Let values share memory where no step needs both: an activation's input and output, a concat and its parts."""
    writers = {step.output: step for step in steps}
    for value, count in Counter(value for step in steps for value in step.inputs).items():
        value.readers = count
    for step in steps:
        if isinstance(step, View):
            (x,) = step.inputs
            if x.readers == 1:
                step.output.gradient_home = (x, 0)
            if not any((*x.border, *step.output.border)):
                step.output.home = (x, 0)
        if isinstance(step, Concat):
            _share_concat(step, network_input)
        if isinstance(step, BatchNorm):
            _share_with_convolution(step, writers)
            _remake(step, steps)
        if isinstance(step, BatchNorm) and _takes_gradient(step, steps, network_input):
            step.inputs[1].gradient_home = (step.output, 0)
        elif isinstance(step, Activation | Dropout | BatchNorm | Add):
            _share_first(step, writers)


def _share_concat(step: Concat, network_input: Value) -> None:
    channel = 0
    for x in step.inputs:
        if x.readers == 1 and x is not network_input and x.home is None:
            x.needs_border(*step.output.border)
            step.output.needs_border(*x.border)
            x.home = x.gradient_home = (step.output, channel)
        channel += x.channels


def _share_first(step: Step, writers: dict[Value, Step]) -> None:
    x, y = step.inputs[0], step.output
    if x.readers != 1 or x not in writers or x.home is not None:
        return
    if x.gradient_home is None:
        x.gradient_home = (y, 0)
    read_again = any(writer.reads_output for value, writer in writers.items() if value.root is x)
    if not (isinstance(step, BatchNorm) or step.reads_inputs or read_again):
        x.home = (y, 0)


def _share_with_convolution(norm: BatchNorm, writers: dict[Value, Step]) -> None:
    """A convolution that only a batch norm reads does some of the norm's work."""
    x = norm.inputs[0]
    writer = writers.get(x)
    if isinstance(writer, Convolution) and x.readers == 1:
        norm.convolution, writer.moments = writer, norm.moments


def _remake(norm: BatchNorm, steps: list[Step]) -> None:
    """Recompute on the way back what only a convolution reads, if a norm waits after it: else it is still in cache."""
    y = norm.output
    readers = [number for number, step in enumerate(steps) if y in step.inputs]
    if norm.shortcut or len(readers) != 1:
        return
    reader, waits = steps[readers[0]], any(step.waits for step in steps[readers[0] :])
    if isinstance(reader, Convolution) and waits:
        y.again = Value(y.channels, y.rows, y.columns, strips=y.strips)
        y.again.needs_border(*y.border)
        reader.remake = norm.remake


def _takes_gradient(norm: BatchNorm, steps: list[Step], network_input: Value) -> bool:
    """Whether the shortcut's gradient can share the memory of the sum's: no step has written one before."""
    z = norm.shortcut
    if z is None or z is network_input or z.gradient_home is not None:
        return False
    return next(step for step in reversed(steps) if z in step.inputs) is norm
