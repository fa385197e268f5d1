"""Classes of unequal size that count alike in a training: by weights of examples, or by how often each is drawn."""

from __future__ import annotations

from striate.augmentation.augment import Augment
from striate.augmentation.balance import said, weights_of
from striate.augmentation.chain import chained
from striate.augmentation.weighing import Weighing
from striate.data.examples import Examples
from striate.errors import InputError
from striate.tasks.task import LossName, Task
from striate.training.options import NO_AUGMENT, WEIGHTS


def balanced(
    augment: Augment | None, how: str, loss: LossName, task: Task, training: Examples
) -> tuple[Augment | None, list[str]]:
    """What happens to examples, the weights of their classes included, and a line about classes.

    Args:
        augment: What happens to them besides.
        how: As `Options.balance`.
        loss: What is made small.
        task, training: The task, and the examples to learn from.

    Raises:
        InputError: The examples have no classes, or the loss takes no weights.
    """
    if how == NO_AUGMENT:
        return augment, []
    labels = task.class_of_each(training)
    if labels is None:
        raise InputError(f"balance '{how}' is for examples of one class each, and the task {task.word} has none")
    names = task.facts()["classes"]
    if how == WEIGHTS:
        if task.softens(loss):
            raise InputError(f"balance 'weights' is for the loss cross-entropy; for {loss} take balance='sampling'")
        weighing = Weighing(tuple(weights_of(labels, len(names)).tolist()))
        augment = chained(augment, weighing)
    return augment, [said(labels, names, how)]
