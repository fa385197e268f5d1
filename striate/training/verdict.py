"""What the curves say, in words: diverged, no better than guessing, overfit, cut short, underfit, or well; what to try.

>>> import numpy as np
>>> from striate.metrics import score
>>> from striate.training.history import Epoch, History
>>> history = History(tuple(Epoch(n, 1.0 / n, 0.99, 0.3 + 0.1 * n, 0.8, 0.001, 1.0, 1.0) for n in range(1, 9)))
>>> validation = score(np.array([[80, 20], [20, 80]]), ("cat", "dog"))
>>> verdict(history, 1000, validation)[0][:61]
'Overfit: 99.0% right on 1,000 training images, 80.0% on 200 v'
"""

from __future__ import annotations

import math

from striate.metrics import Score, weighted_sum, wilson
from striate.training.history import History

GAP = 0.02  # accuracy lost between training and validation, beyond chance, that counts as overfit …
TIMES = 2.0  # … when validation images are also wrong at least this many times as often
RISE = 0.1  # a rising validation loss ends above its lowest value by at least this share …
CHANCE = 2.0  # … and by this many standard errors: most of the loss comes from the wrong images, which are few
WEAK = 0.8  # share of the way from guessing to perfect that training must reach
FALL = 0.98  # a validation loss below this share of the one before is still falling
WORSE = 100.0  # times the loss of guessing, which no working training has
ROSE = 2.0  # times its lowest value, at which the training loss ends after a breakdown


def verdict(
    history: History, trained_on: int, validation: Score, loss_of_guessing: float = math.inf
) -> tuple[str, ...]:
    """Sentences about the curves: the finding first, then what to try.

    Args:
        history: At least one epoch.
        trained_on: Training images.
        validation: How the best weights do on the validation images.
        loss_of_guessing: The loss of outputs that are all alike; infinite where it is unknown.
    """
    if validation.num_present == 1:
        return (
            f"Not judged: all validation images are '{validation.majority}'.",
            "Give images of at least two classes to validate on.",
        )
    last = history.epochs[-1]
    diverged = _diverged(history, trained_on, validation, loss_of_guessing)
    if diverged:
        return (f"Diverged: {diverged}.", "Try a tenth of the learning rate (`lr`), or batch norm in the network.")
    right = round(last.train_accuracy * trained_on)
    low, high = validation.interval
    figures = (
        f"{last.train_accuracy:.1%} right on {trained_on:,} training images, "
        f"{validation.accuracy:.1%} on {validation.examples:,} validation images ({low:.1%} to {high:.1%})"
    )
    gap = weighted_sum([(1, right, trained_on), (-1, validation.right, validation.examples)]).low
    times = 1 - validation.accuracy > TIMES * (1 - last.train_accuracy)
    rise = _rise(history, validation)
    guessing = _guessing(validation)
    if (gap > GAP and times) or (gap > 0 and rise):
        because = "".join(f" {sentence}" for sentence in (rise, guessing) if sentence)
        advice = "dropout, a larger `l2`, fewer parameters, more images, or to stop early (`patience`)"
        return (f"Overfit: {figures}.{because}", f"Try {advice}.")
    if guessing:
        advice = "Try more `epochs`, another `lr` or a larger network, or look whether the labels are right."
        few = "More validation images would tell." if validation.accuracy > validation.majority_share else ""
        return (guessing, f"In all, {figures}.", " ".join(filter(None, (advice, few))))
    if len(history) == 1 or last.validation_loss < FALL * history.epochs[-2].validation_loss:
        because = "after one epoch" if len(history) == 1 else "the validation loss was still falling at the end"
        return (f"Cut short: {figures}; {because}.", "Try more `epochs`.")
    share = validation.majority_share
    if last.train_accuracy - share < WEAK * (1 - share):
        advice = "more `epochs`, another `lr`, more filters or layers, or look whether the labels are right"
        return (f"Underfit: {figures}.", f"Try {advice}.")
    return (f"Well fitted: {figures}.", "For more, try a larger network or more images.")


def _diverged(history: History, trained_on: int, validation: Score, guess: float) -> str:
    """Why the training broke down, if it did: its loss is far too large, or rose while accuracy fell."""
    last = history.epochs[-1]
    lowest = min(epoch.train_loss for epoch in history.epochs)
    worst = max(last.train_loss, last.validation_loss)
    if worst > WORSE * guess:
        return f"the loss is {worst:.3g} after epoch {last.epoch}, where guessing has {guess:.3g}"
    most = max(epoch.train_accuracy for epoch in history.epochs)
    guesses = wilson(round(last.train_accuracy * trained_on), trained_on).low <= validation.majority_share
    if last.train_loss > ROSE * lowest and guesses and most - last.train_accuracy > GAP:
        fell = f"training images right fell from {most:.1%} to {last.train_accuracy:.1%}"
        return f"the training loss rose from {lowest:.3g} to {last.train_loss:.3g}, and the {fell}"
    return ""


def _rise(history: History, validation: Score) -> str:
    """How the validation loss rose while the training loss fell, if it did so beyond chance."""
    last = history.epochs[-1]
    lowest = min(epoch.validation_loss for epoch in history.epochs)
    wrong = max(1, validation.examples - validation.right)
    beyond = max(RISE, CHANCE / math.sqrt(wrong)) * abs(lowest)
    if last.validation_loss - lowest > beyond and last.train_loss < history.epochs[0].train_loss:
        return f"The validation loss rose from {lowest:.3g} to {last.validation_loss:.3g}."
    return ""


def _guessing(validation: Score) -> str:
    """A note that always saying one class does as well, unless the figures show otherwise."""
    if validation.beats_guessing:
        return ""
    share = f"'{validation.majority}', which {validation.majority_share:.1%} of the validation images are"
    if validation.accuracy <= validation.majority_share:
        return f"No better than always saying {share}."
    return f"Not shown to be better than always saying {share}."
