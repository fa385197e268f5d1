"""What the curves say, in words: diverged, no better than guessing, overfit, cut short, underfit, or well; what to try.

>>> from striate.metrics.metric import Metric
>>> figures = [{"train_loss": 1 / n, "validation_loss": 0.3 + 0.1 * n, "validation_f1": 0.8} for n in range(1, 9)]
>>> history = History(tuple(Epoch(n, row, 0.001, 1.0, 1.0) for n, row in enumerate(figures, 1)), (Metric("f1"),))
>>> verdict(history, Standing("f1 80.0% on 200 validation images", gap=0.2, often=True))[0]
'Overfit: f1 80.0% on 200 validation images. The validation loss rose from 0.4 to 1.1.'
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from striate.training.history import LOSS, TRAIN, VALIDATION, Epoch, History

GAP = 0.02  # how much better training must be than validation, beyond chance, to count as overfit …
RISE = 0.1  # a rising validation loss ends above its lowest value by at least this share …
CHANCE = 2.0  # … and by this many standard errors: most of the loss comes from the wrong examples, which are few
FALL = 0.98  # a validation loss below this share of the one before is still falling
WORSE = 100.0  # times the loss of guessing, which no working training has
ROSE = 2.0  # times its lowest value, at which the training loss ends after a breakdown


@dataclass(frozen=True)
class Standing:
    """How the best weights do, as a task says it; what the verdict makes of it is the same for all tasks.

    Attributes:
        said: The figures of training and validation in words.
        gap: How much better the metric is in training than in validation, beyond what chance explains.
        often: Whether validation examples are also wrong much more often than training examples.
        wrong: How many validation examples are wrong, where that can be counted: few make the loss uncertain.
        guessing: Why the network is no better than a guess; empty where it is.
        above: Whether its figure is higher than the guess's all the same.
        lost: Whether the training itself ended no better than a guess.
        weak: Whether training is far from perfect.
        more: What would be more of: "images".
        unjudged: Why nothing can be said, and what to do.
        doubtful: What may be wrong with the data: "the masks".
    """

    said: str
    gap: float = 0.0
    often: bool = False
    wrong: int = 1
    guessing: str = ""
    above: bool = False
    lost: bool = False
    weak: bool = False
    more: str = "images"
    unjudged: tuple[str, ...] = ()
    doubtful: str = "the targets"


def verdict(
    history: History, standing: Standing, loss_of_guessing: float = math.inf, planned: int = 0
) -> tuple[str, ...]:
    """Sentences about the curves: the finding first, then what to try.

    Args:
        history: At least one epoch.
        standing: How the best weights do on the validation examples.
        loss_of_guessing: The loss of outputs that are all alike; infinite where it is unknown.
        planned: How many epochs it was to have, where it was stopped before; else 0.
    """
    if standing.unjudged:
        return standing.unjudged
    if diverged := _diverged(history, standing, loss_of_guessing):
        return (f"Diverged: {diverged}.", "Try a tenth of the learning rate (`lr`), or batch norm in the network.")
    rise = _rise(history, standing)
    if (standing.gap > GAP and standing.often) or (standing.gap > 0 and rise):
        because = "".join(f" {sentence}" for sentence in (rise, standing.guessing) if sentence)
        advice = f"dropout, a larger `l2`, fewer parameters, more {standing.more}, or to stop early (`patience`)"
        return (f"Overfit: {standing.said}.{because}", f"Try {advice}.")
    if planned > len(history):  # what the network can do is not known yet
        stopped = f"Cut short: {standing.said}; stopped after epoch {len(history)} of {planned:,}."
        return tuple(filter(None, (stopped, standing.guessing, "Let it go on before judging it.")))
    if standing.guessing:
        advice = f"Try more `epochs`, another `lr` or a larger network, or look whether {standing.doubtful} are right."
        few = f"More validation {standing.more} would tell." if standing.above else ""
        return (standing.guessing, f"In all, {standing.said}.", " ".join(filter(None, (advice, few))))
    if len(history) == 1 or _loss(history.epochs[-1]) < FALL * _loss(history.epochs[-2]):
        because = "after one epoch" if len(history) == 1 else "the validation loss was still falling at the end"
        return (f"Cut short: {standing.said}; {because}.", "Try more `epochs`.")
    if standing.weak:
        advice = f"more `epochs`, another `lr`, more filters or layers, or look whether {standing.doubtful} are right"
        return (f"Underfit: {standing.said}.", f"Try {advice}.")
    return (f"Well fitted: {standing.said}.", f"For more, try a larger network or more {standing.more}.")


def _loss(epoch: Epoch, of: str = VALIDATION) -> float:
    return epoch.figures[of + LOSS]


def _diverged(history: History, standing: Standing, guess: float) -> str:
    """Why the training broke down, if it did: its loss is far too large, or rose while its decisions got worse."""
    last = history.epochs[-1]
    lowest = min(_loss(epoch, TRAIN) for epoch in history.epochs)
    worst = max(_loss(last, TRAIN), _loss(last))
    if worst > WORSE * guess:
        return f"the loss is {worst:.3g} after epoch {last.epoch}, where guessing has {guess:.3g}"
    rose = f"the training loss rose from {lowest:.3g} to {_loss(last, TRAIN):.3g}"
    if _loss(last, TRAIN) <= ROSE * lowest or not standing.lost:
        return ""
    decided = next((TRAIN + one.name for one in history.metrics if TRAIN + one.name in last.figures), None)
    if decided is None:
        return rose
    most = max(epoch.figures[decided] for epoch in history.epochs)
    right = f"training {history.unit} right fell from {most:.1%} to {last.figures[decided]:.1%}"
    return f"{rose}, and the {right}" if most - last.figures[decided] > GAP else ""


def _rise(history: History, standing: Standing) -> str:
    """How the validation loss rose while the training loss fell, if it did so beyond chance."""
    last, lowest = history.epochs[-1], min(map(_loss, history.epochs))
    beyond = max(RISE, CHANCE / math.sqrt(max(1, standing.wrong))) * abs(lowest)
    if _loss(last) - lowest > beyond and _loss(last, TRAIN) < _loss(history.epochs[0], TRAIN):
        return f"The validation loss rose from {lowest:.3g} to {_loss(last):.3g}."
    return ""
