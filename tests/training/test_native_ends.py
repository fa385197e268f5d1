"""Networks of several ends, natively and in PyTorch: whole trainings have the same losses, part by part."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from striate.building import build
from striate.native.losses import GIVEN, Loss
from striate.notation import read
from striate.tasks.labelled import Labelled
from striate.tasks.segment import Segment
from striate.training.engine import TorchEngine
from striate.training.fields import OUTPUT, Fields
from striate.training.native_engine import NativeEngine
from striate.training.objective import Objective, Squares, Step
from striate.training.options import Options
from tests.native.needs import needs_compiler

pytestmark = needs_compiler
ASIDE = "input 2x8x8 -> conv 6@3 -> bn -> relu -> aux[ gap -> fc 3 ] -> dropout 0.3 -> conv 6@3 -> relu -> fc 3"
HEADS = "input 2x8x8 -> conv 6@3 -> bn -> relu -> heads[ place: fc 3 | map: conv 1@3 | level: gap -> fc 2 -> tanh ]"
MAPS = "input 2x8x8 -> conv 6@3 pad 1 -> bn -> relu -> conv 2@3 pad 1"
STEPS = 60


class Three(Squares):
    """A class, a map and two numbers."""

    decides = "accuracy"

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """A part for each."""
        near = {name: (outputs[name] - targets[name]).square().mean() for name in ("map", "level")}
        return {"place": torch.nn.functional.cross_entropy(outputs["place"], targets["place"]), **near}

    def right(self, outputs: Fields, targets: Fields) -> tuple[Tensor | int, int]:
        """The classes."""
        return (outputs["place"].argmax(1) == targets["place"]).sum(), len(targets["place"])


def engines(text: str, objective: Objective, loss: Loss, batch: int) -> tuple[TorchEngine, NativeEngine]:
    network, options = read(text), Options(batch=batch, optimizer="momentum", lr=0.02)
    model, twin = build(network, seed=0), build(network, seed=0)
    native = NativeEngine(network, twin, options, STEPS, loss, objective=objective)
    return TorchEngine(model, options, STEPS, objective), native


def batches(batch: int) -> Any:
    """Batches in which every target can be learned."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(STEPS):
        x = torch.randn(batch, 2, 8, 8, generator=generator)
        place = x.mean((2, 3)).mul(8).round().sum(1).clamp(0, 2).long()
        sums = x.mean((2, 3))
        yield (
            {"image": x},
            {"label": place, "place": place, "map": x[:, :1, 2:-2, 2:-2], "level": sums, "image": 0.5 * x},
        )


def alike(torch_engine: TorchEngine, native: NativeEngine, batch: int, names: tuple[str, ...]) -> list[Step]:
    """The native engine's steps, compared with PyTorch's on the same batches; evaluation at the end too."""
    steps = []
    for inputs, every in batches(batch):
        targets: Mapping[str, Tensor] = {name: every[name] for name in names}
        torch_engine.train()
        ours, theirs = native.step(inputs, targets), torch_engine.step(inputs, targets)
        assert ours.parts.keys() == theirs.parts.keys()
        for name, part in ours.parts.items():
            assert float(part) == pytest.approx(float(theirs.parts[name]), rel=1e-3, abs=1e-5)
        assert abs(int(ours.right) - int(theirs.right)) <= 1, "rounding may turn a tie"
        assert ours.decided == theirs.decided
        steps.append(ours)
    for some in (inputs, {"image": inputs["image"][:1]}):
        made, expected = native.evaluate(some), torch_engine.evaluate(some)
        assert made.keys() == expected.keys()
        for name, output in made.items():
            assert output.shape == expected[name].shape
            assert (output - expected[name]).abs().max() <= 1e-3 * expected[name].abs().max()
    return steps


@pytest.mark.parametrize("batch", [4, 32])
@pytest.mark.parametrize(("loss", "by"), [("cross-entropy", "cross-entropy"), ("mse", "mse"), ("mse", GIVEN)])
def test_heads_on_the_side_are_trained_alike(loss: str, by: str, batch: int) -> None:
    steps = alike(*engines(ASIDE, Labelled(("a", "b", "c")).objective(loss), by, batch), batch, ("label",))
    assert steps[-1].loss < steps[0].loss


PARTS = {"place": "cross-entropy", "map": "squared-error", "level": "squared-error"}


@pytest.mark.parametrize("batch", [4, 32])
@pytest.mark.parametrize("loss", [PARTS, GIVEN])
def test_several_outputs_are_trained_alike(loss: Loss, batch: int) -> None:
    steps = alike(*engines(HEADS, Three(), loss, batch), batch, (*PARTS,))
    assert steps[-1].parts["level"] < steps[0].parts["level"]


@pytest.mark.parametrize(
    "text", ["input 2x9 -> conv 3@2", "input 2x9 -> heads[ a: gap | b: conv 2@3 | c: fc 4 ]", MAPS]
)
def test_outputs_have_the_shapes_that_pytorch_s_have(text: str) -> None:
    loss = dict.fromkeys("abc", "squared-error") if "heads" in text else "squared-error"
    torch_engine, native = engines(text, Squares(), loss, 4)
    inputs = {"image": torch.randn(4, *(n or 1 for n in read(text).input))}
    made, expected = native.evaluate(inputs), torch_engine.evaluate(inputs)
    assert {name: tuple(one.shape) for name, one in made.items()} == {n: tuple(x.shape) for n, x in expected.items()}


@pytest.mark.parametrize("batch", [1, 32])
@pytest.mark.parametrize("by", ["squared-error", GIVEN])
def test_maps_are_trained_towards_maps_alike(by: str, batch: int) -> None:
    class Near(Squares):
        def loss(self, outputs: Fields, targets: Fields) -> Fields:
            return {"squared-error": super().loss(outputs, targets)["squares"]}

    steps = alike(*engines(MAPS, Near(), by, batch), batch, ("image",))
    assert steps[-1].loss < 0.5 * steps[0].loss


class First(Squares):
    """Of several outputs one counts."""

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The map's."""
        return {"map": (outputs["map"] - targets["map"]).abs().mean()}


def test_an_output_that_counts_for_nothing_has_no_gradient() -> None:
    steps = alike(*engines(HEADS, First(), GIVEN, 9), 9, ("map",))
    assert steps[-1].loss < steps[0].loss


def test_classes_of_pixels_that_count_differently_are_trained_alike() -> None:
    task = Segment(("a", "b", "c"), ((0, 0, 0),) * 3, (0.4, 1.0, 3.5), channels=1, tile=(8, 8))
    name, generator = "balanced-cross-entropy", torch.Generator().manual_seed(2)
    text = MAPS.replace("conv 2@3", "conv 3@3")
    torch_engine, native = engines(text, task.objective(name), task.native(name), 4)
    for inputs, _ in batches(4):
        masks = torch.randint(3, (4, 8, 8), generator=generator).to(torch.uint8)
        masks[torch.rand(masks.shape, generator=generator) < 0.2] = 255
        torch_engine.train()
        ours, theirs = native.step(inputs, {"mask": masks}), torch_engine.step(inputs, {"mask": masks})
        assert ours.parts.keys() == theirs.parts.keys() == {"cross-entropy"}
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-4)
        assert ours.decided == theirs.decided
    assert native.evaluate(inputs)[OUTPUT].shape == (4, 3, 8, 8)
