"""The history in memory, as CSV and as JSON."""

import csv
import dataclasses
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.metrics.metric import Metric
from striate.training.history import Epoch, History
from tests.learning import epoch, history

figures = st.floats(0, 1e6, allow_nan=False)
rows = st.tuples(st.lists(figures, min_size=7, max_size=7), st.none() | figures, st.none() | st.integers(1, 10**6))
histories = st.lists(rows, max_size=6).map(
    lambda rows: History(tuple(epoch(number, *row, *new) for number, (row, *new) in enumerate(rows, start=1)))
)
NEWER = ("first_rate", "validation_images")  # figures that the first runs lack
FIELDS = list(epoch(1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0).row("images"))


def made_up(*accuracies_and_losses: tuple[float, float]) -> History:
    epochs = [
        epoch(number, 1.0, 0.5, loss, accuracy, 0.1, 100.0, 1.0)
        for number, (accuracy, loss) in enumerate(accuracies_and_losses, start=1)
    ]
    return History(tuple(epochs))


@settings(deadline=None)
@given(histories)
def test_json_gives_the_same_back(history: History) -> None:
    assert History.from_json(history.to_json()) == history


@settings(deadline=None)
@given(histories)
def test_csv_has_every_figure(history: History) -> None:
    rows = list(csv.DictReader(io.StringIO(history.to_csv())))
    assert [{name: float(row[name]) for name in FIELDS if row[name]} for row in rows] == history.to_json()


@settings(deadline=None)
@given(histories)
def test_csv_gives_the_same_back(history: History) -> None:
    assert History.from_csv(history.to_csv()) == history


@settings(deadline=None)
@given(histories.filter(len), st.sampled_from(FIELDS), st.integers(0, len(FIELDS)))
def test_a_figure_of_another_version_is_passed_over_and_a_new_one_may_be_missing(
    history: History, name: str, place: int
) -> None:
    lines = [line.split(",") for line in history.to_csv().splitlines()]
    more = [[*line[:place], word, *line[place:]] for line, word in zip(lines, ("mean_iou", *"9" * 9), strict=False)]
    assert History.from_csv("\n".join(map(",".join, more))) == history
    assert History.from_json([{**row, "mean_iou": 0.5} for row in history.to_json()]) == history
    less = [{figure: value for figure, value in row.items() if figure != name} for row in history.to_json()]
    if name in NEWER:
        kept = [one.row("images")[name] for one in History.from_json(less).epochs]
        assert kept == [None] * len(history)
    elif name in ("train_accuracy", "validation_accuracy"):
        assert all(name not in one.figures for one in History.from_json(less).epochs)
    else:
        with pytest.raises(TypeError, match=name):
            History.from_json(less)


def test_csv_begins_with_the_names() -> None:
    names = (
        "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate,images_per_second,seconds,"
        "first_rate,validation_images"
    )
    assert made_up((0.5, 0.25)).to_csv().splitlines()[0] == names
    assert made_up((0.5, 0.25)).to_csv().splitlines()[1] == "1,1.0,0.5,0.25,0.5,0.1,100.0,1.0,,"


def test_the_best_epoch_has_the_highest_validation_accuracy() -> None:
    assert made_up((0.5, 1.0), (0.9, 2.0), (0.8, 0.1)).best.epoch == 2


def test_of_equals_the_lower_loss_is_better_and_then_the_earlier() -> None:
    assert made_up((0.9, 1.0), (0.9, 0.5), (0.9, 0.7)).best.epoch == 2
    assert made_up((0.9, 0.5), (0.9, 0.5)).best.epoch == 1


@pytest.mark.parametrize(
    ("images", "accuracies", "kept"),
    [
        (100, (0.5, 0.7, 0.66, 0.6), 3),  # a standard error is 0.046
        (100, (0.5, 0.7, 0.66, 0.71, 0.7), 5),
        (10_000, (0.5, 0.7, 0.69, 0.6), 2),
        (100, (0.5, 1.0, 0.99, 0.9), 3),
        (1, (0.0, 0.0), 2),
    ],
)
def test_the_last_that_the_images_can_not_tell_from_the_highest(
    images: int, accuracies: tuple[float, ...], kept: int
) -> None:
    made = made_up(*((accuracy, 1.0) for accuracy in accuracies))
    history = History(tuple(dataclasses.replace(epoch, validated=images) for epoch in made.epochs))
    assert (history.best.epoch, history.highest.epoch) == (
        kept,
        max(made.epochs, key=lambda e: e.validation_accuracy).epoch,
    )
    chosen = [History(history.epochs[:count]).best.epoch for count in range(1, len(accuracies) + 1)]
    assert chosen == sorted(chosen), "weights that were replaced are never asked for"


def test_whether_the_last_is_the_best() -> None:
    history = made_up((0.5, 1.0), (0.9, 1.0))
    assert history.last_is_best
    assert not history.plus(dataclasses.replace(history.epochs[0], epoch=3)).last_is_best
    assert len(history.plus(history.epochs[0])) == 3
    assert len(history) == 2, "a history does not change"


def test_a_history_has_the_metrics_and_the_unit_of_its_run() -> None:
    metrics = (Metric("mse", up=False, share=False), Metric("mean_iou"))
    losses = {"train_loss": 1.0, "validation_loss": 1.0}
    rows = [Epoch(n, {**losses, "validation_mse": v}, 0.1, 9.0, 1.0) for n, v in ((1, 2.0), (2, 0.5), (3, 0.9))]
    made = History(tuple(rows), metrics, "sentences")
    assert made.best.epoch == made.highest.epoch == 2
    config = {"metrics": [metric.to_json() for metric in metrics], "unit": "sentences"}
    assert "sentences_per_second" in made.to_csv()
    assert History.from_csv(made.to_csv(), config) == made
    less = [{key: value for key, value in row.items() if key != "validation_mse"} for row in made.to_json()]
    with pytest.raises(TypeError, match="validation_mse"):
        History.from_json(less, config)


def test_an_epoch_says_what_figures_it_has() -> None:
    with pytest.raises(AttributeError, match="no figure 'validation_f1'; it has train_loss, train_accuracy"):
        _ = history(epoch(1, 1.0, 0.5, 1.0, 0.5, 0.1, 1.0, 1.0)).best.validation_f1
