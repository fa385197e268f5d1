"""The image files of a folder, brought to one form: channels, size, and what is black and white.

>>> _form([((90, 60), False), ((60, 90), True)], shape=(3, 32, 32))
(3, (32, 32), '; each scaled to cover 32x32 and cut to its middle')
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from statistics import median_low
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from . import lazy
from .image import Header, blank, decode, extent, header
from .lazy import Lazy
from .levels import Extent, Levels, settled
from .many import Many
from .small import much_smaller
from .worker import Answer

FREE_SIZE = (64, 64)  # the size for images of several sizes, when the network takes any


@dataclass(frozen=True, eq=False)
class Pictures:
    """The images of a folder.

    Attributes:
        images: (N, C, *spatial), of the files that could be read; where all take too much memory, left in the files.
        reasons: for each file None, or why it could not be read.
        levels: what is black and white in those of more than 8 bits.
        form: how they were brought to one size, to be reported after that size.
        notes: what else to report.
    """

    images: NDArray[Any] | Lazy
    reasons: list[str | None]
    levels: Levels | None
    form: str
    notes: tuple[str, ...]


def pictures(many: Many, shape: Sequence[int | None] | None, levels: Levels | None) -> Pictures:
    """Reads the files of `many` for a network that reads `shape`.

    Args:
        many: the files.
        shape: (C, *spatial), None for a free axis.
        levels: what is black and white in files of more than 8 bits; by default their values decide.
    """
    form = formed(many, shape, levels)
    work = partial(decode, channels=form.channels, size=form.size, levels=form.levels)
    if len(many.paths) * form.channels * prod(form.size) > lazy.MEMORY:
        return _in_files(many, work, (form.channels, *form.size), form.reasons, form.levels, form.said, form.notes)
    images, told = many.pixels("images", work, (form.channels, *form.size), form.areas)
    reasons = [form.reasons[row] or reason for row, reason in enumerate(told)]
    read = [path for path, reason in zip(many.paths, reasons, strict=True) if reason is None]
    return Pictures(_without_grey(images), reasons, form.levels, form.said, (*form.notes, *_blank(images, read)))


@dataclass(frozen=True)
class Form:
    """What image files are decoded to, decided by their headers.

    Attributes:
        channels, size: Of each.
        levels: What is black and white in those of more than 8 bits.
        said, notes: What to say about it, after the size and in lines of their own.
        reasons: For each file None, or why it can't be read.
        areas: The pixels of each; 0 of one that can't be read.
    """

    channels: int
    size: tuple[int, int]
    levels: Levels | None
    said: str
    notes: tuple[str, ...]
    reasons: list[str | None]
    areas: list[int]


class Files(Protocol):
    """Image files, and a function's result for each."""

    @property
    def paths(self) -> Sequence[Any]:
        """What opens."""

    def facts(self, what: str, work: "partial[Any]", areas: Sequence[int] | None = None) -> list[Answer]:
        """As `Many.facts`."""


def formed(many: Files, shape: Sequence[int | None] | None, levels: Levels | None) -> Form:
    """What the files of `many` are decoded to; arguments as for `pictures`."""
    answers = many.facts("sizes", partial(header))
    heads = [None if reason else as_header(value) for value, reason in answers]
    levels, unranged, notes = levelled(many, heads, levels)
    heads = [None if row in unranged else head for row, head in enumerate(heads)]
    channels, size, said = _form([head[:2] for head in heads if head], shape)
    reasons = [answers[row][1] or unranged.get(row) for row in range(len(answers))]
    return Form(channels, size, levels, said, notes, reasons, [_area(head) for head in heads])


def _in_files(
    many: Many,
    work: "partial[NDArray[np.uint8]]",
    shape: tuple[int, ...],
    reasons: list[str | None],
    levels: Levels | None,
    form: str,
    notes: tuple[str, ...],
) -> Pictures:
    """The images left in their files; colours are looked for in a sample."""
    paths = tuple(str(path) for path, reason in zip(many.paths, reasons, strict=True) if reason is None)
    images = Lazy(paths, work, shape)
    size = len(paths) * prod(shape) / 2**30
    said = f"they would take {size:.1f} GiB: they are read from their files in every epoch"
    if shape[0] == 3 and not any((image != image[:1]).any() for image in images.sample().numpy()):
        images = Lazy(paths, partial(work, channels=1), (1, *shape[1:]))
    return Pictures(images, reasons, levels, form, (*notes, said))


def as_header(value: tuple[Sequence[int], bool, bool]) -> Header:
    """A header, unchanged or read from JSON."""
    (height, width), grey, deep = value
    return Header((height, width), grey, deep)


def _area(head: Header | None) -> int:
    return head.size[0] * head.size[1] if head else 0


def levelled(
    many: Files, heads: Sequence[Header | None], given: Levels | None
) -> tuple[Levels | None, dict[int, str], tuple[str, ...]]:
    """What is black and white in files of more than 8 bits, those that have no known range, and what to say."""
    areas = [_area(head) if head and head.deep else 0 for head in heads]
    answers = many.facts("values", partial(extent), areas) if any(areas) else []
    found = {row: Extent(*value) for row, (value, reason) in enumerate(answers) if reason is None and value}
    levels, refused, notes = settled({many.paths[row]: extent for row, extent in found.items()}, given)
    reasons = {row: reason for row, (_, reason) in enumerate(answers) if reason and areas[row]}
    return levels, reasons | {row: refused[many.paths[row]] for row in found if many.paths[row] in refused}, notes


def _blank(images: NDArray[np.uint8], paths: Sequence[Path]) -> list[str]:
    rows = np.flatnonzero(blank(images)).tolist()
    if not rows:
        return []
    return [
        f"{len(rows):,} images are blank, such as '{paths[rows[0]]}'" if rows[1:] else f"'{paths[rows[0]]}' is blank"
    ]


def _form(
    headers: Sequence[tuple[tuple[int, int], bool]], shape: Sequence[int | None] | None
) -> tuple[int, tuple[int, int], str]:
    """Channels and (height, width) to decode to, and what to say about it."""
    sizes = {size for size, _ in headers}
    common = next(iter(sizes)) if len(sizes) == 1 else None
    wanted = _wanted_size(shape)
    colours, one_channel = not all(grey for _, grey in headers), bool(shape and shape[0] == 1)
    channels = 3 if colours and not one_channel else 1
    made_grey = "; colour files are made grey, for the network reads one channel" if colours and one_channel else ""
    if common and (wanted is None or (common[0] <= wanted[0] and common[1] <= wanted[1])):
        return channels, common, made_grey
    size = _typical([size for size, _ in headers], wanted or FREE_SIZE) if headers else wanted or FREE_SIZE
    return channels, size, f"; each scaled to cover {size[0]}x{size[1]} and cut to its middle{made_grey}"


def _typical(sizes: Sequence[tuple[int, int]], wanted: tuple[int, int]) -> tuple[int, int]:
    """The size that is wanted, or the images' median where that is much smaller."""
    height, width = (int(median_low(sides)) for sides in zip(*sizes, strict=True))
    return (height, width) if much_smaller((height, width), wanted) else wanted


def _wanted_size(shape: Sequence[int | None] | None) -> tuple[int, int] | None:
    if shape is None or len(shape) != 3 or shape[1] is None or shape[2] is None:
        return None
    return shape[1], shape[2]


def _without_grey(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, C, H, W); colour files without any colour become grey."""
    coloured = any((image != image[:1]).any() for image in images)
    return images if coloured else images[:, :1].copy()
