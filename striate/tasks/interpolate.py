"""Frames between frames: a network sees the one before and the one after, and says what was between them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from striate.data import lazy
from striate.data.clips import Triplet, find, in_parts, triplets_of
from striate.data.clips.triplets import around, middle
from striate.data.examples import Examples, Opened, Schema, Table, opened_in
from striate.data.kinds import Image
from striate.data.lazy import Lazy
from striate.data.parts import PARTS
from striate.data.recipe import Recipe
from striate.data.restoring.luminance import Picture, as_whole, white
from striate.data.restoring.photo import as_png
from striate.data.video import Frame, is_video
from striate.errors import InputError
from striate.tasks.made import GOOD, MakesPictures
from striate.tasks.pictures import IMAGE
from striate.tasks.pieces import sizes_of
from striate.tasks.task import Answer, Asked, Wish, folder_at
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

COLOURS = 3
BYTES = 18  # of a pixel of a triplet in memory: two frames as bytes, one as floats
PIECE = 64  # pixels of a side of what a network reads, where nobody says
SHARED = 2  # triplets on each side of one that show a frame that it shows
FACTORS = (2, 4, 8, 16)
COARSE, CUT = 16, 0.15  # pixels of a side that count as one, and how far such differ, of 1, from one scene to the next


@dataclass(frozen=True, eq=False)
class Pairs(Asked):
    """Frames that follow each other.

    Attributes:
        pairs: Each two that do.
    """

    pairs: Sequence[tuple[Frame, Frame]] = ()

    def of(self, rows: Sequence[int]) -> Asked:
        """Those at these positions."""
        return dataclasses.replace(super().of(rows), pairs=[self.pairs[row] for row in rows])  # type: ignore[call-arg]


@dataclass(frozen=True)
class Interpolate(MakesPictures):
    """The frame between two.

    Attributes:
        factor: How many times as many frames `predict` gives.
    """

    factor: int = 2

    word: ClassVar[str] = "interpolate"
    reads: ClassVar[str] = (
        "a folder of clips, maybe below train/, val/ and test/: folders of frames, in the order of their numbers, and "
        "video files"
    )
    unit: ClassVar[str] = "frames"
    times: ClassVar[int] = 2
    plainest: ClassVar[str] = "input 6x?x? -> conv 3@3 pad 1"
    share_of_margin: ClassVar[float] = 1 / 8
    misfit: ClassVar[str] = (
        "the frame between is as large as the two that it reads; end it with as many upsample as pools"
    )
    baseline: ClassVar[str] = "the mean of the neighbours"
    convention: ClassVar[str] = "RGB, every other frame"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Clips, of which the frames between are asked for."""
        root = folder_at(source) if wish.named or like else None
        if root is None:
            return None
        if wish.shape and (len(wish.shape) != 3 or wish.shape[0] != 2 * COLOURS):
            raise InputError(
                "a network that interpolates frames reads two in colour, one after the other: `input 6x?x?`"
            )
        bad: Literal["skip", "refuse"] = "refuse" if wish.bad == "refuse" else "skip"
        found = find(root, bad, wish.progress, wish.hold_out, wish.levels)
        clips = {part: found.of(part) for part in PARTS}
        rows = {
            part: [row for clip in some for row in triplets_of(clip, part != "train")] for part, some in clips.items()
        }
        sizes = [triplet.size for some in rows.values() for triplet in some]
        if not sizes:
            raise InputError(f"no three frames that follow each other under '{root}' are of one size")
        hold = BYTES * sum(height * width for height, width in sizes) <= lazy.MEMORY
        tables = {part: _table(some, hold) for part, some in rows.items() if some}
        schema = Schema({IMAGE: Image()}, {GOOD: Image()})
        opened = opened_in(root, str(source), schema, tables, found, ())
        numbers = [number for number, clip in enumerate(clips["train"]) for _ in triplets_of(clip)]
        opened = dataclasses.replace(opened, levels=found.levels, clips=numbers, gap=SHARED)
        return like or cls(channels=COLOURS), opened

    @property
    def longest_side(self) -> int:
        """Of a piece, in pixels."""
        return PIECE

    def sizes(self, examples: Examples) -> list[tuple[int, ...]]:
        """(height, width) of the frames."""
        return sizes_of(examples, GOOD)

    def before(self, inputs: torch.Tensor) -> torch.Tensor:
        """The mean of the neighbours."""
        return (inputs[:, :COLOURS] + inputs[:, COLOURS:]) / 2

    def meaning(self) -> tuple[Any, ...]:
        """What is between two frames."""
        return (self.word,)

    # frames of a user

    def faster(self, factor: int) -> Self:
        """The task that gives so many times as many frames, by repetition.

        Raises:
            InputError: It is no such number.
        """
        if factor not in FACTORS:
            raise InputError(
                f"factor is {', '.join(map(str, FACTORS))}, for each new frame is halfway. Received: {factor}"
            )
        return dataclasses.replace(self, factor=factor)

    def parts(
        self, given: Sequence[Any], tell: Callable[[str], None] | None, recipe: Recipe | None = None
    ) -> Iterator[list[Any]]:
        """The frames of clips, some at a time."""
        return in_parts(given, tell, recipe.levels if recipe else None)

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Each two of some frames that follow each other."""
        pairs = list(pairwise(given))
        uneven = [(a, b) for a, b in pairs if a.pixels.shape != b.pixels.shape]
        if uneven:
            (a, b), sizes = uneven[0], ["x".join(map(str, one.pixels.shape[1::-1])) for one in uneven[0]]
            raise InputError(f"the frames of a clip have one size; {a.name} is {sizes[0]}, and {b.name} {sizes[1]}")
        read = _maps if all(one.pixels.dtype == np.uint8 for one in given) else _values
        inputs = [{IMAGE: torch.from_numpy(np.concatenate([read(a), read(b)])[None])} for a, b in pairs]
        cuts = [b.name for a, b in pairs if apart(a, b)]
        notes = tuple(f"{name} begins a new scene: up to there the frame before it is repeated" for name in cuts)
        return Pairs([b.name for _, b in pairs], inputs, notes, (), pairs)

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Answer]:
        """For each two frames those between and the second; for the first two of a clip also the first."""
        assert isinstance(asked, Pairs)
        made = []
        for row, (first, second) in enumerate(asked.pairs):
            made += [self._shown(first, first, 0)] if first.number == 0 else []
            if apart(first, second):
                between = [_maps(first)] * (self.factor - 1)
            else:
                ends = [torch.from_numpy(_values(one))[None] for one in (first, second)]
                halfway = self._between(ends[0], outputs[OUTPUT][row : row + 1].cpu(), ends[1], net, self.factor)
                between = [as_whole(one[0].numpy(), second.pixels.dtype) for one in halfway]
            made += [self._shown(first, second, step, maps) for step, maps in enumerate(between, 1)]
            made.append(self._shown(second, second, 0))
        return made

    def _between(
        self, first: torch.Tensor, middle: torch.Tensor, second: torch.Tensor, net: Net, factor: int
    ) -> list[torch.Tensor]:
        """The frames (1, 3, H, W) between two, of which the one in the middle is known: halves of halves."""
        if factor == 2:
            return [middle]
        halves = []
        for a, b in ((first, middle), (middle, second)):
            halfway = self.through(net, {IMAGE: torch.cat([a, b], 1)})[OUTPUT].cpu().clamp(0, 1)
            halves.append(self._between(a, halfway, b, net, factor // 2))
        return [*halves[0], middle, *halves[1]]

    def _shown(self, first: Frame, second: Frame, step: int, maps: Picture | None = None) -> Answer:
        """A frame at a share of the way from one to another; as it is where there are no maps."""
        share = Fraction(step, self.factor)
        number, place = first.number + share * (second.number - first.number), Path(first.path)
        if is_video(place):
            name = f"{place}[{float(number):.12g}]"
        else:
            name = f"{place.parent.name}-{int(first.number * self.factor + step):06d}.png"
        of = [first.name] if maps is None else [first.name, second.name]
        whole = f"{Path(first.path).name}{first.name.removeprefix(first.path)}"
        said = f"{whole} as it is" if maps is None else f"{share} of the way from {whole} to the next"
        values = {"size": list(second.pixels.shape[:2]), "made": maps is not None, "from": of}
        seconds = first.seconds + share * (second.seconds - first.seconds)
        file = as_png(_maps(first) if maps is None else maps, top=second.top)
        return Answer(name, said, values, {"": file}, seconds=seconds)


def apart(first: Frame, second: Frame) -> bool:
    """Whether a new scene begins between two frames: even seen coarsely they differ."""
    one, other = (torch.from_numpy(_values(frame)) for frame in (first, second))
    return float(F.avg_pool2d(one - other, COARSE, ceil_mode=True).abs().mean()) > CUT


def _maps(frame: Frame) -> Picture:
    """(3, H, W)."""
    return np.ascontiguousarray(frame.pixels.transpose(2, 0, 1))


def _values(frame: Frame) -> NDArray[np.float32]:
    """(3, H, W), from 0 to 1."""
    return _maps(frame).astype(np.float32) / np.float32(white(frame.pixels.dtype))


def _table(triplets: Sequence[Triplet], hold: bool) -> Table:
    """Two frames and the one between: in memory where all fit, else read when they are asked for."""
    names = tuple(triplet.name for triplet in triplets)
    columns = {
        name: Lazy(names, work, (channels, 0, 0), items=tuple(triplets))
        for name, work, channels in ((IMAGE, around, 2 * COLOURS), (GOOD, middle, COLOURS))
    }
    return Table({name: column.hold() if hold else column for name, column in columns.items()}, names)
