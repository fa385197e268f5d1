"""Which engine trains: native code where it covers the network and gains, else PyTorch.

>>> from striate.notation import read
>>> lacking(read("input 1x8x8 -> local 2@3 -> fc 10"), Options(), torch.device("cpu"))
"the native engine lacks 'local 2@3x3'"
"""

from __future__ import annotations

import torch

from striate.errors import InputError
from striate.native import compiler
from striate.native.lowering import Refused, lowered
from striate.native.source import LOSSES
from striate.native.target import host
from striate.notation import Network, measure
from striate.training.native_engine import MOST
from striate.training.options import Options

INSTEAD = "engine torch instead of native"
LARGEST_MACS = 500_000_000  # an image: larger networks are PyTorch's to train
LARGEST_BYTES = 2**31  # that a step may take


def engine_for(
    name: str, network: Network, options: Options, device: torch.device, own_loss: bool = False
) -> tuple[str, str]:
    """The engine, and why not the native one, where that could surprise.

    Args:
        name: `auto`, `torch` or `native`.
        network: What is trained.
        options: How.
        device: Where.
        own_loss: Whether the loss is a user's own function.

    Raises:
        InputError: The native one was asked for and lacks something.
    """
    if name == "torch":
        return "torch", ""
    try:
        host()
    except InputError as error:  # what $STRIATE_TARGET names is another machine's
        return "torch", f"{INSTEAD}: {error}"
    reason = "the native engine takes no loss of your own" if own_loss else lacking(network, options, device)
    if reason and name == "native":
        raise InputError(f"{reason}; take --engine torch")
    if reason:
        return "torch", ""
    if name == "auto" and (large := too_large(network, options)):
        return "torch", large
    try:
        compiler.find()
    except compiler.NoCompiler as error:
        return "torch", f"{INSTEAD}: {error}"
    return "native", ""


def lacking(network: Network, options: Options, device: torch.device) -> str:
    """What the native engine lacks for this training; nothing if it can do it."""
    if device.type != "cpu":
        return f"the native engine runs on the CPU, not on {device}"
    if options.loss not in LOSSES:
        return f"the native engine lacks the loss '{options.loss}'"
    if not 0 < options.batch < MOST:
        return f"the native engine takes batches below {MOST:,} images"
    try:
        lowered(network, host())
    except Refused as error:
        return str(error)
    return ""


def too_large(network: Network, options: Options) -> str:
    """Why a network is left to PyTorch unless asked for; nothing for small ones."""
    macs = measure(network).total_macs
    if macs is not None and macs > LARGEST_MACS:
        return f"engine torch: {macs:,} multiply-adds an image are many for the native one"
    plan = lowered(network, host())
    needed = 4 * plan.lanes * (plan.kept * (options.batch // plan.lanes + 1) + plan.scratch * torch.get_num_threads())
    if needed > LARGEST_BYTES:
        return f"engine torch: the native one would take {needed / 2**30:.1f} GiB for a batch of {options.batch}"
    return ""
