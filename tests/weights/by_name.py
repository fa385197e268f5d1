"""Weights that their names decide, so that a test can make a checkpoint again that another program made."""

import zlib

import torch
from torch import Tensor


def tensor_for(name: str, shape: list[int]) -> Tensor:
    """Numbers of about the size that keeps activations in range; variances are positive, counters are 1."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(1)
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    values = torch.randn(shape, generator=generator)
    if name.endswith("running_var"):
        return values.abs() + 0.5
    if len(shape) >= 2 and name != "input":
        return values * (2 / torch.Size(shape[1:]).numel()) ** 0.5
    return values if name == "input" else values * 0.1 + (1.0 if name.endswith("weight") else 0.0)
