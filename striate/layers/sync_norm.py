"""Batch norm that measures a batch of which several processes have a part each.

Where they compute on GPUs it is PyTorch's `SyncBatchNorm`, which runs there alone; elsewhere the same is done here:
the mean and then the variance are summed over all processes, in the backward pass their gradients are.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.modules.batchnorm import _BatchNorm


class Summed(torch.autograd.Function):
    """The sum of a tensor over all processes, whose gradient is the sum of the gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The sum, in each process."""
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """The same of the gradient."""
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


def summed(x: Tensor) -> Tensor:
    """The sum of a tensor over all processes."""
    total: Tensor = Summed.apply(x)  # type: ignore[no-untyped-call]
    return total


class SyncNorm(_BatchNorm):
    """As PyTorch's batch norm, of the batch that all processes have together."""

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of axes."""

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, …) in and out; N may differ between processes."""
        if not self.training:
            return super().forward(input)
        axes, form = [0, *range(2, input.ndim)], [1, -1, *[1] * (input.ndim - 2)]
        count = input.new_tensor(float(input.numel() // input.shape[1]))
        total = summed(torch.cat([input.sum(axes), count[None]]))
        number, mean = total[-1].detach(), total[:-1] / total[-1].detach()
        centred = input - mean.view(form)
        variance = summed(centred.square().sum(axes)) / number
        self._follow(mean.detach(), variance.detach() * number / (number - 1))
        made: Tensor = centred * (variance + self.eps).rsqrt().view(form)
        return made if self.weight is None else made * self.weight.view(form) + self.bias.view(form)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Moves the running statistics a little."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked += 1
        rate = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, rate)
        self.running_var.lerp_(variance, rate)


def synchronised(model: nn.Module, device: torch.device) -> nn.Module:
    """The model with each batch norm in it measuring the whole batch; its tensors keep their names."""
    if device.type == "cuda":
        made: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        return made
    if isinstance(model, _BatchNorm):
        return _sync_norm(model)
    for name, child in model.named_children():
        setattr(model, name, synchronised(child, device))
    return model


def _sync_norm(norm: _BatchNorm) -> SyncNorm:
    made = SyncNorm(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    made.weight, made.bias = norm.weight, norm.bias
    made.running_mean, made.running_var = norm.running_mean, norm.running_var
    made.num_batches_tracked, made.training = norm.num_batches_tracked, norm.training
    return made
