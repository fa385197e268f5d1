"""The loss for several labels at once: binary cross-entropy of each.

>>> import torch
>>> round(float(binary_cross_entropy(torch.zeros(2, 3), torch.ones(2, 3))), 4)
0.6931
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the names of losses are read without importing torch
    from torch import Tensor

NAME = "binary-cross-entropy"


def binary_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """-t log σ(x) - (1 - t) log(1 - σ(x)), a mean over labels and batch.

    Args:
        outputs: (N, K) logits.
        targets: (N, K) numbers 0 and 1.
    """
    from torch.nn.functional import binary_cross_entropy_with_logits

    return binary_cross_entropy_with_logits(outputs, targets.to(outputs.dtype))
