"""The frames of clips that a user hands over, a few in memory at a time: folders of pictures, pictures, videos."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from striate.errors import InputError

from ..files import Found, counted, images_under, walk
from ..image import extent, header
from ..levels import Extent, Levels, settled
from ..opening import ImageError
from ..restoring.photo import opaque_photo
from ..video import AT_ONCE, Frame, frames, gaps, is_video
from .finding import videos_in

Tell = Callable[[str], None] | None
MOST = 2**26  # bytes of frames that are in memory together
UNEVEN = Fraction(3, 2)  # from how many times the shortest distance on a frame rate is called variable
ONE = "'{}' is one frame; a frame between takes two: give the folder of a clip, or a video"


def in_parts(given: Sequence[Any], tell: Tell = None, levels: Levels | None = None) -> Iterator[list[Frame]]:
    """Frames that follow each other, in parts: each begins with the last frame of the one before of its clip.

    Args:
        given: Folders of frames, or that hold such; pictures, those of a folder together; videos.
        tell: Is given a line on a clip that is damaged or too short, and the rest is read; by default that is an error.
        levels: What is black and white in files of more than 8 bits; by default each folder's own values decide.

    Raises:
        InputError: Something else is given, or no clip has two frames.
    """
    lines, found = list[str](), False
    for name, clip in clips_of(given, tell, levels):
        last: list[Frame] = []
        while part := list(islice(clip, _few(last))):
            if len(last) + len(part) > 1:
                found = True
                yield last + part
            else:
                lines.append(ONE.format(name))
            last = part[-1:]
    if lines and (tell is None or not found):
        raise InputError(lines[0])
    for line in lines:
        tell(line)  # type: ignore[misc]


def _few(last: Sequence[Frame]) -> int:
    """How many frames are read together: of unknown ones two, so that a clip of one frame shows."""
    return min(AT_ONCE, max(1, MOST // last[0].pixels.nbytes)) if last else 2


def clips_of(given: Sequence[Any], tell: Tell, levels: Levels | None = None) -> Iterator[tuple[str, Iterator[Frame]]]:
    """The name and the frames of each clip; arguments are those of `in_parts`."""
    if others := [one for one in given if not isinstance(one, str | os.PathLike)]:
        raise InputError(
            f"frames between frames are made of files, folders and videos. Received: {type(others[0]).__name__}"
        )
    paths = [Path(one) for one in given]
    held = [_under(path) for path in paths if not is_video(path)]
    pictures = [picture for some, _ in held for picture in some]
    videos = [path for path in paths if is_video(path)] + [video for _, some in held for video in some]
    for folder, group in groupby(sorted(pictures, key=counted), key=lambda path: path.parent):
        some = list(group)
        yield str(some[0] if some[0] in paths else folder), _of_folder(some, tell, levels)
    for path in videos:
        yield str(path), _of_video(path, tell)


def _under(path: Path) -> tuple[list[Path], list[Path]]:
    """The pictures and the videos of a folder; a picture is its own.

    Raises:
        InputError: It is not there, or holds neither.
    """
    found = walk(path) if path.is_dir() else Found((), ())
    videos = videos_in(found)
    return (list(found.images) if found.images or videos else images_under([path])), videos


def _of_folder(files: Sequence[Path], tell: Tell, levels: Levels | None) -> Iterator[Frame]:
    number, levels = 0, levels or _levels(files)
    for path in files:
        try:
            one = opaque_photo(path, levels)
        except ImageError as error:
            if tell is None:
                raise
            tell(f"{error}; the frames around it are neighbours now")
            continue
        yield Frame(str(path), number, np.repeat(one.picture, 3 // len(one.picture), 0).transpose(1, 2, 0), top=one.top)
        number += 1


def _levels(files: Sequence[Path]) -> Levels | None:
    """What is black and white in the frames of a folder: in all of them the same, else brightness would jump."""
    found = dict[Path, Extent]()
    for path in files:
        try:
            values = extent(path) if header(path).deep else None
        except (ImageError, InputError):
            continue  # what is wrong is told when the frame itself is read
        found |= {path: values} if values else {}
    return settled(found)[0]


def _of_video(path: Path, tell: Tell) -> Iterator[Frame]:
    try:
        shortest, longest = gaps(path)
        if longest > UNEVEN * shortest and tell:
            spans = f"{float(shortest):.3g} to {float(longest):.3g} s"
            tell(f"{path} has a variable frame rate ({spans} a frame); each frame keeps its time, new ones are halfway")
        yield from frames(path, tell)
    except ImageError as error:
        if tell is None:
            raise
        tell(str(error))
