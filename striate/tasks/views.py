"""Test-time augmentation: a network is asked of several views of an image, and their probabilities are averaged.

The views are those of training: mirror images where it had some (Krizhevsky et al. 2012, section 4.1), and turned ones
(Ronneberger et al. 2015); else the image, and itself moved by a pixel up, down, left and right with edges repeated.

>>> import torch
>>> [view.there(torch.tensor([[[[1, 2], [3, 4]]]])).flatten().tolist() for view in views_of("shift:1", (1, 2, 2))]
[[1, 2, 3, 4], [1, 2, 1, 2], [3, 4, 3, 4], [1, 1, 3, 3], [2, 2, 4, 4]]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from striate.errors import InputError
from striate.notation.tree import Shape
from striate.tasks.task import Bound, LossName, Task
from striate.training.fields import Fields
from striate.training.objective import Net

MIRRORING = {"mirror", "alternate"}
TURNED = "turned"
PLACES = (-2, -1)  # the axes of an image's rows and columns


@dataclass(frozen=True)
class View:
    """A way to see images (N, C, H, W).

    Attributes:
        there: Makes the view.
        back: Puts its outputs (N, K, H, W) in their places; None where they can't be.
        how: What is done, in words.
    """

    there: Callable[[Tensor], Tensor]
    back: Callable[[Tensor], Tensor] | None
    how: str = ""


SAME = View(lambda x: x, lambda x: x)


def _turned(quarters: int, mirrored: bool) -> View:
    def there(x: Tensor) -> Tensor:
        return torch.rot90(x.flip(-1) if mirrored else x, quarters, PLACES)

    def back(x: Tensor) -> Tensor:
        x = torch.rot90(x, -quarters, PLACES)
        return x.flip(-1) if mirrored else x

    how = ["mirrored"] * mirrored + [TURNED] * bool(quarters)
    return View(there, back, " and ".join(how))


def _moved(x: Tensor, axis: int, by: int) -> Tensor:
    count = x.shape[axis]
    return x.index_select(axis, (torch.arange(count, device=x.device) - by).clamp(0, count - 1))


def views_of(augment: str, shape: Shape) -> tuple[View, ...]:
    """The views that suit how training images were changed.

    Args:
        augment: As `Options.augment` says it.
        shape: Of an image, (C, H, W): one that is not square is turned by half turns alone.
    """
    words = {word.partition(":")[0] for word in augment.split(",")}
    turns = range(0, 4 if "turn" in words else 1, 1 if shape[1] == shape[2] else 2)
    mirrored = (False, True) if words & MIRRORING else (False,)
    seen = [_turned(quarters, mirror) for quarters in turns for mirror in mirrored]
    if len(seen) > 1:
        return tuple(seen)
    moved = [partial(_moved, axis=axis, by=by) for axis in PLACES for by in (1, -1)]
    return SAME, *(View(there, None, "moved by a pixel") for there in moved)


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
            back = view.back if self.task.places else SAME.back
            assert back
            several.append({key: back(one) if one.ndim == 4 else one for key, one in outputs.items()})  # not figures
        return self.task.together(several)

    def said(self) -> str:
        """What is done, in words."""
        how = ", ".join(dict.fromkeys(view.how for view in self.views if view.how))
        return f"test-time augmentation: the mean of {len(self.views)} views of each image, {how} too"


def viewed(task: Task, loss: LossName, augment: str, shape: Shape) -> Viewed:
    """A task's objective over views.

    Args:
        task: Of images.
        loss: As for `Task.objective`.
        augment: How training images were changed.
        shape: Of one input: of three axes for images.

    Raises:
        InputError: The task has no probabilities of images, or its answers can't be put back in their places.
    """
    joined = task.of_views or type(task).together is not Task.together
    if len(shape) != 3 or not joined:
        what = "classes of images or of their pixels"
        raise InputError(f"test-time augmentation is for {what}, not for {task.word}; leave out `tta`")
    views = views_of(augment, shape)
    if task.places and any(view.back is None for view in views):
        raise InputError(
            f"test-time augmentation mirrors or turns images of the task {task.word}, and the run was trained without "
            "such ones; train with augment='mirror'"
        )
    return Viewed(task, task.objective(loss).loss, views)
