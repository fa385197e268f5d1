"""What made-up curves are called."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.metrics import Score, score
from striate.metrics.metric import Metric
from striate.tasks.judging import JudgedLabels
from striate.tasks.labelled import Labelled
from striate.training.history import Epoch, History
from striate.training.verdict import Standing
from striate.training.verdict import verdict as judged
from tests.learning import ACCURACY, epoch

LN10 = math.log(10)


def curves(train: list[float], validation: list[float], accuracy: tuple[float, float]) -> History:
    """Losses by epoch; the accuracies (training, validation) of the last epoch, and less before it."""
    epochs = []
    for number, (ours, theirs) in enumerate(zip(train, validation, strict=True), start=1):
        share = number / len(train)
        epochs.append(epoch(number, ours, accuracy[0] * share, theirs, accuracy[1] * share, 0.01, 100.0, 1.0))
    return History(tuple(epochs), (ACCURACY,))


def even(accuracy: float, examples: int = 1000, classes: int = 10) -> Score:
    """Predictions with a given share right, classes equally frequent; wrong ones are given the next class."""
    support = np.full(classes, examples // classes)
    right = np.diff(np.rint(accuracy * support.sum() / classes * np.arange(classes + 1))).astype(np.int64)
    confusion = np.diag(right) + np.roll(np.diag(support - right), 1, axis=1)
    return score(confusion, [str(k) for k in range(classes)])


class Scored(JudgedLabels):
    """Validation images of which only the score is known."""

    score: Score


def verdict(
    history: History, trained_on: int, validation: Score, guess: float = math.inf, planned: int = 0
) -> tuple[str, ...]:
    scored = object.__new__(Scored)
    scored.__dict__["score"] = validation
    return judged(history, Labelled(()).standing(history.epochs[-1], trained_on, scored), guess, planned)


def said(history: History, validation: Score, trained_on: int = 10_000, guess: float = LN10) -> tuple[str, ...]:
    return verdict(history, trained_on, validation, guess)


@pytest.mark.parametrize(
    ("history", "finding", "advice"),
    [
        (curves([1.0, 0.5, 0.01], [1.0, 0.6, 0.595], (1.0, 0.9)), "Overfit:", "dropout"),
        (curves([1.0, 0.5, 0.1], [1.0, 0.5, 0.8], (0.97, 0.94)), "Overfit:", "`patience`"),
        (curves([2.3, 1.2, 1.1], [2.3, 1.3, 1.29], (0.5, 0.5)), "Underfit:", "`lr`"),
        (curves([2.3, 1.5, 1.0], [2.3, 1.5, 1.1], (0.6, 0.6)), "Cut short:", "`epochs`"),
        (curves([1.0, 0.2, 0.1], [1.0, 0.2, 0.199], (0.97, 0.96)), "Well fitted:", "larger network"),
        (curves([2.3, 2.29, 2.28], [2.3, 2.29, 2.289], (0.12, 0.11)), "Not shown to be better than always", "`lr`"),
        (curves([2.3, 2.31, 2.3], [2.3, 2.31, 2.3], (0.1, 0.1)), "No better than always saying '0'", "labels"),
        (curves([1e31, 1e30, 1e29], [1e31, 1e30, 1e29], (0.1, 0.1)), "Diverged: the loss is 1e+29", "a tenth"),
    ],
)
def test_findings(history: History, finding: str, advice: str) -> None:
    found, *_, tried = said(history, even(history.epochs[-1].validation_accuracy))
    assert found.startswith(finding)
    assert advice in tried


def test_figures_say_of_how_many_images_they_are_and_what_chance_may_do_to_them() -> None:
    assert said(curves([1.0, 0.01], [1.0, 0.99], (1.0, 0.855)), even(0.855), trained_on=5000)[0].startswith(
        "Overfit: 100.0% right on 5,000 training images, 85.5% on 1,000 validation images (83.2% to 87.5%)."
    )


@pytest.mark.parametrize(("examples", "finding"), [(140, "Well fitted:"), (14_000, "Overfit:")])
def test_a_gap_counts_only_beyond_what_chance_allows(examples: int, finding: str) -> None:
    """Four wrong of 140 images are no gap of more than two points; four hundred of 14,000 are."""
    history = curves([1.0, 0.1, 0.01], [1.0, 0.1, 0.101], (0.9992, 136 / 140))
    assert said(history, even(136 / 140, examples), trained_on=1295)[0].startswith(finding)


@pytest.mark.parametrize(("examples", "finding"), [(140, "Well fitted:"), (14_000, "Overfit:")])
def test_a_rising_loss_counts_only_beyond_what_chance_allows(examples: int, finding: str) -> None:
    """The demo's: a seventh more loss on four wrong images is the fate of one of them."""
    history = curves([1.0, 0.5, 0.01], [1.0, 0.0956, 0.1087], (0.9992, 136 / 140))
    assert said(history, even(136 / 140, examples), trained_on=1295)[0].startswith(finding)


def test_a_rising_loss_is_told_with_its_ends() -> None:
    assert "rose from 0.5 to 0.8" in said(curves([1.0, 0.5, 0.1], [1.0, 0.5, 0.8], (0.97, 0.94)), even(0.94))[0]


def test_noise_of_unequal_classes_is_not_called_well_fitted() -> None:
    history = curves([1.45, 0.5, 0.2], [0.4, 0.3, 0.29], (0.951, 0.941))
    always = score(np.array([[32, 0], [2, 0]]), ("common", "rare"))
    finding, figures, _ = verdict(history, 306, always, math.log(2))
    assert finding == "No better than always saying 'common', which 94.1% of the validation images are."
    assert "94.1% on 34 validation images (80.9% to 98.4%)" in figures


def test_rare_classes_that_are_told_apart_are_no_guess_although_the_accuracy_is_no_higher() -> None:
    """94 % right, as always saying 'common' has; but nine in ten of the rare ones are found."""
    found = score(np.array([[892, 48], [6, 54]]), ("common", "rare"))
    assert found.accuracy <= found.majority_share + 0.01
    history = curves([1.0, 0.2, 0.1], [1.0, 0.2, 0.199], (0.95, 0.946))
    assert "always saying" not in verdict(history, 9000, found, math.log(2))[0]


def test_what_is_learned_by_heart_and_no_better_than_guessing_is_overfit_and_says_so() -> None:
    history = curves([1.0, 0.2, 0.01], [1.0, 1.0, 1.0], (1.0, 0.5))
    finding = said(history, even(0.5, 1000, 2), guess=math.log(2))[0]
    assert finding.startswith("Overfit: ")
    assert finding.endswith("No better than always saying '0', which 50.0% of the validation images are.")


def test_guessing_between_two_is_underfit_and_between_ten_is_not() -> None:
    history = curves([0.7, 0.69], [0.7, 0.6899], (0.85, 0.85))
    assert said(history, even(0.85, 1000, 2))[0].startswith("Underfit")
    assert said(history, even(0.85, 1000, 10))[0].startswith("Well fitted")


def test_one_epoch_is_enough_to_say_something() -> None:
    assert said(curves([1.0], [1.0], (0.9, 0.9)), even(0.9))[0].endswith("; after one epoch.")


def test_a_training_that_forgets_what_it_knew_has_diverged_whatever_its_loss_is_measured_in() -> None:
    broken = History(
        (epoch(1, 0.5, 0.9, 0.5, 0.9, 0.01, 100.0, 1.0), epoch(2, 2.0, 0.1, 2.0, 0.1, 0.01, 100.0, 1.0)), (ACCURACY,)
    )
    assert verdict(broken, 10_000, even(0.9))[0] == (
        "Diverged: the training loss rose from 0.5 to 2, and the training images right fell from 90.0% to 10.0%."
    )
    noisy = curves([0.001, 0.004], [0.1, 0.1], (0.999, 0.99))
    assert verdict(noisy, 10_000, even(0.99))[0].startswith("Well fitted"), "it has forgotten nothing"
    unsure = curves([1.3, 2.7], [1.0, 3.5], (0.951, 0.941))
    always = score(np.array([[32, 0], [2, 0]]), ("common", "rare"))
    assert verdict(unsure, 306, always, math.log(2))[0].startswith("No better"), "it never knew anything"


def test_validation_images_of_one_class_judge_nothing() -> None:
    only = score(np.array([[9, 1], [0, 0]]), ("cat", "dog"))
    assert said(curves([1.0, 0.5], [1.0, 0.5], (0.9, 0.9)), only)[0] == ("Not judged: all validation images are 'cat'.")


@given(st.integers(2, 5), st.integers(2, 200), st.integers(1, 6), st.integers(0, 2**32))
def test_whoever_always_says_one_class_is_never_praised(
    num_classes: int, examples: int, epochs: int, seed: int
) -> None:
    """However the classes are shared out and whatever the losses do."""
    generator = np.random.default_rng(seed)
    confusion = np.zeros((num_classes, num_classes), dtype=np.int64)
    confusion[:, generator.integers(num_classes)] = generator.multinomial(
        examples, generator.dirichlet(np.ones(num_classes))
    )
    validation = score(confusion, "abcde"[:num_classes])
    losses = generator.exponential(1.0, (2, epochs)).tolist()
    history = curves(*losses, (validation.accuracy, validation.accuracy))
    finding = verdict(history, 1000, validation, math.log(num_classes))[0]
    assert not finding.startswith(("Well fitted", "Cut short", "Underfit")), finding


# stopped before its end


def stopped(history: History, accuracy: float, planned: int = 30) -> tuple[str, ...]:
    return verdict(history, 10_000, even(accuracy), LN10, planned)


def test_what_was_stopped_is_cut_short_and_not_blamed_for_it() -> None:
    underfit = curves([2.3, 1.2, 1.1], [2.3, 1.3, 1.29], (0.5, 0.5))
    assert said(underfit, even(0.5))[0].startswith("Underfit:")
    finding, tried = stopped(underfit, 0.5)
    assert finding == (
        "Cut short: 50.0% right on 10,000 training images, 50.0% on 1,000 validation images (46.9% to 53.1%); "
        "stopped after epoch 3 of 30."
    )
    assert tried == "Let it go on before judging it."
    well = curves([1.0, 0.2, 0.1], [1.0, 0.2, 0.199], (0.97, 0.96))
    assert stopped(well, 0.96)[0].startswith("Cut short:")
    assert stopped(well, 0.96, planned=3)[0].startswith("Well fitted:"), "all its epochs are done"


def test_what_was_stopped_is_still_told_that_it_guesses_overfits_or_diverges() -> None:
    guesses = curves([2.3, 2.31, 2.3], [2.3, 2.31, 2.3], (0.1, 0.1))
    finding, guessing, tried = stopped(guesses, 0.1)
    assert finding.startswith("Cut short:")
    assert guessing.startswith("No better than always saying '0'")
    assert tried == "Let it go on before judging it."
    assert stopped(curves([1.0, 0.5, 0.1], [1.0, 0.5, 0.8], (0.97, 0.94)), 0.94)[0].startswith("Overfit:")
    assert stopped(curves([1e31, 1e30, 1e29], [1e31, 1e30, 1e29], (0.1, 0.1)), 0.1)[0].startswith("Diverged:")


# other tasks than classes

MSE = Metric("mse", up=False, share=False)


def losses(train: list[float], validation: list[float], **figures: list[float]) -> History:
    rows = [
        {"train_loss": ours, "validation_loss": theirs, **{name: values[n] for name, values in figures.items()}}
        for n, (ours, theirs) in enumerate(zip(train, validation, strict=True))
    ]
    return History(tuple(Epoch(n, row, 0.01, 100.0, 1.0) for n, row in enumerate(rows, 1)), (MSE,), "sentences")


GOOD = Standing("mse 0.5 on 90 validation sentences", more="sentences", doubtful="the sizes")


@pytest.mark.parametrize(
    ("history", "standing", "finding", "advice"),
    [
        (
            losses([3, 2, 1], [3, 2, 1]),
            GOOD,
            "Cut short: {}; the validation loss was still falling",
            "Try more `epochs`.",
        ),
        (losses([3], [3]), GOOD, "Cut short: {}; after one epoch.", "Try more `epochs`."),
        (losses([3, 2, 1], [3, 2, 2]), GOOD, "Well fitted: {}.", "a larger network or more sentences"),
        (losses([3, 2, 1], [3, 2, 2]), replace(GOOD, weak=True), "Underfit: {}.", "whether the sizes are right"),
        (losses([3, 2, 1], [3, 2, 2]), replace(GOOD, gap=0.1, often=True), "Overfit: {}.", "more sentences"),
        (
            losses([3, 2, 1], [2, 2, 9]),
            replace(GOOD, gap=0.01),
            "Overfit: {}. The validation loss rose from 2 to 9.",
            "",
        ),
        (losses([3, 2, 1], [2, 2, 9]), GOOD, "Well fitted: {}.", ""),  # no gap beyond chance
        (
            losses([1, 2, 9], [3, 2, 2]),
            replace(GOOD, lost=True),
            "Diverged: the training loss rose from 1 to 9.",
            "`lr`",
        ),
        (losses([1, 2, 9], [3, 2, 2]), GOOD, "Well fitted: {}.", ""),  # its figures have not suffered
    ],
)
def test_the_same_sentences_for_any_task(history: History, standing: Standing, finding: str, advice: str) -> None:
    found, tried = judged(history, standing)
    assert found.startswith(finding.format(GOOD.said))
    assert advice in tried


def test_a_guess_is_told_in_the_task_s_words() -> None:
    history = losses([3, 2, 1], [3, 2, 1])
    guess = replace(GOOD, guessing="No better than the mean size.")
    assert judged(history, guess) == (
        "No better than the mean size.",
        "In all, mse 0.5 on 90 validation sentences.",
        "Try more `epochs`, another `lr` or a larger network, or look whether the sizes are right.",
    )
    assert judged(history, replace(guess, above=True))[2].endswith("More validation sentences would tell.")


def test_nothing_is_made_of_what_the_task_can_t_judge() -> None:
    assert judged(losses([1], [1]), Standing("", unjudged=("Not judged: no sizes.", "Give some."))) == (
        "Not judged: no sizes.",
        "Give some.",
    )


def test_a_loss_beyond_all_guessing_has_diverged_in_any_task() -> None:
    history = losses([9e5, 9e5], [9e5, 9e5])
    assert judged(history, GOOD, 2.0)[0] == "Diverged: the loss is 9e+05 after epoch 2, where guessing has 2."
    assert judged(history, GOOD)[0].startswith("Well fitted"), "what guessing has is not known"


def test_decisions_that_got_worse_are_told_with_the_loss_that_rose() -> None:
    history = losses([1, 9], [2, 2], train_mse=[0.9, 0.3])
    assert judged(history, replace(GOOD, lost=True))[0] == (
        "Diverged: the training loss rose from 1 to 9, and the training sentences right fell from 90.0% to 30.0%."
    )
    same = losses([1, 9], [2, 2], train_mse=[0.9, 0.89])
    assert judged(same, replace(GOOD, lost=True))[0].startswith("Well fitted"), "nothing was lost"
