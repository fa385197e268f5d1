"""Pictures to learn to restore, found under a folder: good ones alone, or pairs of a worse and a good one.

Pairs are files of equal names in two folders whose names say which is which: `rain/` and `clean/`, `input/` and
`target/`, `lr/` and `hr/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from ..files import unreadable, walk
from ..image import header
from ..left_out import LeftOut, below, said
from ..levels import Levels
from ..many import Many
from ..parts import Part, part_around, parts_said
from ..pictures import as_header, levelled
from ..video import video_of
from ..workers import Workers

GOOD = {"clean", "target", "targets", "gt", "groundtruth", "truth", "hr", "high", "hq", "sharp", "good", "norain"}
WORSE = {"input", "inputs", "lr", "low", "lq", "source", "bad", "worse", "noisy", "noise", "blur", "blurry", "jpeg"}
WORSE |= {"rain", "rainy", "fog", "foggy", "haze", "hazy", "snow", "degraded", "compressed", "shadow", "dark"}
WORD = re.compile(r"[a-z]+")
SCALE = re.compile(r"x[2-8]")  # DIV2K's folders of smaller pictures
ALONE, UNFIT, SMALL, WORSE_ONE = "picture without its pair", "pair of other sizes", "small picture", "worse picture"
Key = tuple[Part, tuple[str, ...], str]


@dataclass(frozen=True)
class Pair:
    """A good picture, and where it is a file the worse one.

    Attributes:
        good: Its file.
        part: The part of the data that it is in.
        size: (height, width) of the good one, upright.
        worse: The file of the worse one; None where that is rendered.
        pixels: (3, H, W) uint8, of a frame of a video, whose name `good` then is; None of a file.
    """

    good: Path
    part: Part
    size: tuple[int, int] = (0, 0)
    worse: Path | None = None
    pixels: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)

    @property
    def clip(self) -> Path:
        """The folder of its file, or the video that it is a frame of."""
        video = video_of(str(self.good))
        return Path(video) if video else self.good.parent


@dataclass(frozen=True)
class Pictures:
    """What is found.

    Attributes:
        pairs: In the order of their names.
        left_out: What was not read; paths relative to the folder.
        notes: What was decided, a sentence each.
        scale: How many times larger the good ones are.
        levels: What is black and white in files of more than 8 bits.
    """

    pairs: tuple[Pair, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    scale: int = 1
    levels: Levels | None = None

    def of(self, part: Part) -> list[Pair]:
        """Those of a part."""
        return [pair for pair in self.pairs if pair.part == part]


def are_pairs(root: Path) -> bool:
    """Whether folders under `root` are called after worse and after good pictures."""
    sides = {side(path.relative_to(root).parts[:-1]) for path in walk(root).images}
    return {True, False} <= sides


def find(
    root: Path,
    paired: bool,
    bad: Literal["skip", "refuse"] = "skip",
    progress: bool = False,
    least: int = 1,
    levels: Levels | None = None,
) -> Pictures:
    """The pictures under `root`.

    Args:
        root: A folder.
        paired: Whether worse pictures are there as files, too; else those in folders called after worse ones, beside
            good ones, are left out.
        bad: Whether a picture that can't be read is left out, or is an error.
        progress: Whether to draw it.
        least: Pixels that each side must have.
        levels: What is black and white in files of more than 8 bits, where a run has learned that.

    Raises:
        InputError: There are none; or with "refuse", one can't be read or is alone.
    """
    found = walk(root)
    pairs, alone = (_paired if paired else _each)(root, found.images)
    files = [pair.good for pair in pairs] + [pair.worse for pair in pairs if pair.worse]
    with Workers(len(files)) as workers:
        many = Many(root.resolve().name, root, files, workers, progress)
        facts = many.facts("sizes", partial(header))
        heads = [as_header(value) if value else None for value, _ in facts]
        known, odd, notes = levelled(many, heads, levels)
    reasons = [reason or odd.get(row) for row, (_, reason) in enumerate(facts)]
    sizes = {path: head.size for path, head, reason in zip(files, heads, reasons, strict=True) if head and not reason}
    bad_files = [unreadable(path, reason) for path, reason in zip(files, reasons, strict=True) if reason]
    pairs = [
        Pair(pair.good, pair.part, sizes[pair.good], pair.worse)
        for pair in pairs
        if pair.good in sizes and (pair.worse is None or pair.worse in sizes)
    ]
    scale, unfit = _scale(pairs, sizes) if paired else (1, [])
    unfit += [
        LeftOut(str(pair.good), SMALL, f"{_x(pair.size)} pixels are too few, {least} a side are needed")
        for pair in pairs
        if min(pair.size) < least
    ]
    misfits = {one.path for one in unfit}
    pairs = [pair for pair in pairs if str(pair.good) not in misfits]
    left_out = [*bad_files, *alone, *unfit]
    if bad == "refuse" and left_out:
        raise InputError(f"'{left_out[0].path}': {left_out[0].reason}; correct it, or leave it out")
    if not pairs:
        first = f"; the first: '{below(left_out[0].path, root)}' ({left_out[0].reason})" if left_out else ""
        raise InputError(f"no picture under '{root}' can be used{first}")
    if all(pair.part != "train" for pair in pairs):
        pairs = [Pair(pair.good, "test", pair.size, pair.worse) for pair in pairs]
    left_out = [LeftOut(below(one.path, root), one.kind, one.reason) for one in (*found.left_out, *left_out)]
    notes = (summed_up(pairs), *notes, *([said(left_out)] if left_out else []))
    return Pictures(tuple(pairs), tuple(left_out), notes, scale, known)


def _each(root: Path, files: Sequence[Path]) -> tuple[list[Pair], list[LeftOut]]:
    """All pictures; of pairs the good ones alone."""
    placed = {path: path.relative_to(root).parts[:-1] for path in files}
    sides = {path: side(folders) for path, folders in placed.items()}
    worse = {path for path, good in sides.items() if good is False} if True in sides.values() else set[Path]()
    kept = [Pair(path, part_around(folders)) for path, folders in placed.items() if path not in worse]
    return kept, [LeftOut(str(path), WORSE_ONE, "its folder is one of worse pictures") for path in sorted(worse)]


def side(folders: Sequence[str]) -> bool | None:
    """Whether folders are called after good pictures, or after worse ones (False); None for neither."""
    words = {word for name in folders for word in WORD.findall(name.lower())}
    return True if words & GOOD else False if words & WORSE else None


def _paired(root: Path, files: Sequence[Path]) -> tuple[list[Pair], list[LeftOut]]:
    """Worse and good pictures of equal names in the same part.

    Raises:
        InputError: No folder is called after one of both.
    """
    good, worse = dict[Key, Path](), dict[Key, Path]()
    twice = list[LeftOut]()
    for path in files:
        folders = path.relative_to(root).parts[:-1]
        if (good_one := side(folders)) is None:
            continue
        rest = tuple(name.lower() for name in folders if side((name,)) is None and not SCALE.fullmatch(name.lower()))
        same = (good if good_one else worse).setdefault((part_around(folders), rest, path.stem.lower()), path)
        if same != path:
            twice.append(LeftOut(str(path), ALONE, f"'{same.name}' has its name"))
    if not good or not worse:
        raise InputError(
            f"'{root}' has no pairs: put the worse pictures into input/ and the good ones, of the same names, into "
            "target/, maybe below train/ and test/; or say how good ones become worse, as in `degrade='bicubic:3'`"
        )
    pairs = [(path, worse[key], key[0]) for key, path in good.items() if key in worse]
    both = ((good, worse), (worse, good))
    lone = [{key: path for key, path in one.items() if key not in other} for one, other in both]
    named = [{(part, rest, _key(stem)): path for (part, rest, stem), path in one.items()} for one in lone]
    pairs += [(path, named[1][key], key[0]) for key, path in named[0].items() if key in named[1]]
    used = {path for one in pairs for path in one[:2]}
    alone = [path for one in lone for path in one.values() if path not in used]
    found = [Pair(path, part, worse=other) for path, other, part in pairs]
    return found, [*twice, *(LeftOut(str(path), ALONE, "no picture of its name is beside it") for path in alone)]


def _key(stem: str) -> str:
    """A name without the words that say which of a pair it is: `norain-017` and `rain-017`, `0001` and `0001x2`."""
    stem = re.sub(r"(?<=\d)x[2-8]$", "", stem)
    return re.sub(r"[a-z]+", lambda word: "" if word[0] in GOOD | WORSE else word[0], stem.lower()).strip(" _-.")


def _scale(pairs: Sequence[Pair], sizes: Mapping[Path, tuple[int, ...]]) -> tuple[int, list[LeftOut]]:
    """How many times larger the good pictures are in the pair in the middle, and the pairs that are otherwise."""
    ratios = {pair.good: _ratio(pair.size, sizes[pair.worse]) for pair in pairs if pair.worse}
    known = sorted(ratio for ratio in ratios.values() if ratio)
    scale = known[len(known) // 2] if known else 1
    why = {pair.good: f"{_x(pair.size)}, and its pair is {_x(sizes[pair.worse])}" for pair in pairs if pair.worse}
    return scale, [LeftOut(str(path), UNFIT, why[path]) for path, ratio in ratios.items() if ratio != scale]


def _ratio(good: Sequence[int], worse: Sequence[int]) -> int:
    """How many times larger, along both axes; 0 where that is no whole number."""
    factor = max(1, good[0] // max(1, worse[0]))
    return factor if all(have == factor * small for have, small in zip(good, worse, strict=True)) else 0


def _x(size: Sequence[int]) -> str:
    return "x".join(map(str, size))


def summed_up(pairs: Sequence[Pair]) -> str:
    """How many there are, of which sizes, and of which parts."""
    sizes = sorted({pair.size for pair in pairs})
    span = _x(sizes[0]) + (f" to {_x(sizes[-1])}" if len(sizes) > 1 else "")
    return f"{len(pairs):,} pictures, {span}: {parts_said(pair.part for pair in pairs)}"
