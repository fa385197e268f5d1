"""Where a run's network looked in examples: CAM where its end allows it, else Grad-CAM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.data.examples import Examples, Schema
from striate.errors import InputError
from striate.inside import Class, NoCamError, cam, grad_cam
from striate.inside.heat import Heat
from striate.runs.feeding import feed_of
from striate.runs.run import Run
from striate.tasks.task import Judged, Look, Sights
from striate.training.engine import without_softmax
from striate.training.feed import Feed


def with_look(judged: Any, run: Run, schema: Schema) -> Any:
    """Answers that also say where the network looked; `schema` is of their examples."""
    return replace(judged, look=look_of(run, judged.examples, schema)) if isinstance(judged, Judged) else judged


def look_of(run: Run, examples: Examples, schema: Schema) -> Look:
    """What says where in these examples the network looked.

    It gives None for networks without maps, and for those of several inputs or outputs.
    """
    model: list[nn.Module] = []  # made when it is first asked for

    def look(rows: Sequence[int], outputs: Sequence[int]) -> Sights | None:
        feed = feed_of(examples.part(rows), schema, run.recipe, workers=run.config.get("workers"))
        if len(run.network.inputs) > 1:
            return None
        model[:] = model or [without_softmax(run.model()).eval()]
        try:
            heats = [_heat(model[0], x, output) for x, output in zip(_each(feed), outputs, strict=True)]
        except InputError:  # there are no maps
            return None
        return Sights([_drawn(heat) for heat in heats], f"{heats[0].method}, layer {heats[0].layer}")

    return look


def _each(feed: Feed) -> Iterator[Tensor]:
    return (x for batch in feed.in_order(1) for x in batch.inputs.values())


def _heat(model: nn.Module, x: Tensor, output: int) -> Heat:
    try:
        return cam(model, x, Class(output))
    except NoCamError:
        return grad_cam(model, x, Class(output))


def _drawn(heat: Heat) -> NDArray[np.uint8]:
    from striate.inside.drawing import image
    from striate.report.heat import heated

    return heated(image(heat.input[0]), heat.large[0].numpy())
