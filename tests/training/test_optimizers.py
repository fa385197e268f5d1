"""Every optimiser against its textbook update, written with NumPy in double precision."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.training.optimizers import OPTIMIZERS, make_optimizer, weights

Array = NDArray[np.float64]
Update = Callable[[Array, Array, float, float, dict[str, Array]], Array]
RATE, DECAY, STEPS = 0.07, 0.3, 5


def sgd(w: Array, g: Array, rate: float, decay: float, kept: dict[str, Array]) -> Array:
    return w - rate * (g + decay * w)


def momentum(w: Array, g: Array, rate: float, decay: float, kept: dict[str, Array]) -> Array:
    kept["v"] = 0.9 * kept.get("v", np.zeros_like(w)) + g + decay * w
    return w - rate * kept["v"]


def nesterov(w: Array, g: Array, rate: float, decay: float, kept: dict[str, Array]) -> Array:
    g = g + decay * w
    kept["v"] = 0.9 * kept.get("v", np.zeros_like(w)) + g
    return w - rate * (g + 0.9 * kept["v"])


def adagrad(w: Array, g: Array, rate: float, decay: float, kept: dict[str, Array]) -> Array:
    g = g + decay * w
    kept["s"] = kept.get("s", np.zeros_like(w)) + g**2
    return w - rate * g / (np.sqrt(kept["s"]) + 1e-10)


def rmsprop(w: Array, g: Array, rate: float, decay: float, kept: dict[str, Array]) -> Array:
    g = g + decay * w
    kept["s"] = 0.99 * kept.get("s", np.zeros_like(w)) + 0.01 * g**2
    return w - rate * g / (np.sqrt(kept["s"]) + 1e-8)


def adam(w: Array, g: Array, rate: float, decay: float, kept: dict[str, Array]) -> Array:
    """Kingma & Ba 2014, algorithm 1, with the L2 penalty in the gradient."""
    g = g + decay * w
    t = kept["t"] = kept.get("t", np.zeros(())) + 1
    kept["m"] = 0.9 * kept.get("m", np.zeros_like(w)) + 0.1 * g
    kept["v"] = 0.999 * kept.get("v", np.zeros_like(w)) + 0.001 * g**2
    m, v = kept["m"] / (1 - 0.9**t), kept["v"] / (1 - 0.999**t)
    return w - rate * m / (np.sqrt(v) + 1e-8)


def adamw(w: Array, g: Array, rate: float, decay: float, kept: dict[str, Array]) -> Array:
    """Loshchilov & Hutter 2017, algorithm 2: the weights shrink by themselves."""
    return adam(w, g, rate, 0.0, kept) - rate * decay * w


TEXTBOOK: dict[str, Update] = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
}


class Bowl(nn.Module):
    """E = Σ ½·a·(w - c)², over a weight of two axes and a bias of one: gradient a·(w - c)."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.weight = nn.Parameter(torch.randn(3, 4, dtype=torch.float64, generator=generator))
        self.bias = nn.Parameter(torch.randn(5, dtype=torch.float64, generator=generator))
        self.steepness = {name: 0.5 + torch.rand_like(p.detach()) for name, p in self.named_parameters()}
        self.centre = {name: torch.randn_like(p.detach()) for name, p in self.named_parameters()}

    def forward(self) -> Tensor:
        parts = [
            (0.5 * self.steepness[name] * (p - self.centre[name]) ** 2).sum() for name, p in self.named_parameters()
        ]
        return torch.stack(parts).sum()


def test_every_optimiser_has_its_textbook_here() -> None:
    assert set(TEXTBOOK) == set(OPTIMIZERS)


@pytest.mark.parametrize("decay", [0.0, DECAY])
@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_five_steps_are_the_textbook_s(name: str, decay: float) -> None:
    torch.manual_seed(0)
    bowl = Bowl()
    own = {key: p.detach().numpy().copy() for key, p in bowl.named_parameters()}
    kept: dict[str, dict[str, Array]] = {key: {} for key in own}
    optimizer = make_optimizer(name, bowl, RATE, decay)
    for _ in range(STEPS):
        for key, w in own.items():
            gradient = bowl.steepness[key].numpy() * (w - bowl.centre[key].numpy())
            penalty = decay if w.ndim >= 2 else 0.0  # a bias is not penalised
            own[key] = TEXTBOOK[name](w, gradient, RATE, penalty, kept[key])
        optimizer.zero_grad()
        bowl().backward()
        optimizer.step()
        for key, p in bowl.named_parameters():
            np.testing.assert_allclose(p.detach().numpy(), own[key], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_at_its_usual_rate_it_goes_down(name: str) -> None:
    torch.manual_seed(0)
    bowl = Bowl()
    optimizer = make_optimizer(name, bowl, OPTIMIZERS[name].rate, 0.0)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = bowl()
        loss.backward()
        losses.append(float(loss.detach()))
        optimizer.step()
    assert losses[-1] < losses[20] < losses[0]


def test_weights_are_what_has_two_axes() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(4, 5))
    assert [tuple(p.shape) for p in weights(model)] == [(2, 1, 3, 3), (5, 4)]


def test_a_model_of_biases_alone_has_one_group() -> None:
    groups = make_optimizer("sgd", nn.BatchNorm1d(3), 0.1, 0.5).param_groups
    assert [group["weight_decay"] for group in groups] == [0.0]
