"""The images that are most like one, or like each other, and the sheet of pictures that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.data.image import ImageError, decode
from striate.data.left_out import printable
from striate.inside.drawn import Drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from striate.inside.drawing import Panel

Pixels = NDArray[np.uint8]
SIDE = 256  # pixels of the longer side to which pictures are made smaller
MOST = 100  # pictures of a sheet
NAMED = 5  # files that a line names
GONE = np.full((8, 8), 0.9, np.float32)  # drawn for an image that can't be read any more


@dataclass(frozen=True)
class Answer:
    """An image that was found.

    Attributes:
        path: Absolute.
        similarity: The cosine of its features and the query's, -1 to 1; of codes the share of equal bits.
    """

    path: str
    similarity: float


@dataclass(frozen=True, eq=False)
class Answers(Drawn):
    """What was found for an image, the most alike first.

    Attributes:
        query: What the image is called.
        found: The answers.
        how: What their similarity is.
        notes: What there is to say.
        image: The query itself, (C, H, W).
    """

    query: str
    found: tuple[Answer, ...]
    how: str
    notes: tuple[str, ...] = ()
    image: Pixels | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, place: int) -> Answer:
        return self.found[place]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """One line for each answer: its similarity and its file."""
        return [f"{one.similarity:.3f}  {printable(here(one.path))}" for one in self.found]

    def to_json(self) -> list[dict[str, Any]]:
        """The contract of `striate find --json`."""
        return [asdict(one) for one in self.found]

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        return {"query": self.query, "found": self.to_json(), "notes": list(self.notes)}

    def picture(self) -> Figure:
        """The image, and then what was found."""
        from striate.inside.drawing import Panel, sheet

        shown = self.found[:MOST]
        values = shown_of(Path(self.query)) if self.image is None else _scaled(self.image)
        panels = [Panel(values, f"asked for:\n{_short(self.query)}")]
        panels += [answered(one) for one in shown]
        return sheet(panels, None, f"the {len(shown)} most like it, by {self.how}")


def here(path: str) -> str:
    """A file as seen from the current folder, where it is below that."""
    place = Path(path)
    return str(place.relative_to(Path.cwd())) if place.is_relative_to(Path.cwd()) else path


def named(paths: Sequence[str]) -> str:
    """How many files, and the first by their names.

    >>> named(["/nowhere/a.png", "/nowhere/b.png"])
    '2 images: /nowhere/a.png, /nowhere/b.png'
    """
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    first = ", ".join(printable(here(path)) for path in paths[:NAMED])
    return f"{len(paths):,} {'image' if len(paths) == 1 else 'images'}: {first}{more}"


def answered(answer: Answer) -> Panel:
    """An answer as a small picture."""
    from striate.inside.drawing import Panel

    return Panel(shown_of(Path(answer.path)), f"{answer.similarity:.3f}\n{_short(answer.path)}")


def shown_of(path: Path) -> NDArray[np.float32]:
    """An image file as colours 0 to 1, (H, W, 3), made smaller; a grey square where it can't be read."""
    try:
        return _scaled(decode(path, channels=3, longest=SIDE))
    except ImageError:
        return GONE


def _scaled(pixels: Pixels) -> NDArray[np.float32]:
    made: NDArray[np.float32] = pixels.transpose(1, 2, 0).astype(np.float32) / np.float32(255)
    return made[:, :, 0] if made.shape[2] == 1 else made


def _short(path: str) -> str:
    """The end of a path: its folder and its name, where there is room for both."""
    name = "/".join(Path(path).parts[-2:])
    return name if len(name) <= 18 else f"…{name[-17:]}"
