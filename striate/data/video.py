"""Video files as frames, and frames as video files, by PyAV (the extra `video`).

>>> is_video("street.MP4"), is_video("street.png")
(True, False)
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from .opening import ImageError

SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".ts", ".mts")
AT_ONCE = 32  # frames that are asked about together
CODECS = ("libx264", "mpeg4")  # of files that are written, the first that is there
RATE = Fraction(25)  # frames a second where a file does not tell


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a video.

    Attributes:
        path: The file.
        number: From 0.
        pixels: (H, W, 3), 0 to 255.
    """

    path: str
    number: int
    pixels: NDArray[np.uint8]

    @property
    def name(self) -> str:
        """What it is called: `street.mp4[12]`."""
        return f"{self.path}[{self.number}]"


def is_video(path: object) -> bool:
    """Whether a file is a video, by its name."""
    return isinstance(path, str | os.PathLike) and Path(path).suffix.lower() in SUFFIXES


def video_of(name: str) -> str:
    """The file that a frame of this name is of; empty where it is of none.

    >>> video_of("a/street.mp4[12]"), video_of("a/street.png")
    ('a/street.mp4', '')
    """
    path, bracket, rest = name.rpartition("[")
    return path if bracket and rest.endswith("]") and is_video(path) else ""


def frames(path: str | os.PathLike[str]) -> Iterator[Frame]:
    """The frames of a video, one in memory at a time.

    Raises:
        InputError: PyAV is not installed.
        ImageError: The file is not there, is no video, or is damaged.
    """
    av = _library(path)
    name, found = os.fspath(path), 0
    try:
        with av.open(name) as file:
            if not file.streams.video:
                raise ImageError(Path(name), "it has no pictures")
            for frame in file.decode(video=0):
                yield Frame(name, found, frame.to_ndarray(format="rgb24"))
                found += 1
    except (av.FFmpegError, OSError) as error:
        raise ImageError(Path(name), _reason(error)) from error
    if not found:
        raise ImageError(Path(name), "it has no pictures")


def rate_of(path: str | os.PathLike[str]) -> Fraction:
    """How many frames of a video there are in a second.

    Raises:
        InputError, ImageError: As for `frames`.
    """
    av = _library(path)
    try:
        with av.open(os.fspath(path)) as file:
            return Fraction(file.streams.video[0].average_rate or RATE)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise ImageError(Path(path), _reason(error)) from error


def in_parts(given: Sequence[Any]) -> Iterator[list[Any]]:
    """What a user hands over, in parts: the frames of each video a few at a time, and all others together before."""
    videos = [one for one in given if is_video(one)]
    others = [one for one in given if not is_video(one)]
    if others or not videos:
        yield others
    for path in videos:
        every = frames(path)
        while part := list(islice(every, AT_ONCE)):
            yield list[Any](part)


class Writer:
    """Writes frames into a video file, in a `with` statement.

    Args:
        path: The file, whose suffix says its kind.
        rate: Frames a second.

    Raises:
        InputError: PyAV is not installed.
    """

    def __init__(self, path: Path, rate: Fraction = RATE) -> None:
        self.path, self.rate = path, rate
        self._file = _library(path).open(str(path), "w")
        self._stream: Any = None

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Another frame (H, W, 3), as large as the first; odd sides lose their last row or column."""
        import av

        height, width = (side - side % 2 for side in pixels.shape[:2])
        if self._stream is None:
            codec = next(one for one in CODECS if one in av.codecs_available)
            self._stream = self._file.add_stream(codec, rate=self.rate)
            self._stream.height, self._stream.width, self._stream.pix_fmt = height, width, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:height, :width]), format="rgb24")
        self._file.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._stream is not None and kind is None:
            self._file.mux(self._stream.encode())
        self._file.close()


def _library(path: object) -> Any:
    try:
        import av
    except ImportError:
        raise InputError(f"'{path}' is a video; `pip install \"striate[video]\"` reads and writes them") from None
    return av


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
