"""Volumes, images of many bands and clips: what is wrong with their files, and which are copies of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.data.cubes import reading as cubes
from striate.data.left_out import UNREADABLE, LeftOut
from striate.data.opening import ImageError
from striate.data.scenes import finding as scenes
from striate.data.volumes import finding as volumes
from striate.errors import InputError

from .files import below
from .found import Finding
from .survey import DIGEST, Survey


def of_volumes(root: Path) -> Survey | None:
    """Volumes with labels; None where a folder holds none.

    Raises:
        InputError: They can't be read as classes.
    """
    found = volumes.find(root, "skip", False)
    if found is None:
        return None
    digests = [_digest([pair.image.read_bytes()]) for pair in found.pairs]
    where = [below(str(pair.image), str(root)) for pair in found.pairs]
    return _survey(root, where, [], [pair.part for pair in found.pairs], digests, found.left_out)


def of_cube(root: Path) -> Survey | None:
    """The labelled pixels of an image of many bands.

    Raises:
        InputError: It can't be read.
    """
    found = cubes.read(root)
    if found.labels is None:
        raise InputError(f"'{root}' holds no classes: an array of two axes as large as the image, 0 for none")
    places = np.argwhere(found.labels > 0).tolist()
    labels = [found.names[found.labels[row, column] - 1] for row, column in places]
    where = [f"{found.path.name}[{row},{column}]" for row, column in places]
    return _survey(root, where, labels, ["train"] * len(places), [_digest([name.encode()]) for name in where], ())


def of_clips(root: Path) -> Survey | None:
    """Clips in the folders of their classes; None where a folder holds none.

    Raises:
        InputError: None can be read.
    """
    found = scenes.find(root, "skip")
    if found is None:
        return None
    kept, digests, left_out = list[scenes.Scene](), list[bytes](), list(found.left_out)
    unpacked = lru_cache(maxsize=1)(scenes.stored)  # the clips of an array follow each other
    for scene in found.scenes:
        try:
            digests.append(_digest(_content(scene, unpacked)))
            kept.append(scene)
        except ImageError as error:
            left_out.append(LeftOut(scene.name, UNREADABLE, error.reason))
    where, labels = [below(scene.name, str(root)) for scene in kept], [scene.label for scene in kept]
    return _survey(root, where, labels, [scene.part for scene in kept], digests, left_out)


def _content(scene: scenes.Scene, unpacked: Callable[[Path], NDArray[Any]]) -> Iterable[bytes]:
    """What tells a clip from others; `unpacked` gives those of an array.

    Raises:
        ImageError: It can't be read.
    """
    if scene.path.is_dir():
        return (path.read_bytes() for path in sorted(scene.path.iterdir()) if path.is_file())
    if scene.row < 0:
        scenes.read_scene(scene, (1, 2, 8, 8))  # or it can't be read
        return [scene.path.read_bytes()]
    return [np.ascontiguousarray(unpacked(scene.path)[scene.row]).tobytes()]


def _survey(
    root: Path,
    where: Sequence[str],
    labels: Sequence[str],
    parts: Sequence[str],
    digests: Sequence[bytes],
    left_out: Sequence[LeftOut],
) -> Survey:
    findings = [Finding(_kind(one), below(one.path, str(root)), one.reason) for one in left_out]
    every = np.array(list(digests), DIGEST)
    named = list(labels) or [""] * len(where)
    name = root.resolve().name
    return Survey(name, where, named, parts, every, findings=findings, of_classes=bool(labels))


def _kind(one: LeftOut) -> str:
    return "damaged" if one.kind.startswith(UNREADABLE) else "no mask"


def _digest(parts: Iterable[bytes]) -> bytes:
    made = sha256()
    for part in parts:
        made.update(part)
    return made.digest()[:16]


OF_ARRAYS: dict[str, Callable[[Path], Survey | None]] = {"volume": of_volumes, "cube": of_cube, "clip": of_clips}
