"""A class for each position, natively and in PyTorch: losses, what is right, outputs; positions that do not count."""

import pytest
import torch
from torch import Tensor

from striate.building import build
from striate.errors import InputError
from striate.notation import read
from striate.tasks.segment import Segment
from striate.training.engine import TorchEngine
from striate.training.fields import OUTPUT
from striate.training.native_engine import NativeEngine
from striate.training.options import Options
from tests.native.needs import needs_compiler

pytestmark = needs_compiler
TASK = Segment(("a", "b", "c"), ((0, 0, 0),) * 3, (1.0, 1.0, 1.0), channels=1, tile=(16, 16))
NETS = {
    "plain": "input 1x16x16 -> conv 4@3 pad 1 -> bn -> relu -> conv 3@3 pad 1",
    "u": "input 1x16x16 -> d: conv 4@3 pad 1 -> relu -> maxpool 2 -> conv 8@3 pad 1 -> bn -> relu -> "
    "upconv 4@2x2 stride 2 -> concat[ from d | id ] -> conv 3@1x1",
    "without padding": "input 1x16x16 -> conv 4@3 -> relu -> conv 3@3",
    "odd": "input 1x15x9 -> conv 4@3 pad 1 -> relu -> conv 3@3 pad 1",
}


def engines(text: str, batch: int) -> tuple[TorchEngine, NativeEngine]:
    network, options = read(text), Options(batch=batch, optimizer="momentum", lr=0.05)
    torch.manual_seed(0)
    model, twin = build(network), build(network)
    twin.load_state_dict(model.state_dict())
    return TorchEngine(model, options, 100, TASK.objective(None)), NativeEngine(
        network, twin, options, 100, TASK.native(None)
    )


def batch_of(
    count: int, sides: tuple[int, int], generator: torch.Generator
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    masks = torch.randint(3, (count, *sides), generator=generator).to(torch.uint8)
    masks[torch.rand(masks.shape, generator=generator) < 0.2] = 255
    return {"image": torch.randn(count, 1, *sides, generator=generator)}, {"mask": masks}


@pytest.mark.parametrize("batch", [1, 3, 8, 32])
@pytest.mark.parametrize("name", NETS)
def test_both_learn_alike(name: str, batch: int) -> None:
    torch_engine, native = engines(NETS[name], batch)
    sides, generator = read(NETS[name]).input[1:], torch.Generator().manual_seed(1)
    torch_engine.train()
    for _ in range(10):
        inputs, targets = batch_of(batch, sides, generator)  # type: ignore[arg-type]
        ours, theirs = native.step(inputs, targets), torch_engine.step(inputs, targets)
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)
        assert ours.parts.keys() == theirs.parts.keys()
        assert ours.decided == theirs.decided
        assert abs(int(ours.right) - int(theirs.right)) <= 1 + 0.001 * ours.decided, "rounding may turn a tie"
    for some in (inputs, {"image": inputs["image"][:1]}):
        a, b = native.evaluate(some)[OUTPUT], torch_engine.evaluate(some)[OUTPUT]
        assert a.shape == b.shape
        assert (a - b).abs().max() <= 1e-5 * b.abs().max()


def test_a_batch_in_which_nothing_counts_changes_nothing() -> None:
    _, native = engines(NETS["without padding"], 4)
    before = native.weights()
    seen = native.step({"image": torch.randn(4, 1, 16, 16)}, {"mask": torch.full((4, 16, 16), 255, dtype=torch.uint8)})
    assert (seen.loss, seen.right, seen.decided) == (0.0, 0, 0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in native.weights().items())


def test_a_class_that_is_none_is_refused() -> None:
    _, native = engines(NETS["plain"], 4)
    masks = torch.zeros(4, 16, 16, dtype=torch.uint8)
    masks[0, 0, 0] = 3
    with pytest.raises(InputError, match="labels are 0 to 2"):
        native.step({"image": torch.zeros(4, 1, 16, 16)}, {"mask": masks})
