"""Frames as video files, at the times and with the sound of the video that they are of, by PyAV (the extra `video`).

>>> tick(Fraction(25), ".mp4"), tick(Fraction(60000, 1001), ".mp4"), tick(Fraction(25), ".avi")
(Fraction(1, 20000), Fraction(1, 60000), Fraction(1, 25))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from .video import RATE, library, reason, start_of
from .writing import whole

Kind = type[BaseException] | None

CODECS = ("libx264", "mpeg4")  # the first that is there
SUFFIX, ANY_SOUND = ".mp4", ".mkv"  # of a file for every player; of one that holds any sound
IN_MP4 = {"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"}  # sounds that players find in one
ROUNDED = Fraction(1, 1000)  # of a second, the precision of a file such as .mkv
FEW = 1001  # the largest denominator of a rate: those of television have it
FINEST = 20_000  # ticks of a second, at least, to which times are rounded


def suffix_for(source: str | Path) -> str:
    """The suffix of a video that is made of another, with its sound as it is: `.mp4`, where that can hold it."""
    with library(source).open(str(source)) as file:
        sounds = {stream.codec_context.codec.canonical_name for stream in file.streams.audio if stream.codec_context}
        return SUFFIX if sounds <= IN_MP4 else ANY_SOUND


def held(rate: Fraction | float) -> Fraction:
    """A rate as a file can hold it, in terms of a few digits: `60000/1001`; of a slow one the time of a frame.

    >>> held(59.94006), held(1 / 3), held(Fraction(1, 3600))
    (Fraction(60000, 1001), Fraction(1, 3), Fraction(1, 3600))
    """
    exact = Fraction(rate)
    return exact.limit_denominator(FEW) if exact >= 1 else 1 / (1 / exact).limit_denominator(FEW)


def tick(rate: Fraction, suffix: str) -> Fraction:
    """To what times are rounded: a part of a second, so that each frame at this rate begins with one."""
    return (
        1 / rate if suffix == ".avi" else Fraction(1, rate.numerator * -(-FINEST // rate.numerator))
    )  # it has no times


class Writer:
    """Writes frames into a video file, in a `with` statement; what fails before its end leaves no file.

    Args:
        path: The file, whose suffix says its kind.
        rate: Frames a second, above 0.
        sound: A video whose sound is copied, packet by packet, from where its pictures begin.

    Attributes:
        notes: What to tell, a line each.

    Raises:
        InputError: PyAV is not installed.
    """

    def __init__(self, path: Path, rate: Fraction | float = RATE, sound: str | Path | None = None) -> None:
        self.path, self.rate, self.notes = path, held(rate), list[str]()
        self._tick = tick(self.rate, path.suffix)
        self._stream: Any = None
        self._count, self._last = 0, -1
        with ExitStack() as opened:
            self._file = library(path).open(str(opened.enter_context(whole(path))), "w")
            opened.push(self._closed)
            self._sound = opened.enter_context(Sound(sound, self._file, self.notes)) if sound is not None else None
            opened.push(self._finished)
            self._opened = opened.pop_all()

    def add(self, pixels: NDArray[np.uint8], seconds: Fraction | None = None) -> None:
        """Another frame (H, W, 3), as large as the first; odd sides lose their last row or column.

        Args:
            pixels: 0 to 255.
            seconds: When it is shown, after the first; by default as the rate says.

        Raises:
            InputError: It is of another size.
        """
        import av

        height, width = (side - side % 2 for side in pixels.shape[:2])
        if self._stream is None:
            self._stream = self._started(height, width)
        if (self._stream.height, self._stream.width) != (height, width):
            sizes = f"{self._stream.width}x{self._stream.height}", f"{width}x{height}"
            raise InputError(
                f"the frames of a video have one size; {self.path.name} has {sizes[0]}, and here is {sizes[1]}"
            )
        shown = self._count / self.rate if seconds is None else self._steady(seconds)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:height, :width]), format="rgb24")
        frame.pts, frame.time_base = max(self._last + 1, round(shown / self._tick)), self._tick
        self._count, self._last = self._count + 1, frame.pts
        if self._sound:
            self._sound.until(shown)
        self._file.mux(self._stream.encode(frame))

    def _steady(self, seconds: Fraction) -> Fraction:
        """A time that a file rounded to milliseconds, as the rate says it."""
        exact = round(seconds * self.rate) / self.rate
        return exact if abs(exact - seconds) <= min(ROUNDED, 1 / (4 * self.rate)) else seconds

    def _started(self, height: int, width: int) -> Any:
        import av

        codec = next(one for one in CODECS if one in av.codecs_available)
        stream: Any = self._file.add_stream(codec, rate=self.rate)
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.time_base = self._tick
        return stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Kind, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.__exit__(kind, error, trace)

    def _closed(self, kind: Kind, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file; on a full disk that fails once more, and the first failure is the one to tell."""
        with suppress(*[OSError] * (kind is not None)):
            self._file.close()

    def _finished(self, kind: Kind, error: BaseException | None, trace: TracebackType | None) -> None:
        """What is not written yet, unless something failed."""
        if self._stream is not None and kind is None:
            if self._sound:
                self._sound.until(None)
            self._file.mux(self._stream.encode())


class Sound:
    """The sound of a video, on its way into another file, in a `with` statement.

    Args:
        source: The video.
        into: The other file, open and without a packet yet.
        notes: Are told of damage.
    """

    def __init__(self, source: str | Path, into: Any, notes: list[str]) -> None:
        self._error = library(source).FFmpegError
        self._from, self._into, self._notes = library(source).open(str(source)), into, notes
        self._start = start_of(self._from)
        self._streams = {stream.index: into.add_stream_from_template(stream) for stream in self._from.streams.audio}
        self._packets = self._read() if self._streams else iter(())
        self._next: Any = next(self._packets, None)

    def until(self, seconds: Fraction | None) -> None:
        """Copy what is heard up to then; by default all that is left."""
        while self._next is not None and (seconds is None or self._next.dts * self._next.time_base <= seconds):
            self._next.stream = self._streams[self._next.stream.index]
            self._into.mux(self._next)
            self._next = next(self._packets, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._from.close()

    def _read(self) -> Iterator[Any]:
        """Its packets, on the clock of the pictures."""
        try:
            for packet in self._from.demux(self._from.streams.audio):
                if packet.dts is not None:
                    shift = round(self._start / packet.time_base)
                    packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                    yield packet
        except self._error as error:
            self._notes.append(f"the sound of {self._from.name} can't be read to its end ({reason(error)})")
