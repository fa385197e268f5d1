"""Tables of word vectors: what a step reads, its gradients, and rows that the optimiser moves late."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from striate.building import build
from striate.errors import InputError
from striate.native.lowering import Refused, lowered
from striate.native.network import Compiled, Rule
from striate.native.optimizers import Optimizer
from striate.native.target import host
from striate.notation import read
from tests.native import networks as nets
from tests.native.needs import needs_compiler

TEXTS = [
    "input 7 -> embed 20x5 -> fc 3",
    "input 9 -> embed 30x40 -> concat[ conv 6@2 -> relu -> gmp | conv 5@3 pad 1 -> tanh -> gmp ] -> dropout 0.4"
    " -> fc 3",
    "input 9 -> concat[ embed 12x5 static | embed 12x4 ] -> conv 4@3 -> relu -> gmp -> fc 3",
    "input 9 -> embed 12x5 static -> conv 4@3 -> relu -> gmp -> fc 3",
    "input 12 -> concat[ embed 9x3 -> conv 4@3 | embed 11x17 -> conv 4@3 ] -> bn -> relu -> gap -> fc 3",
]
RATES = {"SGD": 0.5, "MOMENTUM": 0.05, "NESTEROV": 0.05, "ADAGRAD": 0.05, "RMSPROP": 0.01, "ADAM": 0.01, "ADAMW": 0.01}


@needs_compiler
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("images", [3, 16, 37])
def test_the_gradients_are_those_of_float64(text: str, images: int) -> None:
    nets.same_gradients(read(text), images)


def made_by(kind: str, parameters: Any) -> torch.optim.Optimizer:
    """PyTorch's optimiser of a name, with a weight decay."""
    how: dict[str, Any] = {"lr": RATES[kind], "weight_decay": 0.1}
    makers: dict[str, Any] = {
        "SGD": lambda: torch.optim.SGD(parameters, **how),
        "MOMENTUM": lambda: torch.optim.SGD(parameters, momentum=0.9, **how),
        "NESTEROV": lambda: torch.optim.SGD(parameters, momentum=0.9, nesterov=True, **how),
        "ADAGRAD": lambda: torch.optim.Adagrad(parameters, **how),
        "RMSPROP": lambda: torch.optim.RMSprop(parameters, **how),
        "ADAM": lambda: torch.optim.Adam(parameters, **how),
        "ADAMW": lambda: torch.optim.AdamW(parameters, **how),
    }
    found: torch.optim.Optimizer = makers[kind]()
    return found


def rule_of(kind: str, step: int) -> Rule:
    """The engine's rule for PyTorch's optimiser of that name."""
    betas = (0.0, 0.99) if kind == "RMSPROP" else (0.9, 0.999)
    eps = 1e-10 if kind == "ADAGRAD" else 1e-8
    rule = Rule(
        kind=Optimizer[kind], rate=RATES[kind], decay=0.1, momentum=0.9, eps=eps, beta1=betas[0], beta2=betas[1]
    )
    rule.correct1, rule.correct2 = 1 - betas[0] ** step, 1 - betas[1] ** step
    return rule


@needs_compiler
@pytest.mark.parametrize("kind", RATES)
def test_rows_that_no_step_reads_move_as_pytorch_moves_them(kind: str) -> None:
    """Rows read once, often, late or never, over more steps than are remembered."""
    network = read("input 4 -> embed 50x6 -> tanh -> fc 3")
    torch.manual_seed(0)
    model, compiled = build(network), Compiled(network, 2, 8)
    compiled.load({name: tensor.numpy() for name, tensor in model.state_dict().items()})
    model.double()
    decayed = {"params": [weight for weight in model.parameters() if weight.ndim > 1]}
    optimizer = made_by(kind, [decayed, {"params": list(model.parameters())[-1:], "weight_decay": 0.0}])
    random = np.random.default_rng(0)
    for step in range(1, 80):
        x = random.integers(0, 10 if step % 7 else 45, (8, 4)).astype(np.float32)
        y = random.integers(0, 3, 8)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(torch.tensor(x).long()), torch.tensor(y))
        loss.backward()
        optimizer.step()
        assert abs(compiled.step(x, y, rule_of(kind, step)).loss - loss.item()) < 1e-4
        if step in (3, 50, 79):
            for name, tensor in model.state_dict().items():
                nets.near(compiled.tensors()[name], tensor.numpy(), strays=1e-3)
            nets.near(compiled.evaluate(x[:1]), model(torch.tensor(x[:1]).long()).detach().numpy(), strays=1e-3)


@needs_compiler
def test_the_number_of_threads_changes_no_bit_of_a_table_s_gradient() -> None:
    network, found = read(TEXTS[0]), list[Any]()
    x, y = np.random.default_rng(0).integers(0, 20, (16, 7)).astype(np.float32), np.arange(16) % 3
    for threads in (1, 2, 3):
        _, compiled = nets.twins(network, 16, threads=threads)
        compiled.step(x, y, nets.LOOK)
        compiled.step(x[::-1].copy(), y, nets.LOOK)
        found.append(compiled.read(compiled.plan.parameters[-1], "gradients"))
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


@needs_compiler
def test_words_that_the_table_lacks_are_refused() -> None:
    compiled = Compiled(read(TEXTS[0]), 1, 4)
    words = np.zeros((4, 7), np.float32)
    words[2, 3] = 20
    for call in (lambda: compiled.evaluate(words), lambda: compiled.step(words, np.zeros(4, np.int64), nets.LOOK)):
        with pytest.raises(InputError, match=r"words are numbers from 0 to 19\. Received: 0 to 20$"):
            call()
    rows = np.array([0, 1, 3])
    compiled.step(words, np.zeros(3, np.int64), nets.LOOK, rows=rows)


def test_words_come_from_the_input_alone() -> None:
    with pytest.raises(Refused, match=r"lacks 'embed 20x5' after another layer$"):
        lowered(read("input 7 -> relu -> embed 20x5 -> fc 3"), host())
