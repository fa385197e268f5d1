"""An episode as an animation: the screen, and beside it where a network looked.

>>> import tempfile
>>> film = Film(Path(tempfile.mkdtemp()) / "game.gif")
>>> film.add(np.zeros((210, 160, 3), np.uint8), np.zeros((84, 84, 3), np.uint8))
>>> film.save()
>>> Image.open(film.path).size
(640, 420)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from striate.data.writing import whole
from striate.errors import InputError, WorkError

SUFFIX = ".gif"
LARGER = 2  # times as many pixels a side as the screen has
MOVE = 70  # milliseconds: four frames of sixty a second, in the hundredths that the format has
MOST = 1500  # moves that are filmed, under two minutes
COLOURS = 64  # of a picture; a game has fewer

Pixels = NDArray[np.uint8]


def check_path(path: str | Path) -> Path:
    """Where an animation is written.

    Raises:
        InputError: Its name ends otherwise.
    """
    if Path(path).suffix.lower() != SUFFIX:
        raise InputError(f"`out` takes a file whose name ends in {SUFFIX}. Received: {path}")
    return Path(path)


class Film:
    """Pictures that follow each other.

    Args:
        path: Where they are written.

    Raises:
        InputError: Its name is none of an animation.
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self.pictures = check_path(path), list[Image.Image]()

    def add(self, colours: Pixels, heat: Pixels | None = None) -> None:
        """A screen (height, width, 3), with a map over it (84, 84, 3) beside it."""
        if len(self.pictures) < MOST:
            self.pictures.append(Image.fromarray(beside(colours, heat)).quantize(COLOURS))

    def save(self) -> None:
        """Write them.

        Raises:
            WorkError: They can't be written.
        """
        if not self.pictures:
            return
        first, *others = self._large()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with whole(self.path) as unfinished:
                first.save(unfinished, save_all=True, append_images=others, duration=MOVE, loop=0)
        except OSError as error:
            raise WorkError(f"'{self.path}' can't be written: {error.strerror or error}") from None

    def _large(self) -> Iterator[Image.Image]:
        for one in self.pictures:
            yield one.resize((LARGER * one.width, LARGER * one.height), Image.Resampling.NEAREST)


def beside(colours: Pixels, heat: Pixels | None) -> Pixels:
    """The screen, and a map of its size on its right."""
    if heat is None:
        return colours
    height, width = colours.shape[:2]
    return np.hstack([colours, np.asarray(Image.fromarray(heat).resize((width, height), Image.Resampling.BILINEAR))])
