"""The gradients of a loss at every value of a trace: backpropagation, call by call.

>>> from torch import nn
>>> from striate.inside.tracing import traced
>>> trace = traced(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)), torch.ones(1, 2))
>>> found = flowing(trace, lambda outputs: outputs[0, 1])
>>> sorted(found), found[3].tolist()
([0, 1, 2, 3], [[0.0, 1.0]])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from striate.inside import gradients
from striate.inside.tracing import Trace


def flowing(trace: Trace, loss: Callable[[Tensor], Tensor]) -> Mapping[int, Tensor]:
    """The gradient of a loss with respect to each value, by number; what it does not depend on is missing.

    Args:
        trace: Of any module.
        loss: From the module's first output to a number.

    Raises:
        InputError: The loss has no gradient.
    """
    last = trace.outputs[0]
    with gradients.recording():
        outputs = trace.values[last].clone().requires_grad_()
        found = {last: gradients.of(loss(outputs), outputs)}
    for call in reversed(trace.calls):
        above = [number for number in call.gives if number in found]
        if not above:
            continue
        with gradients.recording():
            leaves = [trace.values[number].clone().requires_grad_() for number in call.reads]
            made = dict(zip(call.gives, call.redone([leaf.clone() for leaf in leaves]), strict=True))
            above = [number for number in above if made[number].requires_grad]  # not what was detached
            slopes = torch.autograd.grad(
                [made[number] for number in above], leaves, [found[number] for number in above], allow_unused=True
            )
        for number, slope in zip(call.reads, slopes, strict=True):
            if slope is not None:
                found[number] = found[number] + slope if number in found else slope
    return found
