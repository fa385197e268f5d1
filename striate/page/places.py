"""The live page of networks that tell of places in images: boxes, or joints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.data.boxes.canvas import onto
from striate.page.answering import by_name, counted, surest
from striate.page.live import Live, Outputs
from striate.report import boxed, posed
from striate.runs.run import Run
from striate.tasks.canvas import OnCanvas
from striate.tasks.detect import Detect
from striate.tasks.localize import Localize
from striate.tasks.located import SURE
from striate.tasks.pose import Pose
from striate.tasks.task import Task

Answers = list[Mapping[str, Any]]


def of_boxes(run: Run) -> Live:
    """Boxes around objects."""
    task = run.task
    assert isinstance(task, Detect)

    def found(outputs: Outputs) -> NDArray[np.float32]:
        made: NDArray[np.float32] = task.says.found(by_name(outputs), SURE)[0].numpy()
        return made

    def answer(outputs: Outputs) -> Answers:
        made = found(outputs)
        return counted(made[:, 5].astype(int), made[:, 4], task.classes)

    def drawn(image: NDArray[np.uint8], outputs: Outputs) -> bytes:
        made = found(outputs)
        return boxed.drawn_png(image, made[:, :4], made[:, 5].astype(int), made[:, 4], task.classes, task.colours)

    return on_canvas(run, answer, drawn)


def of_a_place(run: Run) -> Live:
    """A class and a box."""
    task = run.task
    assert isinstance(task, Localize)

    def answer(outputs: Outputs) -> Answers:
        return surest(task.shares(by_name(outputs)))

    def drawn(image: NDArray[np.uint8], outputs: Outputs) -> bytes:
        return task.drawn_on(image, by_name(outputs))

    return on_canvas(run, answer, drawn)


def of_joints(run: Run) -> Live:
    """Joints of a person."""
    task = run.task
    assert isinstance(task, Pose)

    def found(outputs: Outputs) -> NDArray[np.float32]:
        made: NDArray[np.float32] = task.says.found(by_name(outputs))[0, -1].numpy()
        return made

    def answer(outputs: Outputs) -> Answers:
        return surest(dict(zip(task.joints, found(outputs)[:, 2].tolist(), strict=True))) if task.maps else []

    def drawn(image: NDArray[np.uint8], outputs: Outputs) -> bytes:
        return posed.drawn_png(image, found(outputs)[:, :2], task.joints, task.limbs)

    return on_canvas(run, answer, drawn)


def on_canvas(
    run: Run,
    answer: Callable[[Outputs], Answers],
    drawn: Callable[[NDArray[np.uint8], Outputs], bytes],
) -> Live:
    """Places in images, on the canvas that these are placed on; `drawn` is given an image (C, *canvas)."""
    task = run.task
    assert isinstance(task, OnCanvas)

    def fitted(image: Any) -> NDArray[np.uint8]:
        pixels = np.atleast_3d(np.asarray(image.convert("L" if task.channels == 1 else "RGB"))).transpose(2, 0, 1)
        return onto(pixels, task.size)

    shape = (task.channels, *task.size)
    way = {"source": shape, "shape": shape, "fit": "as is", "ink": None}
    return Live(
        run.name,
        run.model(),
        lambda image: run.read(fitted(image)),
        answer,
        shape,
        way=way,
        drawn=lambda image, outputs: drawn(fitted(image), outputs),
    )


PLACES: dict[type[Task], Callable[[Run], Live]] = {Detect: of_boxes, Localize: of_a_place, Pose: of_joints}
