"""Several labels an image, natively and in PyTorch: losses, what is right, gradients, outputs."""

import numpy as np
import pytest
import torch
from torch import Tensor

from striate.building import build
from striate.errors import InputError
from striate.losses import BINARY, binary_cross_entropy
from striate.notation import read
from striate.tasks.multilabel import Multilabel
from striate.training.engine import TorchEngine
from striate.training.fields import OUTPUT
from striate.training.native_engine import NativeEngine
from striate.training.options import Options
from tests.native.needs import needs_compiler

pytestmark = needs_compiler
TASK = Multilabel(tuple("abcde"))
NETS = {
    "plain": "input 1x9x9 -> conv 4@3 pad 1 -> bn -> relu -> fc 5",
    "pooled": "input 1x16x16 -> conv 6@3 -> relu -> maxpool 2 -> conv 5@3 pad 1 -> gap",
}
Fields = dict[str, Tensor]


def batch_of(count: int, side: int, generator: torch.Generator) -> tuple[Fields, Fields]:
    labels = torch.randint(2, (count, 5), generator=generator, dtype=torch.uint8)
    return {"image": torch.randn(count, 1, side, side, generator=generator)}, {"labels": labels}


@pytest.mark.parametrize("batch", [1, 3, 8, 37])
@pytest.mark.parametrize("name", NETS)
def test_both_learn_alike(name: str, batch: int) -> None:
    network, options = read(NETS[name]), Options(batch=batch, optimizer="momentum", lr=0.05)
    torch.manual_seed(0)
    model, twin = build(network), build(network)
    twin.load_state_dict(model.state_dict())
    theirs = TorchEngine(model, options, 100, TASK.objective(None))
    ours = NativeEngine(network, twin, options, 100, TASK.native(None))
    generator = torch.Generator().manual_seed(1)
    theirs.train()
    for _ in range(10):
        inputs, targets = batch_of(batch, network.input[1], generator)  # type: ignore[arg-type]
        a, b = ours.step(inputs, targets), theirs.step(inputs, targets)
        assert a.loss == pytest.approx(b.loss, rel=1e-5)
        assert a.parts.keys() == b.parts.keys() == {BINARY}
        assert a.decided == b.decided == 5 * batch
        assert abs(int(a.right) - int(b.right)) <= 1, "rounding may turn a tie"
    a, b = ours.evaluate(inputs)[OUTPUT].flatten(1), theirs.evaluate(inputs)[OUTPUT].flatten(1)
    assert (a - b).abs().max() <= 1e-5 * b.abs().max()


@pytest.mark.parametrize("scale", [0.1, 3.0, 40.0])
def test_loss_and_gradient_are_those_of_64_bits(scale: float) -> None:
    network = read("input 1x4x4 -> fc 5")
    options = Options(batch=7, optimizer="sgd", lr=1.0, schedule="constant", l2=0.0)
    model = build(network)
    engine = NativeEngine(network, model, options, 10, BINARY)
    generator = torch.Generator().manual_seed(2)
    inputs, targets = batch_of(7, 4, generator)
    before = {name: scale * torch.randn(values.shape, generator=generator) for name, values in engine.weights().items()}
    engine.net.load({name: values.numpy() for name, values in before.items()})
    exact = {name: values.double().requires_grad_() for name, values in before.items()}
    weight, bias = (next(values for name, values in exact.items() if name.endswith(end)) for end in ("weight", "bias"))
    loss = binary_cross_entropy(inputs["image"].double().flatten(1) @ weight.T + bias, targets["labels"])
    loss.backward()
    assert engine.step(inputs, targets).loss == pytest.approx(float(loss.detach()), rel=1e-5)
    for parameter in engine.net.plan.parameters:
        gradient = exact[parameter.name].grad
        assert gradient is not None
        found = engine.net.read(parameter, of="gradients").reshape(gradient.shape)
        assert np.abs(found - gradient.numpy()).max() <= 1e-5 * float(gradient.abs().max())


def test_a_label_that_is_neither_there_nor_not_is_refused() -> None:
    network = read(NETS["plain"])
    engine = NativeEngine(network, build(network), Options(batch=4), 10, BINARY)
    inputs, targets = batch_of(4, 9, torch.Generator().manual_seed(0))
    targets["labels"][0, 0] = 2
    with pytest.raises(InputError, match=r"labels are 0 to 1\. Received: 0 to 2"):
        engine.step(inputs, targets)
