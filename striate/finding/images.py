"""`st.slide`: what a run's network finds in images, and where.

The 1993 demonstration of LeNet-1 did so before a camera: several characters in view were found and read at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from PIL import ImageDraw, ImageFont
from torch import Tensor, nn
from torch.nn import functional as F

from striate import data
from striate.errors import InputError, WorkError
from striate.finding.finder import Finder
from striate.finding.found import Box, Found
from striate.runs.run import Run
from striate.tasks.labelled import Labelled
from striate.tasks.pictures import IMAGE, asked_images, picture
from striate.training.engine import without_softmax

LONGEST = 1600  # pixels of an image's longer side that are searched; larger images are made smaller first
FRAME, LETTERS = "#d6006c", "#ffffff"


@dataclass(frozen=True)
class Finds:
    """What was found in one image.

    Attributes:
        path: Where the image comes from.
        found: In reading order.
        image: (H, W) or (H, W, 3), bytes.
    """

    path: str
    found: tuple[Found, ...]
    image: NDArray[np.uint8] = field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.path}: {' '.join(find.label for find in self.found) or 'nothing found'}"

    def lines(self) -> Iterator[str]:
        """One line for each find: what, how sure, and its box."""
        for find in self.found:
            left, top, right, bottom = find.box
            yield f"{find.label}  {find.probability:.1%}  {right - left}x{bottom - top} at {left},{top}"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate slide --json`."""
        return {"path": self.path, "found": [asdict(find) for find in self.found]}

    def drawn(self) -> PIL.Image.Image:
        """The image with a box and a label at each find."""
        made = PIL.Image.fromarray(self.image).convert("RGB")
        pen = ImageDraw.Draw(made)
        size = max(14, min(made.size) // 30)
        font = ImageFont.load_default(size)
        for find in self.found:
            left, top, right, bottom = find.box
            pen.rectangle((left - 1, top - 1, right, bottom), outline=FRAME, width=max(1, size // 8))
            place = (left, max(0, top - size - 4))
            pen.rectangle(pen.textbbox(place, find.label, font), fill=FRAME, outline=FRAME, width=2)
            pen.text(place, find.label, LETTERS, font)
        return made

    def save(self, path: str | Path) -> None:
        """Write the picture with its boxes.

        Raises:
            InputError: The name ends as no picture's does.
            WorkError: It can't be written.
        """
        try:
            self.drawn().save(path)
        except ValueError:
            raise InputError(f"a picture can't be saved as '{path}'; end its name with .png or .jpg") from None
        except OSError as error:
            raise WorkError(f"can't write {path}: {error.strerror or error}") from None


def slide(run: Run | str | Path, *given: Any, bad: str = "skip") -> list[Finds]:
    """Find and read all characters or objects in images.

    Args:
        run: A run on images of one class each, or its folder.
        given: Image files, folders that hold some, PIL images or arrays, of any size.
        bad: Whether files that can't be read are left out and noted in `run.notes` ("skip") or refused ("refuse").

    Returns:
        What was found in each image.

    Raises:
        InputError: No such run, one that names no classes of images, or no image that can be read.
    """
    opened = run if isinstance(run, Run) else Run(run, "cpu")
    finder = finder_of(opened)
    if finder is None:
        raise InputError(f"{opened.name}: sliding is for networks that give one class for an image")
    data.check_bad(bad)
    asked = asked_images(given, None, bad, channels=finder.recipe.source[0])
    opened.notes.extend(asked.notes)
    opened.left_out += asked.left_out
    images = [fields[IMAGE][0] for fields in asked.inputs]
    return [
        Finds(name, tuple(found_in(finder, image)), picture(image))
        for name, image in zip(asked.names, images, strict=True)
    ]


def finder_of(run: Run, model: nn.Module | None = None) -> Finder | None:
    """A finder with a run's best weights, or with its network as it was changed; None where it names no classes."""
    task, recipe = run.task, run.recipe
    if not isinstance(task, Labelled) or recipe is None or not recipe.of_pictures:
        return None
    return Finder(without_softmax(model or run.model()).eval(), recipe, task.classes)


def found_in(finder: Finder, image: Tensor) -> list[Found]:
    """The finds in an image (C, H, W) of bytes; a large one is searched at a smaller size."""
    times = -(-max(image.shape[1:]) // LONGEST)
    if times == 1:
        return finder.found(image)
    size = [max(1, side // times) for side in image.shape[1:]]
    small = F.interpolate(image[None].float(), size=size, mode="area")[0].round().to(torch.uint8)
    return [Found(one.label, one.probability, _times(one.box, times)) for one in finder.found(small)]


def _times(box: Box, times: int) -> Box:
    return box[0] * times, box[1] * times, box[2] * times, box[3] * times
