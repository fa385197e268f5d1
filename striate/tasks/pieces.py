"""Networks that see a large image in pieces: what a piece is, and putting the answers together.

A network whose text leaves its size open reads pieces as large as the images, up to 256 pixels a side. Pieces overlap
by half the receptive field where that is not too large a share of a piece; the result is then the whole image's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from striate import data, zoo
from striate.data.examples import Examples, Opened, Table
from striate.data.image import header
from striate.data.lazy import Lazy
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.notation import Network, measure
from striate.notation import notes as what_to_see
from striate.notation.rules.shape import shown
from striate.notation.sizes import Size, next_fitting, resized
from striate.notation.tree import Shape
from striate.tasks.ends import check_inputs, named_outputs, outputs_for
from striate.tasks.fitting import Fitted, adapting
from striate.tiling import tiled
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.in_pieces import InPieces

ANY = 48  # pixels of a side, to try a network whose text leaves it open
SAMPLED = 50  # images in files whose sizes stand for those of all


def fitted_in_pieces(
    network: Network, task: InPieces, opened: Opened, recipe: Recipe | None, size: Size | None
) -> Fitted:
    """The network for pieces of these images, and the task with what a piece is.

    Raises:
        InputError: It does not give a map for each class.
    """
    check_inputs(network, opened)
    if network.takes_boxes:
        raise InputError(f"{network.name} takes boxes, and {task.word} needs one image and one output")
    notes = list[str]()
    if network.program is not None:
        network = zoo.rebind(network, adapting(network, task, notes, opened.name), None)
    if len(network.input) != task.axes + 1:
        raise InputError(f"{network.name} reads {shown(network.input)}, {task.other_axes}")
    network = _sized(network, task.sizes(opened.train), size, task, notes)
    outputs = outputs_for(network, network.input, task, opened.name, f"pieces of {shown(network.input)}")
    tile, gives = (_sides(shape) for shape in (network.input, outputs[OUTPUT]))
    lost = [task.scale * read - given for read, given in zip(tile, gives, strict=True)]
    cut = lost[0] // 2
    grows = _grows(network, task.scale, gives)
    if set(lost) != {2 * cut} or cut < 0 or (cut and not task.may_lose) or not grows:
        raise InputError(f"{network.name} gives maps of {_by(gives)} for {task.shown_as} of {_by(tile)}; {task.misfit}")
    if recipe is None:
        recipe = task.recipe(network, opened)
    margin, stride = overlap(network, tile, cut, task.share_of_margin)
    piece = f"{task.shown_as} go through in pieces of {_by(tile)}" + (
        f" that overlap by {2 * margin}" if margin else ""
    )
    lines = (*what_to_see(network), *notes, recipe.said(), f"network: {piece}")
    return Fitted(network, recipe, lines, dataclasses.replace(task, tile=tile, margin=margin, stride=stride, cut=cut))


def _sized(
    network: Network, sizes: Sequence[tuple[int, ...]], size: Size | None, task: InPieces, notes: list[str]
) -> Network:
    """The network with a size for every axis that is open."""
    if size is not None:
        return resized(network, size)
    if all(side is not None for side in network.input):
        return network
    largest = _largest(sizes)
    sides = zip(task.piece_for(sizes), network.input[1:], strict=True)
    wanted = [min(task.longest_side, side) if free is None else free for side, free in sides]
    try:
        found = resized(network, wanted)
    except InputError:
        after = next_fitting(network, wanted)
        if after is None:
            raise
        found = resized(network, after)
    notes.append(f"network: input {shown(found.input)}, for {task.shown_as} up to {_by(largest)}")
    return found


def _grows(network: Network, scale: int, gives: tuple[int, ...]) -> bool:
    """Whether a larger image gives as much larger maps, so that what is missing is a border and no stride."""
    if network.program is None:
        return True
    almost = [  # sizes between may be rounded up
        int(side or 0) + stride - 1 for side, stride in zip(network.input[1:], _strides(network), strict=True)
    ]
    if (larger := next_fitting(network, almost)) is None:
        return True
    then = _sides(named_outputs(measure(resized(network, larger)))[OUTPUT])
    more = [scale * (new - int(old or 0)) for new, old in zip(larger, network.input[1:], strict=True)]
    return [new - old for new, old in zip(then, gives, strict=True)] == more


def enlarges(network: Network) -> int:
    """How many times larger than what it reads a network's map is; 1 for one that gives no whole number of times."""
    read, given = _tried(network)
    times, more = divmod(given[-1] or 0, read[-1] or 1)
    return times if times and not more else 1


def maps_of(network: Network) -> int:
    """How many maps a network gives; 0 for one that gives no image of one."""
    return _tried(network)[1][0] or 0


def _tried(network: Network) -> tuple[Shape, Shape]:
    """What a network reads, of a size that it takes, and the image that it gives; (0, 0, 0) where it gives none."""
    none = (0, 0, 0)
    if len(network.input) != 3 or network.program is None or network.others:
        return none, none
    size = next_fitting(network, [side or ANY for side in network.input[1:]])
    if size is None:
        return none, none
    given = named_outputs(measure(resized(network, size))).get(OUTPUT, ())
    return (network.input[0], *size), given if len(given) == 3 else none


def sizes_of(examples: Examples, field: str = "") -> list[tuple[int, ...]]:
    """The size of each image without its channels: of all in memory, or of a sample of which no pixel is decoded.

    Args:
        examples: Some.
        field: That whose sizes they are; by default the first.
    """
    assert isinstance(examples, Table)
    images = examples.columns[field] if field else next(iter(examples.columns.values()))
    if isinstance(images, Lazy):
        if images.held:
            return [tuple(image.shape[1:]) for image in images.held]
        return [tuple(header(Path(path)).size) for path in images.paths[:: max(1, len(images) // SAMPLED)]]
    return [tuple(images.shape[-2:])] * len(images)


def _largest(sizes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(max, zip(*sizes, strict=True)))


def _by(size: Sequence[int]) -> str:
    return "x".join(map(str, size))


def pieces_of(sizes: Sequence[tuple[int, ...]], tile: tuple[int, ...]) -> int:
    """How many pieces of this size images have, in the mean and rounded, at least one."""
    return max(1, round(float(np.mean([prod(size) / prod(tile) for size in sizes]))))


def _sides(shape: Shape) -> tuple[int, ...]:
    """The sides of an image or a volume, without its channels."""
    return tuple(int(side or 0) for side in shape[1:])


def scaled_recipe(network: Network, opened: Opened) -> Recipe:
    """Scaled by mean and spread, and never resized."""
    sample = opened.train.sample()
    images = next(iter(sample.values()))
    shape = (int(network.input[0] or images.shape[1]), *images.shape[2:])
    made = data.recipe_for(images, shape, opened.name)
    piece = (images.shape[1], *_sides(network.input))
    return dataclasses.replace(made, source=piece, shape=(shape[0], *piece[1:]), fit="any size", ink=None)


def overlap(network: Network, tile: tuple[int, ...], cut: int, share: float) -> tuple[int, int | tuple[int, ...]]:
    """Pixels that a neighbour answers for, at most that share of a side, and the network's stride.

    That is one number, or one for each axis where they differ.
    """
    sizes = [axis.size for row in measure(network).rows for axis in row.field.axes]
    fields = [size for size in sizes if size]
    half = (
        max(fields, default=1) // 2
    )  # of an even one the larger side, as the smaller maps' entries are off the middle
    strides = _strides(network)
    margin = 0 if cut else min(half, int(share * min(tile)))
    return margin, strides[0] if len(set(strides)) == 1 else strides


def _strides(network: Network) -> tuple[int, ...]:
    """How many times smaller its smallest map is along each axis, about."""
    wide, axes = network.input, len(network.input)
    rows = [row.input for row in measure(network).rows if len(row.input) == axes]
    return tuple(max(1, *(round((wide[axis] or 1) / (row[axis] or 1)) for row in rows)) for axis in range(1, axes))


def in_pieces(net: Net, inputs: Fields, task: InPieces) -> Fields:
    """The outputs (N, K, *size) for whole images (N, C, *size)."""
    ((name, images),) = inputs.items()

    def piece(part: object) -> object:
        return net({name: part})[OUTPUT]  # type: ignore[dict-item]

    how: dict[str, Any] = {"margin": task.margin, "multiple": task.stride, "cut": task.cut, "scale": task.scale}
    how["blend"] = task.blends
    return {OUTPUT: tiled(piece, images, tile=task.tile, **how)}  # type: ignore[arg-type]
