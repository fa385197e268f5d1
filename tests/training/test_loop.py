"""The loop: what it asks of an engine, when it stops, and that the seed alone decides."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from striate.errors import WorkError
from striate.losses import cross_entropy, loss_named
from striate.training import loop
from striate.training.batches import Batches
from striate.training.engine import Step, TorchEngine
from striate.training.history import History
from striate.training.loop import evaluate, outputs_of, train
from striate.training.options import Options
from striate.training.progress import Quiet
from striate.training.schedules import SCHEDULES

Make = Callable[..., TorchEngine]
Stripes = tuple[Batches, Batches]
LEARNS = "input 1x4x4 -> fc 8 -> dropout 0.3 -> relu -> fc 3"


class Scripted:
    """An engine that follows a script: one loss per step, one fraction right per epoch."""

    def __init__(self, losses: Callable[[int], float] = lambda step: 1.0, right: tuple[float, ...] = ()) -> None:
        self.losses, self.right = losses, right
        self.sizes: list[int] = []
        self.epochs, self.training, self.rate = 0, False, 0.5

    def train(self) -> None:
        self.training = True

    def learn(self, batches: Batches, rows: Tensor) -> Step:
        assert self.training
        self.sizes.append(len(rows))
        return Step(torch.tensor(self.losses(len(self.sizes))), torch.tensor(len(rows) - 1))

    def evaluate(self, x: Tensor) -> Tensor:
        """All labels are 0: that many are right."""
        right = self.right[self.epochs] if self.right else 0.5
        self.epochs, self.training = self.epochs + 1, False
        return torch.tensor([[1.0, 0.0] if i < right * len(x) else [0.0, 1.0] for i in range(len(x))])


class Log(Quiet):
    """Remembers the reports that it got."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, int, float, int]] = []
        self.histories: list[History] = []

    def batch(self, epoch: int, done: int, loss: float, correct: int) -> None:
        self.batches.append((epoch, done, loss, correct))

    def epoch(self, history: History) -> None:
        self.histories.append(history)


def zeros(count: int) -> Batches:
    return Batches(torch.zeros(count, 1), torch.zeros(count, dtype=torch.int64))


def go(engine: Scripted, watcher: Quiet, history: History = loop.NO_EPOCHS, count: int = 10, **options: int) -> History:
    chosen = Options(**options)  # type: ignore[arg-type]
    return train(engine, zeros(count), zeros(10), cross_entropy, chosen, watcher, history)


def learned(make: Make, stripes: Stripes, seed: int = 0, **options: object) -> tuple[dict[str, Tensor], History]:
    engine = make(LEARNS, seed=seed, steps=18, **options)
    chosen = Options(seed=seed, **options)  # type: ignore[arg-type]
    history = train(engine, *stripes, cross_entropy, chosen, Quiet())
    return engine.weights(), history


def figures(history: History) -> list[tuple[float, ...]]:
    return [(e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy) for e in history.epochs]


def test_it_learns(make: Make, stripes: Stripes) -> None:
    _, history = learned(make, stripes, epochs=12, batch=16, lr=0.05)
    assert history.best.validation_accuracy > 0.9
    assert history.epochs[-1].train_loss < 0.5 * history.epochs[0].train_loss


def test_the_same_seed_is_the_same_training_bit_for_bit(make: Make, stripes: Stripes) -> None:
    first, second = (learned(make, stripes, seed=4, epochs=3, batch=16) for _ in range(2))
    assert all(torch.equal(first[0][name], second[0][name]) for name in first[0])
    assert figures(first[1]) == figures(second[1])


def test_another_seed_is_another_training(make: Make, stripes: Stripes) -> None:
    first, second = (learned(make, stripes, seed=seed, epochs=1, batch=16)[0] for seed in (4, 5))
    assert not any(torch.equal(first[name], second[name]) for name in first)


def test_what_was_drawn_before_does_not_matter(make: Make, stripes: Stripes) -> None:
    first, _ = learned(make, stripes, epochs=2, batch=16)
    engine = make(LEARNS, steps=18, epochs=2, batch=16)
    torch.rand(1000)
    train(engine, *stripes, cross_entropy, Options(epochs=2, batch=16), Quiet())
    assert all(torch.equal(first[name], tensor) for name, tensor in engine.weights().items())


@pytest.mark.parametrize(
    ("batch", "sizes"), [(0, [9]), (4, [4, 5]), (3, [3, 3, 3]), (5, [5, 4]), (9, [9]), (100, [9]), (8, [9])]
)
def test_batches_of_an_epoch(batch: int, sizes: list[int]) -> None:
    engine = Scripted()
    go(engine, Log(), count=9, epochs=2, batch=batch)
    assert engine.sizes == sizes * 2


def test_the_watcher_is_told_of_every_batch_and_epoch() -> None:
    log = Log()
    history = go(Scripted(lambda step: float(step)), log, count=10, epochs=2, batch=4)
    assert log.batches[:3] == [(1, 4, 4.0, 3), (1, 8, 12.0, 6), (1, 10, 18.0, 7)]
    assert [batch[0] for batch in log.batches] == [1, 1, 1, 2, 2, 2]
    assert [len(seen) for seen in log.histories] == [1, 2]
    assert log.histories[-1] == history
    assert history.epochs[0].train_loss == pytest.approx(1.8)
    assert history.epochs[0].train_accuracy == pytest.approx(0.7)
    assert history.epochs[0].learning_rate == 0.5
    assert history.epochs[0].images_per_second > 0


def test_patience_counts_from_the_best_epoch() -> None:
    script = (0.5, 0.6, 0.6, 0.5, 0.7, 0.6, 0.7, 0.7, 0.9)
    assert len(go(Scripted(right=script), Log(), epochs=9, patience=2)) == 4
    assert len(go(Scripted(right=script), Log(), epochs=9, patience=3)) == 8
    assert len(go(Scripted(right=script), Log(), epochs=9, patience=0)) == 9


def test_training_goes_on_after_a_history() -> None:
    first = go(Scripted(right=(0.5, 0.9)), Log(), epochs=2)
    log = Log()
    whole = go(Scripted(right=(0.6, 0.7)), log, first, epochs=4)
    assert [epoch.epoch for epoch in whole.epochs] == [1, 2, 3, 4]
    assert whole.best.epoch == 2
    assert [len(seen) for seen in log.histories] == [3, 4]
    assert go(Scripted(), Log(), whole, epochs=4) == whole, "nothing is left to do"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_is_no_number_stops_with_its_place(value: float) -> None:
    log = Log()
    with pytest.raises(WorkError) as stopped:
        go(Scripted(lambda step: value if step == 8 else 1.0), log, count=10, epochs=5, batch=2)
    assert str(stopped.value) == (
        f"the loss is {value} at epoch 2, batch 3 of 5: the weights grew beyond all measure at a learning rate of 0.5; "
        "try a tenth of it with `lr`"
    )
    assert [len(history) for history in log.histories] == [1], "the epoch before was told, and can be kept"


@pytest.mark.parametrize(
    ("image", "step", "blamed"),
    [
        (0.0, 1, "the outputs overflow with the weights it begins with; try batch norm"),
        (0.0, 2, "the weights grew beyond all measure at a learning rate of 0.5; try a tenth of it"),
        (float("inf"), 1, "the images, scaled to what the network reads, hold values that are not finite"),
        (float("nan"), 2, "the images, scaled to what the network reads, hold values that are not finite"),
    ],
)
def test_what_was_not_finite_first_is_blamed(image: float, step: int, blamed: str) -> None:
    engine = Scripted(lambda number: float("nan") if number == step else 1.0)
    images = Batches(torch.full((10, 1), image), torch.zeros(10, dtype=torch.int64))
    with pytest.raises(WorkError, match=blamed):
        train(engine, images, zeros(10), cross_entropy, Options(epochs=1, batch=4), Quiet())


def test_a_loss_of_one_s_own_is_blamed_with_its_place(make: Make, stripes: Stripes) -> None:
    calls = []

    def third_is_bad(outputs: Tensor, labels: Tensor) -> Tensor:
        calls.append(len(outputs))
        return cross_entropy(outputs, labels) + (float("nan") if len(calls) == 3 else 0)

    options = Options(epochs=1, batch=16)
    engine = TorchEngine(make(LEARNS).model, options, 6, loss=third_is_bad)
    with pytest.raises(WorkError, match=r"your loss is nan for finite outputs, .*, at epoch 1, batch 3 of 6$"):
        train(engine, *stripes, cross_entropy, options, Quiet())
    calls[:] = [0, 0]
    with pytest.raises(WorkError, match=r"your loss is nan .*, on the validation images after epoch 1$"):
        train(make(LEARNS), *stripes, loss_named(third_is_bad), options, Quiet())


def test_weights_that_broke_in_an_epoch_s_last_step_are_not_counted() -> None:
    class Broken(Scripted):
        def evaluate(self, x: Tensor) -> Tensor:
            return torch.full((len(x), 2), float("nan"))

    log = Log()
    with pytest.raises(WorkError, match="the validation loss is nan after epoch 1"):
        go(Broken(), log, epochs=3)
    assert not log.histories


def test_the_history_has_the_rates_of_the_epoch_s_first_and_last_step(make: Make, stripes: Stripes) -> None:
    engine = make(LEARNS, steps=18, epochs=3, lr=0.1)
    history = train(engine, *stripes, cross_entropy, Options(epochs=3, batch=15, lr=0.1), Quiet())
    rates = [0.1 * SCHEDULES["one-cycle"](step / 18) for step in (5, 11, 17)]
    assert [epoch.learning_rate for epoch in history.epochs] == pytest.approx(rates)
    first = [0.1 * SCHEDULES["one-cycle"](step / 18) for step in (0, 6, 12)]
    assert [epoch.first_rate for epoch in history.epochs] == pytest.approx(first)


@pytest.mark.parametrize("at_once", [1, 7, 512])
def test_evaluation_is_over_all_images_however_many_go_at_once(
    make: Make, stripes: Stripes, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "EVALUATED", at_once)
    engine, images = make(LEARNS), stripes[0]
    outputs = engine.model.eval()(images.images).detach()
    loss, accuracy = evaluate(engine, images, cross_entropy)
    assert loss == pytest.approx(float(cross_entropy(outputs, images.labels)), rel=1e-5)
    assert accuracy == pytest.approx(float((outputs.argmax(1) == images.labels).double().mean()))
    assert outputs_of(engine, images).shape == (90, 3)
