"""Networks of three dimensions in native code: known ones against float64, and what their steps are."""

import pytest

from striate.native.lowering import lowered
from striate.native.single import Single
from striate.native.target import named, runnable
from striate.notation import measure, read
from tests.native import networks as nets
from tests.native.needs import needs_compiler

TEXTS = [
    "input 2x6x8x7 -> conv 4@3 pad 1 stride 2 -> bn -> relu -> conv 5@3x2x1 pad 1x1x0 -> relu -> fc 3",
    "input 2x6x8x7 -> conv 4@2x3x3 dilate 2x1x2 groups 2 pad 2x1x1 flip nobias -> bn -> relu -> maxpool 2 -> conv 4@2"
    " -> gap -> fc 3",
    "input 2x7x6x8 -> conv 4@3 pad same stride 2x1x2 ceil -> avgpool 2 stride 1 pad 1 -> gmp -> fc 3",
    "input 2x5x6x4 -> conv 4@3 pad reflect 1 -> residual[ conv 4@3 pad circular 1 -> bn | conv 4@1 -> bn ] -> relu"
    " -> conv 3@2 pad replicate (2,0)x1x1 -> fc 3",
    "input 2x4x6x6 -> a: [conv 4@3 pad 1 -> bn -> relu] -> maxpool 2 -> conv 6@3 pad 1 -> upconv 4@2 stride 2"
    " -> concat[ from a | id ] -> conv 3@1 -> fc 3",
    "input 4x3x5x4 -> conv 16@3 pad 1 -> shuffle 2 -> upsample 1x2x1 -> conv 3@2 -> upsample 2 bilinear -> pad 1"
    " -> crop (1,2)x0x1 -> fc 3",
    "input 2x4x6x4 -> unshuffle 2 -> conv 4@1 -> ln -> conv 4@3 pad 1 -> gn 2 -> in -> maxout 2 -> prelu -> dropout 0.3"
    " -> fc 3 each -> fc 3",
    "input 2x5x4x6 -> conv 4@2 -> avgpool to 3x2x4 -> maxpool to 2x3x3 -> fc 3",
    # gates with a number per channel, position, frame, or place in all frames
    "input 3x4x6x4 -> conv 6@3 pad 1 -> scale[ gap -> fc 2 -> relu -> fc c -> sigmoid ]"
    " -> scale[ concat[ channelmean | channelmax ] -> conv 1@3 pad 1 -> sigmoid ]"
    " -> scale[ conv 6@1 -> maxpool 4x1x1 -> sigmoid ] -> scale[ conv 6@1 -> avgpool 1x6x1 -> sigmoid ] -> fc 3",
    "input 3x4x6x4 -> tanh -> subsample 2x3x2 stride 2 -> lrn -> fc 9 -> tanh -> rbf 3",
    "input 4x3x5x4 -> upconv 6@3 stride 2 pad 1 extra 1 groups 2 -> tanh"
    " -> upconv 3@2x1x2 dilate 2x1x1 pad (1,0)x0x1 nobias -> fc 3",
    # padding around a single entry, a kernel of the map's size, a row alone
    "input 3x3x8x8 -> gap -> conv 8@3 pad 1 -> fc 3",
    "input 2x3x4x5 -> conv 6@3x4x5 -> relu -> conv 4@3 pad 1 -> fc 3",
    "input 2x1x1x30 -> conv 4@1x1x3 pad 0x0x1 -> relu -> gmp -> fc 3",
    # one value taken twice, and what passes through
    "input 2x3x4x4 -> conv 4@2 -> sum[ id | id ] -> concat[ id | conv 2@1 | id ] -> relu -> fc 3",
    "input 2x3x4x4 -> conv 4@3 pad 1 -> residual[ bn ] -> relu -> concat[ maxpool 1 | id ] -> tanh -> conv 3@2 -> fc 3",
    # 3x3 kernels of single frames, of as many channels as Winograd's products want
    "input 12x3x6x6 -> conv 12@1x3x3 pad 0x1x1 -> conv 13@3 pad 1 -> bn -> relu -> fc 3",
]


@needs_compiler
@pytest.mark.parametrize("text", TEXTS)
def test_known_networks(text: str) -> None:
    for images in (1 + ("bn" in text), 20):
        nets.same_gradients(read(text), images)


@needs_compiler
@pytest.mark.parametrize("name", runnable())
def test_every_vector_width_gives_the_same(name: str) -> None:
    nets.same_gradients(read(TEXTS[0]), 11, target=named(name), extra_flags=nets.AS_USED)


def test_frames_are_not_copied_where_no_border_is_wanted() -> None:
    plan = lowered(read("input 2x6x8x7 -> conv 4@3 -> maxpool 2 -> conv 3@1 -> fc 3"), named("avx2"))
    views = [step for step in plan.steps if type(step).__name__ in ("View", "Flatten")]
    assert len(views) == 6
    assert all(step.output.root is step.inputs[0].root for step in views)


def test_a_single_image_has_a_program_of_its_own() -> None:
    """So that the comparison of one image in `test_known_networks` is one of that program, for most of them."""
    without = [text for text in TEXTS if not Single(lowered(read(text), named("avx2"))).supported]
    assert without == [text for text in TEXTS if any(word in text for word in ("groups", "upconv", "lrn"))]


@pytest.mark.parametrize("text", TEXTS[:2])
def test_a_plan_counts_the_multiply_adds_that_the_calculator_does(text: str) -> None:
    network = read(text)
    assert lowered(network, named("avx2")).macs == measure(network).total_macs
