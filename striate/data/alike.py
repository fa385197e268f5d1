"""The image files of a folder as images of one form: as many channels, the same size, one black and white.

>>> form([((90, 60), False), ((60, 90), True)], shape=(3, 32, 32))
(3, (32, 32), '; each scaled to cover 32x32 and cut to its middle')
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .image import Header, decode, extent, header
from .levels import Extent, Levels, settled
from .many import Many

FREE_SIZE = (64, 64)  # of images of several sizes, when the network takes any


@dataclass(frozen=True, eq=False)
class Alike:
    """Image files that were read.

    Attributes:
        images: (N, C, H, W), those that could be read, in the order of the files.
        reasons: for each file None, or why it could not.
        form: what to say of their size.
        levels: what is black and white in files of more than 8 bits.
        notes: what to say of that.
    """

    images: NDArray[np.uint8]
    reasons: list[str | None]
    form: str
    levels: Levels | None
    notes: tuple[str, ...]


def read_alike(many: Many, shape: Sequence[int | None] | None, given: Levels | None) -> Alike:
    """Reads the files.

    Args:
        many: the files.
        shape: what the network reads, when that is known.
        given: black and white of files of more than 8 bits, when that is known.
    """
    heads = many.facts("sizes", partial(header))
    headers = [Header((value[0][0], value[0][1]), *value[1:]) if reason is None else None for value, reason in heads]
    levels, refused, notes = _levels(many, headers, given)
    reasons = [reason or other for (_, reason), other in zip(heads, refused, strict=True)]
    readable = [head for head, reason in zip(headers, reasons, strict=True) if head and reason is None]
    channels, size, said = form([head[:2] for head in readable], shape)
    areas = [head.area if head and reason is None else 0 for head, reason in zip(headers, reasons, strict=True)]
    work = partial(decode, channels=channels, size=size, levels=levels)
    images, undecoded = many.pixels("images", work, (channels, *size), areas)
    reasons = [reason or other for reason, other in zip(reasons, undecoded, strict=True)]
    return Alike(_without_grey(images), reasons, said, levels, notes)


def form(
    headers: Sequence[tuple[tuple[int, int], bool]], shape: Sequence[int | None] | None
) -> tuple[int, tuple[int, int], str]:
    """Channels and (height, width) to decode to, and what to say about it."""
    sizes = {size for size, _ in headers}
    common = next(iter(sizes)) if len(sizes) == 1 else None
    wanted = _wanted_size(shape)
    channels = 1 if all(grey for _, grey in headers) or (shape and shape[0] == 1) else 3
    if common and (wanted is None or (common[0] <= wanted[0] and common[1] <= wanted[1])):
        return channels, common, ""
    size = wanted or FREE_SIZE
    return channels, size, f"; each scaled to cover {size[0]}x{size[1]} and cut to its middle"


def _levels(
    many: Many, headers: Sequence[Header | None], given: Levels | None
) -> tuple[Levels | None, list[str | None], tuple[str, ...]]:
    """Black and white of files of more than 8 bits; for each file None, or why it has none; and what to say of it."""
    areas = [head.area if head and head.deep else 0 for head in headers]
    if not any(areas):
        return given, [None] * len(headers), ()
    answers = many.facts("values", partial(extent), areas)
    extents = {
        path: Extent(*value)
        for path, area, (value, _) in zip(many.paths, areas, answers, strict=True)
        if area and value
    }
    levels, refused, notes = settled(extents, given)
    unread = [reason if area else None for area, (_, reason) in zip(areas, answers, strict=True)]
    return levels, [refused.get(path) or reason for path, reason in zip(many.paths, unread, strict=True)], notes


def _wanted_size(shape: Sequence[int | None] | None) -> tuple[int, int] | None:
    if shape is None or len(shape) != 3 or shape[1] is None or shape[2] is None:
        return None
    return shape[1], shape[2]


def _without_grey(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, C, H, W); colour files without any colour in them come out grey."""
    coloured = any((image != image[:1]).any() for image in images)
    return images if coloured else images[:, :1].copy()
