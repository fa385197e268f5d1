"""A step against the module of the same network: every output and every gradient, by autograd in float64."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from striate.building import build
from striate.notation import measure, read
from striate.notation.tree import Layer
from striate.stepping import Chain, Step, step
from striate.stepping.needs import needs

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
COARSE = {"hardsigmoid": 1e-7}  # PyTorch multiplies its gradient by a sixth in float32


def tensor(values: Any) -> Tensor:
    return torch.tensor(np.asarray(values, dtype=float), dtype=torch.float64)


def close(found: Any, expected: Any, what: str, tolerance: float = 1e-9) -> None:
    assert isinstance(expected, Tensor), what
    wanted = expected.detach().numpy()
    values = np.asarray(found, float).reshape(wanted.shape)
    np.testing.assert_allclose(values, wanted, tolerance, tolerance, err_msg=what)


def shown(one: Step, symbol: str) -> Any:
    """An array that a step was given; None where it is not shown."""
    return next((picture.cells for picture in one.given if picture.title == symbol), None)


class Oracle:
    """The module of a step's network, with the step's own numbers.

    Attributes:
        keys: From a layer's name and symbol to the module's name of that array.
    """

    def __init__(self, text: str, found: Step) -> None:
        self.measured, self.found = measure(read(text)), found
        self.module: Any = build(self.measured.network).double().eval()
        self.arrays: dict[str, Tensor] = dict(self.module.state_dict(keep_vars=True))
        self.vertices = self.measured.graph.vertices
        self.steps = dict(found.steps) if isinstance(found, Chain) else {self.vertices[0].name: found}
        self.reads = found.reads if isinstance(found, Chain) else {self.vertices[0].name: {"X": "the input"}}
        self.keys: dict[tuple[str, str], str] = {}
        for vertex in self.vertices:
            shape: Any = self.measured.row(vertex.name).input
            for need in needs(vertex.node, shape) if isinstance(vertex.node, Layer) else ():
                key = f"{vertex.weights}.{need.key}"
                self.keys[vertex.name, need.symbol] = key
                self._fill(key, shown(self.steps[vertex.name], need.symbol))
        statistics = any(shown(one, "mean") is not None for one in self.steps.values())
        for part in self.module.modules():
            if isinstance(part, NORMS):
                part.train(not statistics)

    def _fill(self, key: str, values: Any) -> None:
        if key not in self.arrays:
            return  # a mask, a box
        if values is not None:
            self.arrays[key].data.copy_(tensor(values).reshape(self.arrays[key].shape))
        elif key.endswith("bias"):
            self.arrays[key].data.zero_()  # a bias of zeros is not shown

    def output(self, x: Tensor) -> Any:
        boxes = [box for one in self.steps.values() if (box := shown(one, "box")) is not None]
        return self.module(x, tensor([[0, *boxes[0]]])) if boxes else self.module(x)


def check(text: str, seed: int, given: Mapping[str, Any] | None = None) -> Step:
    """Draws all numbers of a network; its output and every gradient must be the module's."""
    forward = step(text, seed=seed, given=given)
    oracle = Oracle(text, forward)
    shape = tuple(n or 1 for n in oracle.measured.network.input)
    x = tensor(shown(forward, "X")).reshape(1, *shape).requires_grad_()
    expected = oracle.output(x)
    values: dict[str, Any] = {"the input": x.detach()} | {name: one["O"].values for name, one in oracle.steps.items()}
    outputs = oracle.measured.graph.outputs
    for name, value in outputs.items():
        close(values[value], expected[name] if name else expected, f"the output {name}")
    if "" not in outputs or outputs[""] == "the input" or not expected.requires_grad:
        return forward  # nothing learns, or there is not one output
    upstream = np.random.default_rng(seed).integers(-3, 4, tuple(expected.shape[1:]))
    expected.backward(tensor(upstream)[None])
    found = step(text, seed=seed, given=given, upstream=upstream.tolist())
    compare(found, oracle, x)
    return found


def compare(found: Step, oracle: Oracle, x: Tensor) -> None:
    """Every gradient against the module's, after its way back."""
    steps = dict(found.steps) if isinstance(found, Chain) else {next(iter(oracle.steps)): found}
    gradients: dict[str, Any] = {}
    tolerance = max([1e-9, *(coarse for word, coarse in COARSE.items() if word in found.layer)])
    for name, one in steps.items():
        for part in one.parts:
            symbol = part.name.removeprefix("dE/d")
            if symbol == part.name:
                continue
            value = oracle.reads[name].get(symbol, "")
            key = value if value == "the input" else oracle.keys.get((name, symbol))
            if key:
                gradients[key] = gradients.get(key, 0) + part.values
    learned = {"the input": x.grad} | {
        key: array.grad for key, array in oracle.arrays.items() if isinstance(array, nn.Parameter)
    }
    for key, gradient in learned.items():
        if gradient is not None:
            close(gradients[key], gradient, key, tolerance)
