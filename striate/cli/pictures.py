"""What there is to see of answers, written into a folder as the answers come: PNG files, videos, files of labels."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from striate.data.filming import Writer, suffix_for
from striate.data.video import number_of, rate_of, video_of
from striate.data.writing import whole
from striate.errors import WorkError

ENDS = (".png", ".mp4", ".mkv", ".nii.gz", ".npy")  # of what is written


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Inside, a folder that can't be written to is an error that says so.

    Raises:
        WorkError: It can't.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise WorkError(f"can't write to {folder}: {error.strerror or error}") from None


@dataclass
class Pictures:
    """Writes pictures; examples of one name from several folders are numbered.

    Attributes:
        folder: Where to.
        count: How many PNG files were written.
        others: How many other files.
        videos: The videos that were written.
        faster: How many times as many frames a second those have.
        notes: What to tell of them, a line each.
    """

    folder: Path
    faster: int = 1
    count: int = 0
    others: int = 0
    videos: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _named: Counter[str] = field(default_factory=Counter)
    _taken: set[Path] = field(default_factory=set)
    _writer: Writer | None = None
    _last: tuple[str, float] = ("", 0)  # the video of the last frame, and its number there

    def written(self, answers: Iterable[Any]) -> Generator[Any]:
        """The same answers, each after its pictures were written.

        Raises:
            WorkError: They can't be.
        """
        with ExitStack() as video:
            for answer in answers:
                with writing(self.folder):
                    self._write(answer, video)
                yield answer
            with writing(self.folder):
                video.close()

    def said(self) -> str:
        """What was written; empty for nothing."""
        stills = f"{self.count} pictures" if self.count else ""
        others = f"{self.others} files of labels" if self.others else ""
        videos = f"{len(self.videos)} video{'s' * (len(self.videos) > 1)}" if self.videos else ""
        return " and ".join(filter(None, (stills, videos, others)))

    def _write(self, answer: Any, opened: ExitStack) -> None:
        """An answer's pictures; the video that they are frames of stays open until another begins."""
        if not answer.pictures and not answer.files:
            return
        source = video_of(answer.path)
        if not source:
            self._stills(answer)
            return
        number = number_of(answer.path)
        if source != self._last[0] or number <= self._last[1]:  # the same video again begins anew
            opened.close()
            self._writer = opened.enter_context(self._begun(source))
        self._last = source, number
        assert self._writer
        self._writer.add(_pixels([*answer.pictures.values()][-1]), answer.seconds)

    def _begun(self, source: str) -> Writer:
        """A video of the frames of another, with its sound."""
        (path,) = self._free(source, [suffix_for(source)])
        writer = Writer(path, rate_of(source) * self.faster, source)
        self.videos.append(path)
        self.notes = writer.notes = [*self.notes, *writer.notes]
        return writer

    def _stills(self, answer: Any) -> None:
        made = {f"{end}.png": content for end, content in answer.pictures.items()} | dict(answer.files)
        paths = self._free(answer.path, list(made))
        for path, content in zip(paths, made.values(), strict=True):
            with whole(path) as unfinished:
                unfinished.write_bytes(content)
        self.count += len(answer.pictures)
        self.others += len(answer.files)

    def _free(self, source: str, ends: Sequence[str]) -> list[Path]:
        """Files named after a source that are not written yet."""
        stem = Path(source).stem.removesuffix(".nii")
        while True:
            self._named[stem] += 1
            name = stem if self._named[stem] == 1 else f"{stem}-{self._named[stem]}"
            paths = [self.folder / f"{name}{end}" for end in ends]
            if self._taken.isdisjoint(paths):
                self._taken.update(paths)
                return paths


def _pixels(png: bytes) -> Any:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))
