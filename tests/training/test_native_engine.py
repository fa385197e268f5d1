"""The native engine beside the torch engine: the same losses and weights, and states that either can go on from."""

import dataclasses
import re
from typing import Any

import pytest
import torch
from torch import Tensor

from striate import zoo
from striate.augmentation.shift import Shift
from striate.building import build
from striate.errors import InputError
from striate.losses import LOSSES
from striate.native.losses import criteria
from striate.native.lowering import Refused
from striate.notation import Network, read
from striate.tasks.labelled import USUAL
from striate.training.engine import TorchEngine
from striate.training.native_engine import NativeEngine
from striate.training.optimizers import OPTIMIZERS
from striate.training.options import Options
from striate.training.pool import Pool
from tests.learning import goal, pool, taken
from tests.learning import outputs as outputs_of
from tests.native.needs import needs_compiler
from tests.zoo.small import OF_PICTURES, OF_SENTENCES

pytestmark = needs_compiler
SMALL = "input 1x10x10 -> conv 4@3 -> bn -> relu -> maxpool 2 -> dropout 0.3 -> fc 3"
FAMILIES = {
    "vgg": "input 3x32x32 -> [conv 16@3x3 pad 1 -> bn -> relu]*2 -> maxpool 2 -> [conv 32@3x3 pad 1 -> bn -> relu]*3"
    " -> maxpool 2 -> [conv 64@3x3 pad 1 -> bn -> relu]*2 -> maxpool 2 -> fc 64 -> relu -> dropout 0.5 -> fc 10",
    "inception": """
        cbr(w)  = conv w@1x1 nobias -> bn eps 0.001 -> relu
        cbr3(w) = conv w@3x3 pad 1 nobias -> bn eps 0.001 -> relu
        inception(a, r3, b, r5, d, p) = concat[
          cbr(a)
        | cbr(r3) -> cbr3(b)
        | cbr(r5) -> cbr3(d)
        | maxpool 3 stride 1 pad 1 ceil -> cbr(p)
        ]
        input 3x32x32
        cbr3(16) -> maxpool 3 stride 2 ceil
        inception(8, 12, 16, 2, 4, 4) -> inception(16, 16, 24, 4, 12, 8) -> maxpool 3 stride 2 ceil
        inception(24, 12, 26, 2, 6, 8) -> gap -> dropout 0.2 -> fc 10
    """,
    "preact": """
        body(w, s)  = conv w@1x1 nobias -> bn -> relu -> conv w@3x3 stride s pad 1 nobias -> bn -> relu -> conv 4*w@1x1
        first(w, s) = bn -> relu -> residual[ body(w, s) | conv 4*w@1x1 stride s nobias ]
        block(w)    = residual[ bn -> relu -> body(w, 1) ]
        input 3x32x32
        conv 8@3x3 pad 1 nobias -> first(8, 1) -> block(8) -> first(16, 2) -> block(16)*2
        bn -> relu -> gap -> fc 10
    """,
    "densenet": """
        layer()      = bn -> relu -> conv 32@1x1 nobias -> bn -> relu -> conv 8@3x3 pad 1 nobias
        transition() = bn -> relu -> conv c/2@1x1 nobias -> avgpool 2
        input 3x32x32
        conv 16@3x3 pad 1 nobias -> dense[ layer() ]*3 -> transition() -> dense[ layer() ]*3
        bn -> relu -> gap -> fc 10
    """,
}
DEEP = ("resnet32", "resnet44", "resnet110", "preact-resnet164", "wide-resnet28-10")  # more of resnet20 and "preact"
DIFFERENT = [name for name in zoo.names() if name not in (*DEEP, *OF_PICTURES, *OF_SENTENCES)]
RATES = {"resnet56": 0.001}  # at 0.003 PyTorch's float32 itself leaves float64
BATCHES = {"resnet56": 16, "all-cnn": 4, "network-in-network": 4}  # as many as take seconds
TOLERANCE = 1e-4  # of the loss


def engines(network: Network, **options: Any) -> tuple[TorchEngine, NativeEngine]:
    """Both, with the same first weights."""
    chosen = Options(**options)
    torch.manual_seed(0)
    model = build(network)
    twin = build(network)
    twin.load_state_dict(model.state_dict())
    return TorchEngine(model, chosen, 5000, goal(chosen.loss)), NativeEngine(
        network, twin, chosen, 5000, chosen.loss or USUAL
    )


def images(network: Network, count: int, classes: int) -> Pool:
    """Random images with a hint of their class."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.randint(classes, (count,), generator=generator)
    hints = torch.randn(classes, network.input[0] or 1, 1, 1, generator=generator)
    return pool(torch.randn(count, *[n or 1 for n in network.input], generator=generator) + hints[labels], labels)


def losses(
    engine: TorchEngine | NativeEngine, batches: Pool, steps: int, size: int = 32, epoch: int = 0
) -> list[float]:
    engine.train()
    generator = torch.Generator().manual_seed(2)
    drawn = [torch.randint(len(batches), (size,), generator=generator) for _ in range(steps)]
    return [engine.learn(taken(batches, rows, epoch=epoch)).loss for rows in drawn]


def apart(ours: list[float], theirs: list[float]) -> float:
    return max(abs(a - b) / abs(b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_with_penalties(optimizer: str) -> None:
    torch_engine, native = engines(read(SMALL), optimizer=optimizer, batch=32, l1=1e-4, l2=1e-2)
    batches = images(read(SMALL), 200, 3)
    assert apart(losses(native, batches, 50), losses(torch_engine, batches, 50)) <= TOLERANCE


def test_a_part_that_ends_in_softmax_is_trained_as_without() -> None:
    network, batches = read("input 1x4x4 -> part: [ fc 3 -> softmax ]"), images(read("input 1x4x4 -> fc 3"), 40, 3)
    torch_engine, native = engines(network, batch=32)
    assert apart(losses(native, batches, 5), losses(torch_engine, batches, 5)) <= TOLERANCE
    x = batches.inputs["image"]
    torch.testing.assert_close(outputs_of(native, x), outputs_of(torch_engine, x))
    torch.testing.assert_close(native.model.eval()(x), outputs_of(native, x).softmax(1))


@pytest.mark.parametrize("loss", sorted(LOSSES.keys() - {"cross-entropy"}))
def test_every_loss(loss: str) -> None:
    torch_engine, native = engines(read(SMALL), optimizer="momentum", lr=0.01, loss=loss, batch=32)
    batches = images(read(SMALL), 200, 3)
    assert apart(losses(native, batches, 50), losses(torch_engine, batches, 50)) <= TOLERANCE


def is_small(name: str) -> bool:
    """Whether a network of the zoo reads images of at most 3x32x32, as those of CIFAR are: the engine must cover it."""
    found = re.search(r"^input (\d+)x(\d+)x(\d+)$", zoo.entry(name).text, re.MULTILINE)
    return found is not None and all(int(n) <= most for n, most in zip(found.groups(), (3, 32, 32), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*filter(is_small, DIFFERENT), *FAMILIES])
def test_networks_of_the_zoo_over_many_steps(name: str) -> None:
    network, size = read(FAMILIES[name]) if name in FAMILIES else zoo.net(name), BATCHES.get(name, 32)
    torch_engine, native = engines(network, optimizer="sgd", lr=RATES.get(name, 0.003), batch=size)
    batches = images(network, 256, 10)
    assert apart(losses(native, batches, 20, size), losses(torch_engine, batches, 20, size)) <= TOLERANCE
    with torch.no_grad():
        outputs = native.model.eval()(batches.inputs["image"][:70]).flatten(1)
    assert (outputs_of(native, batches.inputs["image"][:70]) - outputs).abs().max() <= 1e-4 * outputs.abs().max()


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_lenet5_as_published_by_its_own_criterion(optimizer: str) -> None:
    network = zoo.net("lenet5-1998")
    torch_engine, native = engines(network, optimizer=optimizer, lr=0.003, loss="map", batch=32, l1=1e-4, l2=1e-2)
    batches = images(network, 256, 10)
    assert apart(losses(native, batches, 50), losses(torch_engine, batches, 50)) <= TOLERANCE
    assert torch.equal(native.weights()["rbf1.prototypes"], torch_engine.weights()["rbf1.prototypes"])


def test_prototypes_move_with_the_weights() -> None:
    """Those of a state need not be the ones that a network begins with."""
    network = read("input 1x4x4 -> conv 3@3 -> tanh -> rbf 3")
    torch_engine, native = engines(network, batch=32)
    other = {name: torch.randn_like(tensor) for name, tensor in native.weights().items()}
    batches = images(network, 40, 3)
    for engine in (torch_engine, native):
        engine.load(other)
    assert torch.equal(native.weights()["rbf1.prototypes"], other["rbf1.prototypes"])
    for count in (1, 40):
        theirs = outputs_of(torch_engine, batches.inputs["image"][:count])
        assert (outputs_of(native, batches.inputs["image"][:count]) - theirs).abs().max() <= 1e-5 * theirs.abs().max()


@pytest.mark.parametrize("optimizer", ["momentum", "adagrad", "rmsprop", "adamw"])
@pytest.mark.parametrize("direction", ["torch to native", "native to torch"])
def test_either_goes_on_from_the_other(optimizer: str, direction: str) -> None:
    pair = engines(read(SMALL), optimizer=optimizer, batch=32)
    one, other = pair if direction == "torch to native" else pair[::-1]
    batches = images(read(SMALL), 200, 3)
    losses(one, batches, 5)
    other.load(one.weights(), one.state())
    assert other.weights().keys() == one.weights().keys()
    assert other.state().keys() == one.state().keys()
    assert all(torch.equal(tensor, other.state()[name]) for name, tensor in one.state().items())
    assert apart(losses(other, batches, 10), losses(one, batches, 10)) <= TOLERANCE
    assert other.rate == one.rate


def test_moved_images_and_large_batches() -> None:
    network = read("input 1x8x8 -> conv 3@3 -> tanh -> fc 3")
    torch_engine, native = engines(network, batch=150)
    still = images(network, 200, 3)
    batches = dataclasses.replace(still, augment=Shift(2, (0.25,)))
    found = [losses(engine, batches, 10, size=151, epoch=1) for engine in (native, torch_engine)]
    assert apart(*found) <= TOLERANCE


def test_weights_are_tensors_of_their_own() -> None:
    """A file of weights takes no two that share memory."""
    _, native = engines(read("input 1x8x8 -> conv 2@3 -> bn -> conv 2@3 -> bn -> fc 3"), batch=32)
    places = [tensor.data_ptr() for tensor in native.weights().values()]
    assert len(set(places)) == len(places)


def test_a_state_before_the_first_step_begins_anew() -> None:
    _, native = engines(read(SMALL), batch=32)
    fresh, batches = (native.weights(), native.state()), images(read(SMALL), 200, 3)
    first = losses(native, batches, 5)
    native.load(*fresh)
    assert losses(native, batches, 5) == first


def test_evaluation_and_the_module_agree() -> None:
    _, native = engines(read(SMALL), batch=32)
    batches = images(read(SMALL), 77, 3)
    losses(native, batches, 8)
    outputs = native.model.eval()(batches.inputs["image"]).detach()
    assert (outputs_of(native, batches.inputs["image"]) - outputs).abs().max() <= 1e-5 * outputs.abs().max()


def test_another_network_s_weights_are_refused() -> None:
    _, native = engines(read(SMALL), batch=32)
    before = native.weights()
    wrong: dict[str, Tensor] = {**before, "fc1.weight": torch.zeros(3, 3)}
    with pytest.raises(InputError, match=r"fc1\.weight"):
        native.load(wrong)
    assert all(torch.equal(tensor, native.weights()[name]) for name, tensor in before.items())


def test_what_it_lacks() -> None:
    with pytest.raises(Refused, match="the native engine lacks 'local 2@3x3'"):
        engines(read("input 2x8x8 -> conv 4@3 -> local 2@3 -> fc 3"), batch=32)
    with pytest.raises(Refused, match="the native engine lacks the loss 'focal'"):
        criteria("focal")
