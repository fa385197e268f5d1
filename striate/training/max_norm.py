"""The norm constraint on the last layer: no row of its weights is longer than s (Hinton et al. 2012, section 2).

After each step of the optimiser a row, which holds the weights of one class, is scaled back to the length s where it is
longer (Kim 2014, section 2.1, with s = 3); with dropout this allows high learning rates.

>>> import torch
>>> layer = torch.nn.Linear(2, 2)
>>> layer.weight.data = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
>>> limit_norm(layer, 3.0); layer.weight.data
tensor([[1.8000, 2.4000],
        [0.3000, 0.4000]])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from striate.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn


def limit_norm(model: nn.Module, most: float) -> None:
    """Scale the rows of the last layer's weights in place so that none is longer than `most`; biases stay.

    Args:
        model: A module with a fully connected layer, of which the last one is meant.
        most: The greatest Euclidean length s > 0.

    Raises:
        InputError: There is no such layer.
    """
    weight = last_layer(model).weight
    weight.data.copy_(limited(weight.data, most))


def limited(rows: Tensor, most: float) -> Tensor:
    """Rows (N, D), none longer than `most`."""
    lengths = rows.square().sum(1, keepdim=True).sqrt()
    return rows * (most / lengths).clamp_max(1)  # a row of zeros: most / 0 is infinite, and 1 is less


def last_layer(model: nn.Module) -> nn.Linear:
    """The last fully connected layer, in the order in which modules are listed.

    Raises:
        InputError: There is none.
    """
    from torch import nn

    found = [module for module in model.modules() if isinstance(module, nn.Linear)]
    if not found:
        raise InputError(
            "the norm of the last layer is limited, and no layer is fully connected; add one such as fc 10"
        )
    return found[-1]
