"""Images that people hand over, and examples as pictures that a page can show.

>>> from striate.data.examples import Table
>>> drawn(Table({"image": torch.zeros(2, 1, 4, 6, dtype=torch.uint8)}), 1, "")[0].shape
(4, 6)
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate import data
from striate.data import array_files
from striate.data.arrays import as_pixels
from striate.data.examples import Examples, Table
from striate.data.files import unreadable
from striate.data.given import as_array, as_files
from striate.data.image import decode
from striate.data.lazy import Lazy
from striate.data.left_out import LeftOut, said
from striate.data.recipe import Recipe
from striate.data.rows import examples_of, holds_arrays, pictures_in, stored
from striate.data.video import Frame
from striate.errors import InputError
from striate.report.places import inside
from striate.tasks.task import Asked, Judged
from striate.training.fields import Fields

IMAGE = "image"
AS_THEY_ARE = "arrays are taken as they are; only drawings in image files are centred by their ink first"


def drawn(examples: Examples, row: int, root: str) -> tuple[NDArray[np.uint8], str] | None:
    """An example's image, and what it is called as seen from `root`; None where it is no picture."""
    image = examples.take([row]).get(IMAGE)
    if image is None or image.ndim != 4 or image.shape[1] not in (1, 3):
        return None
    name = examples.name(row)
    return picture(image[0]), f"number {row}" if name == str(row) else inside(name, root)


@dataclass(frozen=True, eq=False)
class Pictured:
    """An example to show.

    Attributes:
        image: (H, W) or (H, W, 3).
        name: What it is called.
        heat: What the network read with the places that decided, (H, W, 3); None where nobody can say.
    """

    image: NDArray[np.uint8]
    name: str
    heat: NDArray[np.uint8] | None


def pictured(judged: Judged, outputs: Mapping[int, int], root: str) -> tuple[dict[int, Pictured], str]:
    """Those of some examples that are pictures, by position, and how the places that decided were found.

    Args:
        judged: Answers on all examples.
        outputs: The positions of some, and the output of each whose places are shown.
        root: As for `drawn`.
    """
    found = {row: made for row in outputs if (made := drawn(judged.examples, row, root))}
    sights = judged.look([*found], [outputs[row] for row in found]) if judged.look and found else None
    heats = sights.pictures if sights else [None] * len(found)
    seen = {row: Pictured(*made, heat) for (row, made), heat in zip(found.items(), heats, strict=True)}
    return seen, sights.said if sights else ""


def picture(image: Tensor) -> NDArray[np.uint8]:
    """(C, H, W) as (H, W) or (H, W, 3) bytes; other numbers are scaled from their minimum to their maximum."""
    if image.dtype != torch.uint8:
        low, high = image.min(), image.max()
        image = ((image - low) / (high - low).clamp_min(1e-9) * 255).to(torch.uint8)
    made: NDArray[np.uint8] = image.permute(1, 2, 0).numpy()
    return made[:, :, 0] if made.shape[2] == 1 else made


def drawn_over(
    picture: NDArray[np.float32], draw: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> NDArray[np.float32]:
    """A picture, (H, W) or (H, W, 3) from 0 to 1, with what is drawn over it: from (C, H, W) to (H, W, 3) bytes."""
    image = np.rint(255 * np.atleast_3d(picture)).astype(np.uint8).transpose(2, 0, 1)
    return draw(image).astype(np.float32) / np.float32(255)


def placed_as_trained(examples: Examples, recipe: Recipe | None) -> tuple[Examples, list[str]]:
    """Images from elsewhere in the form of those a run learned from: drawings are placed as its own are."""
    if recipe is None or not recipe.ink or not isinstance(examples, Table):
        return examples, []
    if not examples.names:
        return examples, [AS_THEY_ARE]
    if isinstance(images := examples.columns[IMAGE], Lazy):
        placed: Tensor | Lazy = replace(images, work=partial(_placed, recipe=recipe), shape=recipe.source)
    else:
        placed = torch.stack([data.read_image(path, recipe) for path in examples.names])
    return replace(examples, columns={**examples.columns, IMAGE: placed}), []


def _placed(path: Path, recipe: Recipe) -> NDArray[np.uint8]:
    made: NDArray[np.uint8] = data.read_image(path, recipe).numpy()
    return made


@dataclass(frozen=True, eq=False)
class _Held:
    """An example in memory: what it is called, and its values. Those of a picture are an image, of others (1, …)."""

    name: str
    values: Any


Read = Callable[[Path], tuple[Tensor, Sequence[str]]]  # of a file what a network reads, (C, H, W), and what to tell


def asked_images(
    given: Sequence[Any], recipe: Recipe | None, bad: str, channels: int = 0, read: Read | None = None
) -> Asked:
    """Image files or folders that hold some; PIL images; arrays or tensors; files of arrays; or lists of any of these.

    Args:
        given: What a user hands over.
        recipe: How the images become a network's input; None where each keeps its own size.
        bad: Whether files that can't be read are left out ("skip") or refused ("refuse").
        channels: 1 or 3, of images without a recipe.
        read: Reads a file, where neither says how; of several it is asked in their order.

    Raises:
        InputError: None of it can be read.
    """
    handed = [one for some in given for one in (some if isinstance(some, list | tuple) else [some])]
    examples = [example for one in _numbered(handed) for example in _examples(*one, recipe)]
    if not examples:
        raise InputError("predict takes images: paths, PIL images or arrays. Received: none")
    found, read = Asked((), ()), read or partial(_decoded, recipe=recipe, channels=channels)
    for in_memory, group in itertools.groupby(examples, lambda one: isinstance(one, _Held)):
        some = list(group)
        more = _held(some, recipe, bad, read) if in_memory else _read(some, bad, read)
        found = Asked(
            (*found.names, *more.names),
            (*found.inputs, *more.inputs),
            (*found.notes, *more.notes),
            (*found.left_out, *more.left_out),
        )
    return found


def _numbered(handed: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Each with its number among those in memory that follow each other; 0 for a path."""
    number = 0
    for one in handed:
        number = 0 if isinstance(one, str | os.PathLike | Frame) else number + 1
        yield number, one


def _examples(number: int, one: Any, recipe: Recipe | None) -> Iterator[Any]:
    """A path of images as it is; what is in memory, or in a file or a folder of arrays, as an example for each row."""
    if isinstance(one, Frame):
        yield _Held(one.name, one.pixels)
        return
    is_path = isinstance(one, str | os.PathLike)
    if is_path and recipe is not None and not recipe.of_pictures and (files := array_files.under(Path(one))):
        for file in files:
            yield from _examples(number, file, recipe)
        return
    if is_path and not holds_arrays(one):
        yield one
        return
    path = Path(one) if is_path else None
    if recipe is not None and not recipe.of_pictures:
        rows = examples_of(stored(path) if path else as_array(one), recipe, str(path or f"array {number}"))
        values: Sequence[Any] = [rows[row : row + 1] for row in range(len(rows))]
    elif path:
        values = pictures_in(as_pixels([stored(path)])[0], in_rows=path.suffix.lower() == ".npz")
    else:
        values = [one] if isinstance(one, PIL.Image.Image) else pictures_in(as_array(one))
    kind = "image" if recipe is None or recipe.of_pictures else "array"
    name = str(path.with_suffix("")) if path else f"{kind} {number}"
    for row, value in enumerate(values):
        yield _Held(f"{name}[{row}]" if path or len(values) > 1 else name, value)


def _held(examples: Sequence[_Held], recipe: Recipe | None, bad: str, read: Read) -> Asked:
    """Pictures as if they were files, and other arrays as they are."""
    names = [one.name for one in examples]
    if recipe is not None and not recipe.of_pictures:
        return Asked(names, [{IMAGE: one.values} for one in examples])
    with as_files([one.values for one in examples]) as paths:
        made = _read(paths, bad, read)
    called = {str(path): name for path, name in zip(paths, names, strict=True)}
    return replace(made, names=[called[name] for name in made.names])


def _decoded(path: Path, recipe: Recipe | None, channels: int) -> tuple[Tensor, Sequence[str]]:
    return data.read_and_tell(path, recipe) if recipe else (torch.from_numpy(decode(path, channels=channels)), ())


def _read(paths: Sequence[str | Path], bad: str, read: Read) -> Asked:
    """The images of files, and of folders that hold some."""
    found = data.found_under(paths)
    left_out: list[LeftOut] = list(found.left_out)
    names: list[str] = []
    inputs: list[Fields] = []
    notes: list[str] = []
    first = ""
    for path in found.images:
        try:
            image, told = read(path)
        except InputError as error:
            if bad == "refuse" or len(found.images) == 1:
                raise
            first = first or str(error)
            left_out.append(unreadable(path, getattr(error, "reason", str(error))))
            continue
        names.append(str(path))
        inputs.append({IMAGE: image[None]})
        notes += told
    if not names:
        raise InputError(f"none of {len(found.images)} files is an image that can be read; the first: {first}")
    return Asked(names, inputs, (*notes, *([said(left_out)] if left_out else [])), tuple(left_out))
