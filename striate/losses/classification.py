"""Losses for classes: cross-entropy, squared error, the hinge of support vector machines, and LeNet-5's own.

>>> import torch
>>> float(hinge(torch.tensor([[3.0, 1.0, 2.5]]), torch.tensor([0])))  # only 2.5 comes within 1 of 3
0.5
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from striate.errors import InputError, nearest

if TYPE_CHECKING:  # the names of losses are read without importing torch
    from torch import Tensor

Loss: TypeAlias = "Callable[[Tensor, Tensor], Tensor]"
RUBBISH_DISTANCE = 0.1  # the j of LeNet-5's criterion


def cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    """-log softmax(outputs) at the label, averaged over the batch.

    Args:
        outputs: (N, K) logits.
        labels: (N,) whole numbers from 0 to K - 1.
    """
    from torch.nn.functional import cross_entropy

    return cross_entropy(outputs, labels)


def mse(outputs: Tensor, labels: Tensor) -> Tensor:
    """Squared distance to the one-hot target, averaged over outputs and batch. Shapes as in `cross_entropy`."""
    from torch.nn.functional import mse_loss, one_hot

    return mse_loss(outputs, one_hot(labels, outputs.shape[1]).to(outputs.dtype))


def hinge(outputs: Tensor, labels: Tensor) -> Tensor:
    """Σ over the wrong classes of max(0, 1 + s_wrong - s_right) (Weston & Watkins 1999), averaged over the batch."""
    margins = (1 + outputs - outputs.gather(1, labels[:, None])).clamp_min(0)
    return margins.sum() / len(labels) - 1  # the right class itself gives max(0, 1) = 1


def map_criterion(outputs: Tensor, labels: Tensor) -> Tensor:
    """LeNet-5's maximum a posteriori criterion (LeCun et al. 1998, equation 9), averaged over the batch.

    `y_right + log(exp(-j) + Σ_i exp(-y_i))` with the distances y = -outputs: cross-entropy with one more class,
    "rubbish", that is always at the distance j = 0.1. It pulls the right class nearer even where all others are far
    away. The paper gives no number for j, only that it is positive.

    Args:
        outputs: (N, K) minus the distances, as `rbf` gives them.
        labels: (N,) whole numbers from 0 to K - 1.
    """
    import torch

    rubbish = outputs.new_full((len(outputs), 1), -RUBBISH_DISTANCE)
    return cross_entropy(torch.cat([outputs, rubbish], dim=1), labels)


LOSSES: dict[str, Loss] = {"cross-entropy": cross_entropy, "mse": mse, "hinge": hinge, "map": map_criterion}
ALSO = {  # what others call them
    "l1": ("mae", "absolute", "l1loss"),
    "cross-entropy": (
        *(
            "ce",
            "xent",
            "nll",
            "nllloss",
            "crossentropyloss",
            "categoricalcrossentropy",
            "sparsecategoricalcrossentropy",
        ),
        *("softmax", "softmaxloss", "softmaxcrossentropy", "logloss", "loglikelihood", "negativeloglikelihood"),
    ),
    "mse": ("mseloss", "l2", "l2loss", "meansquarederror", "squarederror", "quadratic", "euclidean", "leastsquares"),
    "hinge": ("svm", "hingeloss", "categoricalhinge", "multimargin", "multimarginloss"),
}


def loss_named(loss: str | Loss) -> Loss:
    """A loss by its name; a function of (outputs, labels) is checked for values that are not finite.

    Raises:
        InputError: No loss of that name.
    """
    if callable(loss):
        from striate.losses.own import watched

        return loss if loss in LOSSES.values() else watched(loss)
    if loss not in LOSSES:
        raise InputError(f"no loss '{loss}'{nearest(loss, LOSSES, ALSO)}; there are {', '.join(LOSSES)}")
    return LOSSES[loss]
