"""One step of the torch engine against the formulas, and what it keeps on disk."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.building import build
from striate.errors import InputError
from striate.losses import LOSSES
from striate.native.lowering import lowered
from striate.native.steps.own import Softmax
from striate.native.target import host
from striate.notation import measure, read
from striate.notation.ending import left_to_loss
from striate.notation.graph import graph
from striate.training import engine as engine_module
from striate.training.engine import TorchEngine, check_weights, without_softmax
from striate.training.objective import AUX_WEIGHT
from striate.training.optimizers import OPTIMIZERS
from striate.training.options import Options
from striate.training.schedules import SCHEDULES
from tests.learning import GOAL, goal, step
from tests.learning import outputs as outputs_of
from tests.notation.test_ending import ENDINGS
from tests.notation.test_ending import network as ending_in

Make = Callable[..., TorchEngine]
Batch = Callable[..., tuple[Tensor, Tensor]]
TWO_LAYERS = "input 1x4x4 -> fc 8 -> tanh -> fc 3"
WIDE = "input 16x6x6 -> conv 24@3 -> bn -> relu -> conv 8@3 -> relu -> fc 3"  # its weights are stored channels last


def gradients(engine: TorchEngine, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    step(engine, x, y)
    return {name: p.grad.clone() for name, p in engine.model.named_parameters() if p.grad is not None}


def equal(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_step_says_the_mean_loss_and_how_many_were_right(make: Make, batch: Batch) -> None:
    x, y = batch()
    engine = make()
    outputs = engine.model(x).flatten(1)
    seen = step(engine, x, y)
    assert seen.loss == pytest.approx(float(F.cross_entropy(outputs, y).detach()), rel=1e-6)
    assert int(seen.right) == int((outputs.argmax(1) == y).sum())


def test_a_step_of_plain_descent(make: Make, batch: Batch) -> None:
    x, y = batch()
    engine = make(TWO_LAYERS, optimizer="sgd", lr=0.5, schedule="constant")
    before = {name: p.detach().clone().requires_grad_() for name, p in engine.model.named_parameters()}
    F.cross_entropy(torch.func.functional_call(engine.model, before, (x,)), y).backward()  # type: ignore[no-untyped-call]
    step(engine, x, y)
    for name, p in engine.model.named_parameters():
        gradient = before[name].grad
        assert gradient is not None
        torch.testing.assert_close(p.detach(), before[name].detach() - 0.5 * gradient)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_penalties_act_on_weights_and_not_on_biases(make: Make, batch: Batch, penalty: str) -> None:
    x, y = batch()
    plain = make(TWO_LAYERS, optimizer="sgd", lr=0.5, schedule="constant")
    penalised = make(TWO_LAYERS, optimizer="sgd", lr=0.5, schedule="constant", **{penalty: 0.25})
    before = plain.weights()
    step(plain, x, y)
    step(penalised, x, y)
    for name, after in penalised.weights().items():
        pull = torch.zeros_like(after)
        if name.endswith("weight"):
            pull = before[name].sign() if penalty == "l1" else before[name]
        torch.testing.assert_close(after, plain.weights()[name] - 0.5 * 0.25 * pull)


@pytest.mark.parametrize("chunk", [1, 7, 22, 23, 1000])
def test_a_big_batch_in_parts_has_the_gradient_of_the_whole(
    make: Make, batch: Batch, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = batch(23)
    engine = make(TWO_LAYERS)
    whole, whole_step = gradients(engine, x, y), step(make(TWO_LAYERS), x, y)
    monkeypatch.setattr(engine_module, "CHUNK", chunk)
    parts, parts_step = gradients(make(TWO_LAYERS), x, y), step(make(TWO_LAYERS), x, y)
    for name, gradient in whole.items():
        torch.testing.assert_close(parts[name], gradient, rtol=1e-5, atol=1e-7)
    assert parts_step.loss == pytest.approx(whole_step.loss, rel=1e-5)
    assert int(parts_step.right) == int(whole_step.right)


def test_no_part_of_a_big_batch_is_a_single_image(make: Make, batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "CHUNK", 11)
    engine = make("input 1x4x4 -> fc 8 -> bn -> fc 3")
    assert step(engine, *batch(23)).loss < math.inf, (
        "23 images are not 11 and 11 and 1: batch norm could not measure it"
    )


@pytest.mark.parametrize("ending", ["", " -> softmax"])
def test_side_heads_count_three_tenths(make: Make, batch: Batch, ending: str) -> None:
    x, y = batch()
    text = f"input 1x4x4 -> fc 8 -> aux[fc 5 -> tanh -> fc 3{ending}] -> tanh -> aux[fc 3{ending}] -> fc 3{ending}"
    engine = make(text)
    model = make(text.replace(" -> softmax", "")).model
    outputs, heads = model(x)
    assert len(heads) == 2
    wanted = F.cross_entropy(outputs, y) + 0.3 * sum(F.cross_entropy(head, y) for head in heads)
    assert AUX_WEIGHT == 0.3
    assert float(step(engine, x, y).loss) == pytest.approx(float(wanted.detach()), rel=1e-6)
    assert outputs_of(engine, x).shape == (23, 3)


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("ending", ["fc 3 -> softmax", "[fc 3 -> softmax]*1", "[fc 3] -> softmax"])
def test_a_softmax_at_the_end_changes_nothing(make: Make, batch: Batch, loss: str, ending: str) -> None:
    x, y = batch()
    plain = make("input 1x4x4 -> fc 8 -> tanh -> fc 3", loss=loss, lr=0.1)
    soft = make(f"input 1x4x4 -> fc 8 -> tanh -> {ending}", loss=loss, lr=0.1)
    soft.load(dict(zip(soft.weights(), plain.weights().values(), strict=True)))
    for _ in range(3):
        assert float(step(soft, x, y).loss) == float(step(plain, x, y).loss)
    assert all(torch.equal(a, b) for a, b in zip(soft.weights().values(), plain.weights().values(), strict=True))
    assert torch.equal(outputs_of(soft, x), outputs_of(plain, x))
    assert torch.allclose(soft.model.eval()(x), outputs_of(plain, x).softmax(1)), "the module itself still ends in it"


def test_a_hopeless_image_still_has_a_gradient_behind_a_softmax(make: Make) -> None:
    engine = make("input 1x1x1 -> fc 2 -> softmax", optimizer="sgd", lr=1.0)
    with torch.no_grad():
        engine.model[0 if isinstance(engine.model[0], nn.Linear) else 1].weight.copy_(torch.tensor([[50.0], [-50.0]]))  # type: ignore[index]
    assert float(step(engine, torch.ones(1, 1, 1, 1), torch.tensor([1])).loss) == pytest.approx(100, abs=0.1)
    assert engine.weights()["fc1.weight"].abs().max() < 50


@pytest.mark.parametrize("ending", ENDINGS)
def test_all_engines_leave_the_same_softmax_to_the_loss(ending: str) -> None:
    network = ending_in(ending)
    model, left = build(network), set(left_to_loss(graph(network)))
    own = softmaxes(model)
    assert left <= own
    assert softmaxes(without_softmax(model)) == own - left
    plan = lowered(network, host())
    assert sum(isinstance(step, Softmax) for step in plan.steps) == len(own - left)
    assert plan.outputs[0].value.size == math.prod(n or 1 for n in measure(network).output)


def softmaxes(model: nn.Module) -> set[str]:
    return {name for name, module in model.named_modules() if isinstance(module, nn.Softmax)}


def test_a_softmax_inside_is_no_ending() -> None:
    model = build(read("input 2x4x4 -> scale[ gap -> fc 2 -> softmax ]"))
    x = torch.randn(3, 2, 4, 4)
    assert torch.equal(without_softmax(model)(x), model(x))
    assert without_softmax(nn.Linear(2, 2)).in_features == 2


def test_maps_of_one_entry_are_classes(make: Make, batch: Batch) -> None:
    engine = make("input 1x4x4 -> conv 3@3x3 -> gap")
    x, y = batch()
    assert step(engine, x, y).loss < math.inf
    assert outputs_of(engine, x).shape == (23, 3)


def test_dropout_drops_while_training_alone(make: Make, batch: Batch) -> None:
    x, _ = batch()
    engine = make("input 1x4x4 -> dropout 0.5 -> fc 3")
    assert not torch.equal(engine.model(x), engine.model(x))
    assert torch.equal(outputs_of(engine, x), outputs_of(engine, x))
    engine.train()
    assert not torch.equal(engine.model(x), engine.model(x))


@pytest.mark.parametrize("schedule", list(SCHEDULES))
def test_each_step_has_the_schedule_s_rate(make: Make, batch: Batch, schedule: str) -> None:
    engine = make(steps=8, lr=0.4, schedule=schedule, optimizer="sgd")
    for number in range(10):
        step(engine, *batch())
        assert engine.rate == pytest.approx(0.4 * SCHEDULES[schedule](min(1.0, number / 8)))
        assert {group["lr"] for group in engine.optimizer.param_groups} == {engine.rate}


@pytest.mark.parametrize("text", [TWO_LAYERS, WIDE])
@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_weights_and_state_are_enough_to_go_on(make: Make, batch: Batch, name: str, text: str) -> None:
    x, y = batch(shape=read(text).input)
    whole = make(text, optimizer=name, l2=0.01)
    for _ in range(6):
        step(whole, x, y)
    first = make(text, optimizer=name, l2=0.01)
    for _ in range(3):
        step(first, x, y)
    second = make(text, optimizer=name, l2=0.01, seed=99)
    second.load(first.weights(), first.state())
    for _ in range(3):
        step(second, x, y)
    assert equal(second.weights(), whole.weights()), "bit for bit"
    assert equal(second.state(), whole.state())
    assert second.rate == whole.rate


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_fast_optimisers_and_layouts_change_nothing(batch: Batch, name: str) -> None:
    """The engine stores weights channels last and fuses its optimiser; the plain loop does neither."""
    x, y = batch(shape=(16, 6, 6))
    models = []
    for _ in range(2):
        torch.manual_seed(0)
        models.append(build(read(WIDE)).double())
    engine = TorchEngine(models[0], Options(optimizer=name, lr=0.01, l2=0.0, schedule="constant"), 10, GOAL)
    assert engine.format is torch.channels_last
    optimizer = OPTIMIZERS[name].make(models[1].parameters(), lr=0.01)
    for group in optimizer.param_groups:
        group |= {"fused": False, "foreach": False, "weight_decay": 0.0}
    for _ in range(4):
        optimizer.zero_grad()
        F.cross_entropy(models[1](x.double()), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        step(engine, x.double(), y)
    for name_, ours in engine.weights().items():
        if name_ != "conv1.bias":  # its gradient is only rounding, as batch norm follows it
            torch.testing.assert_close(ours, models[1].state_dict()[name_], rtol=1e-6, atol=1e-9)


def test_weights_are_copies_on_the_cpu(make: Make, batch: Batch) -> None:
    engine = make()
    kept = engine.weights()
    before = {name: tensor.clone() for name, tensor in kept.items()}
    step(engine, *batch())
    assert equal(kept, before)
    assert all(tensor.is_contiguous() for tensor in make(WIDE).weights().values())


def test_weights_of_another_network_are_refused(make: Make) -> None:
    engine, own = make(), make().weights()
    shapes = {"fc1.weight": torch.zeros(2, 2), "fc1.bias": own["fc1.bias"]}
    for tensors, reason in (
        ({"fc1.weight": own["fc1.weight"]}, r"lack 'fc1.bias' of shape \[3\]"),
        (shapes, r"'fc1.weight' and the network's have shapes \[\[2, 2\], \[3, 16\]\]"),
        ({**own, "fc2.bias": own["fc1.bias"]}, "has no 'fc2.bias'"),
    ):
        with pytest.raises(InputError, match=reason):
            engine.load(tensors)
        assert equal(engine.weights(), own), "nothing is changed"
    check_weights(engine.model, own)


def test_a_loss_of_one_s_own(make: Make, batch: Batch) -> None:
    x, y = batch()
    engine = TorchEngine(make().model, Options(), 10, goal(lambda outputs, labels: (outputs**2).mean()))
    outputs = engine.model(x)
    assert float(step(engine, x, y).loss) == pytest.approx(float((outputs**2).mean().detach()), rel=1e-6)
