"""Tasks whose networks read, or are compared with, what is made anew of each example: a picture with drawn noise.

A schema carries it, so that whoever makes batches makes them so: in memory or by processes that read files. Numbers are
drawn from one number for each example, which depends on the training's seed, the epoch and the example alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

Columns: TypeAlias = "Mapping[str, Tensor]"


class Making(Protocol):
    """What becomes of the fields of a batch."""

    def __call__(self, fields: Columns, seeds: Tensor, learning: bool) -> tuple[Columns, Columns]:
        """What the network reads, and what its outputs are compared with.

        Args:
            fields: (N, …) each, inputs and targets as the schema names them.
            seeds: (N,) 32 bits for each example, from which its numbers are drawn: its position among all that are
                judged, where it is judged.
            learning: Whether it is learned from; else judged.
        """
