"""The loop: what it asks of an engine, when it stops, and that the seed alone decides."""

import json
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from striate.errors import WorkError
from striate.losses import cross_entropy
from striate.training import loop
from striate.training.engine import TorchEngine
from striate.training.feed import Batch
from striate.training.fields import OUTPUT, Fields
from striate.training.history import History
from striate.training.loop import evaluate, outputs_of, train
from striate.training.moment import Moment
from striate.training.objective import Step
from striate.training.options import Options
from striate.training.pool import Pool
from striate.training.progress import Quiet
from striate.training.schedules import SCHEDULES
from tests.learning import GOAL, goal, pool
from tests.learning import history as history_of

Make = Callable[..., TorchEngine]
Stripes = tuple[Pool, Pool]
LEARNS = "input 1x4x4 -> fc 8 -> dropout 0.3 -> relu -> fc 3"


class Scripted:
    """An engine that follows a script: one loss per step, one fraction right per epoch."""

    def __init__(self, losses: Callable[[int], float] = lambda step: 1.0, right: tuple[float, ...] = ()) -> None:
        self.losses, self.right = losses, right
        self.sizes: list[int] = []
        self.epochs, self.training, self.rate = 0, False, 0.5

    def train(self) -> None:
        self.training = True

    def coming(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        return batches

    def learn(self, batch: Batch) -> Step:
        assert self.training
        self.sizes.append(len(batch))
        return Step({"loss": torch.tensor(self.losses(len(self.sizes)))}, torch.tensor(len(batch) - 1), len(batch))

    def evaluate(self, inputs: Fields) -> Fields:
        """All labels are 0: that many are right."""
        right, count = self.right[self.epochs] if self.right else 0.5, len(inputs["image"])
        self.epochs, self.training = self.epochs + 1, False
        return {OUTPUT: torch.tensor([[1.0, 0.0] if i < right * count else [0.0, 1.0] for i in range(count)])}


class Log(Quiet):
    """Remembers the reports that it got."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, int, float, int]] = []
        self.moments: list[Moment] = []
        self.histories: list[History] = []

    def batch(self, now: Moment) -> None:
        self.batches.append((now.epoch, now.done, now.loss * now.done, now.right))
        self.moments.append(now)

    def epoch(self, history: History) -> None:
        self.histories.append(history)


def zeros(count: int) -> Pool:
    return pool(torch.zeros(count, 1), torch.zeros(count, dtype=torch.int64))


NONE = history_of()


def go(engine: Scripted, watcher: Quiet, history: History = NONE, count: int = 10, **options: int) -> History:
    chosen = Options(**options)  # type: ignore[arg-type]
    return train(engine, zeros(count), zeros(10), GOAL, chosen, watcher, history)


def learned(make: Make, stripes: Stripes, seed: int = 0, **options: object) -> tuple[dict[str, Tensor], History]:
    engine = make(LEARNS, seed=seed, steps=18, **options)
    chosen = Options(seed=seed, **options)  # type: ignore[arg-type]
    history = train(engine, *stripes, GOAL, chosen, Quiet(), NONE)
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
    train(engine, *stripes, GOAL, Options(epochs=2, batch=16), Quiet(), NONE)
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
    assert history.epochs[0].per_second > 0


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
    images = pool(torch.full((10, 1), image), torch.zeros(10, dtype=torch.int64))
    with pytest.raises(WorkError, match=blamed):
        train(engine, images, zeros(10), GOAL, Options(epochs=1, batch=4), Quiet(), NONE)


def test_a_loss_of_one_s_own_is_blamed_with_its_place(make: Make, stripes: Stripes) -> None:
    calls = []

    def third_is_bad(outputs: Tensor, labels: Tensor) -> Tensor:
        calls.append(len(outputs))
        return cross_entropy(outputs, labels) + (float("nan") if len(calls) == 3 else 0)

    options = Options(epochs=1, batch=16)
    engine = TorchEngine(make(LEARNS).model, options, 6, goal(third_is_bad))
    with pytest.raises(WorkError, match=r"your loss is nan for finite outputs, .*, at epoch 1, batch 3 of 6$"):
        train(engine, *stripes, GOAL, options, Quiet(), NONE)
    calls[:] = [0, 0]
    with pytest.raises(WorkError, match=r"your loss is nan .*, on the validation images after epoch 1$"):
        train(make(LEARNS), *stripes, goal(third_is_bad), options, Quiet(), NONE)


def test_weights_that_broke_in_an_epoch_s_last_step_are_not_counted() -> None:
    class Broken(Scripted):
        def evaluate(self, inputs: Fields) -> Fields:
            return {OUTPUT: torch.full((len(inputs["image"]), 2), float("nan"))}

    log = Log()
    with pytest.raises(WorkError, match="the validation loss is nan after epoch 1"):
        go(Broken(), log, epochs=3)
    assert not log.histories


def test_the_history_has_the_rates_of_the_epoch_s_first_and_last_step(make: Make, stripes: Stripes) -> None:
    engine = make(LEARNS, steps=18, epochs=3, lr=0.1)
    history = train(engine, *stripes, GOAL, Options(epochs=3, batch=15, lr=0.1), Quiet(), NONE)
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
    labels = images.targets["label"]
    outputs = engine.model.eval()(images.inputs["image"]).detach()
    figures = evaluate(engine, images, GOAL)
    assert figures["loss"] == pytest.approx(float(cross_entropy(outputs, labels)), rel=1e-5)
    assert figures["accuracy"] == pytest.approx(float((outputs.argmax(1) == labels).double().mean()))
    assert outputs_of(engine, images, GOAL)[OUTPUT].shape == (90, 3)


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_training_goes_on_within_an_epoch_bit_for_bit(make: Make, stripes: Stripes, stop: int) -> None:
    options = Options(epochs=2, batch=16, lr=0.05)

    class Until(Log):
        def batch(self, now: Moment) -> None:
            super().batch(now)
            if now.epoch == 2 and now.batches == stop:
                raise KeyboardInterrupt

    whole = make(LEARNS, steps=12, epochs=2, batch=16, lr=0.05)
    expected = train(whole, *stripes, GOAL, options, Quiet(), NONE)
    first, log = make(LEARNS, steps=12, epochs=2, batch=16, lr=0.05), Until()
    with pytest.raises(KeyboardInterrupt):
        train(first, *stripes, GOAL, options, log, NONE)
    second = make(LEARNS, steps=12, epochs=2, batch=16, lr=0.05, seed=9)
    second.load(first.weights(), first.state())
    moment = Moment(**json.loads(json.dumps(log.moments[-1].to_json())))
    found = train(second, *stripes, GOAL, options, Quiet(), log.histories[-1], moment)
    assert all(torch.equal(whole.weights()[name], tensor) for name, tensor in second.weights().items())
    assert figures(found) == figures(expected)
    assert found.epochs[1].first_rate == expected.epochs[1].first_rate
