"""The spelled-out arithmetic of values equals what PyTorch computed."""

import math
import random

import pytest
import torch
from torch import nn

import striate as st
from striate.errors import InputError
from striate.inside.arithmetic import worked
from striate.inside.tracing import Trace, traced

NETS = ("lenet5", "resnet20", "googlenet", "se-resnet50", "densenet121", "mobilenetv2", "lenet5-1998")


def every_call(trace: Trace, places: int = 3) -> None:
    """Draws places of each call's value and holds the terms to it."""
    draw = random.Random(0)
    for call in trace.calls:
        given = trace.values[call.gives[0]]
        for _ in range(places):
            at = tuple(draw.randrange(size) for size in given.shape[1:])
            made, true = worked(trace, call, at), float(given[0][at])
            assert math.isclose(made.value, true, rel_tol=1e-5, abs_tol=1e-5), (call.name, at, made.value, true)
            for term in made.terms:
                values = trace.values[call.reads[term.read]][0]
                if all(0 <= one < size for one, size in zip(term.place, values.shape, strict=True)):
                    assert term.value == float(values[term.place])
                else:
                    assert term.value == 0
            if made.how == "sum":
                total = math.fsum(term.value * term.times for term in made.terms) + (made.bias or 0)
                assert math.isclose(total, true, rel_tol=1e-5, abs_tol=1e-5), call.name


@pytest.mark.parametrize("name", NETS)
def test_values_of_the_zoo(name: str) -> None:
    network = st.net(name)
    size = [min(side, 64) if name not in ("lenet5", "lenet5-1998") else side for side in network.input[1:]]
    if name in ("googlenet",):
        size = [96, 96]
    torch.manual_seed(0)
    try:
        model = st.build(name, seed=0).eval()
        trace = traced(model, torch.randn(1, network.input[0], *size))
    except RuntimeError:
        trace = traced(model, torch.randn(1, *network.input))
    every_call(trace, places=1)


class Foreign(nn.Module):
    """Groups, strides, padding words, transposed convolutions, functions, in-place and reused layers."""

    def __init__(self) -> None:
        super().__init__()
        self.grouped = nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2)
        self.same = nn.Conv2d(6, 6, (3, 2), padding="same", dilation=2)
        self.mirrored = nn.Conv2d(6, 6, 3, padding=1, padding_mode="reflect")
        self.up = nn.ConvTranspose2d(6, 4, 2, stride=2)
        self.norm, self.act = nn.GroupNorm(2, 4), nn.ReLU(inplace=True)
        self.pool, self.last = nn.MaxPool2d(3, 2, 1), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Branches by functions."""
        y = self.act(self.up(self.act(self.mirrored(self.same(self.grouped(x))))))
        y = torch.cat([self.norm(y), x], 1)[:, 2:6] * torch.sigmoid(x)
        y = self.pool(y)
        return self.last(y.mean((2, 3))).softmax(1)


def test_values_of_a_foreign_module() -> None:
    torch.manual_seed(1)
    model = Foreign().eval()
    trace = traced(model, torch.randn(1, 4, 12, 12))
    every_call(trace, places=8)


def test_a_place_that_is_not_there_is_refused() -> None:
    trace = traced(nn.ReLU(), torch.zeros(1, 2, 3))
    with pytest.raises(InputError, match="gives 2x3 values"):
        worked(trace, trace.calls[0], (0, 3))
