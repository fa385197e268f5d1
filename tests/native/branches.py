"""Many layers in one network: a branch for each, so that one compilation tries them all.

A branch chooses maps of the network's input, sums windows of them until they have the sizes that its layer wants, and
ends in two values of its own. With the squared error no branch changes another's gradients. What goes into a layer are
few binary digits, which float32 has as exactly as float64: where a slope jumps both see the same side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from striate.building import build
from striate.losses.classification import mse
from striate.native.network import Compiled
from striate.notation import Network, tree
from striate.notation.render import node_text
from striate.notation.tree import Chain, Layer
from tests.drawing import Sizes
from tests.native.networks import LOOK, QUICK, choose_as_native

ENDS = 2
Case = tuple[Sizes, Layer]  # what comes into a layer, and the layer


def branched(cases: Sequence[Case]) -> Network:
    """A network with a branch for each case; they have the same number of axes."""
    widest = tuple(max(sizes) for sizes in zip(*(shape for shape, _ in cases), strict=True))
    return Network(widest, (tree.Concat(tuple(_branch(shape, layer, widest) for shape, layer in cases)),))


def _branch(shape: Sizes, layer: Layer, widest: Sizes) -> Chain:
    chosen = tree.Maps(tuple(range(shape[0])))
    window = tuple(n - wanted + 1 for n, wanted in zip(widest[1:], shape[1:], strict=True))
    fitted = tree.Subsample(window, (1,) * len(window)) if window else tree.PRelu()
    return (chosen, fitted, layer, tree.FullyConnected(ENDS))


@dataclass(frozen=True)
class Branches:
    """A network of branches as a module in float64 and as machine code, with the same weights."""

    cases: Sequence[Case]
    network: Network
    model: torch.nn.Module
    compiled: Compiled

    @classmethod
    def of(cls, cases: Sequence[Case], images: int, seed: int = 0, **how: Any) -> Branches:
        """The cases in one network, for steps of `images` images, with drawn weights. `how`: options of `Compiled`."""
        random, network = np.random.default_rng(seed), branched(cases)
        model = build(network)
        for name, tensor in model.state_dict().items():
            values = _digits(random, tuple(tensor.shape), 8) + 1 / 16  # none is zero
            values /= 4 if name.endswith("bias") else 1  # what goes into a layer has both signs
            if tensor.ndim:
                tensor.copy_(torch.tensor(abs(values) if name.endswith("running_var") else values))
        compiled = Compiled(network, 2, images, "mse", **{"extra_flags": QUICK, **how})
        compiled.load({name: tensor.numpy() for name, tensor in model.state_dict().items()})
        return cls(cases, network, model.double(), compiled)

    def compare(self, images: int, seed: int = 0) -> tuple[Any, Any]:
        """Outputs in evaluation, of many images and of one alone; the gradients and running statistics of a step.

        Returns:
            The images and labels that it took.
        """
        random = np.random.default_rng(seed)
        x = _digits(random, (images, *(n or 1 for n in self.network.input)), 12)
        y = random.integers(0, self.compiled.plan.entries, images)
        self._evaluated(x)
        loss = mse(self._outputs(x, seed), torch.tensor(y))
        loss.backward()  # type: ignore[no-untyped-call]
        seen = self.compiled.step(x, y, LOOK, seed=seed)
        assert abs(seen.loss - loss.item()) <= 1e-5 * loss.item()
        slopes = {
            name: weight.grad.numpy() for name, weight in self.model.named_parameters() if weight.grad is not None
        }
        read = {
            parameter.name: self.compiled.read(parameter, "gradients") for parameter in self.compiled.plan.parameters
        }
        self._same(read, slopes)
        self._same(self.compiled.tensors(), {name: b.numpy() for name, b in self.model.named_buffers() if b.ndim})
        self._evaluated(x)
        return x, y

    def _outputs(self, x: Any, seed: int) -> torch.Tensor:
        """Results of the module in training mode; its dropouts choose as the machine code's do."""
        choose_as_native(self.model, seed)
        outputs: torch.Tensor = self.model.train()(torch.tensor(x).double())
        return outputs

    def _evaluated(self, x: Any) -> None:
        with torch.no_grad():
            expected = self.model.eval()(torch.tensor(x).double()).numpy()
        for found in (self.compiled.evaluate(x), self.compiled.evaluate(x[:1])):
            ends = range(0, expected.shape[1], ENDS)
            named = {f"{name}outputs": slice(i, i + ENDS) for name, i in zip(self._names(), ends, strict=True)}
            self._same(
                {name: found[:, part] for name, part in named.items()},
                {name: expected[: len(found), part] for name, part in named.items()},
            )

    def _names(self) -> Iterator[str]:
        """What the names of each branch begin with."""
        return (f"concat1.branch{number}." for number, _ in enumerate(self.cases, start=1))

    def _same(self, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        """Each within 1e-4 of its own largest value, or of a third of its branch's."""
        for begins, (shape, layer) in zip(self._names(), self.cases, strict=True):
            own = {name: values for name, values in expected.items() if name.startswith(begins)}
            least = 0.3 * max((np.abs(values).max() for values in own.values()), default=0)
            for name, values in own.items():
                error, allowed = np.abs(found[name] - values).max(), 1e-4 * max(np.abs(values).max(), least)
                assert error <= allowed, f"input {shape} -> {node_text(layer)}: {name} is off by {error:g}"


def _digits(random: np.random.Generator, shape: tuple[int, ...], most: int) -> Any:
    """Eighths from -most/8 to most/8."""
    return (random.integers(-most, most + 1, shape) / 8).astype(np.float32)
