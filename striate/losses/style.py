"""What makes a style: which features of a network occur together, wherever they are (Gatys, Ecker & Bethge 2016).

Distances are shares of what is wanted, so that layers of any network and size count alike: 0 is the style itself, and
about 1 a picture that has nothing of it.

>>> values = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])  # two features at two places
>>> gram(values)[0].tolist()  # means of products: (1·1 + 3·3)/2, (1·2 + 3·0)/2, (2·2 + 0·0)/2
[[5.0, 1.0], [1.0, 2.0]]
>>> gram(values, torch.tensor([[[[0.0, 1.0]]]]))[0].tolist()  # of the second place alone
[[9.0, 0.0], [0.0, 0.0]]
"""

from __future__ import annotations

import torch
from torch import Tensor

LEAST = 1e-12  # of what distances are a share of


def gram(values: Tensor, where: Tensor | None = None) -> Tensor:
    """Means of products of features over places (equation 3 of the paper, as a mean).

    Args:
        values: What a layer gives, (N, C, *spatial).
        where: How much each place counts, (N or 1, 1, *spatial); all alike by default. Of weights that are all zero
            the answer is zeros.

    Returns:
        (N, C, C).
    """
    rows = values.flatten(2)  # (N, C, places)
    if where is None:
        return rows @ rows.mT / rows.shape[2]
    shares = where.flatten(2)
    return (rows * shares) @ rows.mT / shares.sum(2, keepdim=True).clamp(min=LEAST)


def apart(found: Tensor, wanted: Tensor) -> Tensor:
    """Squared distances (N,) of what is found (N, …) to what is wanted (N or 1, …), as shares of its own square.

    >>> apart(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.tensor([[3.0, 0.0]])).tolist()
    [1.7777777910232544, 1.0]
    """
    return (found - wanted).square().flatten(1).sum(1) / wanted.square().flatten(1).sum(1).clamp(min=LEAST)


def total_variation(pictures: Tensor) -> Tensor:
    """The mean squared difference of neighbours in pictures (N, C, H, W), across and down: a scalar.

    >>> total_variation(torch.tensor([[[[0.0, 1.0], [0.0, 3.0]]]])).item()  # (1 + 9)/2 across, (0 + 4)/2 down
    7.0
    """
    across, down = pictures.diff(dim=3), pictures.diff(dim=2)
    return across.square().mean() + down.square().mean()


def mean_of(parts: list[Tensor]) -> Tensor:
    """The mean of scalars, such as the distances in several layers."""
    return torch.stack(parts).mean()
