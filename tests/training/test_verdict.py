"""What made-up curves are called."""

import pytest

from striate.training.history import Epoch, History
from striate.training.verdict import verdict


def curves(train: list[float], validation: list[float], accuracy: tuple[float, float]) -> History:
    """Losses by epoch; the accuracies (training, validation) of the last epoch, and less before it."""
    epochs = []
    for number, (ours, theirs) in enumerate(zip(train, validation, strict=True), start=1):
        share = number / len(train)
        epochs.append(Epoch(number, ours, accuracy[0] * share, theirs, accuracy[1] * share, 0.01, 100.0, 1.0))
    return History(tuple(epochs))


@pytest.mark.parametrize(
    ("history", "finding", "advice"),
    [
        (curves([1.0, 0.5, 0.01], [1.0, 0.6, 0.595], (1.0, 0.9)), "Overfit:", "dropout"),
        (curves([1.0, 0.5, 0.1], [1.0, 0.5, 0.8], (0.95, 0.94)), "Overfit:", "`patience`"),
        (curves([2.3, 2.29, 2.28], [2.3, 2.29, 2.289], (0.12, 0.11)), "Underfit:", "`lr`"),
        (curves([2.3, 1.5, 1.0], [2.3, 1.5, 1.1], (0.6, 0.6)), "Cut short:", "`epochs`"),
        (curves([1.0, 0.2, 0.1], [1.0, 0.2, 0.199], (0.97, 0.96)), "Well fitted:", "larger network"),
    ],
)
def test_findings(history: History, finding: str, advice: str) -> None:
    said, tried = verdict(history, num_classes=10)
    assert said.startswith(finding)
    assert advice in tried


def test_figures_are_in_it() -> None:
    assert verdict(curves([1.0, 0.01], [1.0, 0.99], (1.0, 0.855)), 10)[0].startswith(
        "Overfit: 100.0 % right on the training images, 85.5 % on the validation images."
    )


def test_a_rising_loss_is_told_with_its_ends() -> None:
    assert "rose from 0.5 to 0.8" in verdict(curves([1.0, 0.5, 0.1], [1.0, 0.5, 0.8], (0.95, 0.94)), 10)[0]


def test_guessing_between_two_is_underfit_and_between_ten_is_not() -> None:
    history = curves([0.7, 0.69], [0.7, 0.6899], (0.85, 0.85))
    assert verdict(history, num_classes=2)[0].startswith("Underfit")
    assert verdict(history, num_classes=10)[0].startswith("Well fitted")


def test_one_epoch_is_enough_to_say_something() -> None:
    assert verdict(curves([1.0], [1.0], (0.9, 0.9)), 10)[0].endswith("on the validation images; after one epoch.")


def test_a_training_that_gets_worse_is_not_called_overfit() -> None:
    assert verdict(curves([0.5, 2.0], [0.5, 2.0], (0.1, 0.1)), 10)[0].startswith("Underfit")
