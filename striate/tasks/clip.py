"""Clips: what is done in a few frames, by a network of three axes or one that sees frames and joins them late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isqrt, prod
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.data import lazy
from striate.data.arrays import numbers
from striate.data.dataset import with_test
from striate.data.examples import Opened, Schema, Table, digest_of
from striate.data.files import counted, unreadable
from striate.data.given import as_array
from striate.data.kinds import Image, Label
from striate.data.lazy import Lazy
from striate.data.left_out import LeftOut, said
from striate.data.opening import ImageError
from striate.data.parts import PARTS
from striate.data.recipe import Recipe
from striate.data.scenes.finding import Scene, SceneSet, as_read, find, read_scene, scenes_at, stored
from striate.errors import InputError
from striate.tasks.judging import JudgedLabels
from striate.tasks.labelled import LABEL, Labelled, labels_of
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Asked, Wish, folder_at
from striate.training.fields import Fields

FRAMES, SIDE = 8, 32  # that a network sees, and pixels of a side, where its text leaves them open


@dataclass(frozen=True)
class Clip(Labelled):
    """One class a clip.

    Attributes:
        reads_shape: What the network reads: (C, T, H, W), or (C, H, W) for the frame in the middle.
    """

    reads_shape: tuple[int, ...]

    word: ClassVar[str] = "clip"
    reads: ClassVar[str] = (
        "a folder with one sub-folder of clips per class, maybe below train/, val/ and test/: videos, folders of "
        "frames, or arrays of frames (.npy, .npz, one clip or many); or CLASS.npz of many"
    )
    unit: ClassVar[str] = "clips"
    plainest: ClassVar[str] = "input 1x8x32x32 -> FC"

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Clips in the folders of their classes."""
        root = folder_at(source) if wish.named or like else None
        bad: Literal["skip", "refuse"] = "refuse" if wish.bad == "refuse" else "skip"
        found = find(root, bad) if root else None
        if found is None or root is None:
            return None
        shape = like.reads_shape if like else _shape(wish.shape)
        if like is None and len(found.classes) < 2:
            raise InputError(
                f"'{root}' holds clips of one class, '{''.join(found.classes)}'; give clips of two at least"
            )
        task = like or cls(found.classes, shape)
        return task, _opened(task, root, str(source), found, wish)

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> JudgedClips:
        """How a network does on labelled clips."""
        return JudgedClips(name, examples, rows, figures, self.unit, self.classes)

    def sliced(self, volume: NDArray[np.float32], targets: Fields) -> NDArray[np.float32]:
        """Its frames beside each other."""
        sheet = side_by_side(volume)
        return np.ascontiguousarray(np.broadcast_to(sheet, (*sheet.shape[:2], 3)))

    def parts(self, given: Sequence[Any], tell: Any, recipe: Recipe | None = None) -> Iterator[list[Any]]:
        """All of them: a clip is one example."""
        yield list(given)

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Videos, folders of frames or of clips, files of arrays, or arrays (T, H, W)."""
        names, inputs, left_out = list[str](), list[Fields](), list[LeftOut]()
        handed = [one for some in given for one in (some if isinstance(some, list | tuple) else [some])]
        for number, one in enumerate(handed, 1):
            scenes: list[Any] = scenes_at(Path(one)) if isinstance(one, str | Path) else [one]
            for scene in scenes:
                try:
                    name, values = _read(scene, number, self.reads_shape)
                except ImageError as error:
                    if bad == "refuse" or len(handed) == len(scenes) == 1:
                        raise InputError(f"cannot read the clip '{error.path}' ({error.reason})") from None
                    left_out.append(unreadable(error.path, error.reason))
                    continue
                names.append(name)
                inputs.append({IMAGE: torch.from_numpy(values)[None]})
        if not names:
            raise InputError(
                "predict takes clips: videos, folders of frames, or arrays. Received: none that can be read"
            )
        return Asked(names, inputs, (said(left_out),) if left_out else (), tuple(left_out))

    def meaning(self) -> tuple[Any, ...]:
        """The classes, and what is read of a clip."""
        return *self.classes, self.reads_shape


@dataclass(frozen=True, eq=False)
class JudgedClips(JudgedLabels):
    """A network's answers on labelled clips."""

    def wrong(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> tuple[list[Any], str]:
        """Clips as their frames beside each other."""
        from striate.report.classes import WrongImage
        from striate.report.places import inside

        if not rows or (clips := self.examples.take(rows)[IMAGE]).ndim != 5:  # of one frame it is a picture
            return super().wrong(rows, root, notes)
        named = [inside(self.examples.name(row), root) for row in rows]
        return [
            WrongImage(_seen(clip), self.classes[self.labels[row]], self.top(row), name, None, notes.get(row, ""))
            for row, clip, name in zip(rows, clips, named, strict=True)
        ], ""


def _seen(clip: Tensor) -> NDArray[np.uint8]:
    """A clip as a picture, grey or in colours."""
    sheet = side_by_side(clip.numpy())
    return np.ascontiguousarray(sheet[:, :, 0] if sheet.shape[2] == 1 else sheet)


def side_by_side(clip: NDArray[Any]) -> NDArray[Any]:
    """The frames of a clip (C, T, H, W) in a few equal rows, in their order: (rows H, columns W, C).

    >>> side_by_side(np.arange(8).reshape(1, 8, 1, 1))[:, :, 0].tolist()
    [[0, 1, 2, 3], [4, 5, 6, 7]]
    """
    channels, frames, height, width = clip.shape
    rows = max(number for number in range(1, isqrt(frames) + 1) if frames % number == 0)
    placed = clip.reshape(channels, rows, frames // rows, height, width).transpose(1, 3, 2, 4, 0)
    return np.ascontiguousarray(placed.reshape(rows * height, frames // rows * width, channels))


def _read(scene: Any, number: int, shape: tuple[int, ...]) -> tuple[str, NDArray[np.uint8]]:
    """A clip as the network reads it, and what it is called."""
    if isinstance(scene, Scene):
        return scene.name, read_scene(scene, shape)
    values, name = as_array(scene), f"array {number}"
    try:
        values = numbers(values, name)
    except InputError as error:
        raise ImageError(Path(name), str(error)) from None
    colours = values.shape[3] if values.ndim == 4 else 1
    if values.ndim not in (3, 4) or colours not in (1, 3) or len(values) < 2 or 0 in values.shape:
        raise ImageError(Path(name), f"it is {'x'.join(map(str, values.shape))}; a clip is (T, H, W) or (T, H, W, 3)")
    return name, as_read(values, shape)


def _shape(wanted: tuple[int | None, ...] | None) -> tuple[int, ...]:
    """What a network reads of a clip, with what it leaves open.

    Raises:
        InputError: It reads something else.
    """
    usual = (1, FRAMES, SIDE, SIDE)
    shape = wanted or usual
    if len(shape) not in (3, 4) or shape[0] not in (None, 1, 3):
        raise InputError("a network for clips reads `input 1x8x32x32` (grey, 8 frames) or one frame, `input 1x32x32`")
    own = usual if len(shape) == 4 else (usual[0], *usual[2:])
    return tuple(want or other for want, other in zip(shape, own, strict=True))


def _opened(task: Clip, root: Path, source: str, found: SceneSet, wish: Wish) -> Opened:
    """The clips of all parts.

    Raises:
        InputError: One can't be read and is refused, or no clip to train on can be.
    """
    of_part = {part: found.of(part) for part in PARTS}
    parts, decided = with_test(of_part, _place, root, wish.hold_out, unit=task.unit, label=lambda one: one.label)
    labels = sorted({scene.label for scene in found.scenes})
    positions = dict(zip(labels, task.positions(labels, root.name), strict=True))
    hold = prod(task.reads_shape) * len(found.scenes) <= lazy.MEMORY
    bad = list[LeftOut]()
    tables = {part: _table(task, scenes, positions, hold, bad) for part, scenes in parts.items() if scenes}
    if bad and wish.bad == "refuse":
        raise InputError(f"cannot read '{bad[0].path}' ({bad[0].reason})")
    train, validation = tables.get("train", tables.get("test")), tables.get("validation")
    if train is None or not len(train):
        raise InputError(f"no clip under '{root}' can be read; {bad[0] if bad else found.notes[-1]}")
    name = root.resolve().name
    counts = Counter(scene.label for scene in found.scenes)
    each = ", ".join(f"{label} {counts[label]:,}" for label in sorted(counts, key=counted)[:10])
    notes = [f"{name}: {note}" for note in (*found.notes, each, *([said(bad)] if bad else []))]
    return Opened(
        name,
        source,
        Schema({IMAGE: Image()}, {LABEL: Label(len(task.classes))}),
        train,
        tables.get("test"),
        validation,
        (*notes, *decided),
        (*found.left_out, *bad),
        strata=labels_of(train).tolist(),
        sha256=digest_of(train, validation),
    )


def _place(scene: Scene) -> Path:
    """Where a clip is, by which it is held out; those of one array are told apart by their numbers."""
    return scene.path if scene.row < 0 else scene.path.parent / f"{scene.path.name}[{scene.row}]"


def _table(task: Clip, scenes: Sequence[Scene], positions: Mapping[str, int], hold: bool, bad: list[LeftOut]) -> Table:
    """Some clips with their classes: in memory where all fit, else read when they are asked for.

    Those that can't be read into memory are left out and added to `bad`.
    """
    names = tuple(scene.name for scene in scenes)
    labels = torch.tensor([positions[scene.label] for scene in scenes], dtype=torch.int64)
    if not hold:
        images = Lazy(names, partial(read_scene, shape=task.reads_shape), task.reads_shape, items=tuple(scenes))
        return Table({IMAGE: images, LABEL: labels}, names)
    made = _made(scenes, task.reads_shape, bad)
    kept = sorted(made)
    values = np.stack([made[row] for row in kept]) if kept else np.zeros((0, *task.reads_shape), np.uint8)
    return Table({IMAGE: torch.from_numpy(values), LABEL: labels[kept]}, tuple(names[row] for row in kept))


def _made(scenes: Sequence[Scene], shape: tuple[int, ...], bad: list[LeftOut]) -> dict[int, NDArray[np.uint8]]:
    """The clips by their positions; an array of many is read once."""
    made = dict[int, NDArray[np.uint8]]()
    files = dict[Path, list[int]]()
    for row, scene in enumerate(scenes):
        files.setdefault(scene.path, []).append(row)
    for path, rows in files.items():
        try:
            if scenes[rows[0]].row < 0:
                made[rows[0]] = read_scene(scenes[rows[0]], shape)
            else:
                clips = stored(path)
                made |= {row: as_read(clips[scenes[row].row], shape) for row in rows}
        except ImageError as error:
            bad.append(unreadable(error.path, error.reason))
    return made
