"""Where in a picture a network looks for each word: the attention of its words to the picture's places.

Such a network gives it beside its scores, in evaluation.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from striate.layers.attention import Attention
from striate.training.fields import OUTPUT

LOOKED = "looked"  # (N, positions, places): shares that add up to 1
SHARES = "shares_now"  # on a layer, until the network has told of them


def telling(model: nn.Sequential) -> nn.Sequential:
    """The same network, which in evaluation gives `LOOKED` beside its output where its words look at anything."""
    for module in model.modules():
        if isinstance(module, Attention):
            module.register_forward_hook(_kept)
    model.register_forward_hook(_told)
    return model


def _kept(module: Any, given: tuple[Tensor, ...], made: Tensor) -> None:
    if not module.training and len(given) == 2:
        setattr(module, SHARES, module.shares(*given).mean(1))


def _told(model: nn.Module, given: tuple[Any, ...], made: Any) -> Any:
    layers = [module for module in model.modules() if hasattr(module, SHARES)]
    shares = [getattr(module, SHARES) for module in layers]
    for module in layers:
        delattr(module, SHARES)
    if not shares or model.training or len({one.shape for one in shares}) > 1:
        return None
    return {OUTPUT: made, LOOKED: torch.stack(shares).mean(0)}
