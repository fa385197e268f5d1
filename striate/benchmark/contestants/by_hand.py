"""What a user would write by hand: the usual short PyTorch loop over the same module, data in memory.

Zero the gradients, forward, loss, backward, step. With `bf16` training runs forward and loss under autocast, and for
inference weights and images are bfloat16; the compiled ones hand the same to `torch.compile`, and with `channels_last`
store the channels of a pixel side by side: on a GPU the recipe that PyTorch's own guides give.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.benchmark.contestants.base import RATE, Job
from striate.benchmark.contestants.contestant import Turn
from striate.training.objective import AUX_WEIGHT

Loss = Callable[[Tensor, Tensor], Tensor]


def training(job: Job, bf16: bool = False) -> Turn:
    """One SGD-with-momentum step after another."""
    model = job.model().train()
    return _steps(job, _loss(model, job, bf16), model)


def compiled_training(job: Job, bf16: bool = False, channels_last: bool = False) -> Turn:
    """The same; forward, loss and their gradients compiled."""
    model = job.model().train()
    _prepare_compiler()
    if channels_last:
        model, job = model.to(memory_format=torch.channels_last), job.channels_last()  # type: ignore[call-overload]
    return _steps(job, torch.compile(_loss(model, job, bf16), dynamic=False), model)


def inference(job: Job, bf16: bool = False) -> Turn:
    """The module in evaluation, without gradients."""
    return _outputs(job, _evaluating(job, bf16), bf16)


def compiled_inference(job: Job, bf16: bool = False) -> Turn:
    """The same, compiled."""
    _prepare_compiler()
    frozen = torch.compile(_evaluating(job, bf16), dynamic=False, options={"freezing": True})  # weights are constants
    return _outputs(job, frozen, bf16)


def _prepare_compiler() -> None:
    """Otherwise PyTorch would stop compiling after eight shapes or models, and would fork while threads run."""
    import torch._dynamo.config
    import torch._inductor.config

    torch._dynamo.config.recompile_limit = 64
    torch._inductor.config.compile_threads = 1


def _evaluating(job: Job, bf16: bool) -> torch.nn.Module:
    model = job.model().eval()
    return model.to(torch.bfloat16) if bf16 else model


def _loss(model: torch.nn.Module, job: Job, bf16: bool) -> Loss:
    def loss_of(images: Tensor, labels: Tensor) -> Tensor:
        made = model(images)
        outputs, heads = made if isinstance(made, tuple) else (made, [])
        if job.of_pictures:
            return F.mse_loss(outputs, labels)
        loss = F.cross_entropy(outputs if job.of_positions else outputs.flatten(1), labels)
        for head in heads:
            loss = loss + AUX_WEIGHT * F.cross_entropy(head.flatten(1), labels)
        return loss

    def narrow(images: Tensor, labels: Tensor) -> Tensor:
        with torch.autocast(job.device.type, torch.bfloat16):
            return loss_of(images, labels)

    return narrow if bf16 else loss_of


def _steps(job: Job, loss_of: Loss, model: torch.nn.Module) -> Turn:
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9)

    def turn(count: int) -> None:
        order = torch.randperm(count * job.batch, device=job.device)
        for rows in torch.split(order, job.batch):
            optimizer.zero_grad()
            loss_of(job.images[rows], job.labels[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    return turn


def _outputs(job: Job, model: Callable[[Tensor], Any], bf16: bool) -> Turn:
    batches = [images.to(torch.bfloat16) if bf16 else images for images, _ in job.slices()]

    @torch.no_grad()
    def turn(count: int) -> None:
        for images in batches[:count]:
            model(images)

    return turn
