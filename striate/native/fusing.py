"""Steps that are done at once, so that maps go through memory less often: sums and ReLUs as values are written.

>>> from striate.native.layers import Builder, LAYERS, value_of
>>> from striate.native.target import named
>>> from striate.notation import tree
>>> builder = Builder(named("avx2"))
>>> norm = LAYERS[tree.BatchNorm](builder, tree.BatchNorm(), value_of((3, 4, 4)), "bn1")
>>> y = LAYERS[tree.Relu](builder, tree.Relu(), norm, "relu1")
>>> [step.title for step in fused(builder.steps, [y])]
['bn1: bn, 3x4x4 -> 3x4x4 -> relu']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeGuard

from striate.native.plan import Step
from striate.native.steps.activation import Activation
from striate.native.steps.join import Add
from striate.native.steps.norm import BatchNorm
from striate.native.values import Value


def fused(steps: Sequence[Step], ends: Sequence[Value]) -> list[Step]:
    """The steps, those left out that another does too: only where no other step, and nobody outside, reads its value.

    Args:
        steps: In order.
        ends: What the network ends in.
    """
    readers = Counter(value for step in steps for value in step.inputs)
    readers.update(ends)
    writers: dict[Value, Step] = {}
    kept: list[Step] = []
    for step in steps:
        before = writers.get(step.inputs[0]) if readers[step.inputs[0]] == 1 else None
        if isinstance(step, Add) and isinstance(before, BatchNorm) and before.takes(step.inputs[1]):
            before.join(step)
            kept.remove(before)  # it waits for the shortcut too
            step = before
        elif isinstance(step, Activation) and step.kind == "RELU" and _takes_relu(before):
            before.rectify(step.output)
            writers[step.output] = before
            continue
        writers[step.output] = step
        kept.append(step)
    return kept


def _takes_relu(step: Step | None) -> TypeGuard[BatchNorm | Add]:
    return isinstance(step, BatchNorm | Add) and not step.relu
