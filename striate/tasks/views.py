"""Test-time augmentation: a network is asked of several views of an image, and their probabilities are averaged.

The views are the image and its mirror image where training had mirrored ones (Krizhevsky et al. 2012, section 4.1);
else the image and itself moved by a pixel up, down, left and right, where edges are repeated.

>>> import torch
>>> [view.there(torch.tensor([[[[1, 2], [3, 4]]]])).flatten().tolist() for view in views_of("shift:1")]
[[1, 2, 3, 4], [1, 2, 1, 2], [3, 4, 3, 4], [1, 1, 3, 3], [2, 2, 4, 4]]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from striate.errors import InputError
from striate.tasks.task import Bound, LossName, Task
from striate.training.fields import Fields
from striate.training.objective import Net

MIRRORING = {"mirror", "alternate"}


@dataclass(frozen=True)
class View:
    """A way to see images (N, C, H, W), and how outputs (N, K, H, W) are put back in place; None: they can't be."""

    there: Callable[[Tensor], Tensor]
    back: Callable[[Tensor], Tensor] | None


def _mirrored(x: Tensor) -> Tensor:
    return x.flip(-1)


def _same(x: Tensor) -> Tensor:
    return x


def _moved(axis: int, by: int) -> View:
    def there(x: Tensor) -> Tensor:
        count = x.shape[axis]
        places = (torch.arange(count, device=x.device) - by).clamp(0, count - 1)
        return x.index_select(axis, places)

    return View(there, None)


def views_of(augment: str) -> tuple[View, ...]:
    """The views that suit how training images were changed, as `Options.augment` says it."""
    words = {word.partition(":")[0] for word in augment.split(",")}
    if words & MIRRORING:
        return View(_same, _same), View(_mirrored, _mirrored)
    return View(_same, _same), *(_moved(axis, by) for axis in (-2, -1) for by in (1, -1))


@dataclass(frozen=True)
class Viewed(Bound):
    """The objective of a task whose network is asked of several views.

    Attributes:
        views: The views.
    """

    views: tuple[View, ...] = ()

    def through(self, net: Net, inputs: Fields) -> Fields:
        """Outputs that stand for the mean of the views' probabilities."""
        ((name, images),) = inputs.items()
        several = []
        for view in self.views:
            outputs = self.task.through(net, {name: view.there(images)})
            back = view.back if self.task.places else _same
            assert back
            several.append({key: back(values) for key, values in outputs.items()})
        return self.task.pooled(several)

    def said(self) -> str:
        """What is done, in words."""
        how = "mirrored too" if len(self.views) == 2 else "moved by a pixel too"
        return f"test-time augmentation: the mean of {len(self.views)} views of each image, {how}"


def viewed(task: Task, loss: LossName, augment: str, axes: int) -> Viewed:
    """A task's objective over views.

    Args:
        task: Of images.
        loss: As for `Task.objective`.
        augment: How training images were changed.
        axes: Of one input: 3 for images.

    Raises:
        InputError: The task has no probabilities of images, or its answers can't be put back in their places.
    """
    bound, views = task.objective(loss), views_of(augment)
    if not isinstance(bound, Bound) or axes != 3 or type(task).pooled is Task.pooled:
        raise InputError(f"test-time augmentation is for classes of images, not for {task.word}; leave out `tta`")
    if task.places and any(view.back is None for view in views):
        raise InputError(
            f"test-time augmentation mirrors images of the task {task.word}, and the run was trained without mirrored "
            "ones; train with augment='mirror'"
        )
    return Viewed(bound.task, bound.by, views)
