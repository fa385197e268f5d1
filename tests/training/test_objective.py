"""Other objectives than classes: the simplest one, losses of several parts, networks of several outputs."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from striate.building import build
from striate.errors import InputError
from striate.notation import read
from striate.training import engine as engines
from striate.training.engine import TorchEngine
from striate.training.fields import OUTPUT, Fields, joined, moved_to, named
from striate.training.history import History
from striate.training.loop import measured, outputs_of, train
from striate.training.objective import AUX_WEIGHT, Objective, Squares, Step
from striate.training.options import Options
from striate.training.pool import Pool
from striate.training.progress import Quiet

SQUARES: Objective = Squares()


class Two(nn.Module):
    """Two outputs by name, from two inputs in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.size, self.sign = nn.Linear(3, 2), nn.Linear(2, 1)

    def forward(self, left: Tensor, right: Tensor) -> dict[str, Tensor]:
        """(N, 3) and (N, 2) in."""
        return {"size": self.size(left), "sign": self.sign(right)}


class Parts(Squares):
    """A part of the loss for each output; signs are right or wrong."""

    decides = "direction"

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """Both."""
        return {name: (outputs[name] - targets[name]).square().mean() for name in ("size", "sign")}

    def right(self, outputs: Fields, targets: Fields) -> tuple[Tensor | int, int]:
        """Signs that are equal."""
        return (outputs["sign"].sign() == targets["sign"].sign()).sum(), len(targets["sign"])


def pool(count: int = 40) -> Pool:
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(count, size, generator=generator) for size in (3, 2))
    return Pool({"left": left, "right": right}, {"size": left[:, :2] * 2, "sign": right[:, :1] - right[:, 1:]})


def engine(objective: Objective, lr: float = 0.1) -> TorchEngine:
    torch.manual_seed(0)
    return TorchEngine(Two(), Options(lr=lr, optimizer="sgd", schedule="constant", batch=8), 10, objective)


# the simplest


def test_squares_are_near_their_targets_of_the_same_names() -> None:
    outputs = {"a": torch.tensor([[1.0, 3.0]]), "b": torch.tensor([[0.0]])}
    targets = {"b": torch.tensor([4.0]), "a": torch.tensor([[1.0, 1.0]])}
    assert {name: float(part) for name, part in SQUARES.loss(outputs, targets).items()} == {"squares": (2 + 16) / 2}
    assert SQUARES.figures(SQUARES.rows(outputs, targets)) == {"mse": 9.0}
    assert SQUARES.right(outputs, targets) == (0, 0)


def test_figures_of_squares_are_those_of_all_batches() -> None:
    outputs, targets = torch.arange(6.0)[:, None], torch.zeros(6, 1)
    rows = joined([SQUARES.rows({OUTPUT: outputs[part]}, {"y": targets[part]}) for part in (slice(0, 1), slice(1, 6))])
    assert SQUARES.figures(rows) == {"mse": pytest.approx(55 / 6)}


# several inputs, outputs and parts


def test_a_network_of_several_inputs_and_outputs_is_trained_and_measured() -> None:
    some, made = pool(), engine(SQUARES)
    before = measured(made, some, SQUARES)[0]["mse"]
    history = train(made, some, some, SQUARES, Options(epochs=10, batch=8), Quiet(), History((), SQUARES.metrics))
    assert [epoch.validation_mse for epoch in history.epochs] == sorted(
        (epoch.validation_mse for epoch in history.epochs), reverse=True
    )
    assert history.best.epoch == 10
    assert history.best.validation_mse < 0.2 * before
    assert "train_accuracy" not in history.best.figures
    assert {name: tuple(values.shape) for name, values in outputs_of(made, some, SQUARES).items()} == {
        "size": (40, 2),
        "sign": (40, 1),
    }


def test_parts_of_a_loss_are_summed_and_told_one_by_one() -> None:
    goal, made = Parts(), engine(Parts())
    (batch,) = pool().in_order(40)
    outputs = made.model(*batch.inputs.values())
    expected = goal.loss(outputs, batch.targets)
    total = sum(expected.values())
    assert isinstance(total, Tensor)
    total.backward()  # type: ignore[no-untyped-call]
    wanted = {name: p.detach() - 0.1 * p.grad for name, p in made.model.named_parameters() if p.grad is not None}
    seen = made.learn(batch)
    assert {name: float(part) for name, part in seen.parts.items()} == {
        name: pytest.approx(float(part.detach())) for name, part in expected.items()
    }
    assert seen.loss == pytest.approx(float(total.detach()))
    assert (int(seen.right), seen.decided) == (int(goal.right(outputs, batch.targets)[0]), 40)
    for name, parameter in made.model.named_parameters():
        assert torch.allclose(parameter, wanted[name], atol=1e-4), "weight decay aside"
    history = train(engine(goal), pool(), pool(), goal, Options(epochs=1, batch=8), Quiet(), History((), goal.metrics))
    figures = history.best.figures
    assert figures["train_loss"] == pytest.approx(figures["train_size"] + figures["train_sign"])
    assert figures["train_sign"] >= 0
    assert list(figures)[:3] == ["train_loss", "train_size", "train_sign"]


def test_a_large_batch_of_several_inputs_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    (batch,) = pool().in_order(40)
    whole, cut = engine(Parts()), engine(Parts())
    expected = whole.learn(batch)
    monkeypatch.setattr(engines, "CHUNK", 7)
    seen = cut.learn(batch)
    assert {name: float(part) for name, part in seen.parts.items()} == {
        name: pytest.approx(float(part), rel=1e-5) for name, part in expected.parts.items()
    }
    assert (int(seen.right), seen.decided) == (int(expected.right), expected.decided)
    for ours, theirs in zip(cut.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_side_heads_add_to_the_part_of_their_loss() -> None:
    model = build(read("input 1x4x4 -> conv 2@3 -> aux[gap -> fc 1] -> fc 1"), seed=0)
    made = TorchEngine(model, Options(optimizer="sgd", lr=0.0), 10, SQUARES)
    made.train()
    x, y = torch.randn(6, 1, 4, 4), torch.randn(6, 1)
    output, (head,) = model(x)
    expected = (output - y).square().mean() + AUX_WEIGHT * (head.flatten(1) - y).square().mean()
    assert made.step({"image": x}, {"size": y}).loss == pytest.approx(float(expected.detach()), rel=1e-6)


# fields


def test_what_a_network_gives_has_a_name() -> None:
    one, several = torch.zeros(2, 3), {"a": torch.zeros(1)}
    assert named(one) == {OUTPUT: one}
    assert named(several) == several
    assert joined([]) == {}
    assert moved_to("cpu", several)["a"].device.type == "cpu"


def test_a_step_says_its_whole_loss() -> None:
    assert Step({}).loss == 0
    assert Step({"a": torch.tensor(1.0), "b": 2.0}).loss == 3.0


def test_weights_of_another_network_are_refused() -> None:
    tensors: Mapping[str, Tensor] = {"other": torch.zeros(1)}
    with pytest.raises(InputError):
        engine(SQUARES).load(dict(tensors))
