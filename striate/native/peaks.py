"""Convolutions of which only the largest entries go on, as in a classifier of sentences: one step does both.

The largest of a rising function is the function of the largest, so an activation between the two comes after them.
Those rise whose slope follows from what comes out alone.

>>> from striate.native.layers import Builder, LAYERS, value_of
>>> from striate.native.target import named
>>> from striate.notation import read
>>> builder, x = Builder(named("avx2"), 1), value_of((8, 30))
>>> for layer in read("input 8x30 -> conv 4@3 -> relu -> gmp").layers:
...     x = LAYERS[type(layer)](builder, layer, x, "it")
>>> [type(step).__name__ for step in peaked(builder.steps)]
['Peaks', 'Activation']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard

from striate.native.plan import Step
from striate.native.steps.activation import Activation
from striate.native.steps.convolution import Convolution
from striate.native.steps.peaks import Peaks
from striate.native.steps.pool import MaxPool
from striate.native.values import Value

FEWEST = 16  # entries of a row, from which single windows cost less than all of them


def peaked(steps: Sequence[Step]) -> list[Step]:
    """The steps, with one instead of a convolution and the maximum of its maps."""
    readers = Counter(value for step in steps for value in step.inputs)
    writers: dict[Value, Step] = {}
    kept: list[Step] = []
    for step in steps:
        between = _alone(step, writers, readers) if _is_global(step) else None
        rises = isinstance(between, Activation) and not between.reads_inputs
        before = _alone(between, writers, readers) if rises and between else between
        if not _suits(before):
            kept.append(step)
            writers[step.output] = step
            continue
        kept.remove(before)
        peaks = Peaks(before, Value(step.output.channels) if rises else step.output)
        kept.append(peaks)
        if rises and isinstance(between, Activation):
            kept.remove(between)
            between.inputs, between.output = (peaks.output,), step.output
            kept.append(between)
        writers |= {each.output: each for each in kept[-2:]}
    return kept


def _alone(step: Step, writers: dict[Value, Step], readers: Counter[Value]) -> Step | None:
    """What writes a step's input, if no other step reads it."""
    return writers.get(step.inputs[0]) if readers[step.inputs[0]] == 1 else None


def _is_global(step: Step) -> bool:
    """Whether it is the maximum of whole rows."""
    x = step.inputs[0]
    if not isinstance(step, MaxPool) or x.rows > 1:
        return False
    return replace(step.window, down=1, right=1, row_step=1) == MaxPool.whole(x)  # one window makes no stride


def _suits(step: Step | None) -> TypeGuard[Convolution]:
    """Whether it is a convolution along one row that is long enough."""
    if not isinstance(step, Convolution) or step.inputs[0].strips > 1:
        return False
    shape = step.shape
    return shape.size[0] == shape.kernel[0] == 1 and shape.out[1] >= FEWEST and shape.groups == 1 and not shape.flip
