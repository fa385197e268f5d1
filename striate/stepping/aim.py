"""What a chain is to give: a class or numbers, and the loss that compares.

>>> aim("2", None), aim("0.5 1", None).loss
(Aim(target=2, loss='cross-entropy'), 'squared')
"""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

from striate.errors import InputError, nearest
from striate.stepping.losses import LOSSES

ALSO = {
    "cross-entropy": ("ce", "crossentropy", "nll", "logloss", "softmax"),
    "squared": ("mse", "l2", "squarederror", "quadratic", "euclidean"),
}


@dataclass(frozen=True)
class Aim:
    """A target and the loss that compares with it: a class, from 0, for cross-entropy, numbers for `squared`."""

    target: Any
    loss: str


def aim(target: Any, loss: str | None) -> Aim | None:
    """What a target means; None where there is none.

    Raises:
        InputError: An unknown loss, a loss without a target, or a class that is no whole number.
    """
    if loss is not None and loss not in LOSSES:
        raise InputError(f"loss is {' or '.join(LOSSES)}. Received: {loss!r}{nearest(str(loss), LOSSES, ALSO)}")
    if target is None:
        if loss:
            raise InputError(f"loss {loss} compares with a `target`; give one")
        return None
    if loss == "squared" or (loss is None and _is_several(target)):
        return Aim(target, "squared")
    if isinstance(target, str) and target.strip().isdecimal() and len(target) < 9:
        target = int(target)
    if isinstance(target, bool) or not isinstance(target, Integral):
        raise InputError(f"target is the number of an entry, from 0. Received: {target!r}")
    return Aim(int(target), "cross-entropy")


def _is_several(target: Any) -> bool:
    """Whether a target is numbers to come near to, not the number of a class."""
    if isinstance(target, str):
        return any(sign in target.strip() for sign in " ;|[@,")
    return isinstance(target, list | tuple) or getattr(target, "ndim", 0) > 0
