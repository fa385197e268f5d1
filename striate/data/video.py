"""Video files as frames, by PyAV (the extra `video`); `filming.py` writes them.

>>> is_video("street.MP4"), is_video("street.png")
(True, False)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.errors import InputError

from .opening import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".ts", ".mts")
TRANSPORT, SYNC = ".ts", b"G"  # an MPEG transport stream, and the first byte of its packets
AT_ONCE = 32  # frames that are asked about together
RATE = Fraction(25)  # frames a second where a file does not tell


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a video, or a picture of a folder of frames.

    Attributes:
        path: The file.
        number: From 0.
        pixels: (H, W, 3), 0 to 255; of a picture of more than 8 bits whole numbers of 16 bits, from black to white.
        seconds: When it is shown, after the first one.
        top: What white is in a picture of 16 bits.
    """

    path: str
    number: int
    pixels: NDArray[Any]
    seconds: Fraction = Fraction(0)
    top: int = 65_535

    @property
    def name(self) -> str:
        """What it is called: `street.mp4[12]`; of a picture its file."""
        return f"{self.path}[{self.number}]" if is_video(self.path) else self.path


def is_video(path: object) -> bool:
    """Whether a file is a video, by its name; one that ends in .ts may hold series, as sktime writes them."""
    if not isinstance(path, str | os.PathLike) or Path(path).suffix.lower() not in SUFFIXES:
        return False
    return Path(path).suffix.lower() != TRANSPORT or not _is_text(Path(path))


def _is_text(path: Path) -> bool:
    """Whether a file does not begin as the packets of an MPEG transport stream do."""
    try:
        with path.open("rb") as file:
            return file.read(1) not in (b"", SYNC)
    except (OSError, ValueError):
        return False


def video_of(name: str) -> str:
    """The file that a frame of this name is of; empty where it is of none.

    >>> video_of("a/street.mp4[12]"), video_of("a/street.png")
    ('a/street.mp4', '')
    """
    path, bracket, rest = name.rpartition("[")
    return path if bracket and rest.endswith("]") and is_video(path) else ""


def number_of(name: str) -> float:
    """Which frame of its video one of this name is; between two it is a part of a number.

    >>> number_of("a/street.mp4[12.5]")
    12.5
    """
    return float(name.rpartition("[")[2].removesuffix("]"))


def frames(path: str | os.PathLike[str], tell: Callable[[str], None] | None = None) -> Iterator[Frame]:
    """The frames of a video, one in memory at a time.

    Args:
        path: The file.
        tell: Is given a line on what is damaged, and the other frames are read; by default that is an error.

    Raises:
        InputError: PyAV is not installed.
        ImageError: The file is not there, is no video, or is damaged.
    """
    av = library(path)
    name, found, damage = os.fspath(path), 0, list[str]()
    try:
        with av.open(name) as file:
            if not file.streams.video:
                raise ImageError(Path(name), "it has no pictures")
            pace, start = Fraction(file.streams.video[0].average_rate or RATE), start_of(file)
            for frame in _decoded(file, av.FFmpegError, damage if tell else None):
                seconds = found / pace if frame.pts is None else frame.pts * frame.time_base - start
                yield Frame(name, found, frame.to_ndarray(format="rgb24"), seconds)
                found += 1
    except (av.FFmpegError, OSError) as error:
        raise ImageError(Path(name), reason(error)) from error
    if not found:
        raise ImageError(Path(name), "it has no pictures")
    if tell and damage:
        tell(f"{name} is damaged in {len(damage)} place{'s' * (len(damage) > 1)} ({damage[0]}); the rest of it is used")


def start_of(file: Any) -> Fraction:
    """When the pictures of an open video begin, on the clock of the file."""
    stream = file.streams.video[0]
    return Fraction((stream.start_time or 0) * stream.time_base)


def _decoded(file: Any, error_type: type[Exception], damage: list[str] | None) -> Iterator[Any]:
    """The frames of an open video; what can't be decoded is passed over where its reasons are kept."""
    packets = file.demux(video=0)
    while True:
        try:
            if (packet := next(packets, None)) is None:
                return
            made = packet.decode()
        except error_type as error:
            if damage is None:
                raise
            damage.append(reason(error))
            continue  # a file that can't be read on has no next packet
        yield from made


def rate_of(path: str | os.PathLike[str]) -> Fraction:
    """How many frames of a video there are in a second.

    Raises:
        InputError, ImageError: As for `frames`.
    """
    av = library(path)
    try:
        with av.open(os.fspath(path)) as file:
            return Fraction(file.streams.video[0].average_rate or RATE)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise ImageError(Path(path), reason(error)) from error


def num_frames(path: str | os.PathLike[str]) -> int:
    """How many frames a video says that it has; 0 where it does not tell."""
    av = library(path)
    try:
        with av.open(os.fspath(path)) as file:
            return int(file.streams.video[0].frames)
    except (av.FFmpegError, OSError, IndexError):
        return 0


def gaps(path: str | os.PathLike[str]) -> tuple[Fraction, Fraction]:
    """The shortest and the longest time between two frames of a video, in seconds; no frame is decoded.

    Raises:
        InputError, ImageError: As for `frames`.
    """
    av = library(path)
    try:
        with av.open(os.fspath(path)) as file:
            shown = sorted(packet.pts * packet.time_base for packet in file.demux(video=0) if packet.pts is not None)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise ImageError(Path(path), reason(error)) from error
    apart = [after - before for before, after in pairwise(shown)] or [1 / rate_of(path)]
    return min(apart), max(apart)


def in_parts(given: Sequence[Any], tell: Callable[[str], None] | None = None) -> Iterator[list[Any]]:
    """What a user hands over, in parts: the frames of each video a few at a time, and all others together before.

    Args:
        given: Videos, and whatever else.
        tell: As for `frames`.
    """
    videos = [one for one in given if is_video(one)]
    others = [one for one in given if not is_video(one)]
    if others or not videos:
        yield others
    for path in videos:
        every = frames(path, tell)
        while part := list(islice(every, AT_ONCE)):
            yield list[Any](part)


def library(path: object) -> Any:
    """PyAV, to read or write this file.

    Raises:
        InputError: It is not installed.
    """
    try:
        import av
    except ImportError:
        raise InputError(f"'{path}' is a video; `pip install \"striate[video]\"` reads and writes them") from None
    return av


def reason(error: Exception) -> str:
    """Why PyAV fails, in a line."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
