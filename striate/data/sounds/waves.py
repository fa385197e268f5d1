"""A sound file as samples of one channel: whole numbers of 8 to 32 bits or floats, stereo or not, at any rate.

>>> wave = Wave(np.zeros(800, np.float32), 8000)
>>> wave.seconds, wave.silent, len(at_rate(wave, 16000).samples)
(0.1, True, 1600)
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass, replace
from math import gcd
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError, first_line

SUFFIXES = (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".mp3")
OF_SCIPY = (".wav", ".wave")
LEAST, MOST = 1_000, 384_000  # samples a second
LONGEST = 30 * 60  # seconds
ENDLESS = 0x7FFF0000  # bytes; as many or more stand in the header of a file whose length its writer didn't know
HEAD = 64  # bytes that some writers count as sound, though they are the header
QUIET = 1e-4  # of the largest sample: below it nothing can be heard
Samples = NDArray[np.float32]


class WaveError(InputError):
    """A file is no sound that can be read.

    Attributes:
        reason: Why, without the file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot read '{path}' ({reason})")
        self.reason = reason


@dataclass(frozen=True)
class Facts:
    """What is known of a sound.

    Attributes:
        rate: Samples a second.
        seconds: How long it is.
        silent: Whether there is nothing to hear.
        notes: What is done to its samples, a word or two each.
    """

    rate: int
    seconds: float
    silent: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Wave:
    """A sound.

    Attributes:
        samples: (n,), -1 to 1.
        rate: Samples a second.
        notes: What was done to them, a word or two each.
    """

    samples: Samples
    rate: int
    notes: tuple[str, ...] = ()

    @property
    def facts(self) -> Facts:
        """What is known of it, without its samples."""
        return Facts(self.rate, self.seconds, self.silent, self.notes)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    @property
    def silent(self) -> bool:
        """Whether there is nothing to hear."""
        return is_silent(self.samples)


def is_silent(samples: Samples) -> bool:
    """Whether there is nothing to hear."""
    return not len(samples) or float(np.abs(samples - samples.mean()).max()) < QUIET


def read_wave(path: str | Path) -> Wave:
    """The sound of a file; several channels become their mean, or the first where they cancel.

    Raises:
        WaveError: It is none, or needs the package soundfile.
    """
    path = Path(path)
    try:
        if not path.stat().st_size:
            raise WaveError(path, "the file is empty")
        rate, samples = _by_scipy(path) if path.suffix.lower() in OF_SCIPY else _by_soundfile(path)
    except OSError as error:
        raise WaveError(path, error.strerror or "it can't be read") from None
    return _one_channel(path, rate, samples)


def wave_of(content: bytes, name: str) -> Wave:
    """The sound of a wave file that is not on disk.

    Raises:
        WaveError: It is none.
    """
    _check_whole(io.BytesIO(content), Path(name))
    return _one_channel(Path(name), *_wave_in(io.BytesIO(content), Path(name)))


def of_samples(samples: object, rate: int, name: str) -> Wave:
    """Samples that a program hands over, at this rate: floats, or whole numbers of as many bits as a file has.

    Raises:
        WaveError: They are none.
    """
    try:
        array = np.asarray(samples)
    except (TypeError, ValueError):
        raise WaveError(Path(name), "samples are numbers, (n,) or (n, channels)") from None
    if array.dtype.kind in "iu" and array.dtype not in (np.uint8, np.int16, np.int32):  # who knows which number is 1
        raise WaveError(Path(name), f"its samples are {array.dtype}; give floats from -1 to 1, or int16")
    return _one_channel(Path(name), rate, array)


def at_rate(wave: Wave, rate: int) -> Wave:
    """The sound at another rate."""
    if wave.rate == rate or not len(wave.samples):
        return replace(wave, rate=rate)
    from scipy.signal import resample_poly

    common = gcd(wave.rate, rate)
    made = resample_poly(wave.samples, rate // common, wave.rate // common).astype(np.float32)
    return Wave(made, rate, (*wave.notes, f"{wave.rate:,} Hz"))


def _one_channel(path: Path, rate: int, samples: NDArray[np.generic]) -> Wave:
    notes: list[str] = []
    if samples.ndim not in (1, 2) or samples.dtype.kind not in "iuf" or not samples.size:
        raise WaveError(path, "it has no samples" if not samples.size else f"its samples are {samples.dtype}")
    if not LEAST <= rate <= MOST:
        raise WaveError(path, f"its rate of {rate:,} Hz is not from {LEAST:,} to {MOST:,}")
    if len(samples) / rate > LONGEST:
        raise WaveError(path, f"it is longer than {LONGEST // 60} minutes; cut it into words")
    scaled = _scaled(samples)
    if not np.isfinite(scaled).all():
        raise WaveError(path, "it has samples that are not finite")
    if samples.dtype == np.uint8 or samples.dtype.kind == "f":
        notes.append("8 bits" if samples.dtype == np.uint8 else "floats")
    if scaled.ndim == 2 and scaled.shape[1] > 1:
        notes.append("stereo" if scaled.shape[1] == 2 else f"{scaled.shape[1]} channels")
    channels = scaled.reshape(len(scaled), -1)
    mean = channels.mean(1, dtype=np.float32)
    if is_silent(mean) and not is_silent(channels[:, 0]):
        first = np.ascontiguousarray(channels[:, 0])
        return Wave(first, rate, (*notes, "the channels cancel, so the first is heard"))
    return Wave(mean, rate, tuple(notes))


def _scaled(samples: NDArray[np.generic]) -> Samples:
    """Whole numbers from -1 to 1; bytes have their zero at 128."""
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - np.float32(128)) / np.float32(128)
    made: Samples = samples.astype(np.float32)
    if samples.dtype.kind in "iu":
        made /= np.float32(2.0 ** (8 * samples.dtype.itemsize - 1))
    return made


def _by_scipy(path: Path) -> tuple[int, NDArray[np.generic]]:
    with path.open("rb") as file:
        _check_whole(file, path)
    try:
        return _wave_in(path, path)
    except WaveError:
        try:
            return _by_soundfile(path)  # which knows more kinds
        except WaveError:
            pass
        raise


def _check_whole(file: BinaryIO, path: Path) -> None:
    """Check that a wave file has the bytes of sound that it says, which neither SciPy nor libsndfile does.

    Raises:
        WaveError: It is cut off.
    """
    end, _ = file.seek(0, io.SEEK_END), file.seek(0)
    order = {b"RIFF": "<", b"RIFX": ">"}.get(file.read(4))
    if order is None:
        return
    file.seek(12)
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack(f"{order}4sI", head)
        there = end - file.tell()
        if name == b"data":
            if there + HEAD < size < ENDLESS:
                raise WaveError(path, f"it is cut off: {there:,} of {size:,} bytes of sound are there")
            return
        file.seek(size + size % 2, io.SEEK_CUR)


def _wave_in(source: Path | io.BytesIO, path: Path) -> tuple[int, NDArray[np.generic]]:
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts of the file that it does not know
            rate, samples = wavfile.read(source)
    except OSError:
        raise
    except Exception as error:  # of damaged headers it raises whatever it meets: struct.error, IndexError, …
        reason = first_line(error)
        raise WaveError(path, f"no wave file: {reason}") from None
    return int(rate), samples


def _by_soundfile(path: Path) -> tuple[int, NDArray[np.generic]]:
    try:
        import soundfile
    except ImportError:
        raise WaveError(path, f'{path.suffix} takes `pip install "striate[sound]"`') from None
    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (soundfile.SoundFileError, RuntimeError, TypeError) as error:
        raise WaveError(path, str(error).splitlines()[0].rpartition(": ")[2] or "no sound") from None
    return int(rate), samples
