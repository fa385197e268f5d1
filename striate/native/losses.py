"""What the native engine makes small: how each output of a network is compared with its target.

>>> criteria("cross-entropy")
{'': Criterion(kind='cross-entropy', weight=1.0, classes=())}
>>> criteria({"place": "cross-entropy", "level": Criterion("squared-error", weight=0.5)})["level"].weight
0.5
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError
from striate.ignored import IGNORED
from striate.native.builder import Refused, value_of
from striate.native.plan import End, Places
from striate.notation.rules.shape import shown


@dataclass(frozen=True)
class Criterion:
    """How an output is compared with its target.

    Attributes:
        kind: One of `KINDS`.
        weight: What it is multiplied by in the loss.
        classes: How much a position of each class counts, for a class at each position; () for all alike.
    """

    kind: str
    weight: float = 1.0
    classes: tuple[float, ...] = ()


GIVEN = "given"  # the loss of a network whose caller computes it from the outputs, and gives its gradient
Loss: TypeAlias = str | Criterion | Mapping[str, str | Criterion]


class Over(NamedTuple):
    """What the loss of a batch is a mean over: a sum of weights, and how many decisions are right or wrong."""

    total: float
    decided: int


class Kind(ABC):
    """A kind of comparison: what the targets are, and the C text that takes them."""

    target = ""  # the C type of its numbers

    def __init__(self, function: str) -> None:
        self.function = function

    def suits(self, end: End) -> bool:
        """Whether the output has a shape that can be compared."""
        return True

    @abstractmethod
    def over(self, targets: NDArray[Any], part: Part) -> Over:
        """What a batch's mean is over.

        Raises:
            InputError: The targets are none for this output.
        """

    @abstractmethod
    def text(self, part: Part, at: Places, targets: str, share: str, seen: str) -> Iterator[str]:
        """C statements: the loss, added to `seen`, and `share` times its gradient by the output."""


class OfClass(Kind):
    """One class an image: (N,) int64."""

    target = "int64_t"

    def suits(self, end: End) -> bool:
        """One number for each class."""
        return prod(end.shape[1:]) == 1

    def over(self, targets: NDArray[Any], part: Part) -> Over:
        """The images."""
        classes = part.end.value.size
        if not all_below(classes, targets):
            raise _no_class(classes, targets)
        return Over(len(targets), len(targets))

    def text(self, part: Part, at: Places, targets: str, share: str, seen: str) -> Iterator[str]:
        """Labels by lanes."""
        y = part.end.value
        yield "int32_t labels[LANES];"
        yield f"for (int i = 0; i < count; i++) labels[i] = ({targets})[g * IMAGES + i];"
        yield f"count_correct({at.value(y)}, labels, count, {y.size}, {seen});"
        yield f"{self.function}({at.value(y)}, labels, {at.gradient(y)}, count, {share}, {y.size}, {seen});"


class OfPixels(Kind):
    """A class at each position: (N, rows, columns) uint8, 255 where it counts for nothing."""

    target = "uint8_t"

    def suits(self, end: End) -> bool:
        """A map for each class."""
        return len(end.shape) > 1 and end.shape[0] > 1

    def over(self, targets: NDArray[Any], part: Part) -> Over:
        """The positions that count, by the weights of their classes."""
        (channels, *positions), weights = part.end.shape, part.criterion.classes
        assert targets.dtype == np.uint8
        assert targets.shape[1:] == tuple(positions), "masks of the outputs' size"
        assert targets.flags.c_contiguous
        known = targets[targets != IGNORED]
        if int(known.max(initial=0)) >= channels:
            raise _no_class(channels, targets)
        total = np.bincount(known, minlength=channels) @ np.array(weights) if weights else known.size
        return Over(float(total) or 1.0, known.size)

    def text(self, part: Part, at: Places, targets: str, share: str, seen: str) -> Iterator[str]:
        """Masks by lanes."""
        y, shape, weights = part.end.value, part.end.shape, part.criterion.classes
        if weights:
            yield f"static const float weights[] = {{{', '.join(f'{float(weight)!r}f' for weight in weights)}}};"
        yield from _rows("masks", self.target, targets, prod(shape[1:]))
        numbers = f"count, {share}, {'weights' if weights else 'NULL'}, {value_of(shape).as_bare_map()}, {seen}"
        yield f"{self.function}({at.value(y)}, masks, {at.gradient(y)}, {numbers});"


class OfLabels(Kind):
    """Several labels an image, each there or not: (N, K) uint8 of 0 and 1."""

    target = "uint8_t"

    def over(self, targets: NDArray[Any], part: Part) -> Over:
        """The labels of all images."""
        assert targets.dtype == np.uint8
        assert targets.shape[1:] == (part.end.value.size,), "a label for each output"
        assert targets.flags.c_contiguous
        if int(targets.max()) > 1:
            raise _no_class(2, targets)
        return Over(targets.size, targets.size)

    def text(self, part: Part, at: Places, targets: str, share: str, seen: str) -> Iterator[str]:
        """Rows of labels by lanes."""
        yield from _flat(self, part, at, targets, share, seen)


class OfNumbers(Kind):
    """Numbers, as many as the output has: (N, …) float32."""

    target = "float"

    def over(self, targets: NDArray[Any], part: Part) -> Over:
        """The images."""
        assert targets.dtype == np.float32
        assert targets.flags.c_contiguous
        wanted, given = part.end.value.size, prod(targets.shape[1:])
        if given != wanted:
            raise InputError(f"targets are {wanted} numbers each, as many as the network gives. Received: {given}")
        return Over(len(targets), 0)

    def text(self, part: Part, at: Places, targets: str, share: str, seen: str) -> Iterator[str]:
        """Rows of numbers by lanes."""
        yield from _flat(self, part, at, targets, share, seen)


class OfShares(Kind):
    """A share of each class, together 1: (N, K) float32."""

    target = "float"

    def suits(self, end: End) -> bool:
        """One number for each class."""
        return prod(end.shape[1:]) == 1

    def over(self, targets: NDArray[Any], part: Part) -> Over:
        """The images."""
        assert targets.dtype == np.float32
        assert targets.shape[1:] == (part.end.value.size,), "a share for each output"
        assert targets.flags.c_contiguous
        return Over(len(targets), len(targets))

    def text(self, part: Part, at: Places, targets: str, share: str, seen: str) -> Iterator[str]:
        """Rows of shares by lanes."""
        yield from _flat(self, part, at, targets, share, seen)


def _flat(kind: Kind, part: Part, at: Places, targets: str, share: str, seen: str) -> Iterator[str]:
    """C statements for as many targets as the output has entries."""
    y = part.end.value
    yield from _rows("rows", kind.target, targets, y.size)
    yield f"{kind.function}({at.value(y)}, rows, {at.gradient(y)}, count, {share}, {y.size}, {seen});"


def _rows(name: str, kind: str, targets: str, size: int) -> Iterator[str]:
    """C statements that point at each image's targets."""
    yield f"const {kind} *{name}[LANES];"
    yield f"for (int i = 0; i < count; i++) {name}[i] = {targets} + (g * (long)IMAGES + i) * {size};"


def all_below(limit: int, numbers: NDArray[np.int64]) -> bool:
    """Whether all are from 0 to limit - 1; as unsigned numbers, negative ones are far above any limit."""
    assert numbers.dtype == np.int64
    assert numbers.flags.c_contiguous
    return int(numbers.view(np.uint64).max(initial=0)) < max(limit, 1)


def _no_class(classes: int, targets: NDArray[Any]) -> InputError:
    return InputError(f"labels are 0 to {classes - 1}. Received: {targets.min()} to {targets.max()}")


SOFT = "soft-cross-entropy"
KINDS: dict[str, Kind] = {
    "cross-entropy": OfClass("cross_entropy"),
    SOFT: OfShares("soft_cross_entropy"),
    "mse": OfClass("squared_error"),
    "hinge": OfClass("hinge"),
    "map": OfClass("map_criterion"),
    "pixel-cross-entropy": OfPixels("pixel_cross_entropy"),
    "binary-cross-entropy": OfLabels("binary_cross_entropy"),
    "squared-error": OfNumbers("mean_square"),
}


@dataclass(frozen=True)
class Part:
    """An end of a network with what its values are compared by.

    Attributes:
        name: What the part of the loss is called: as the output, or, where there is one, as the kind.
        end: The output, or the head on the side.
        criterion: How it is compared.
        weight: What it is multiplied by in the loss.
    """

    name: str
    end: End
    criterion: Criterion
    weight: float

    @property
    def kind(self) -> Kind:
        """What knows its targets and its C text."""
        return KINDS[self.criterion.kind]

    def lines(self, at: Places, number: int) -> list[str]:
        """C statements for the part of this number."""
        targets = f"(const {self.kind.target} *)n->targets[{number}]"
        share = f"{float(self.weight)!r}f / n->over[{number}]"
        inside = self.kind.text(self, at, targets, share, f"seen + {number}")
        head = f"/* {self.criterion.kind}{f' of {self.end.name}' if self.end.name else ''} */"
        return [head, "{", *(f"  {line}" for line in inside), "}"]


def criteria(loss: Loss) -> dict[str, Criterion]:
    """How each output is compared, by its name; "" for that of a network without `heads`.

    Raises:
        Refused: A kind that the engine lacks.
    """
    given = loss if isinstance(loss, Mapping) else {"": loss}
    found = {name: Criterion(one) if isinstance(one, str) else one for name, one in given.items()}
    for one in found.values():
        if one.kind not in KINDS:
            raise Refused(f"the native engine lacks the loss '{one.kind}'")
    return found


def parts_of(ends: Sequence[End], loss: Loss, aside: float) -> tuple[Part, ...]:
    """A part for each end of a network.

    Args:
        ends: Of its plan.
        loss: A kind, or how each output is compared, by name; `GIVEN` has no parts.
        aside: What the loss of a head on the side is multiplied by.

    Raises:
        Refused: An output that the loss says nothing of, a loss of no output, or a comparison that the engine lacks.
    """
    return () if loss == GIVEN else tuple(_parts(ends, criteria(loss), aside))


def _parts(ends: Sequence[End], wanted: Mapping[str, Criterion], aside: float) -> Iterator[Part]:
    for end in ends:
        if end.name not in wanted:
            raise Refused(f"the native engine lacks a loss for the output '{end.name or 'output'}'")
        criterion = wanted[end.name]
        if not KINDS[criterion.kind].suits(end):
            raise Refused(f"the native engine lacks the loss '{criterion.kind}' of {shown(end.shape)}")
        name = end.name or criterion.kind.removeprefix("pixel-")
        yield Part(name, end, criterion, criterion.weight * (aside if end.aside else 1))
    if unknown := wanted.keys() - {end.name for end in ends}:
        raise Refused(f"the native engine lacks the output '{min(unknown)}', of which there is a loss")
