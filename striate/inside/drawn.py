"""What every result has in common: it draws itself.

>>> class Square(Drawn):
...     def picture(self):
...         from matplotlib.figure import Figure
...         return Figure()
...     def facts(self):
...         return {}
>>> Square().save("square.pgn")
Traceback (most recent call last):
    ...
striate.errors.InputError: a picture can't be saved as 'square.pgn'; end its name with .png, .svg or .pdf
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.data.writing import whole
from striate.errors import InputError, WorkError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp")
DOTS = 150  # per inch


def check_path(path: str | Path) -> None:
    """Checks that a picture can have this name.

    Raises:
        InputError: Its suffix is no picture's.
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        raise InputError(f"a picture can't be saved as '{path}'; end its name with .png, .svg or .pdf")


class Drawn(ABC):
    """A result with a picture."""

    @abstractmethod
    def picture(self) -> Figure:
        """A figure of matplotlib; every colour scale has its legend."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """It for programs, as values that JSON has."""

    def save(self, path: str | Path) -> None:
        """Write the picture to a file.

        Raises:
            InputError: Its suffix is no picture's.
            WorkError: It can't be written.
        """
        check_path(path)
        try:
            with whole(Path(path)) as unfinished:
                self.picture().savefig(unfinished, dpi=DOTS, facecolor="white")
        except OSError as error:
            raise WorkError(f"can't write {path}: {error.strerror or error}") from None
