"""What there is to see of answers, written into a folder as the answers come: PNG files, and of videos videos."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from striate.data.video import Writer, rate_of, video_of
from striate.errors import WorkError

VIDEO = ".mp4"


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
        videos: The videos that were written, by the videos that the frames are of.
    """

    folder: Path
    count: int = 0
    videos: dict[str, Path] = field(default_factory=dict)
    _taken: Counter[str] = field(default_factory=Counter)

    def written(self, answers: Iterable[Any]) -> Iterator[Any]:
        """The same answers, each after its pictures were written.

        Raises:
            WorkError: They can't be.
        """
        with ExitStack() as stack:
            writer: Writer | None = None
            for answer in answers:
                video = video_of(answer.path)
                with writing(self.folder):
                    if video and answer.pictures:
                        if video not in self.videos:
                            stack.close()
                            self.videos[video] = self.folder / (self._name(video) + VIDEO)
                            writer = stack.enter_context(Writer(self.videos[video], rate_of(video)))
                        assert writer
                        writer.add(_pixels([*answer.pictures.values()][-1]))
                    elif answer.pictures:
                        self._stills(answer)
                yield answer

    def said(self) -> str:
        """What was written; empty for nothing."""
        stills = f"{self.count} pictures" if self.count else ""
        videos = f"{len(self.videos)} video{'s' * (len(self.videos) > 1)}" if self.videos else ""
        return " and ".join(filter(None, (stills, videos)))

    def _stills(self, answer: Any) -> None:
        name = self._name(answer.path)
        for suffix, content in answer.pictures.items():
            (self.folder / f"{name}{suffix}.png").write_bytes(content)
            self.count += 1

    def _name(self, path: str) -> str:
        stem = Path(path).stem
        self._taken[stem] += 1
        return stem if self._taken[stem] == 1 else f"{stem}-{self._taken[stem]}"


def _pixels(png: bytes) -> Any:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))
