"""Where a run's network looked in examples: CAM where its end allows it, else Grad-CAM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from striate.data.examples import Examples, Schema
from striate.data.kinds import Image
from striate.errors import InputError
from striate.inside import Class, NoCamError, cam, grad_cam
from striate.inside.heat import Heat
from striate.runs.feeding import feed_of
from striate.runs.run import Run
from striate.tasks.task import Judged, Look, Sights
from striate.training.engine import without_softmax
from striate.training.feed import Feed
from striate.training.fields import Fields

INNER = "model"  # what a network is called in one that has its other inputs


def with_look(judged: Any, run: Run, schema: Schema) -> Any:
    """Answers that also say where the network looked; `schema` is of their examples."""
    return replace(judged, look=look_of(run, judged.examples, schema)) if isinstance(judged, Judged) else judged


def look_of(run: Run, examples: Examples, schema: Schema) -> Look:
    """What says where in these examples the network looked.

    It gives None for networks without maps, and for those of several outputs, or of several inputs with places.
    """
    model: list[nn.Module] = []  # made when it is first asked for

    def look(rows: Sequence[int], outputs: Sequence[int]) -> Sights | None:
        feed = feed_of(examples.part(rows), schema, run.recipe, workers=run.config.get("workers"))
        if len(seen := placed(schema)) != 1:
            return None
        model[:] = model or [without_softmax(run.model()).eval()]
        try:
            heats = [_heat(model[0], x, seen[0], output) for x, output in zip(_each(feed), outputs, strict=True)]
        except InputError:  # there are no maps
            return None
        pictures = [run.task.heated(heat.input[0].numpy(), heat.large[0].detach().numpy()) for heat in heats]
        return Sights(pictures, f"{heats[0].method}, layer {heats[0].layer.removeprefix(f'{INNER}.')}")

    return look


def placed(schema: Schema) -> list[str]:
    """The inputs that have places: all of a network of one input, else images, series and volumes."""
    if len(schema.inputs) == 1:
        return [*schema.inputs]
    return [name for name, kind in schema.inputs.items() if isinstance(kind, Image)]


class _Beside(nn.Module):
    """A network of several inputs, of which all but one are what they are."""

    def __init__(self, model: nn.Module, name: str, inputs: Fields) -> None:
        super().__init__()
        self.model = model
        self.name, self.others = name, {other: one for other, one in inputs.items() if other != name}

    def forward(self, x: Tensor) -> Tensor:
        """What it gives for `x` beside the others."""
        given: Tensor = self.model(
            **{self.name: x}, **{name: one.expand(len(x), -1) for name, one in self.others.items()}
        )
        return given


def _each(feed: Feed) -> Iterator[Fields]:
    return (batch.inputs for batch in feed.in_order(1))


def _heat(model: nn.Module, inputs: Fields, name: str, output: int) -> Heat:
    x = inputs[name]
    model = _Beside(model, name, inputs).eval() if len(inputs) > 1 else model
    try:
        return cam(model, x, Class(output))
    except NoCamError:
        return grad_cam(model, x, Class(output))
