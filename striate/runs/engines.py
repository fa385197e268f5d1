"""Which engine trains: native code where it covers the network and gains, else PyTorch.

>>> from striate.notation import read
>>> plan_for(read("input 1x8x8 -> local 2@3 -> fc 10"), Options(), torch.device("cpu"), "cross-entropy")
Traceback (most recent call last):
striate.native.builder.Refused: the native engine lacks 'local 2@3x3'
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from striate.errors import InputError
from striate.native import compiler
from striate.native.losses import GIVEN, Loss, parts_of
from striate.native.lowering import Refused, lowered
from striate.native.optimizers import optimizer_named
from striate.native.plan import Plan
from striate.native.target import host
from striate.notation import Network
from striate.training.layer_rates import ALIKE, LayerRates
from striate.training.native_engine import MOST, NativeEngine, check_rates
from striate.training.objective import AUX_WEIGHT, Objective
from striate.training.options import Options
from striate.training.precision import DTYPES

INSTEAD = "engine torch instead of native"
LARGEST_MACS = 2_000_000_000  # per image: larger networks are left to PyTorch
LARGEST_BYTES = 2**31  # that a step may use


def engine_for(
    name: str,
    network: Network,
    options: Options,
    device: torch.device,
    loss: Loss,
    rates: LayerRates = ALIKE,
) -> tuple[str, str]:
    """The engine, and why it is not the native one where that could surprise.

    Args:
        name: `auto`, `torch` or `native`.
        network: What is trained.
        options: How.
        device: Where.
        loss: What the native engine calls the loss.
        rates: How fast each layer learns.

    Raises:
        InputError: The native one was asked for and lacks something.
    """
    if name == "torch":
        return "torch", ""
    try:
        host()
    except InputError as error:  # $STRIATE_TARGET names vector units that this machine lacks
        return "torch", f"{INSTEAD}: {error}"
    try:
        plan = plan_for(network, options, device, loss, rates)
    except Refused as error:
        if name == "native":
            raise InputError(f"{error}; take `engine='torch'`") from None
        return "torch", f"engine torch: {error}" if device.type == "cpu" else ""
    if name == "auto" and (large := too_large(plan, options)):
        return "torch", large
    try:
        compiler.found()
    except compiler.NoCompiler as error:
        return "torch", f"{INSTEAD}: {error}"
    return "native", ""


def native_engine(
    network: Network,
    model: nn.Module,
    options: Options,
    total_steps: int,
    loss: Loss,
    say: Callable[[str], None],
    rates: LayerRates = ALIKE,
    objective: Objective | None = None,
) -> NativeEngine | str:
    """The native engine that was chosen; one line with the reason where it can't be made here."""
    try:
        return NativeEngine(network, model, options, total_steps, loss, say=say, rates=rates, objective=objective)
    except compiler.NoCompiler as error:
        return f"{INSTEAD}: {error}"


def plan_for(
    network: Network,
    options: Options,
    device: torch.device,
    loss: Loss,
    rates: LayerRates = ALIKE,
) -> Plan:
    """The native engine's plan for this training.

    Raises:
        Refused: Names what the engine lacks.
    """
    if device.type != "cpu":
        raise Refused(f"the native engine runs on the CPU, not on {device}")
    if options.micro:
        raise Refused("the native engine takes a mini-batch at once, without `micro`")
    if options.precision in DTYPES or options.compiled:
        raise Refused("the native engine computes in float32, by code of its own")
    optimizer_named(options.optimizer)
    if not 0 < options.images(MOST) < MOST:
        raise Refused(f"the native engine takes batches below {MOST:,} images")
    plan = lowered(network, host(), given=loss == GIVEN)
    parts_of(plan.ends, loss, AUX_WEIGHT)
    check_rates(plan, rates)
    return plan


def too_large(plan: Plan, options: Options) -> str:
    """Why a network is left to PyTorch unless `native` is asked for; empty for small networks."""
    if plan.macs > LARGEST_MACS:
        return f"engine torch: {plan.macs:,} multiply-adds per image are many for the native one"
    threads = torch.get_num_threads()
    maps = plan.kept * (options.images(MOST) // plan.lanes + 1) + (plan.scratch + plan.workspace) * threads
    needed = 4 * (plan.lanes * maps + plan.size * (3 + threads) + plan.turned)  # with the optimiser's state
    if needed > LARGEST_BYTES:
        return f"engine torch: the native one would take {needed / 2**30:.1f} GiB for a batch of {options.images(MOST)}"
    return ""
