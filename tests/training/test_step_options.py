"""Warm-up, clipping, parts of a batch, averaged weights, precision: each against PyTorch's own, both engines alike."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F
from torch.optim import swa_utils

from striate.building import build
from striate.errors import InputError
from striate.layers.dropout import Dropout
from striate.notation import read
from striate.training.engine import AT_ONCE, Pace, TorchEngine, trained_of
from striate.training.options import Options
from striate.training.precision import compiles
from striate.training.schedules import LOWEST
from tests.learning import GOAL, outputs, step
from tests.native.needs import needs_compiler
from tests.training.test_native_engine import SMALL, TOLERANCE, apart, engines, images, losses

Make = Callable[..., TorchEngine]
Batch = Callable[..., tuple[Tensor, Tensor]]
NORMED = "input 1x4x4 -> conv 4@3 -> bn -> relu -> dropout 0.4 -> fc 3"
ODD = "input 3x9x9 -> conv 5@3 stride 2 -> gelu -> conv 7@2 -> fc 13 -> relu -> fc 3"  # no size is a vector's
NO_MEMORY = (torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: not enough"))
WORDS = "input 9 -> embed 40x5 -> conv 6@3 -> relu -> gmp -> fc 3"


def same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


# warm-up


@pytest.mark.parametrize(("warm_up", "rise"), [(0.25, 25), (2, 20)])
def test_a_warm_up_is_pytorch_s_line_and_then_the_schedule(warm_up: float, rise: int) -> None:
    pace = Pace(Options(epochs=10, lr=0.4, schedule="cosine", warm_up=warm_up), 100)
    optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.4)
    line = optim.lr_scheduler.LinearLR(optimizer, LOWEST, total_iters=rise)
    curve = optim.lr_scheduler.CosineAnnealingLR(optimizer, 100 - rise)
    whole = optim.lr_scheduler.SequentialLR(optimizer, [line, curve], [rise])
    for done in range(100):
        pace.steps = done
        assert pace.next_rate == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-12)
        optimizer.step()
        whole.step()


def test_one_cycle_rises_once() -> None:
    rates = [Pace(Options(lr=1.0, warm_up=0.5, epochs=1), 10)._after(done) for done in range(11)]
    assert rates[5] == 1
    assert rates == [*sorted(rates[:6]), *sorted(rates[6:], reverse=True)]


def test_a_warm_up_ends_before_the_training() -> None:
    assert Options(epochs=5, warm_up=4).rise == 0.8
    with pytest.raises(InputError, match=r"warm_up is less than the training, which has epochs=5. Received: 5"):
        Options(epochs=5, warm_up=5)


# clipping


@pytest.mark.parametrize("clip", [0.05, 100.0])
def test_a_clipped_step_is_pytorch_s(make: Make, batch: Batch, clip: float) -> None:
    x, y = batch()
    engine = make(lr=0.5, optimizer="sgd", schedule="constant", clip=clip, l1=0.1)
    twin = copy.deepcopy(engine.model)
    F.cross_entropy(twin(x).flatten(1), y).backward()  # type: ignore[no-untyped-call]
    length = nn.utils.clip_grad_norm_(twin.parameters(), clip)
    assert (length > clip) == (clip < 1)
    step(engine, x, y)
    for (name, ours), theirs in zip(engine.model.named_parameters(), twin.parameters(), strict=True):
        assert theirs.grad is not None
        pull = 0.1 * theirs.detach().sign() if name.endswith("weight") else 0
        torch.testing.assert_close(ours.detach(), theirs.detach() - 0.5 * (theirs.grad + pull))


@needs_compiler
@pytest.mark.parametrize("text", [SMALL, ODD])
def test_both_engines_clip_alike(text: str) -> None:
    torch_engine, native = engines(read(text), optimizer="sgd", lr=0.5, batch=32, clip=0.05, l1=1e-4, l2=1e-3)
    batches = images(read(text), 200, 3)
    assert apart(losses(native, batches, 30), losses(torch_engine, batches, 30)) <= TOLERANCE


def sentences(engine: Any, steps: int) -> list[float]:
    generator, seen = torch.Generator().manual_seed(3), []
    for _ in range(steps):
        x, y = torch.randint(40, (16, 9), generator=generator).float(), torch.randint(3, (16,), generator=generator)
        seen.append(engine.step({"image": x}, {"label": y}).loss)
    return seen


@needs_compiler
def test_both_engines_clip_and_average_tables_of_words_alike() -> None:
    torch_engine, native = engines(read(WORDS), optimizer="adam", lr=0.02, batch=16, clip=0.1, ema=0.9)
    assert apart(sentences(native, 90), sentences(torch_engine, 90)) <= TOLERANCE
    for name, tensor in torch_engine.weights().items():
        torch.testing.assert_close(native.weights()[name], tensor, rtol=1e-3, atol=1e-4)


# a batch in parts


@pytest.mark.parametrize("micro", [2, 3, 10])
def test_parts_have_the_batch_s_gradient_dropout_included(make: Make, batch: Batch, micro: int) -> None:
    x, y = batch()
    text = "input 1x4x4 -> fc 8 -> relu -> dropout 0.4 -> fc 3"
    whole, parts = make(text, lr=0.1, optimizer="sgd"), make(text, lr=0.1, optimizer="sgd", micro=micro)
    for _ in range(3):
        assert step(parts, x, y).loss == pytest.approx(step(whole, x, y).loss, rel=1e-5)
    for name, tensor in whole.weights().items():
        torch.testing.assert_close(parts.weights()[name], tensor)


def test_no_part_is_too_small_for_batch_norm(make: Make, batch: Batch) -> None:
    engine = make("input 1x4x4 -> fc 8 -> bn -> fc 3", micro=2)
    assert step(engine, *batch(5)).loss > 0


@pytest.mark.parametrize("error", NO_MEMORY)
def test_where_memory_runs_out_the_batch_goes_in_parts_and_the_gradient_is_the_same(
    make: Make, batch: Batch, error: Exception
) -> None:
    x, y = batch(24)
    said: list[str] = []
    text = "input 1x4x4 -> fc 8 -> relu -> dropout 0.4 -> fc 3"
    whole, small = make(text, batch=24), make(text, batch=24)
    small.say = said.append

    def most(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        if len(given[0]) > 7:
            raise error

    hook = next(module for module in small.model.modules() if isinstance(module, Dropout))
    hook.register_forward_pre_hook(most)
    for _ in range(3):
        assert step(small, x, y).loss == pytest.approx(step(whole, x, y).loss, rel=1e-5)
    for name, tensor in whole.weights().items():
        torch.testing.assert_close(small.weights()[name], tensor)
    assert [line.partition("at most ")[2][:11] for line in said] == ["12 examples", "6 examples,"]
    assert int(small.state()[AT_ONCE]) == 6
    again = make(text, batch=24)
    again.load(small.weights(), small.state())
    assert again.at_once == 6


def test_other_errors_and_a_batch_that_can_t_be_halved_are_raised(make: Make, batch: Batch) -> None:
    engine = make()
    for error in (RuntimeError("mat1 and mat2 shapes"), torch.OutOfMemoryError("CUDA out of memory")):

        def fails(*given: object, error: Exception = error) -> None:
            raise error

        handle = engine.model.register_forward_pre_hook(fails)
        with pytest.raises(type(error)):
            step(engine, *batch())
        handle.remove()


# averaged weights


def test_the_average_is_pytorch_s_own(make: Make, batch: Batch) -> None:
    engine = make(NORMED, ema=0.6, lr=0.05)

    def kept(average: Any, newest: Any, count: Any) -> Any:
        share = min(0.6, (1 + int(count)) / (10 + int(count)))
        return share * average + (1 - share) * newest

    theirs = swa_utils.AveragedModel(engine.model, avg_fn=kept, use_buffers=True)
    theirs.update_parameters(engine.model)  # the first is a copy
    for number in range(12):
        step(engine, *batch(8 + number))
        theirs.n_averaged.fill_(number + 1)
        theirs.update_parameters(engine.model)
    for name, tensor in theirs.module.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(engine.weights()[name], tensor)
    x = batch()[0]
    torch.testing.assert_close(outputs(engine, x), theirs.module.eval()(x).detach().flatten(1))


@needs_compiler
@pytest.mark.parametrize("kind", ["torch", "native"])
def test_going_on_with_an_average_is_exact_after_evaluation_too(kind: str) -> None:
    def begun() -> Any:
        return engines(read(SMALL), batch=32, ema=0.8, clip=0.5)[kind == "native"]

    batches = images(read(SMALL), 200, 3)
    unbroken, first, second = begun(), begun(), begun()
    losses(unbroken, batches, 6)
    losses(first, batches, 6)
    outputs(first, batches.inputs["image"])
    second.load(first.weights(), first.state())
    assert losses(second, batches, 6) == losses(unbroken, batches, 6)
    assert same(second.weights(), unbroken.weights())
    assert same(second.state(), unbroken.state())
    assert not same(second.weights(), trained_of(second.state()))


@needs_compiler
def test_both_engines_average_alike_and_take_each_other_s_state() -> None:
    torch_engine, native = engines(read(SMALL), batch=32, ema=0.9, optimizer="momentum", lr=0.02)
    batches = images(read(SMALL), 200, 3)
    assert apart(losses(native, batches, 20), losses(torch_engine, batches, 20)) <= TOLERANCE
    for name, tensor in torch_engine.weights().items():
        torch.testing.assert_close(native.weights()[name], tensor, rtol=1e-3, atol=1e-4)
    x = batches.inputs["image"]
    torch.testing.assert_close(outputs(native, x[:1]), outputs(torch_engine, x[:1]), rtol=1e-3, atol=1e-3)
    native.load(torch_engine.weights(), torch_engine.state())
    assert same(native.weights(), torch_engine.weights())
    assert apart(losses(native, batches, 5), losses(torch_engine, batches, 5)) <= TOLERANCE


# precision


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_lower_precision_learns_nearly_the_same_and_goes_on_exactly(make: Make, batch: Batch, precision: str) -> None:
    x, y = batch()
    text = "input 1x4x4 -> conv 8@3 -> relu -> fc 3"
    exact, low, again = (make(text, precision=name, clip=1.0) for name in ("float32", precision, precision))
    for _ in range(5):
        wanted = step(exact, x, y).loss
        assert step(low, x, y).loss == pytest.approx(wanted, rel=2e-2)
        assert low.weights()["conv1.weight"].dtype == torch.float32
    assert not same(low.weights(), exact.weights())
    again.load(low.weights(), low.state())
    assert again.precision.state() == low.precision.state()
    assert step(again, x, y).loss == step(low, x, y).loss
    assert same(again.weights(), low.weights())


def test_a_step_whose_float16_gradients_overflow_is_left_out(make: Make, batch: Batch) -> None:
    x, y = batch()
    engine = make(precision="fp16", optimizer="sgd", schedule="constant")
    scaler = engine.precision.scaler
    assert scaler is not None
    scaler.load_state_dict({**scaler.state_dict(), "scale": 2.0**40})
    before = engine.weights()
    step(engine, x, y)
    assert same(engine.weights(), before)
    assert scaler.get_scale() < 2.0**40
    for _ in range(40):
        step(engine, x, y)
    assert not same(engine.weights(), before)


def test_a_compiled_network_s_dropout_gets_its_numbers_as_tensors(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(torch, "compile", lambda module, **how: told.update(how) or module)
    pair = [
        TorchEngine(build(read(NORMED), "he", 0), Options(compile=asked, micro=9), 10, GOAL) for asked in ("yes", "no")
    ]
    assert told == {"dynamic": False}
    TorchEngine(build(read(NORMED)), Options(compile="graphs"), 10, GOAL)
    assert told == {"dynamic": False, "mode": "reduce-overhead"}
    for engine in pair:
        engine.train()
    assert [step(pair[0], *batch()).loss for _ in range(3)] == [step(pair[1], *batch()).loss for _ in range(3)]


def test_cuda_graphs_are_refused_where_there_is_no_cuda() -> None:
    with pytest.raises(
        InputError, match="CUDA graphs need a GPU of NVIDIA or AMD, and this training is on cpu; try compile=yes"
    ):
        compiles("graphs", torch.device("cpu"), 10)
    assert compiles("graphs", torch.device("cuda"), 10) == "graphs"
    assert Options(compile="graphs").said() == ["compiled", "replayed as CUDA graphs"]
