"""The time each layer takes on the native engine: a training step with the clock read around every layer.

On one thread, so that a layer's time is its own work and not waiting for others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from striate.benchmark.contestants.base import Job
from striate.native.network import Compiled, Rule
from striate.native.optimizers import Optimizer
from striate.notation import Network, measure
from striate.training.objective import AUX_WEIGHT
from striate.training.optimizers import MOMENTUM

SECONDS = 1.0


@dataclass(frozen=True)
class Part:
    """A step of the network, or other work of a training step.

    Attributes:
        title: With name, text and shapes.
        forward: Seconds per batch.
        backward: The same for the backward pass.
        operations: Per batch, forward and backward; 0 for a step without weights to multiply.
    """

    title: str
    forward: float
    backward: float
    operations: int

    @property
    def seconds(self) -> float:
        """Both."""
        return self.forward + self.backward

    def to_json(self) -> dict[str, Any]:
        """Microseconds and GFLOP/s."""
        speed = self.operations / self.seconds / 1e9 if self.operations and self.seconds else None
        microseconds = {"forward_us": 1e6 * self.forward, "backward_us": 1e6 * self.backward}
        return {"title": self.title, **microseconds, "gflops_per_second": speed}


def layer_times(
    network: Network, batch: int, seconds: float = SECONDS, say: Callable[[str], None] = lambda line: None
) -> list[Part]:
    """Every step of the network in order, then the packing of images, the loss, and the rest, mostly the optimiser.

    Raises:
        Refused: The native engine lacks a layer.
        NoCompiler: It can't be compiled here.
    """
    job = Job.of(network, batch, torch.device("cpu"))
    net = Compiled(network, threads=1, most=batch, aside=AUX_WEIGHT, say=say, timed=True)
    images, labels = (tensor.numpy() for tensor in job.slices()[0])
    rng = np.random.default_rng(0)
    for parameter in net.plan.parameters:
        net.write(parameter, 0.1 * rng.standard_normal(parameter.shape).astype(np.float32))
    rule = Rule(kind=Optimizer.MOMENTUM, rate=0.001, momentum=MOMENTUM)
    net.step(images, labels, rule)
    net.spent()[:] = 0
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds or not count:
        net.step(images, labels, rule)
        count += 1
    return _parts(network, net, batch, net.spent() / count, (time.perf_counter() - started) / count)


def _parts(network: Network, net: Compiled, batch: int, spent: Any, whole: float) -> list[Part]:
    macs = {row.name: row.macs.value or 0 for row in measure(network).rows}
    steps, n, (packing, loss) = net.plan.steps, len(net.plan.steps), spent[-2:].tolist()
    parts = []
    for i, step in enumerate(steps):
        times = 3 if any(value in net.plan.wanted for value in step.inputs) else 2
        operations = 2 * times * batch * macs.get(step.title.split(":")[0], 0)
        parts.append(Part(step.title, float(spent[i]), float(spent[n + i]), operations))
    rest = max(0.0, whole - float(spent.sum()))
    return [*parts, Part("images", packing, 0, 0), Part("loss", 0, loss, 0), Part("the rest", rest, 0, 0)]
