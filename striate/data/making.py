"""Folders of data that are made: mirrors in photographs with their masks, worse photographs, digits that move.

Each photograph is in one part only, train/, val/ or test/, however many pictures are made of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from striate.checks import check_number
from striate.errors import InputError, WorkError, nearest

from .dataset import held_out, with_test
from .files import unreadable
from .image import ImageError, decode
from .left_out import LeftOut, said
from .mirrors import LEAST, with_mirror
from .parts import PARTS, Part
from .restoring.degrading import ALSO, WAYS, Degradation, degradation, whole_part
from .restoring.finding import Pair, Pictures, find
from .scenes.making import write_motions

MIRRORS, MIRROR_ALSO = "mirrors", ("mirror", "mirrored", "reflections", "mirrornet", "msd")
MOTIONS, MOTION_ALSO = "motions", ("motion", "moving", "movingmnist", "movingdigits", "clips", "videos")
VALIDATION = 0.1  # of the photographs that are not for the test
FOLDERS: Mapping[Part, str] = {"train": "train", "validation": "val", "test": "test"}
Parts = dict[Part, list[Pair]]
Files = dict[str, NDArray[np.uint8]]  # by the names of their folders


def make(what: str, photos: str | Path, out: str | Path, *, count: int = 1, seed: int = 0) -> list[str]:
    """Write data that are made from photographs into a folder, and say what was decided.

    Args:
        what: "mirrors", for images/ and masks/ as the task `segment` reads them; "motions", for clips of moving digits
            as `clip` reads them; or how pictures become worse, as in "rain" or "fog:1,noise:5", for input/ and target/
            as `restore` does.
        photos: A folder, maybe with train/, val/ and test/; where there is no test or validation part, a share is
            held out by the names of the files. For motions a named set of grey images, such as mnist.
        out: A folder that is new or empty.
        count: How many pictures are made of each photograph; of motions how many times as many clips as usual.
        seed: Another one makes other pictures.

    Raises:
        InputError: There is no such thing to make, or no photograph; or something is in the folder already.
        WorkError: The pictures can't be written.
    """
    check_number(count, "count", least=1, whole=True)
    check_number(seed, "seed", least=0, whole=True)
    place = Path(out)
    if what == MOTIONS:
        _check_new(place)
        return _moving(str(photos), place, count, seed)
    worse, root = _worse(what), Path(photos)
    if not root.is_dir():
        raise InputError(f"'{root}' is no folder of photographs")
    _check_new(place)
    found = find(root, paired=False, least=worse.scale if worse else LEAST)
    parts, notes = _parted(found, root)
    try:
        bad, used = _written(parts, root, place, worse, range(1, count + 1), seed)
        if worse is None:
            (place / "classes.txt").write_text("background\nmirror\n", encoding="utf-8")
    except OSError as error:
        raise WorkError(f"cannot write into '{place}' ({error.strerror or error})") from None
    many = ", ".join(f"{used[part]:,} in {FOLDERS[part]}/" for part in parts if used[part])
    each = "a picture" if count == 1 else f"{count} pictures"
    return [*found.notes, *notes, *([said(bad)] if bad else []), f"{place}: {each} of each photograph, {many}"]


def _check_new(place: Path) -> None:
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InputError(f"'{place}' is there already; name a folder that is new or empty")


def _moving(source: str, place: Path, count: int, seed: int) -> list[str]:
    try:
        return write_motions(source, place, count, seed)
    except OSError as error:
        raise WorkError(f"cannot write into '{place}' ({error.strerror or error})") from None


def _worse(what: str) -> Degradation | None:
    """How pictures become worse; None for mirrors."""
    if what == MIRRORS:
        return None
    word = what.partition(":")[0].partition(",")[0]
    if word not in WAYS:
        known = (MIRRORS, MOTIONS, *WAYS)
        hint = nearest(word, known, {**ALSO, MIRRORS: MIRROR_ALSO, MOTIONS: MOTION_ALSO})
        raise InputError(f"'{word}' can't be made{hint}; there are {', '.join(known)}")
    return degradation(what)


def _parted(found: Pictures, root: Path) -> tuple[Parts, list[str]]:
    """The photographs of each part, and what was decided."""
    parts, notes = with_test({part: found.of(part) for part in PARTS}, lambda pair: pair.good, root, hold_out=True)
    if parts["validation"] or len(parts["train"]) == 1:
        return parts, notes
    train = parts["train"]
    keys = [pair.good.relative_to(root).as_posix() for pair in train]
    chosen = held_out([0] * len(train), keys, VALIDATION)
    parts["validation"] = [train[row] for row in chosen]
    parts["train"] = [pair for row, pair in enumerate(train) if row not in set(chosen)]
    return parts, notes


def _written(
    parts: Parts, root: Path, place: Path, worse: Degradation | None, numbers: Sequence[int], seed: int
) -> tuple[list[LeftOut], Counter[Part]]:
    """Writes all that is made; gives back the files that could not be read, and how many of each part could."""
    bad, taken, used = list[LeftOut](), Counter[str](), Counter[Part]()
    for part, pairs in parts.items():
        for pair in pairs:
            try:
                photo = decode(pair.good, channels=3)
            except ImageError as error:
                bad.append(unreadable(error.path, error.reason))
                continue
            used[part] += 1
            name = pair.good.relative_to(root).as_posix()
            stem = pair.good.stem
            for number in numbers:
                taken[stem] += 1
                for folder, pixels in _made(photo, name, worse, number, seed).items():
                    file = place / FOLDERS[part] / folder / f"{stem}-{taken[stem]}.png"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(pixels if pixels.ndim == 2 else pixels.transpose(1, 2, 0)).save(file)
    return bad, used


def _made(photo: NDArray[np.uint8], name: str, worse: Degradation | None, number: int, seed: int) -> Files:
    """The pictures (C, H, W) and masks (H, W) that are made of a photograph."""
    if worse:
        return {"input": worse(photo, name, number, seed + 1), "target": whole_part(photo, worse.scale)}
    chance = np.random.default_rng([crc32(name.encode(errors="surrogateescape")), number, seed + 1])
    picture, mask = with_mirror(photo, chance)
    return {"images": picture, "masks": np.where(mask, np.uint8(255), np.uint8(0))}
