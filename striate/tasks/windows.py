"""Frames with their neighbours, of clips that a user hands over: a few are in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any

import numpy as np

from striate.data.clips.streaming import clips_of
from striate.data.deep import FULL
from striate.data.levels import Levels
from striate.data.restoring.clips import windows_of
from striate.data.restoring.luminance import Picture
from striate.data.video import AT_ONCE, Frame, is_video
from striate.errors import InputError
from striate.tasks.pictures import IMAGE, asked_images

MOST = 2**22  # pixels of windows that go through together
Tell = Callable[[str], None] | None


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame of a clip.

    Attributes:
        name: What it is called.
        picture: (3, H, W) uint8, or uint16 of files of more than 8 bits.
        seconds: When it is shown, of a frame of a video; None of others.
        top: As that of a `Photo`.
    """

    name: str
    picture: Picture
    seconds: Fraction | None = None
    top: int = FULL


@dataclass(frozen=True, eq=False)
class Window:
    """A frame, in the middle of itself and its neighbours."""

    shots: tuple[Shot, ...]

    @property
    def shot(self) -> Shot:
        """The frame."""
        return self.shots[len(self.shots) // 2]


def in_parts(given: Sequence[Any], span: int, tell: Tell, levels: Levels | None = None) -> Iterator[list[Window]]:
    """The windows of all clips, in parts that fit memory.

    Args:
        given: Folders of frames, pictures, those of a folder together, and videos; or images in memory, those of an
            array or a list together.
        span: Frames of a window.
        tell: Is given a line on what is odd; by default a frame that can't be read or is of another size is an error.
        levels: What is black and white in files of more than 8 bits; by default each folder's own values decide.

    Raises:
        InputError: Nothing of it can be read.
    """
    found = False
    for name, clip in _clips(given, tell, levels):
        part, pixels = list[Window](), 0
        for window in _windows(name, clip, span, tell):
            found = True
            part, pixels = [*part, window], pixels + span * window.shot.picture[0].size
            if pixels > MOST or len(part) == AT_ONCE:
                yield part
                part, pixels = [], 0
        if part:
            yield part
    if not found:
        raise InputError("no frame of what was given can be read")


def _clips(given: Sequence[Any], tell: Tell, levels: Levels | None) -> Iterator[tuple[str, Iterator[Shot]]]:
    """The name and the frames of each clip."""
    for on_disk, some in groupby(given, lambda one: isinstance(one, str | os.PathLike)):
        if on_disk:
            yield from ((name, map(_shot, clip)) for name, clip in clips_of(list(some), tell, levels))
            continue
        for one in some:
            asked = asked_images([one], None, "refuse", 3)
            rows = zip(asked.names, asked.inputs, strict=True)
            yield asked.names[0], (Shot(name, inputs[IMAGE][0].numpy()) for name, inputs in rows)


def _shot(frame: Frame) -> Shot:
    picture = np.ascontiguousarray(frame.pixels.transpose(2, 0, 1))
    return Shot(frame.name, picture, frame.seconds if is_video(frame.path) else None, frame.top)


def _windows(name: str, clip: Iterator[Shot], span: int, tell: Tell) -> Iterator[Window]:
    """The windows of a clip; where the size of its frames changes they end.

    Raises:
        InputError: It changes, and nobody is told.
    """
    count, size = 0, ""
    for shape, run in groupby(clip, lambda shot: shot.picture.shape[1:]):
        now = "x".join(map(str, shape))
        for number, shots in enumerate(windows_of(run, span)):
            if size and number == 0:
                _change(name, shots[span // 2].name, size, now, tell)
            count += 1
            yield Window(shots)
        size = now
    if count == 1 and tell:
        tell(f"{name} is one frame, which stands in for its neighbours")


def _change(name: str, frame: str, before: str, now: str, tell: Tell) -> None:
    line = f"frames of {name} are of unequal size: from {frame} on {now}, before it {before}"
    if tell is None:
        raise InputError(f"{line}; give clips of one size")
    tell(f"{line}; each size is restored by itself")
