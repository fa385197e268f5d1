"""The native engine's numbers against PyTorch's in float64: outputs, loss, every gradient, over drawn networks."""

from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from striate import zoo
from striate.augmentation.shift import Shift
from striate.modules import MODULES
from striate.native.layers import LAYERS
from striate.native.losses import GIVEN
from striate.native.lowering import JOINS, Refused, lowered
from striate.native.network import Moves
from striate.native.target import host, named, runnable
from striate.notation import Network, measure, read
from striate.notation.graph import Join
from tests import skips
from tests.native import networks as nets
from tests.native.needs import needs_compiler

LACKS = {
    *("attention", "deform", "droppath", "glu", "local", "lstm", "lws", "match", "move"),
    *("roialign", "roipool", "unpool"),
}
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
Flags: TypeAlias = tuple[str, ...]
OPTIMISED = some.sampled_from([nets.QUICK, nets.QUICK, nets.AS_USED])  # a compilation as for use costs three quick ones


@needs_compiler
@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(network=nets.networks(), images=some.integers(4, 40), seed=some.integers(0, 1000), flags=OPTIMISED)
def test_a_network_gives_what_float64_gives(network: Network, images: int, seed: int, flags: Flags) -> None:
    nets.same_gradients(network, images, seed, extra_flags=flags)


@needs_compiler
@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(nets.wide_networks(), some.integers(4, 40), some.sampled_from(runnable()), OPTIMISED)
def test_winograd_s_products_give_what_float64_gives(network: Network, images: int, target: str, flags: Flags) -> None:
    nets.same_gradients(network, images, target=named(target), extra_flags=flags)


@needs_compiler
@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
@given(text=skips.texts(), images=some.integers(2, 20), seed=some.integers(0, 1000), flags=OPTIMISED)
def test_branches_from_labels_give_what_float64_gives(text: str, images: int, seed: int, flags: Flags) -> None:
    nets.same_gradients(read(text), images, seed, extra_flags=flags)


TEXTS = [
    "input 1x28x28 -> conv 6@5x5 -> tanh -> avgpool 2 -> conv 4@5x5 -> tanh -> fc 3",
    "input 2x9x9 -> conv 4@3 stride 2 pad 1 nobias -> bn -> relu -> residual[ conv 4@3 pad 1 -> bn ] -> relu -> fc 3",
    "input 3x8x6 -> [dense[ bn -> relu -> conv 3@3 pad 1 ]]*2"
    " -> concat[ conv 3@1 | id | maxpool 3 stride 1 pad 1 ] -> fc 3",
    "input 2x17 -> conv 6@4 stride 3 pad 2 groups 2 -> prelu -> gmp -> fc 3",
    "input 4x7x7 -> zeropad 9 -> conv 5@3x2 dilate 2x1 -> scale[ gap -> fc 2 -> relu -> fc c -> sigmoid ] -> fc 3",
    "input 2x4x5 -> scale[ gap -> fc 2 -> sigmoid ] -> scale[ gap -> sigmoid ] -> fc 3",
    "input 2x4x5 -> scale[ gap -> sigmoid ] -> fc 3",
    "input 1x6x6 -> bn -> conv 17@3 pad 1 -> lrn -> swish -> fc 13 -> gelu -> dropout 0 -> fc 3",
    "input 2x9x8 -> conv 5@4x3 flip stride 2 pad 1 -> tanh -> conv 7@4x4 flip -> fc 3",
    "input 2x4x4 -> conv 3@1 -> concat[ id | maps 0 | id ] -> sum[ conv 7@1 | id | id ] -> relu -> fc 4 -> scale[ id ]"
    " -> residual[ id ] -> dense[ id ] -> fc 3",
    "input 2x2x3 -> conv 3@2x3 dilate 2x1 stride 2x3 pad same -> tanh -> fc 3",
    "input 2x9x8 -> conv 4@3 pad reflect (2,0)x1 stride 2 ceil -> residual[ conv 4@3 pad circular 1 ]"
    " -> conv 3@4x3 pad replicate 5x1 stride 3 -> fc 3",
    "input 2x9 -> conv 3@4 pad circular (3,0) stride 2 ceil flip -> tanh -> conv 3@3 pad reflect 1 -> fc 3",
    "input 5x7x6 -> concat[ maps 1 2 3 -> conv 2@3 | maps 4 0 -> conv 1@3 | maps 3 4 -> maxpool 3 stride 1 ]"
    " -> tanh -> subsample 3x2 stride 2 -> tanh -> rbf 3",
    "input 1x6x6 -> bn noaffine -> conv 5@3 -> bn momentum 0.4 noaffine -> relu"
    " -> residual[ fc 9 each -> gelu -> fc 5 each nobias -> bn momentum 1 noaffine ] -> relu -> fc 4 each -> fc 3",
    "input 3x9 -> fc 17 each -> bn momentum 0 -> fc 3",
    "input 2x12x8 -> a: [conv 4@3 pad 1 -> bn -> relu] -> maxpool 2 -> b: [conv 6@3 pad 1 -> relu] -> maxpool 2"
    " -> conv 8@3 pad 1 -> upconv 6@2 stride 2 -> concat[ from b | id ] -> conv 6@3 pad 1 -> bn -> relu"
    " -> upconv 4@4 stride 2 pad 1 -> concat[ from a -> crop (2,1)x1 | crop (1,2)x(0,2) ] -> conv 3@3 -> fc 3",
    "input 4x5x3 -> conv 12@3 pad 1 -> shuffle 2 -> upsample 2x3 -> conv 4@3 -> upsample to 7x6 bilinear corners"
    " -> pad replicate 1 -> unshuffle 1 -> maxout 2 -> upsample 3 bilinear -> fc 3",
    "input 4x9 -> upconv 6@3 stride 2 pad (1,0) extra 1 groups 2 -> tanh -> shuffle 2 -> pad 2 -> unshuffle 2"
    " -> interleave 3 -> crop (1,2) -> fc 3",
    "input 4x5x6 -> conv 6@3 -> ln -> softplus -> gn 3 -> conv 4@1 -> in -> clip -> rmsnorm -> layerscale 0.5"
    " -> softmax -> conv 3@1 -> clip min -0.5 max 0.25 -> fc 3",
    "input 4x9 -> ln noaffine -> conv 6@3 -> in noaffine -> fc 8 -> gn 2 noaffine -> rmsnorm noaffine -> fc 3",
    "input 4x6x8 -> conv 6@3 pad 1 -> scale[ concat[ channelmean | channelmax ] -> conv 1@3 pad 1 -> sigmoid ]"
    " -> scale[ tanh ] -> scale[ conv 6@1 -> maxpool 6x1 ] -> conv 3@3 -> fc 3",
    "input 2x9x8 -> conv 4@3 -> avgpool to 3x4 -> concat[ maxpool to 3x2 | avgpool to 3x2 ] -> maxpool to 5 -> fc 3",
    "input 5x11 -> tanh -> maps 1 2 -> relu -> subsample 3 -> maps 1 0 -> relu -> fc 9 -> tanh -> maps 2 5 7 -> rbf 3",
]


@needs_compiler
@pytest.mark.parametrize("text", TEXTS)
def test_known_networks(text: str) -> None:
    for images in (1 + ("bn" in text), 5, 33):
        nets.same_gradients(read(text), images, extra_flags=nets.AS_USED)


CORNERS = [
    # one value taken twice
    "input 4x1x1 -> conv 4@1 -> scale[ id ] -> fc 3",
    "input 4x5x5 -> conv 4@3 -> sum[ id | id ] -> fc 3",
    "input 4x5x5 -> conv 4@3 -> residual[ id ] -> relu -> fc 3",
    "input 4x5x5 -> conv 4@3 -> dense[ id ] -> conv 3@2 -> fc 3",
    "input 4x5x5 -> conv 4@3 -> tanh -> concat[ id | conv 2@1 | id ] -> fc 3",
    # an activation over values that others read again on the way back
    "input 4x5x5 -> concat[ conv 3@3 -> tanh | conv 2@3 -> sigmoid ] -> sigmoid -> fc 3",
    "input 4x5x5 -> concat[ conv 3@3 -> tanh | conv 2@3 -> maxpool 2 stride 1 pad 1 -> conv 2@2 ] -> leaky -> fc 3",
    "input 4x5x5 -> concat[ maxpool 2 | conv 2@3 stride 2 ] -> tanh -> fc 3",
    # padding around a single entry
    "input 3x8x8 -> gap -> conv 8@3 pad 1 -> fc 3",
    "input 3x8x8 -> gap -> concat[ conv 4@3 pad 1 | conv 4@1 ] -> fc 3",
    "input 3x5x5 -> conv 8@5 -> relu -> conv 8@3 pad 1 -> fc 3",
    # wide kernels, strides and dilations
    "input 1x64x64 -> conv 5@1x33 stride 8 flip -> fc 3",
    "input 2x90x90 -> conv 4@3 -> conv 5@44 stride 44 -> fc 3",
    "input 2x500 -> conv 8@3 -> conv 8@80 stride 4 -> bn -> relu -> fc 3",
    "input 1x9000 -> conv 2@3 -> conv 2@3 stride 4000 -> fc 3",
    "input 4x3x20 -> conv 4@1 -> conv 5@2 stride 40 pad 1 -> fc 3",
    "input 1x400 -> conv 4@3 -> conv 4@3 dilate 64 -> gap -> fc 3",
    # tiles over channels
    "input 8x9x9 -> conv 21@1 -> relu -> conv 13@1 -> relu -> conv 40@1 stride 2 -> fc 3",
    # Winograd's products, over odd sizes and borders
    "input 12x8x8 -> conv 16@3 pad 1 -> relu -> conv 13@3 pad 1 -> fc 3",
    "input 14x7x9 -> conv 16@3 -> conv 12@3 pad 2 -> bn -> relu -> conv 12@3 pad same -> bn -> fc 3",
    "input 13x9x6 -> conv 16@3 pad 1 nobias -> bn"
    " -> residual[ conv 16@3 pad 1 -> bn -> relu -> conv 16@3 pad 1 -> bn ] -> relu -> gap -> fc 3",
    # values that evaluation reads later than training does, and a norm that is a branch alone
    "input 6x8x8 -> residual[ conv 8@1 -> bn -> relu -> conv 8@1 -> bn | conv 8@1 -> avgpool 3 stride 1 pad 1 ]"
    " -> fc 3",
    "input 6x8x8 -> [conv 8@1 -> bn -> relu]*2 -> conv 8@1 -> bn -> fc 3",
    "input 12x8x8 -> [conv 12@3 pad 1 -> bn -> relu]*2 -> conv 12@3 pad 1 -> bn -> fc 3",
    "input 4x5x5 -> conv 4@3 -> residual[ bn ] -> relu -> fc 3",
    "input 4x5x5 -> conv 4@3 -> bn -> relu -> residual[ bn ] -> relu -> conv 3@1 -> fc 3",
    # norms that take a shortcut in, one in another, and what they read only on the way back
    "input 1x5x10 -> conv 4@3 pad 1 -> residual[ conv 4@3 pad 1 -> residual[ conv 4@1 -> bn ] ] -> fc 3",
    "input 6x9x9 -> conv 12@1 groups 3 -> bn -> relu -> conv 8@1 -> bn"
    " -> residual[ conv 8@1 -> bn -> relu -> conv 8@3 pad 1 -> bn ] -> relu -> conv 5@3 -> bn -> tanh -> fc 3",
    "input 4x6x6 -> residual[ conv 4@3 pad 1 -> bn | conv 4@1 -> bn ]"
    " -> sum[ conv 4@1 -> bn | id | maxpool 1 ] -> relu -> fc 3",
]


@needs_compiler
@pytest.mark.parametrize("text", CORNERS)
def test_corners(text: str) -> None:
    nets.same_gradients(read(text), 20)


@needs_compiler
@pytest.mark.parametrize("text", [*TEXTS[::4], *CORNERS[-8:]])
def test_gradients_of_the_outputs_can_be_given(text: str) -> None:
    for images in (1 + ("bn" in text), 20):
        nets.same_gradients(read(text), images, loss=GIVEN)


@needs_compiler
@pytest.mark.parametrize("name", runnable())
def test_every_vector_width_gives_the_same(name: str) -> None:
    for text in TEXTS[:3]:
        nets.same_gradients(read(text), 11, target=named(name), extra_flags=nets.AS_USED)


WHOLE = {
    "a: input 4\ninput 4\nsum[ from a | id ] -> fc 2": "lacks a second input$",
    "input 4 -> t: fc 4 -> shared t": "lacks 'shared'$",
}


def test_what_is_lacking_is_listed_and_refused_in_a_line() -> None:
    """A new layer of the notation fails here until it is lowered, or said to be left to PyTorch."""
    assert {layer.word for layer in MODULES if layer not in LAYERS} == LACKS
    assert set(JOINS) == set(Join.__subclasses__())
    with pytest.raises(Refused, match=r"^the native engine lacks 'local 2@3x3'$"):
        lowered(read("input 1x8x8 -> local 2@3 -> fc 2"), host())
    for text, message in WHOLE.items():
        with pytest.raises(Refused, match=message):
            lowered(read(text), host())
    with pytest.raises(Refused, match="of fixed size, not 3x"):
        lowered(read("input 3x?x? -> conv 2@3 -> gap -> fc 2"), host())


@pytest.mark.parametrize(
    "name", ["lenet5", "lenet5-1998", "lenet300", "resnet20", "vgg-a-lrn", "densenet121", "se-resnet50"]
)
def test_a_plan_counts_the_multiply_adds_that_the_calculator_does(name: str) -> None:
    network = zoo.net(name)
    assert lowered(network, host()).macs == measure(network).total_macs


@needs_compiler
def test_the_same_seed_and_threads_give_the_same_bits() -> None:
    network = read("input 1x12x12 -> conv 4@3 -> bn -> relu -> dropout 0.3 -> fc 3")
    x = np.random.default_rng(0).standard_normal((50, 1, 12, 12)).astype(np.float32)
    y = np.arange(50) % 3
    rule = nets.Rule(kind=1, rate=0.1, momentum=0.9)
    found: list[Any] = []
    for _ in range(2):
        _, compiled = nets.twins(network, 50, extra_flags=nets.AS_USED)
        losses = [compiled.step(x, y, rule, seed=step).loss for step in range(5)]
        found.append((losses, compiled.flat["weights"].copy()))
    assert found[0][0] == found[1][0]
    assert (found[0][1] == found[1][1]).all()


@needs_compiler
def test_a_single_image_sees_what_the_newest_step_has_learned() -> None:
    network = read("input 1x12x12 -> conv 4@3 -> bn -> relu -> fc 3")
    x = np.random.default_rng(0).standard_normal((8, 1, 12, 12)).astype(np.float32)
    _, compiled = nets.twins(network, 8)
    for step in range(3):
        nets.near(compiled.evaluate(x[:1]), compiled.evaluate(x)[:1])
        compiled.step(x + step, np.arange(8) % 3, nets.Rule(kind=1, rate=0.1, momentum=0.9))
    nets.near(compiled.evaluate(x[:1]), compiled.evaluate(x)[:1])


@needs_compiler
@pytest.mark.parametrize("layer", ["relu", "leaky", "elu", "tanh", "sigmoid", "swish", "gelu", "bn -> relu", "lrn"])
def test_what_is_not_a_number_stays_so(layer: str) -> None:
    _, compiled = nets.twins(read(f"input 2x6x6 -> conv 4@3 -> {layer} -> fc 3"), 16)
    tensors = compiled.tensors()
    tensors["conv1.weight"][0, 0, 0, 0] = np.nan
    compiled.load(tensors)
    x = np.ones((16, 2, 6, 6), np.float32)
    assert np.isnan(compiled.evaluate(x)).all()
    assert np.isnan(compiled.evaluate(x[:1])).all()
    assert np.isnan(compiled.step(x, np.arange(16) % 3, nets.LOOK).loss)


@needs_compiler
def test_the_loss_of_large_outputs_keeps_its_digits() -> None:
    network = read("input 2x1x1 -> fc 3")
    _, compiled = nets.twins(network, 16)
    x = 1e4 * np.random.default_rng(0).standard_normal((16, 2, 1, 1)).astype(np.float32)
    weights = np.array([[1, 1], [1, 1.0001], [1, 1.0002]], np.float32)
    compiled.load({"fc1.weight": weights, "fc1.bias": np.zeros(3, np.float32)})
    y = np.arange(16) % 3
    expected = torch.nn.functional.cross_entropy(torch.tensor(compiled.evaluate(x)).double(), torch.tensor(y)).item()
    assert abs(compiled.step(x, y, nets.LOOK).loss - expected) <= 1e-6 * expected


@needs_compiler
@pytest.mark.parametrize("word", ["mish", "swish", "gelu", "gelu approx", "sigmoid", "softplus"])
def test_far_from_zero_a_slope_is_as_exact_as_near_it(word: str) -> None:
    """Entries grown a hundredfold: where x multiplies a slope's rounding, nothing may flow back that is only noise."""
    network = read(f"input 3 -> fc 2 nobias -> dropout 0.99 -> {word} -> fc 3")
    for seed in (214, *range(20)):
        nets.same_gradients(network, 6, seed, extra_flags=nets.AS_USED)


@needs_compiler
def test_rows_and_moves_choose_and_shift_images() -> None:
    """As `Shift` moves them: what comes in at the edge is the background."""
    network = read("input 2x5x6 -> conv 3@3 pad 1 -> tanh -> fc 3")
    _, compiled = nets.twins(network, 20)
    x, rows = torch.randn(30, 2, 5, 6), torch.tensor([4, 29, 0, 7, 7])
    shifted, y = Shift(1, (0.5, -1.0)).drawn(30, torch.Generator().manual_seed(3)), np.array([0, 1, 2, 0, 1])
    moved = shifted.image(x[rows], rows)
    down, right = shifted.down[rows].numpy(), shifted.right[rows].numpy()
    background = np.array(shifted.shift.background, np.float32)
    moves = Moves(most=1, down=down.ctypes.data, right=right.ctypes.data, background=background.ctypes.data)
    there = compiled.step(x.numpy(), y, nets.LOOK, rows=rows.numpy(), moves=moves).loss
    assert there == compiled.step(moved.numpy(), y, nets.LOOK).loss
