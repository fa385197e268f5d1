"""A small network under an engine, images that it can learn from, and a file system that fails when it is told to."""

import os
import pathlib
from collections.abc import Callable, Iterator
from typing import IO, Any

import pytest
import torch
from torch import Tensor

from striate.building import build
from striate.notation import read
from striate.training.engine import TorchEngine
from striate.training.options import Options
from striate.training.pool import Pool
from tests.learning import goal, pool

Make = Callable[..., TorchEngine]


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """Flushing to the real disk takes long on a busy machine, and only a power cut could tell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture
def make() -> Make:
    """An engine over the network of a text: same text and seed, same weights."""

    def made(text: str = "input 1x4x4 -> fc 3", steps: int = 10, seed: int = 0, **options: object) -> TorchEngine:
        torch.manual_seed(seed)
        engine = TorchEngine(build(read(text)), Options(**options), steps, goal(options.get("loss")))  # type: ignore[arg-type]
        engine.train()
        return engine

    return made


@pytest.fixture
def batch() -> Callable[..., tuple[Tensor, Tensor]]:
    """Images (count, *shape) and labels, the same ones each time."""

    def made(count: int = 23, shape: tuple[int, ...] = (1, 4, 4), classes: int = 3) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(7)
        images = torch.randn(count, *shape, generator=generator)
        return images, torch.randint(classes, (count,), generator=generator)

    return made


@pytest.fixture
def stripes() -> tuple[Pool, Pool]:
    """Three classes of noisy stripes, 90 to learn from and 30 to check on."""
    generator = torch.Generator().manual_seed(5)
    labels = torch.arange(120) % 3
    images = 0.4 * torch.randn(120, 1, 4, 4, generator=generator)
    images[range(120), 0, :, labels] += 1
    return pool(images[:90], labels[:90]), pool(images[90:], labels[90:])


class Failing:
    """Counts what is done to the file system, and raises at the n-th thing instead of doing it.

    Opening, each half of a write, flushing, renaming and deleting are a thing each.
    """

    error: Callable[[], BaseException]

    def __init__(self) -> None:
        self.at, self.count, self.error = 0, 0, BaseException

    def after(self, things: int, error: Callable[[], BaseException]) -> None:
        """From now on: `things` succeed, the next one raises, and those after it succeed again."""
        self.at, self.count, self.error = things + 1, 0, error

    def never(self) -> None:
        """From now on all succeeds."""
        self.at = 0

    @property
    def reached(self) -> bool:
        """Whether it has raised."""
        return 0 < self.at <= self.count

    def tick(self) -> None:
        """One more thing is about to be done."""
        self.count += 1
        if self.count == self.at:
            raise self.error()

    def wrap(self, do: Callable[..., Any]) -> Callable[..., Any]:
        """`do`, counted."""

        def counted(*args: Any, **options: Any) -> Any:
            self.tick()
            return do(*args, **options)

        return counted

    def opened(self, path: pathlib.Path, mode: str = "r", *args: Any, **options: Any) -> IO[Any]:
        """As `Path.open`; a file to write is written in two halves."""
        if "w" not in mode:
            return io_open(path, mode, *args, **options)
        self.tick()
        file = io_open(path, mode, *args, **options)
        whole = file.write

        def in_halves(content: bytes) -> int:
            for half in (content[: len(content) // 2], content[len(content) // 2 :]):
                self.tick()
                whole(half)
                file.flush()
            return len(content)

        return Halves(file, in_halves)  # type: ignore[return-value]


class Halves:
    """An open file whose `write` is another."""

    def __init__(self, file: IO[Any], write: Callable[[bytes], int]) -> None:
        self.file, self.write = file, write

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> "Halves":
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()


io_open = pathlib.Path.open


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """The file system of this test: it fails when it is told to."""
    disk = Failing()
    monkeypatch.setattr(os, "fsync", disk.wrap(os.fsync))
    monkeypatch.setattr(os, "replace", disk.wrap(os.replace))
    monkeypatch.setattr(pathlib.Path, "unlink", disk.wrap(pathlib.Path.unlink))
    monkeypatch.setattr(pathlib.Path, "open", lambda *args, **options: disk.opened(*args, **options))
    return disk
