"""Every network of the zoo trains: a few steps at a small input bring the loss of one batch down.

They are cut down: each kind of layer and block is there, with few channels."""

import dataclasses

import pytest
import torch

from striate import zoo
from striate.building import build
from striate.errors import InputError
from striate.notation import Network, measure, tree
from striate.training.engine import TorchEngine
from striate.training.options import Options
from tests.learning import GOAL, step
from tests.zoo.small import OF_PICTURES, OF_SENTENCES, SHARING, cut_down, drawn, sees_words

SIZES = (32, 64, 96, 128, 160, 224, *range(33, 300))
CLASSES = 10
MOST_CHANNELS = 32
BITMAPS = "lenet5-1998"  # its outputs are ten of them


def smallest(network: Network) -> Network:
    """The network at the smallest image that all of its layers fit; one that reads words or series as it is."""
    if sees_words(network) or len(network.input) == 2:
        return network
    for size in SIZES:
        small = dataclasses.replace(network, input=(network.input[0], *[size] * (len(network.input) - 1)))
        try:
            measure(small)
        except InputError:
            continue
        return small
    raise AssertionError(f"{network.name} fits none of {SIZES[:6]} and up to {SIZES[-1]}")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in zoo.names() if name not in (BITMAPS, *OF_SENTENCES, *SHARING)])
def test_a_few_steps_bring_the_loss_down(name: str) -> None:
    torch.manual_seed(0)
    letters = {} if name in OF_PICTURES else {"classes": CLASSES}
    network = smallest(cut_down(zoo.net(name, **letters), MOST_CHANNELS))
    if len(measure(network).output) > 1:  # maps of classes: their means are learned
        network = dataclasses.replace(network, layers=(*network.layers, tree.GlobalAvgPool()))
    if not letters:
        network = dataclasses.replace(network, layers=(*network.layers, tree.FullyConnected(CLASSES)))
    model = build(network)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # the same batch shall give the same loss
    options = Options(optimizer="adamw", lr=3e-4, schedule="constant", batch=4)
    engine = TorchEngine(model, options, 8, GOAL)
    x = drawn(network, 4)
    y = torch.tensor([0, 1, 2, 1])
    engine.train()
    losses = [step(engine, x, y).loss for _ in range(8)]
    assert min(losses[-3:]) < losses[0], losses
