"""The live page of networks that say something of each pixel: its class, or its object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import ImageOps

from striate.data.restoring.luminance import as_bytes
from striate.data.restoring.photo import as_png
from striate.page.answering import by_name, counted, only, surest
from striate.page.live import Live, Outputs
from striate.page.places import on_canvas
from striate.report.numbered import over_png
from striate.report.overlay import overlay_png
from striate.runs.run import Run
from striate.tasks.class_of_places import called as classes_called
from striate.tasks.in_pieces import InPieces
from striate.tasks.instances import Instances
from striate.tasks.masked import Masked
from striate.tasks.objects import OfObjects
from striate.tasks.restore import Restore
from striate.tasks.segment import Segment
from striate.tasks.stylize import Stylize, inner, padded
from striate.tasks.task import Task
from striate.tiling import middle
from striate.training.fields import OUTPUT

Answers = list[Mapping[str, Any]]


def of_masks(run: Run) -> Live:
    """A class for each pixel."""
    task = run.task
    assert isinstance(task, Segment)

    def answer(outputs: Outputs) -> Answers:
        mask = classes_called(only(outputs))
        shares = mask[0].flatten().bincount(minlength=len(task.classes)) / mask.numel()
        return surest(dict(zip(task.classes, shares.tolist(), strict=True)))

    def drawn(image: NDArray[np.uint8], outputs: Outputs) -> bytes:
        mask = classes_called(only(outputs))[0].byte()
        return overlay_png(_inner(image, mask.shape), mask.numpy(), task.classes, task.colours)

    return _in_a_piece(run, answer, drawn)


def of_objects(run: Run) -> Live:
    """Objects one by one."""
    task = run.task
    assert isinstance(task, OfObjects)

    def answer(outputs: Outputs) -> Answers:
        ((_, found),) = task.found(by_name(outputs))
        kinds, chances = np.array([one.kind for one in found]), np.array([one.chance for one in found])
        return counted(kinds, chances, task.classes)

    def drawn(image: NDArray[np.uint8], outputs: Outputs) -> bytes:
        ((numbers, _),) = task.found(by_name(outputs))
        return over_png(_inner(image, numbers.shape), numbers, task.colours)

    return (_in_a_piece if isinstance(task, InPieces) else on_canvas)(run, answer, drawn)


def _in_a_piece(
    run: Run, answer: Callable[[Outputs], Answers], drawn: Callable[[NDArray[np.uint8], Outputs], bytes]
) -> Live:
    """An image is scaled and cut to the size of the pieces that were learned from; `drawn` is given it, (C, *tile)."""
    task = run.task
    assert isinstance(task, InPieces)

    def fitted(image: Any) -> Any:
        return ImageOps.fit(image.convert("L" if task.channels == 1 else "RGB"), (task.tile[1], task.tile[0]))

    def seen(image: Any, outputs: Outputs) -> bytes:
        pixels = np.array(fitted(image)).reshape(*task.tile, task.channels).transpose(2, 0, 1)
        return drawn(pixels, outputs)

    shape = (task.channels, *task.tile)
    way = {"source": shape, "shape": shape, "fit": "as is", "ink": None}
    return Live(run.name, run.model(), lambda image: run.read(fitted(image)), answer, shape, way=way, drawn=seen)


def of_pictures(run: Run) -> Live:
    """Pictures that are restored: what the network reads, as large as what it gives, beside that."""
    task = run.task
    assert isinstance(task, Restore)

    def values(image: Any) -> torch.Tensor:
        return torch.from_numpy(task.pixels.values(_fitted(image, task.tile)))[None].repeat(1, task.frames, 1, 1)

    def seen(image: Any, outputs: Outputs) -> bytes:
        both = torch.cat([task.before(values(image)), by_name(outputs)[OUTPUT]], -1)
        return as_png(as_bytes(both[0].numpy()))

    shape = (task.frames * task.channels, *task.tile)
    return Live(run.name, run.model(), values, lambda outputs: [], shape, drawn=seen, halves=True)


def of_styled(run: Run) -> Live:
    """Photographs in a style: the photograph beside what the network makes of it, with the edge that it reads."""
    task = run.task
    assert isinstance(task, Stylize)

    def photo(image: Any) -> torch.Tensor:
        return torch.from_numpy(_fitted(image, task.tile))[None].float() / 255

    def seen(image: Any, outputs: Outputs) -> bytes:
        both = torch.cat([photo(image), inner(by_name(outputs)[OUTPUT], task.tile)], -1)
        return as_png(as_bytes(both[0].numpy()))

    def values(image: Any) -> torch.Tensor:
        return padded(photo(image), task.stride)

    shape = tuple(padded(torch.zeros(1, 3, *task.tile), task.stride).shape[1:])
    return Live(run.name, run.model(), values, lambda outputs: [], shape, drawn=seen, halves=True)


def _fitted(image: Any, size: Sequence[int]) -> NDArray[np.uint8]:
    """The colours (3, height, width) of an image, scaled and cut to a size."""
    return np.array(ImageOps.fit(image.convert("RGB"), (size[1], size[0])), np.uint8).transpose(2, 0, 1)


def _inner(image: NDArray[np.uint8], size: tuple[int, ...]) -> NDArray[np.uint8]:
    """What of an image the answer is of, where the network has no padding."""
    made: NDArray[np.uint8] = middle(torch.from_numpy(image), size).numpy()
    return made


PIXELS: dict[type[Task], Callable[[Run], Live]] = {
    Segment: of_masks,
    Instances: of_objects,
    Masked: of_objects,
    Restore: of_pictures,
    Stylize: of_styled,
}
