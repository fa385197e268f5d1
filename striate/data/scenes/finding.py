"""Clips in the folders of their classes: videos, folders of frames, or arrays.

`walk/1.mp4`, `walk/1/0001.png …`, or arrays of frames, one clip or many: `walk/1.npy`, `walk.npz`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from striate.errors import InputError, why_damaged

from ..array_files import placed
from ..arrays import DAMAGE, numbers
from ..files import counted, loose_files, unreadable
from ..image import decode
from ..left_out import LeftOut, below, said
from ..opening import ImageError
from ..parts import PARTS, Part, parts_said
from ..video import frames, is_video, num_frames

ARRAYS = (".npy", ".npz")
ALONE = "it is one frame, and a clip has two at least"


@dataclass(frozen=True)
class Scene:
    """A clip.

    Attributes:
        path: Its video, its folder of frames, or the file of its array.
        label: Its class; empty where nobody says.
        part: The part of the data it is in.
        row: Which one of an array of many clips; -1 for all of it.
    """

    path: Path
    label: str = ""
    part: Part = "train"
    row: int = -1

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.path) if self.row < 0 else f"{self.path}[{self.row}]"


@dataclass(frozen=True)
class SceneSet:
    """Clips with a class each.

    Attributes:
        scenes: Those to train on first.
        classes: The names of those to train on, sorted.
        left_out: What was not read; paths relative to the folder.
        notes: What was decided, a sentence each.
    """

    scenes: tuple[Scene, ...]
    classes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    def of(self, part: Part) -> list[Scene]:
        """The clips of one part."""
        return [scene for scene in self.scenes if scene.part == part]


def find(root: Path, bad: Literal["skip", "refuse"]) -> SceneSet | None:
    """The clips under a folder; None where there is none in a folder of a class.

    Raises:
        InputError: They are of one class, or one can't be read and is refused.
    """
    scenes, left_out = list[Scene](), list[LeftOut]()
    for path in _places(root):
        folders = path.relative_to(root).parts[:-1]
        part, label = placed(folders)
        if path.suffix.lower() == ".npz" and not label:
            label = path.stem
        if not label:
            continue
        try:
            scenes += [Scene(path, label, part, row) for row in rows_of(path)]
        except ImageError as error:
            left_out.append(unreadable(path, error.reason))
    if not scenes and not left_out:
        return None
    if left_out and bad == "refuse":
        raise InputError(f"cannot read '{left_out[0].path}' ({left_out[0].reason})")
    scenes.sort(key=lambda scene: PARTS.index(scene.part))
    classes = sorted({scene.label for scene in scenes if scene.part == "train"}, key=counted)
    if not scenes:
        raise InputError(f"no clip under '{root}' can be read; {left_out[0].path}: {left_out[0].reason}")
    told = tuple(LeftOut(below(one.path, root), one.kind, one.reason) for one in left_out)
    counts = parts_said(scene.part for scene in scenes)
    notes = [f"{len(scenes):,} clips of {len(classes)} classes, {counts}", *([said(told)] if told else [])]
    return SceneSet(tuple(scenes), tuple(classes), told, tuple(notes))


def _places(root: Path) -> list[Path]:
    """Videos, files of arrays, and folders that hold images, sorted; a folder of a class that holds images is none."""
    found = list[Path]()
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        own = [name for name in names if not name.startswith(".")]
        found += [Path(place, name) for name in own if is_video(name) or name.lower().endswith(ARRAYS)]
        if Path(place) != root and any(isinstance(one, Path) and not is_video(one) for one in _images(Path(place))):
            found.append(Path(place))
    return sorted(found, key=counted)


def _images(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in the order of their numbers."""
    found = [one for one in loose_files(folder) if isinstance(one, Path)]
    return sorted((one for one in found if not one.name.lower().endswith(ARRAYS)), key=counted)


def rows_of(path: Path) -> Sequence[int]:
    """The numbers of the clips in a file: (-1,) for one that is a clip.

    Raises:
        ImageError: It holds no clip.
    """
    if path.suffix.lower() in ARRAYS and not path.is_dir():
        clips = stored(path)
        return range(len(clips)) if _many(clips) else (-1,)
    if path.is_dir() and len(_images(path)) == 1:
        raise ImageError(path, ALONE)
    if is_video(path) and num_frames(path) == 1:
        raise ImageError(path, ALONE)
    return (-1,)


def stored(path: Path) -> NDArray[Any]:
    """The clip or the clips in a file of arrays.

    Raises:
        ImageError: It is damaged, or holds something else.
    """
    try:
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                named = [name for name in archive.files if name in ("x", "clips", "images")]
                values = archive[(named or archive.files)[0]]
        else:
            with path.open("rb") as file:
                values = np.lib.format.read_array(file, allow_pickle=False)
        values = numbers(np.asarray(values), path.name)
    except InputError as error:
        raise ImageError(path, str(error)) from None
    except (*DAMAGE, IndexError) as error:
        raise ImageError(path, f"no plain array: {why_damaged(error)}") from error
    if not 3 <= values.ndim <= 5 or (values.ndim == 5 and values.shape[-1] not in (1, 3)):
        shape = "x".join(map(str, values.shape))
        raise ImageError(path, f"it is {shape}; a clip is frames of rows of columns, and maybe colours")
    if (values.shape[1] if _many(values) else values.shape[0]) < 2:
        raise ImageError(path, ALONE)
    return values


def _many(values: NDArray[Any]) -> bool:
    """Whether an array is of many clips: (N, T, H, W), or (N, T, H, W, colours)."""
    return values.ndim == 5 or (values.ndim == 4 and values.shape[-1] not in (1, 3))


def read_scene(scene: Scene, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A clip as a network reads it: frames evenly spread over it, each cut and scaled to one size.

    Args:
        scene: The clip.
        shape: (C, T, H, W), or (C, H, W) for the frame in its middle.

    Raises:
        ImageError: It can't be read, or is a single frame.
    """
    if scene.path.suffix.lower() in ARRAYS and not scene.path.is_dir():
        values = stored(scene.path)
        return as_read(values if scene.row < 0 else values[scene.row], shape)
    if scene.path.is_dir():
        paths = _images(scene.path)
        chosen = chosen_of(len(paths), shape)
        if len(paths) < 2:
            raise ImageError(scene.path, ALONE)
        pictures = [decode(paths[one], channels=3).transpose(1, 2, 0) for one in chosen]
        return _arranged(np.stack([_sized(picture, shape) for picture in pictures]), shape)
    seen = [_sized(frame.pixels, shape) for frame in frames(scene.path)]
    if len(seen) < 2:
        raise ImageError(scene.path, ALONE)
    return _arranged(np.stack([seen[one] for one in chosen_of(len(seen), shape)]), shape)


def chosen_of(count: int, shape: tuple[int, ...]) -> list[int]:
    """The numbers of so many frames of a clip that a network of this shape sees, evenly spread.

    >>> chosen_of(16, (1, 4, 8, 8)), chosen_of(3, (1, 4, 8, 8)), chosen_of(9, (1, 8, 8))
    ([2, 6, 10, 14], [0, 1, 1, 2], [4])
    """
    wanted = shape[1] if len(shape) == 4 else 1
    return [int((2 * one + 1) * count / (2 * wanted)) for one in range(wanted)]


def as_read(clip: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A clip (T, H, W) or (T, H, W, C) as `read_scene` gives it."""
    clip = clip[..., None] if clip.ndim == 3 else clip
    if clip.dtype != np.uint8:
        high = float(clip.max(initial=0))
        clip = np.rint(clip * (255.0 if high <= 1 else 1.0)).clip(0, 255).astype(np.uint8)
    return _arranged(np.stack([_sized(clip[one], shape) for one in chosen_of(len(clip), shape)]), shape)


def _arranged(sized: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Chosen frames (T, H, W, C) in the network's colours and order."""
    if shape[0] == 1 and sized.shape[3] == 3:
        sized = np.rint(sized @ np.array([0.299, 0.587, 0.114]))[..., None].astype(np.uint8)
    elif shape[0] == 3 and sized.shape[3] == 1:
        sized = sized.repeat(3, 3)
    made = np.ascontiguousarray(sized.transpose(3, 0, 1, 2))
    return made if len(shape) == 4 else np.ascontiguousarray(made[:, 0])


def _sized(frame: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A frame (H, W, C) of the size that the network reads: scaled, and its edges cut where proportions differ."""
    if frame.shape[:2] == shape[-2:]:
        return frame
    picture = Image.fromarray(frame[:, :, 0] if frame.shape[2] == 1 else frame)
    made = np.asarray(ImageOps.fit(picture, (shape[-1], shape[-2]), Image.Resampling.BILINEAR))
    return made[:, :, None] if made.ndim == 2 else made


def scenes_at(path: Path) -> list[Scene]:
    """The clips of a file or a folder, for somebody who asks about them.

    Raises:
        InputError: It is not there, or holds none.
    """
    if not path.exists():
        raise InputError(f"no file or folder '{path}'")
    if not path.is_dir():
        if not is_video(path) and path.suffix.lower() not in ARRAYS:
            raise InputError(f"'{path}' is no clip: a video, a folder of frames, or an array (.npy, .npz)")
        return [Scene(path, row=row) for row in _of_array(path)]
    places = [path] if _images(path) else _places(path)
    found = [Scene(place, row=row) for place in places for row in (_of_array(place) if not place.is_dir() else (-1,))]
    if not found:
        raise InputError(f"'{path}' holds no clip")
    return found


def _of_array(path: Path) -> Sequence[int]:
    """As `rows_of`; what can't be read is told when it is."""
    try:
        return rows_of(path)
    except ImageError:
        return (-1,)
