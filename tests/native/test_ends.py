"""Networks that end in several values: outputs by name, heads on the side, each with a loss of its own; and losses of
numbers, in vectors and maps, and of classes that count differently.
"""

import numpy as np
import pytest

from striate.errors import InputError
from striate.native.losses import Criterion, criteria, parts_of
from striate.native.lowering import Refused, lowered
from striate.native.network import Compiled
from striate.native.target import host
from striate.notation import measure, read
from tests.native import networks as nets
from tests.native.needs import needs_compiler

ASIDE = [
    "input 1x8x8 -> aux[ fc 3 ] -> fc 3",
    "input 2x9x9 -> conv 4@3 -> relu -> aux[ avgpool 3 -> conv 2@1 -> relu -> fc 5 -> relu -> fc 3 -> softmax ]"
    " -> conv 3@3 -> tanh -> aux[ gap -> fc 3 ] -> fc 3 -> softmax",
    "input 2x8x8 -> conv 4@3 pad 1 nobias -> bn -> relu -> aux[ conv 3@1 -> bn -> relu -> dropout 0.3 -> fc 3 ]"
    " -> residual[ conv 4@3 pad 1 -> bn ] -> relu -> dropout 0.5 -> gap -> fc 3",
    "input 3 -> fc 4 -> tanh -> fc 3 -> aux[ id ]",
    "input 3x16 -> conv 3@3 -> relu -> aux[ conv 3@4 -> gmp ] -> gap",
]
PLACE_AND_LEVEL = {"place": "cross-entropy", "level": "squared-error"}
HEADS = {
    "input 1x8x8 -> heads[ place: fc 3 | level: fc 2 ]": PLACE_AND_LEVEL,
    "input 2x9x9 -> conv 4@3 -> bn -> relu -> heads[ place: conv 3@3 -> bn -> tanh -> gap | level: gap -> fc 1 ]": {
        "place": Criterion("cross-entropy", weight=0.25),
        "level": Criterion("squared-error", weight=2),
    },
    "input 2x8x8 -> conv 4@3 pad 1 -> relu -> heads[ map: conv 3@3 pad 1 | near: id | place: dropout 0.4 -> fc 3 ]": {
        "map": "pixel-cross-entropy",
        "near": "squared-error",
        "place": "cross-entropy",
    },
    "input 4 -> fc 5 -> tanh -> heads[ a: heads[ b: fc 2 -> softmax | c: id ] | d: fc 3 ]": {
        "a.b": "cross-entropy",
        "a.c": "squared-error",
        "d": "cross-entropy",
    },
    "input 1x6x6 -> heads[ a: fc 4 -> h: relu -> fc 3 | b: from h -> fc 2 | c: from h | d: from h ]": {
        "a": "cross-entropy",
        "b": "squared-error",
        "c": "squared-error",
        "d": "cross-entropy",
    },
}
SINGLE = {
    "input 1x6x6 -> conv 4@3 -> relu -> fc 5": "binary-cross-entropy",
    "input 2x5x6 -> conv 3@3 -> tanh -> fc 4": "squared-error",
    "input 2x7x5 -> conv 4@3 pad 1 -> relu -> conv 2@3 pad 1": "squared-error",
    "input 2x20 -> conv 4@3 -> bn -> relu -> conv 2@1": "squared-error",
    "input 1x8x8 -> conv 4@3 pad 1 -> relu -> maxpool 2 -> upconv 3@2x2 stride 2": Criterion(
        "pixel-cross-entropy", classes=(0.5, 1.0, 2.25)
    ),
}


@needs_compiler
@pytest.mark.parametrize("images", [2, 21])
@pytest.mark.parametrize("text", ASIDE)
def test_heads_on_the_side_are_learned_from_and_left_out_of_evaluation(text: str, images: int) -> None:
    nets.same_gradients(read(text), images)


@needs_compiler
@pytest.mark.parametrize("images", [2, 21])
@pytest.mark.parametrize("text", [*HEADS, *SINGLE])
def test_each_output_has_its_loss(text: str, images: int) -> None:
    nets.same_gradients(read(text), images, loss={**HEADS, **SINGLE}[text])


def test_evaluation_takes_no_step_of_a_head_on_the_side() -> None:
    plan = lowered(read(ASIDE[1]), host())
    titles = [step.title.partition(":")[0] for step in plan.steps]
    left = [step.title.partition(":")[0] for step in plan.evaluated]
    assert [end.aside for end in plan.ends] == [False, True, True]
    assert plan.macs == measure(read(ASIDE[1])).total_macs
    assert [title for title in titles if title not in left] == [
        *("aux1.head.avgpool1", "aux1.head.conv1", "aux1.head.relu1", "aux1.head.fc1"),
        *("aux1.head.relu2", "aux1.head.fc2", "aux2.head.gap1", "aux2.head.fc1"),
    ]


@needs_compiler
def test_the_parts_of_a_loss_have_the_names_of_the_outputs() -> None:
    text, random = next(iter(HEADS)), np.random.default_rng(0)
    _, compiled = nets.twins(read(text), 5, loss=PLACE_AND_LEVEL)
    x, targets = (
        random.random((5, 1, 8, 8), np.float32),
        {"place": np.arange(5) % 3, "level": np.ones((5, 2), np.float32)},
    )
    outputs = compiled.evaluate(x)
    seen = compiled.step(x, targets, nets.LOOK)
    assert seen.parts.keys() == {"place", "level"}
    assert seen.parts["level"] == pytest.approx(float(((outputs[:, 3:] - 1) ** 2).mean()), rel=1e-5)
    assert seen.loss == sum(seen.parts.values())
    assert (seen.correct, seen.decided) == (int((outputs[:, :3].argmax(1) == targets["place"]).sum()), 5)


@needs_compiler
def test_targets_that_are_none_for_their_output_never_reach_c() -> None:
    _, compiled = nets.twins(read(next(iter(HEADS))), 5, loss=PLACE_AND_LEVEL)
    x, right = np.zeros((5, 1, 8, 8), np.float32), np.ones((5, 2), np.float32)
    with pytest.raises(InputError, match=r"^labels are 0 to 2\. Received: 0 to 4$"):
        compiled.step(x, {"place": np.arange(5), "level": right}, nets.LOOK)
    with pytest.raises(InputError, match=r"^targets are 2 numbers each, as many as the network gives\. Received: 3$"):
        compiled.step(x, {"place": np.arange(5) % 3, "level": np.ones((5, 3), np.float32)}, nets.LOOK)
    for wrong in (right.astype(np.float64), right.T.copy().T, right[:4]):
        with pytest.raises(AssertionError):
            compiled.step(x, {"place": np.arange(5) % 3, "level": wrong}, nets.LOOK)


@pytest.mark.parametrize(
    ("text", "loss", "message"),
    [
        ("input 4 -> heads[ a: fc 2 | b: fc 3 ]", {"a": "hinge"}, "lacks a loss for the output 'b'$"),
        ("input 4 -> heads[ a: fc 2 | b: fc 3 ]", "hinge", "lacks a loss for the output 'a'$"),
        ("input 1x4x4 -> conv 1@1", "pixel-cross-entropy", "lacks the loss 'pixel-cross-entropy' of 1x4x4$"),
        ("input 4 -> fc 2", "focal", "lacks the loss 'focal'$"),
        ("input 1x4x4 -> conv 3@1", "cross-entropy", "lacks the loss 'cross-entropy' of 3x4x4$"),
        (
            "input 4 -> heads[ a: fc 2 ]",
            {"a": "hinge", "b": "hinge"},
            "lacks the output 'b', of which there is a loss$",
        ),
    ],
)
def test_losses_that_it_lacks_are_refused_in_a_line(text: str, loss: object, message: str) -> None:
    with pytest.raises(Refused, match=f"^the native engine {message}"):
        parts_of(lowered(read(text), host()).ends, loss, 0.3)  # type: ignore[arg-type]


def test_a_head_on_the_side_without_a_weight_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="a head on the side weighs something"):
        Compiled(read(ASIDE[0]), 1, 2)


def test_a_kind_stands_for_its_criterion() -> None:
    assert criteria("mse") == {"": Criterion("mse", 1.0, ())}
