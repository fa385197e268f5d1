"""The gradient of a score with respect to the input; no parameter's `grad` is touched.

>>> from striate.inside.aims import settled
>>> model, x = torch.nn.Linear(2, 1, bias=False), torch.ones(1, 2)
>>> torch.equal(gradient(settled(model, x, 0), x)[0], model.weight), model.weight.grad
(True, None)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor

from striate.errors import InputError
from striate.inside.aims import Sight
from striate.inside.watching import batch_of


@contextmanager
def recording() -> Iterator[None]:
    """Inside, gradients can be asked for, also where `no_grad` or `inference_mode` is on around it."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def gradient(sight: Sight, x: Tensor, passes: AbstractContextManager[object] | None = None) -> tuple[Tensor, Tensor]:
    """The gradient (N, …) of each example's score, and the scores (N,).

    Args:
        sight: What is explained, settled for these examples.
        x: The examples.
        passes: A rule for the pass, as of `rectifying`.

    Raises:
        InputError: The score has no gradient.
    """
    with recording(), passes or nullcontext():
        leaf = batch_of(x).clone().requires_grad_()
        scores = sight.scores(leaf)
    return of(scores, leaf), scores.detach()


def of(scores: Tensor, value: Tensor) -> Tensor:
    """The gradient of the scores' sum.

    Raises:
        InputError: No gradient leads from the scores to the value, or the model writes over what one needs.
    """
    found = None
    if scores.requires_grad:
        with recording():
            try:
                (found,) = torch.autograd.grad(scores.sum(), value, allow_unused=True)
            except RuntimeError as error:
                line = str(error).partition(";")[0].splitlines()[0]
                raise InputError(f"what is explained has no gradient: {line}") from error
    if found is None:
        raise InputError("what is explained has no gradient: the model detaches it, or reads words")
    return found
