"""Which layers learn and how fast, in both engines: frozen ones stay bit for bit, then learn as if they began there."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from striate.building import build
from striate.errors import InputError
from striate.native.lowering import Refused
from striate.notation import read
from striate.training.engine import TorchEngine
from striate.training.layer_rates import LayerRates, layer_rates
from striate.training.native_engine import NativeEngine
from striate.training.optimizers import OPTIMIZERS
from striate.training.options import Options
from tests.learning import goal, step
from tests.native.needs import needs_compiler

NET = "input 1x8x8 -> conv 4@3 -> bn -> relu -> stage: [conv 6@3 -> bn -> relu]*2 -> fc 8 -> relu -> fc 3"
PLAIN = "input 1x8x8 -> conv 4@3 -> relu -> conv 6@3 -> relu -> fc 8 -> relu -> fc 3"
BOTH = pytest.mark.parametrize("kind", ["torch", pytest.param("native", marks=needs_compiler)])


def engine_of(kind: str, rates: LayerRates, net: str = PLAIN, **options: Any) -> Any:
    network, chosen = read(net), Options(**options)
    model = build(network, seed=1)
    if kind == "torch":
        return TorchEngine(model, chosen, 40, goal(), rates=rates)
    return NativeEngine(network, model, chosen, 40, "cross-entropy", rates=rates)


def stepped(engine: Any, first: int, last: int) -> dict[str, Tensor]:
    """The weights after some steps on random images."""
    engine.train()
    for number in range(first, last):
        draws = torch.Generator().manual_seed(number)
        step(engine, torch.randn(8, 1, 8, 8, generator=draws), torch.randint(0, 3, (8,), generator=draws))
    weights: dict[str, Tensor] = engine.weights()
    return weights


@pytest.mark.parametrize(
    ("freeze", "frozen"),
    [
        ("1", "conv1 bn1"),
        ("2", "conv1 bn1 stage.conv1 stage.bn1"),
        ("stage", "stage.conv1 stage.bn1 stage.conv2 stage.bn2"),
        ("stage.conv1, fc1", "stage.conv1 fc1"),
        ("all-but-head", "conv1 bn1 stage.conv1 stage.bn1 stage.conv2 stage.bn2 fc1"),
    ],
)
def test_the_words_for_layers(freeze: str, frozen: str) -> None:
    rates = layer_rates(build(NET, "zeros"), freeze)
    assert rates.frozen == tuple(frozen.split())
    assert rates.norms == tuple(name for name in frozen.split() if "bn" in name)


def test_a_label_stands_for_its_layer_and_a_new_layer_is_never_frozen() -> None:
    model = build(NET, "zeros")
    assert layer_rates(model, "eye", labels={"eye": ["conv1"]}).frozen == ("conv1",)
    assert layer_rates(model, "2", fresh=["conv1", "bn1"]).frozen == ("stage.conv1", "stage.bn1")


def test_all_heads_are_the_head() -> None:
    model = build("input 1x8x8 -> conv 4@3 -> gap -> heads[ a: fc 4 -> relu -> fc 2 | b: fc 3 ]", "zeros")
    rates = layer_rates(model, "all-but-head", share=0.5)
    assert rates.frozen == ("conv1",)
    assert [rates.of(f"heads1.{name}.weight") for name in ("a.fc1", "a.fc2", "b.fc1")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        ("cnv1", r"no layer 'cnv1' with weights to freeze; did you mean 'conv1'\?; there are conv1, bn1, stage\.conv1"),
        ("6", "freeze 6: there are 5 layers with weights, the head included"),
        ("5", "freeze '5' leaves no layer that learns; freeze fewer, such as 'all-but-head'"),
    ],
)
def test_words_that_name_nothing(freeze: str, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        layer_rates(build(NET, "zeros"), freeze)


@BOTH
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_frozen_layers_stay_bit_for_bit_and_then_learn(kind: str, optimizer: str) -> None:
    rates = layer_rates(build(PLAIN, "zeros"), "2", until=3)
    engine = engine_of(kind, rates, optimizer=optimizer, l1=0.001, l2=0.1, lr=0.01)
    before = engine.weights()
    held = stepped(engine, 0, 3)
    changed = {name for name, tensor in held.items() if not torch.equal(tensor, before[name])}
    assert changed == {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}
    after = stepped(engine, 3, 4)
    assert all(not torch.equal(tensor, held[name]) for name, tensor in after.items() if "weight" in name)


@needs_compiler
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_both_engines_learn_alike_and_go_on_with_each_other_s_states(optimizer: str) -> None:
    rates = layer_rates(build(PLAIN, "zeros"), "conv1", share=0.1, until=3)
    torch_engine, native = (engine_of(kind, rates, optimizer=optimizer, lr=0.01) for kind in ("torch", "native"))
    for first, last in ((0, 2), (2, 6)):  # frozen, then learning
        ours, theirs = stepped(native, first, last), stepped(torch_engine, first, last)
        for name, tensor in theirs.items():
            assert torch.allclose(tensor, ours[name], atol=2e-5), (name, last)
        native_state, torch_state = native.state(), torch_engine.state()
        assert native_state.keys() == torch_state.keys()
        torch_engine.load(ours, native_state)
        native.load(theirs, torch_state)


def test_rates_grow_in_equal_ratios_to_the_head() -> None:
    """A step of plain descent moves each layer by its share of what it moves by at one rate."""
    rates = layer_rates(build(PLAIN, "zeros"), share=0.125)
    one, shared = engine_of("torch", LayerRates(), optimizer="sgd"), engine_of("torch", rates, optimizer="sgd")
    before = one.weights()
    moved, less = stepped(one, 0, 1), stepped(shared, 0, 1)
    for name, share in {"conv1": 0.125, "conv2": 0.25, "fc1": 0.5, "fc2": 1.0}.items():
        key = f"{name}.weight"
        assert torch.allclose(less[key] - before[key], share * (moved[key] - before[key]), rtol=1e-3, atol=1e-6), name


def test_frozen_batch_norms_use_what_they_have_and_keep_it() -> None:
    rates = layer_rates(build(NET, "zeros"), "1", until=2)
    engine = engine_of("torch", rates, NET)
    before = engine.weights()
    held = stepped(engine, 0, 2)
    assert torch.equal(held["bn1.running_mean"], before["bn1.running_mean"])
    assert not torch.equal(held["stage.bn1.running_mean"], before["stage.bn1.running_mean"])
    assert [module.training for module in engine.model.modules() if isinstance(module, nn.BatchNorm2d)] == [0, 1, 1]
    assert not torch.equal(stepped(engine, 2, 3)["bn1.running_mean"], held["bn1.running_mean"])


@needs_compiler
@pytest.mark.parametrize(("net", "word"), [(NET, "batch norms"), ("input 9 -> embed 20x4 -> fc 3", "table of words")])
def test_what_the_native_engine_lacks_is_refused(net: str, word: str) -> None:
    rates = dataclasses.replace(layer_rates(build(net, "zeros"), share=0.5), norms=("bn1",) if net is NET else ())
    with pytest.raises(Refused, match=word):
        engine_of("native", rates, net)
