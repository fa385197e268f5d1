"""Every layer and block takes a step, in both engines where both have it: five seconds, before each commit.

A new word fails here until it has its line in `TEXTS`. The thorough tests are those of `layers` and `native`.
"""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from striate.building import build
from striate.native.layers import LAYERS as NATIVE
from striate.native.network import Rule
from striate.native.optimizers import Optimizer
from striate.notation import read
from striate.notation.graph import FORMS
from striate.notation.tree import BLOCKS, LAYERS, Embed, Heads
from striate.training.engine import TorchEngine
from striate.training.options import Options
from tests.learning import GOAL, step
from tests.native.branches import Branches
from tests.native.needs import needs_compiler

TEXTS = {
    "conv": "input 2x4x4 -> conv 3@3x2 stride 1x2 pad (1,0)",
    "local": "input 2x4x4 -> local 3@3 pad 1",
    "lws": "input 2x6x4 -> lws 3@3x2 sections 2",
    "deform": "input 2x4x4 -> deform 4@3 modulated groups 2",
    "match": "input 2x4x4 -> match 1 halves",
    "move": "input 11x4x4 -> move 1",
    "upconv": "input 2x4x4 -> upconv 3@3 stride 2 pad 1 extra 1",
    "shuffle": "input 4x4x4 -> shuffle 2",
    "unshuffle": "input 2x4x4 -> unshuffle 2",
    "upsample": "input 2x4x4 -> upsample 2x1 bilinear corners",
    "upsample to": "input 2x4x4 -> upsample to 7x3",
    "maxpool": "input 2x4x4 -> maxpool 3 stride 2 pad 1 ceil",
    "unpool": "input 2x4x4 -> p1: maxpool 2 -> unpool p1",
    "avgpool": "input 2x4x4 -> avgpool 3 stride 2 pad 1 ceil uncounted",
    "maxpool to": "input 2x4x4 -> maxpool to 3x2",
    "avgpool to": "input 2x4x4 -> avgpool to 3x5",
    "subsample": "input 2x4x4 -> subsample 2",
    "gap": "input 2x4x4 -> gap",
    "gmp": "input 2x4x4 -> gmp",
    "channelmean": "input 2x4x4 -> channelmean",
    "channelmax": "input 2x4x4 -> channelmax",
    "roipool": "input 2x4x4 -> roipool 2",
    "roialign": "input 2x4x4 -> roialign 2 points 1 unaligned",
    "fc": "input 2x4x4 -> fc 4 nobias",
    "attention": "input 4x4x4 -> attention 2",
    "lstm": "input 3x4 -> lstm 2",
    "rbf": "input 2x4x4 -> rbf 3",
    "embed": "input 6 -> embed 9x4",
    "relu": "input 2x4x4 -> relu",
    "leaky": "input 2x4x4 -> leaky -0.5",
    "prelu": "input 2x4x4 -> prelu",
    "elu": "input 2x4x4 -> elu 0.5",
    "tanh": "input 2x4x4 -> tanh scaled",
    "sigmoid": "input 2x4x4 -> sigmoid",
    "swish": "input 2x4x4 -> swish",
    "gelu": "input 2x4x4 -> gelu approx",
    "relu6": "input 2x4x4 -> relu6",
    "mish": "input 2x4x4 -> mish",
    "hardsigmoid": "input 2x4x4 -> hardsigmoid",
    "hardswish": "input 2x4x4 -> hardswish",
    "selu": "input 2x4x4 -> selu",
    "softplus": "input 2x4x4 -> softplus",
    "clip": "input 2x4x4 -> clip min -0.5",
    "maxout": "input 2x4x4 -> maxout 2",
    "glu": "input 4x4x4 -> glu",
    "softmax": "input 2x4x4 -> softmax",
    "bn": "input 2x4x4 -> bn eps 0.1",
    "ln": "input 2x4x4 -> ln eps 0.1",
    "gn": "input 4x4x4 -> gn 2",
    "in": "input 2x4x4 -> in",
    "rmsnorm": "input 2x4x4 -> rmsnorm",
    "layerscale": "input 2x4x4 -> layerscale 0.5",
    "lrn": "input 2x4x4 -> lrn 2 alpha 1 beta 1 k 1",
    "dropout": "input 2x4x4 -> dropout 0.2",
    "droppath": "input 2x4x4 -> residual[ conv 2@1 -> droppath 0.2 ]",
    "zeropad": "input 2x4x4 -> zeropad 3",
    "pad": "input 2x4x4 -> pad reflect 1",
    "crop": "input 2x4x4 -> crop (1,0)x1",
    "maps": "input 2x4x4 -> maps 1 0",
    "interleave": "input 4x5x5 -> conv 6@3 -> interleave 3",
    "id": "input 2x4x4 -> id",
}
TEXTS |= {  # every block, each of its branches a layer that keeps the shape
    kind: f"input 2x4x4 -> {kind}[ {' | '.join('conv 2@1' for _ in next(FORMS[block].shown()))} ]"
    for kind, block in BLOCKS.items()
    if block is not Heads
}
IMAGES = 6


class Boxed(nn.Module):
    """A network of boxes, each of which is one whole image."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        boxes = torch.tensor([[number, 0.0, 0.0, 4.0, 4.0] for number in range(len(x))])
        outputs: Tensor = self.inner(x, boxes)
        return outputs


@pytest.mark.parametrize("word", [*LAYERS, *(kind for kind in BLOCKS if kind != "heads")])
def test_a_step_brings_the_loss_down(word: str) -> None:
    torch.manual_seed(0)
    network = read(f"{TEXTS[word]} -> fc 3")
    model = Boxed(build(network)) if network.takes_boxes else build(network)
    engine = TorchEngine(model, Options(optimizer="sgd", lr=0.01, schedule="constant"), 2, GOAL)
    x = torch.randint(9, (IMAGES, 6)) if word == "embed" else torch.randn(IMAGES, *[n or 1 for n in network.input])
    y = torch.arange(IMAGES) % 3
    engine.train()
    first, second = (step(engine, x, y).loss for _ in range(2))
    assert second < first


@needs_compiler
def test_both_engines_take_the_same_step() -> None:
    networks = [read(TEXTS[layer.word]) for layer in NATIVE if layer is not Embed]  # native/test_embed.py
    branches = Branches.of([(tuple(n or 1 for n in one.input), one.layers[0]) for one in networks], IMAGES)
    x, y = branches.compare(IMAGES)
    before = branches.compiled.flat["weights"].copy()
    branches.compiled.step(x, y, Rule(kind=Optimizer.SGD, rate=0.1))
    step = 0.1 * branches.compiled.flat["gradients"]
    np.testing.assert_allclose(branches.compiled.flat["weights"], before - step, rtol=1e-6, atol=1e-7)


def test_a_step_brings_the_losses_of_all_heads_down() -> None:
    torch.manual_seed(0)
    model = build(read("input 2x4x4 -> conv 4@3 -> relu -> heads[ class: fc 3 | box: fc 4 ]"))
    x, optimizer = torch.randn(8, 2, 4, 4), torch.optim.SGD(model.parameters(), 0.05)
    losses = []
    for _ in range(2):
        given = model(x)
        loss = nn.functional.cross_entropy(given["class"], torch.arange(8) % 3) + given["box"].square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[1] < losses[0]
