"""Images that people hand over, and examples as pictures that a page can show.

>>> from striate.data.examples import Table
>>> drawn(Table({"image": torch.zeros(2, 1, 4, 6, dtype=torch.uint8)}), 1, "")[0].shape
(4, 6)
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate import data
from striate.data.examples import Examples, Table
from striate.data.files import unreadable
from striate.data.given import as_files
from striate.data.image import decode
from striate.data.lazy import Lazy
from striate.data.left_out import LeftOut, said
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.report.places import inside
from striate.tasks.task import Asked
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


def picture(image: Tensor) -> NDArray[np.uint8]:
    """(C, H, W) as (H, W) or (H, W, 3) bytes; other numbers are scaled from their minimum to their maximum."""
    if image.dtype != torch.uint8:
        low, high = image.min(), image.max()
        image = ((image - low) / (high - low).clamp_min(1e-9) * 255).to(torch.uint8)
    made: NDArray[np.uint8] = image.permute(1, 2, 0).numpy()
    return made[:, :, 0] if made.shape[2] == 1 else made


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


def asked_images(given: Sequence[Any], recipe: Recipe | None, bad: str, channels: int = 0) -> Asked:
    """Image files or folders that hold some; PIL images; arrays or tensors; or lists of any of these.

    Args:
        given: What a user hands over.
        recipe: How the images become a network's input; None where each keeps its own size.
        bad: Whether files that can't be read are left out ("skip") or refused ("refuse").
        channels: 1 or 3, of images without a recipe.

    Raises:
        InputError: None of it can be read.
    """
    images = [one for some in given for one in (some if isinstance(some, list | tuple) else [some])]
    if not images:
        raise InputError("predict takes images: paths, PIL images or arrays. Received: none")
    found = Asked((), ())
    for are_paths, group in itertools.groupby(images, lambda one: isinstance(one, str | os.PathLike)):
        with ExitStack() as stack:
            some = list(group)
            paths = some if are_paths else stack.enter_context(as_files(some))
            more = _read(paths, recipe, bad, channels)
        names = more.names if are_paths else [Path(name).stem for name in more.names]
        found = Asked(
            (*found.names, *names),
            (*found.inputs, *more.inputs),
            (*found.notes, *more.notes),
            (*found.left_out, *more.left_out),
        )
    return found


def _read(paths: Sequence[str | Path], recipe: Recipe | None, bad: str, channels: int) -> Asked:
    """The images of files, and of folders that hold some."""
    found = data.found_under(paths)
    left_out: list[LeftOut] = list(found.left_out)
    names: list[str] = []
    inputs: list[Fields] = []
    notes: list[str] = []
    first = ""
    for path in found.images:
        try:
            image, told = (
                data.read_and_tell(path, recipe) if recipe else (torch.from_numpy(decode(path, channels=channels)), [])
            )
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
