"""In which numbers a network is computed while it trains, and whether it is compiled first.

Weights, their gradients, the loss and evaluation are always float32. bfloat16 has float32's range; float16 has not, so
the loss is scaled up before its gradients are found, and a step whose gradients overflow is left out (Micikevicius et
al. 2018, section 3.2).

>>> Precision("float32", torch.device("cpu")).state()
{}
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn, optim

from striate.augmentation.words import AUTO
from striate.errors import InputError
from striate.training.options import BF16, FLOAT32, FP16, GRAPHS

DTYPES = {BF16: torch.bfloat16, FP16: torch.float16}
AMPERE = (8, 0)  # the compute capability from which a GPU multiplies bfloat16 matrices faster than float32 ones
ENOUGH = 5_000  # steps of a training that are worth a minute of compiling
SCALER = "scaler."  # begins the names of what it remembers


def precision_for(asked: str, device: torch.device) -> str:
    """The precision: bfloat16 by itself on NVIDIA GPUs since Ampere, elsewhere float32.

    >>> precision_for("auto", torch.device("cpu")), precision_for("bf16", torch.device("cpu"))
    ('float32', 'bf16')
    """
    if asked != AUTO:
        return asked
    fast = device.type == "cuda" and torch.cuda.get_device_capability(device) >= AMPERE
    return BF16 if fast else FLOAT32


def compiles(asked: str, device: torch.device, steps: int) -> str:
    """Whether the network is compiled by `torch.compile`: by itself on a GPU, for a training of many steps.

    Raises:
        InputError: CUDA graphs are asked for where there is no CUDA.

    >>> compiles("auto", torch.device("cpu"), 10**6), compiles("auto", torch.device("cuda"), 10)
    ('no', 'no')
    """
    if asked == GRAPHS and device.type != "cuda":
        raise InputError(f"CUDA graphs need a GPU of NVIDIA or AMD, and this training is on {device}; try compile=yes")
    if asked != AUTO:
        return asked
    pays = device.type == "cuda" and steps >= ENOUGH and importlib.util.find_spec("triton") is not None
    return "yes" if pays else "no"


def compiled(model: nn.Module, how: str) -> Callable[..., Any]:
    """The network as it learns, compiled where that is wanted."""
    if how == GRAPHS:  # what PyTorch calls this mode: kernels are recorded once and launched together
        return torch.compile(model, dynamic=False, mode="reduce-overhead")
    return torch.compile(model, dynamic=False) if how == "yes" else model


class Precision:
    """How forward and backward pass are computed.

    Args:
        name: One of `options.PRECISIONS`; "auto" is float32 here, as nothing was decided.
        device: Where.
    """

    def __init__(self, name: str, device: torch.device) -> None:
        self.dtype, self.device = DTYPES.get(name), device
        self.scaler = torch.amp.GradScaler(device.type) if name == FP16 else None

    def forward(self) -> AbstractContextManager[object]:
        """In which the network is asked."""
        return torch.autocast(self.device.type, self.dtype) if self.dtype else nullcontext()

    def backward(self, loss: Tensor) -> None:
        """Adds the gradients of the loss, maybe scaled up."""
        (self.scaler.scale(loss) if self.scaler else loss).backward()  # type: ignore[no-untyped-call]

    def unscale(self, optimizer: optim.Optimizer) -> None:
        """Gradients become those of the loss again."""
        if self.scaler:
            self.scaler.unscale_(optimizer)

    def step(self, optimizer: optim.Optimizer) -> None:
        """The optimiser's step, but for gradients that have overflowed."""
        if not self.scaler:
            optimizer.step()
            return
        self.scaler.step(optimizer)
        self.scaler.update()

    def state(self) -> dict[str, Tensor]:
        """What going on needs."""
        known = self.scaler.state_dict() if self.scaler else {}
        return {SCALER + name: torch.tensor(value) for name, value in known.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Put back what `state` gave."""
        known = {name.removeprefix(SCALER): value.item() for name, value in state.items() if name.startswith(SCALER)}
        if self.scaler and known:
            self.scaler.load_state_dict(known)
