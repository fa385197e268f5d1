"""Larger pieces of an image than a network learned from: it says the same of them, and less of each overlaps.

A network of 24 pixels whose margins are 8 answers for 8 of them, and computes nine times what is needed.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar

from striate.errors import InputError
from striate.notation import Network, measure
from striate.notation.sizes import resized
from striate.tasks.ends import named_outputs
from striate.tasks.pieces import overlap
from striate.tiling import along
from striate.training.fields import OUTPUT

if TYPE_CHECKING:
    from striate.tasks.in_pieces import InPieces

    Pieced = TypeVar("Pieced", bound=InPieces)

LARGEST = 256  # pixels of a side: as much memory as pieces take that go through together


def with_larger_pieces(task: Pieced, network: Network, size: tuple[int, int]) -> Pieced:
    """The task with pieces up to as large as images of a size, where the network computes the same in them.

    It does where its text can be read at their size with as many weights and the same receptive fields.

    Args:
        task: With the pieces that the network learned from.
        network: As it was trained, its text bound at the size of a piece.
        size: (height, width) of what it is to read.
    """
    margin, _ = overlap(network, (LARGEST, LARGEST), task.cut, task.share_of_margin)
    sides = zip(task.tile, size, along(task.stride, 2), strict=True)
    height, width = (_side(least, wanted, margin, stride) for least, wanted, stride in sides)
    tile = height, width
    if tile == task.tile or task.cut or network.program is None or network.others:
        return task
    try:
        larger = resized(network, tile)
    except InputError:
        return task
    then = named_outputs(measure(larger)).get(OUTPUT, ())
    if then[1:] != tuple(task.scale * side for side in tile) or _facts(larger) != _facts(network):
        return task
    margin, _ = overlap(larger, tile, task.cut, task.share_of_margin)
    return dataclasses.replace(task, tile=tile, margin=margin)


def _side(least: int, wanted: int, margin: int, stride: int) -> int:
    """A piece's side, from the least on in steps of the stride, so that pieces cut an image's side evenly."""
    inner = max(1, wanted - 2 * margin)
    pieces = -(-inner // (LARGEST - 2 * margin))
    even = -(-inner // pieces) + 2 * margin
    return least + max(0, -(-(min(even, wanted) - least) // stride)) * stride


def _facts(network: Network) -> tuple[object, ...]:
    """What is the same at all sizes of a network no layer of which sees the whole map."""
    measured = measure(network)
    return measured.total_parameters, [row.receptive_field for row in measured.rows]
