"""The examples of a data set as far as a check needs them, whatever they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .found import Finding

if TYPE_CHECKING:
    from torch import Tensor

DIGEST = "V16"


@dataclass(frozen=True)
class Listed:
    """Files with their labels, before they are looked at.

    Attributes:
        name: The data's short name.
        root: What paths are shown relative to.
        items: What is read of each: a path, or what else opens.
        labels: The class of each; "" where it has none.
        parts: The part that each is in.
        findings: What names alone show.
        of_classes: Whether each label is one class of a few.
        in_order: Whether they follow each other, as frames do: that some are alike is no finding then.
    """

    name: str
    root: str
    items: Sequence[object]
    labels: Sequence[str]
    parts: Sequence[str]
    findings: tuple[Finding, ...] = ()
    of_classes: bool = True
    in_order: bool = False


@dataclass(frozen=True, eq=False)
class Survey:
    """Examples that can be read.

    Attributes:
        name: The data's short name.
        where: Each one's file or place.
        labels: As of `Listed`.
        parts: As of `Listed`.
        digests: (N,) of 16 bytes: equal for equal examples.
        small: (N, 64) float16, of pictures: what like ones are found by.
        picture: Gives one of them (C, H, W) again, by position, to be compared in detail.
        findings: What was found about single examples.
        of_classes: As of `Listed`.
        in_order: As of `Listed`.
    """

    name: str
    where: Sequence[str]
    labels: Sequence[str]
    parts: Sequence[str]
    digests: NDArray[np.void]
    small: NDArray[np.float16] | None = None
    picture: Callable[[int], Tensor] | None = None
    findings: list[Finding] = field(default_factory=list)
    of_classes: bool = True
    in_order: bool = False

    def __len__(self) -> int:
        return len(self.labels)
