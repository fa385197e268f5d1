"""What is explained: a class, all of it or in a region, or a unit of a layer.

>>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
>>> sight = settled(model, torch.ones(2, 1, 2, 2), 1)
>>> sight.scores(torch.zeros(2, 1, 2, 2)).shape, sight.said(0)
(torch.Size([2]), 'class 1')
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.watching import by_example, value_of


@dataclass(frozen=True)
class Class:
    """A class of an output (N, K) or (N, K, *spatial).

    Attributes:
        number: From 0; None for the most probable of each example.
        output: The output's name, or its place in a tuple, where a model gives several.
        region: Of an output that is a map, the positions (*spatial) that count, as booleans; their values are
            summed. By default all.
    """

    number: int | None = None
    output: str = ""
    region: Tensor | None = None


@dataclass(frozen=True)
class Unit:
    """A unit of a layer's output (N, C, *spatial).

    Attributes:
        layer: Its name in `named_modules()`.
        channel: From 0.
        position: Along each spatial axis; `"strongest"`, where the channel is largest in each example; or `"all"`, the
            sum over the channel.
    """

    layer: str
    channel: int
    position: tuple[int, ...] | Literal["strongest", "all"] = "strongest"


Aim: TypeAlias = int | Class | Unit | None  # a number is a class, None the most probable one


@dataclass(frozen=True, eq=False)
class Sight:
    """A model and the number of it that is explained, settled for the examples of one batch.

    Attributes:
        model: Any module.
        aim: What was asked for.
        weights: (N, *value): the score is the sum of the layer's or the output's values times these.
        numbers: For each example the class, or the channel with its position.
    """

    model: nn.Module
    aim: Class | Unit
    weights: Tensor
    numbers: tuple[tuple[int, ...], ...]

    def scores(self, x: Tensor, row: int | None = None) -> Tensor:
        """The score (M,) of each input (M, …): these are the examples, or all are variants of the one at `row`."""
        weights = self.weights if row is None else self.weights[row : row + 1]
        values = _values(self.model, x, self.aim)
        if values.shape[1:] != weights.shape[1:]:
            raise InputError(f"the values have shape {tuple(values.shape[1:])}, and {tuple(weights.shape[1:])} before")
        return (values * weights).flatten(1).sum(1)

    @property
    def explained(self) -> tuple[str, ...]:
        """What is explained, in words, for each example."""
        return tuple(map(self.said, range(len(self.numbers))))

    def said(self, row: int) -> str:
        """What is explained for an example, in words."""
        number, *position = self.numbers[row]
        if isinstance(self.aim, Class):
            return f"class {number}" + (f" of {self.aim.output}" if self.aim.output else "")
        place = f" at {tuple(position)}" if position else ""
        return f"{self.aim.layer} unit {number}{place}"


def settled(model: nn.Module, x: Tensor, aim: Aim) -> Sight:
    """The aim for these examples: the most probable class and the strongest position are those of `x`.

    Raises:
        InputError: There is no such class, unit or position.
    """
    aim = aim if isinstance(aim, Class | Unit) else Class(aim)
    with torch.inference_mode(False), torch.no_grad():  # so that gradients can be asked for with what is made here
        values = by_example(_values(model, x, aim), x)
        return _of_class(model, values, aim) if isinstance(aim, Class) else _of_unit(model, values, aim)


def _values(model: nn.Module, x: Tensor, aim: Class | Unit) -> Tensor:
    if isinstance(aim, Unit):
        return value_of(model, x, layer=aim.layer)
    values = value_of(model, x, output=aim.output)
    return values[:, None] if values.dim() == 1 else values


def _of_class(model: nn.Module, values: Tensor, aim: Class) -> Sight:
    if aim.region is not None and aim.region.shape != values.shape[2:]:
        sizes = f"{tuple(values.shape[2:])}. Received: {tuple(aim.region.shape)}"
        raise InputError(f"a region has the shape of the output's maps, {sizes}")
    region = torch.ones(values.shape[2:], device=values.device) if aim.region is None else aim.region.to(values)
    totals = (values * region).flatten(2).sum(2) if values.dim() > 2 else values
    numbers = (
        totals.argmax(1).tolist() if aim.number is None else [checked_number("class", aim.number, values)] * len(values)
    )
    weights = torch.zeros_like(values)
    for row, number in enumerate(numbers):
        weights[row, number] = region
    return Sight(model, aim, weights, tuple((number,) for number in numbers))


def _of_unit(model: nn.Module, values: Tensor, aim: Unit) -> Sight:
    channel, spatial = checked_number("unit", aim.channel, values), values.shape[2:]
    weights = torch.zeros_like(values)
    if aim.position == "all":
        weights[:, channel] = 1
        return Sight(model, aim, weights, ((channel,),) * len(values))
    if aim.position == "strongest":
        best = values[:, channel].reshape(len(values), -1).argmax(1)
        places = [tuple(map(int, torch.unravel_index(one, spatial))) if spatial else () for one in best]
    else:
        places = [checked_place(aim.position, spatial)] * len(values)
    for row, place in enumerate(places):
        weights[(row, channel, *place)] = 1
    return Sight(model, aim, weights, tuple((channel, *place) for place in places))


def checked_number(what: str, number: int, values: Tensor) -> int:
    """The number of a class or a unit of values (N, C, …).

    Raises:
        InputError: There is none.
    """
    if not 0 <= number < values.shape[1]:
        raise InputError(f"no {what} {number}: there are {values.shape[1]}, numbered from 0")
    return number


def checked_place(position: object, spatial: torch.Size) -> tuple[int, ...]:
    """A position on a map.

    Raises:
        InputError: There is none.
    """
    place = position if isinstance(position, tuple) else ()
    if len(place) != len(spatial) or not all(0 <= at < size for at, size in zip(place, spatial, strict=True)):
        raise InputError(f"a position is one of a map of {tuple(spatial)}. Received: {position}")
    return place
