"""Small sets of sounds and of series that tests write to disk."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

RATE = 8000
TONES = {"high": 2400.0, "low": 300.0}


def tone(label: str, seed: int, seconds: float = 0.3, rate: int = RATE) -> NDArray[np.float32]:
    """A tone that swells and fades, with noise, and silence before and after it."""
    chance = np.random.default_rng(seed)
    count = int(seconds * rate)
    times, loud = np.arange(count) / rate, np.sin(np.linspace(0, np.pi, count))
    pitch = TONES[label] * chance.uniform(0.9, 1.1)
    word = loud * np.sin(2 * np.pi * pitch * times) * chance.uniform(0.2, 0.9)
    rest = np.zeros(int(0.05 * rate))
    noise = 0.002 * chance.standard_normal(count + 2 * len(rest))
    made: NDArray[np.float32] = (np.concatenate([rest, word, rest]) + noise).astype(np.float32)
    return made


def write(path: Path, samples: Any, rate: int = RATE) -> Path:
    """As 16 bits, where samples are floats within 1; other kinds as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = samples.dtype.kind == "f" and samples.dtype.itemsize == 4
    wavfile.write(path, rate, np.rint(32767 * samples).astype(np.int16) if whole else samples)
    return path


def words(root: Path, train: int, test: int) -> Path:
    """A folder per class of sounds, in folders of parts."""
    for part, count in (("train", train), ("test", test)):
        for number in range(count):
            label = ("low", "high")[number % 2]
            write(root / part / label / f"{number}.wav", tone(label, number + 100 * (part == "test")))
    return root


def bumps(count: int, seed: int, channels: int = 1) -> tuple[list[NDArray[np.float64]], list[str]]:
    """Series of several lengths with a bump that goes up or down, and their classes."""
    chance = np.random.default_rng(seed)
    series, labels = [], []
    for number in range(count):
        values = 0.1 * chance.standard_normal((channels, int(chance.integers(14, 21))))
        place, sign = int(chance.integers(2, 9)), (1, -1)[number % 2]
        values[:, place : place + 4] += 2 * sign
        series.append(values)
        labels.append("up" if sign > 0 else "down")
    return series, labels


def ts(path: Path, series: list[NDArray[np.float64]], labels: list[str]) -> Path:
    """A file as sktime writes it."""
    head = "@problemName bumps\n@timeStamps false\n@classLabel true up down\n@data\n"
    lines = (
        ":".join(",".join(f"{value:.4f}" for value in channel) for channel in values) + f":{label}\n"
        for values, label in zip(series, labels, strict=True)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + "".join(lines))
    return path
