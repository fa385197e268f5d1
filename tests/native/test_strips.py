"""Small batches, whose images are cut into strips: the same numbers as whole ones, and as PyTorch's."""

import numpy as np
import pytest

from striate.native.lowering import lowered
from striate.native.network import Compiled
from striate.native.strips import wanted
from striate.native.target import named
from striate.notation import read
from tests.native import networks as nets
from tests.native.needs import needs_compiler

UNET = (
    "input 2x16x8 -> a: [conv 4@3 pad 1 -> bn -> relu] -> maxpool 2 -> b: [conv 6@3 pad 1 -> relu] -> dropout 0.5"
    " -> maxpool 2 -> conv 8@3 pad 1 -> upconv 6@2 stride 2 -> concat[ from b | id ] -> conv 6@3 pad 1 -> bn -> relu"
    " -> upconv 4@2 stride 2 -> concat[ from a | id ] -> conv 3@1"
)
STRIPS = [  # a network, and the strips that its layers allow of the eight wanted
    (f"{UNET} -> fc 3", 4),
    (f"{UNET} -> gap -> bn -> fc 3", 4),
    ("input 13x16x9 -> [conv 14@3 pad 1 -> bn -> relu]*2 -> conv 13@3 pad 1 -> bn -> relu -> gap -> fc 3", 8),
    ("input 3x16x10 -> conv 4@3 pad 1 -> conv 4@5 pad same -> conv 4@3 pad 2 dilate 2 -> gap -> fc 3", 8),
    ("input 2x32x16 -> conv 8@3 pad 1 stride 2 -> bn -> residual[ conv 8@3 pad 1 -> bn ] -> relu -> shuffle 2"
     " -> unshuffle 2 -> maxout 2 -> upsample 2 -> conv 3@7 pad 3 -> relu -> gap -> bn -> relu -> fc 3", 8),
    ("input 2x16x8 -> prelu -> conv 4@4x3 stride 2 pad same -> avgpool 2 -> conv 3@3x1 -> gap -> fc 3", 8),
    ("input 1x32x8 -> conv 6@2 stride 2 -> zeropad 8 -> maps 2 1 0 -> fc 9 each -> conv 9@1 -> gap -> fc 3", 8),
    ("input 3x20x6 -> conv 4@3 pad 1 -> tanh -> conv 9@3 pad 1 -> fc 3", 4),
    ("input 3x16x6 -> conv 4@3 -> tanh -> conv 9@3 pad 1 -> fc 3", 1),
    ("input 3x15x6 -> conv 4@3 pad 1 -> fc 3", 1),
    ("input 3x16 -> conv 4@3 pad 1 -> fc 3", 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "strips"), STRIPS)
def test_as_many_strips_as_the_layers_allow(text: str, strips: int) -> None:
    plan = lowered(read(text), named("avx512"), 8)
    assert plan.input.strips == strips
    assert plan.outputs[0].value.strips == 1
    assert plan.macs == lowered(read(text), named("avx512")).macs


@pytest.mark.parametrize(
    ("images", "threads", "lanes", "strips"),
    [(1, 1, 16, 16), (1, 2, 16, 16), (3, 1, 16, 4), (5, 2, 16, 8), (8, 2, 8, 2), (17, 1, 16, 1), (64, 2, 16, 1)],
)
def test_lanes_and_threads_are_kept_at_work(images: int, threads: int, lanes: int, strips: int) -> None:
    assert wanted(images, threads, lanes) == strips


@needs_compiler
@pytest.mark.parametrize("text", [text for text, _ in STRIPS])
@pytest.mark.parametrize("images", [4, 7])
def test_the_gradients_are_those_of_float64(text: str, images: int) -> None:
    nets.same_gradients(read(text), images)


@needs_compiler
@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_images_and_threads(threads: int) -> None:
    network = read(STRIPS[2][0])
    x = np.random.default_rng(0).standard_normal((19, 13, 16, 9)).astype(np.float32)
    _, compiled = nets.twins(network, 4, threads=threads)
    whole = Compiled(network, threads, 64, extra_flags=nets.QUICK)
    whole.load(compiled.tensors())
    assert compiled.plan.input.strips > whole.plan.input.strips == 1
    for count in (1, 2, 3, 19):
        nets.near(compiled.evaluate(x[:count]), whole.evaluate(x[:count]))
    for count in (2, 3, 4):
        labels, rule = np.arange(count) % 3, nets.Rule(kind=1, rate=0.01, momentum=0.9)
        losses = [net.step(x[:count], labels, rule).loss for net in (compiled, whole)]
        assert abs(losses[0] - losses[1]) < 1e-5
    for name, values in whole.tensors().items():
        nets.near(compiled.tensors()[name], values, 0.1)
