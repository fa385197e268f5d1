"""Clips to learn from, found under a folder: each folder that holds frames is one, and each video file.

Frames of a folder follow each other in the order of the numbers in their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from .. import lazy
from ..amounts import so_many
from ..dataset import ALL, TEST_SHARE, held_out
from ..files import Found, counted, unreadable, walk
from ..image import decode, header
from ..left_out import LeftOut, below, said
from ..levels import Levels
from ..many import Many
from ..opening import ImageError
from ..parts import Part, part_around, parts_said
from ..pictures import as_header, levelled
from ..video import SUFFIXES, frames
from ..workers import Workers

Size = tuple[int, int]
WHOLE = 10  # clips from which on whole ones are held out
SHORT = "clip of fewer than three frames"


@dataclass(frozen=True, eq=False)
class Clip:
    """Frames that follow each other.

    Attributes:
        place: The folder or the file.
        part: The part of the data that it is in.
        names: Of the frames.
        sizes: (height, width) of each; None of one that can't be read.
        held: The frames (3, H, W) of a video; those of a folder stay in their files.
        levels: What is black and white in files of more than 8 bits.
    """

    place: Path
    part: Part
    names: tuple[str, ...]
    sizes: tuple[Size | None, ...]
    held: tuple[NDArray[np.uint8], ...] = ()
    levels: Levels | None = None

    def frame(self, number: int) -> NDArray[np.uint8]:
        """(3, H, W) of a frame, from 0.

        Raises:
            ImageError: It can't be read.
        """
        return self.held[number] if self.held else decode(Path(self.names[number]), channels=3, levels=self.levels)

    def run(self, first: int, end: int, part: Part) -> Clip:
        """Its frames from the first to before the end, as a clip of another part."""
        some = slice(first, end)
        return replace(self, part=part, names=self.names[some], sizes=self.sizes[some], held=self.held[some])


@dataclass(frozen=True)
class Clips:
    """What is found.

    Attributes:
        clips: In the order of their names, each in its part.
        left_out: What was not read; paths relative to the folder.
        notes: What was decided, a sentence each.
        levels: What is black and white in files of more than 8 bits.
    """

    clips: tuple[Clip, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    levels: Levels | None = None

    def of(self, part: Part) -> list[Clip]:
        """Those of a part."""
        return [clip for clip in self.clips if clip.part == part]


def find(
    root: Path,
    bad: Literal["skip", "refuse"] = "skip",
    progress: bool = False,
    hold_out: bool = True,
    levels: Levels | None = None,
) -> Clips:
    """The clips under `root`, with parts to train on, to validate and to test by.

    Args:
        root: A folder.
        bad: Whether a frame that can't be read is left out, or is an error.
        progress: Whether to draw it.
        hold_out: Without a test part, whether some is held out as one; else all of it is judged.
        levels: What is black and white in files of more than 8 bits, where a run has learned that.

    Raises:
        InputError: There are none; or with "refuse", a frame can't be read or a clip is too short.
    """
    found = walk(root)
    of_folders, left_out, levels, told = _folders(root, found.images, progress, levels)
    of_videos, broken, damaged = filmed(root, videos_in(found), bad)
    every = [*of_folders, *of_videos]
    short = [LeftOut(str(clip.place), SHORT, f"it has {len(clip.names)}") for clip in every if len(clip.names) < 3]
    left_out = [*left_out, *broken, *short]
    if bad == "refuse" and left_out:
        raise InputError(f"'{left_out[0].path}': {left_out[0].reason}; correct it, or leave it out")
    clips = sorted((clip for clip in every if len(clip.names) > 2), key=lambda clip: counted(clip.place))
    if not clips:
        first = f"; the first: '{below(left_out[0].path, root)}' ({left_out[0].reason})" if left_out else ""
        raise InputError(f"no folder of frames and no video under '{root}' has three frames{first}")
    apart, decided = parted(clips, root, hold_out)
    read = {*(str(clip.place) for clip in of_videos), *(one.path for one in broken)}
    others = [one for one in found.left_out if one.path not in read]
    left_out = [LeftOut(below(one.path, root), one.kind, one.reason) for one in (*others, *left_out)]
    count = sum(len(clip.names) for clip in clips)
    parts = parts_said(c.part for c in apart for _ in c.names)
    first = f"{so_many(count, 'frames')} in {so_many(len(clips), 'clips')}: {parts}"
    notes = [first, *told, *decided, *damaged] + ([said(left_out)] if left_out else [])
    return Clips(tuple(apart), tuple(left_out), tuple(notes), levels)


def videos_in(found: Found) -> list[Path]:
    """The video files that were found beside images; hidden ones are none."""
    return [Path(one.path) for one in found.left_out if one.kind in SUFFIXES]


def parted(clips: Sequence[Clip], root: Path, hold_out: bool) -> tuple[list[Clip], list[str]]:
    """The clips with a part to test by, and what was decided; those to validate by are chosen later.

    Neighbouring frames are nearly alike, so what is held out are whole clips, or of few clips the end of each.
    """
    made, notes = list(clips), list[str]()
    parts = {clip.part for clip in made}
    if "test" not in parts and not hold_out:
        judged = "validation" if "validation" in parts else "train"
        made = [replace(clip, part="test") if clip.part == judged else clip for clip in made]
        notes += [ALL] if judged == "train" else []
    elif "test" not in parts and "train" in parts:
        made, note = _held_out(made, root)
        notes.append(note)
    return made, notes


def _held_out(clips: Sequence[Clip], root: Path) -> tuple[list[Clip], str]:
    """Some of what is trained on as the test part: whole clips, or of few the ends of those that are long enough."""
    train = [clip for clip in clips if clip.part == "train"]
    others = [clip for clip in clips if clip.part != "train"]
    ends = [max(3, round(TEST_SHARE * len(clip.names))) for clip in train]
    cuts = [len(clip.names) - end * (len(clip.names) >= 3 * end) for clip, end in zip(train, ends, strict=True)]
    held = [clip.run(cut, len(clip.names), "test") for clip, cut in zip(train, cuts, strict=True)]
    held = [clip for clip in held if clip.names]
    if len(train) >= WHOLE or (len(train) > 1 and not held):
        keys = [clip.place.relative_to(root).as_posix() for clip in train]
        chosen = set(held_out([0] * len(train), keys, TEST_SHARE))
        train = [replace(clip, part="test") if row in chosen else clip for row, clip in enumerate(train)]
        many = f"{len(chosen)} whole clip{'s are' if len(chosen) > 1 else ' is'}"
        return [*train, *others], f"{many} the test part, by name"
    if not held:
        return list(clips), "the one clip is too short for some of it to be held out, so there is no test part"
    kept = [clip.run(0, cut, "train") for clip, cut in zip(train, cuts, strict=True)]
    frames = sum(len(clip.names) for clip in held)
    return [*kept, *held, *others], f"the last {frames} frames of {len(held)} clips are the test part"


def _folders(
    root: Path, files: Sequence[Path], progress: bool, levels: Levels | None
) -> tuple[list[Clip], list[LeftOut], Levels | None, tuple[str, ...]]:
    """A clip of each folder with frames, the frames that can't be read, what is black and white, and what to say."""
    ordered = sorted(files, key=counted)
    with Workers(len(ordered)) as workers:
        many = Many(root.resolve().name, root, ordered, workers, progress)
        facts = many.facts("sizes", partial(header))
        heads = [as_header(value) if value else None for value, _ in facts]
        levels, odd, notes = levelled(many, heads, levels)
    reasons = [reason or odd.get(row) for row, (_, reason) in enumerate(facts)]
    rows = zip(ordered, heads, reasons, strict=True)
    about = {path: (None if why or not head else head.size, why) for path, head, why in rows}
    clips = []
    for place, some in groupby(ordered, key=lambda path: path.parent):
        names = list(some)
        sizes = tuple(about[name][0] for name in names)
        part = part_around(place.relative_to(root).parts)
        clips.append(Clip(place, part, tuple(map(str, names)), sizes, levels=levels))
    return clips, [unreadable(path, why) for path, (_, why) in about.items() if why], levels, notes


def filmed(root: Path, files: Sequence[Path], bad: str) -> tuple[list[Clip], list[LeftOut], list[str]]:
    """A clip of each video, in memory; those of which no frame can be read; and what is damaged, a line each.

    A frame that can't be decoded is passed over, and those around it are neighbours then.

    Raises:
        InputError: They are too large, or with "refuse" one is damaged.
    """
    clips, left_out, notes, room = list[Clip](), list[LeftOut](), list[str](), lazy.MEMORY
    for path in sorted(files, key=counted):
        held = list[NDArray[np.uint8]]()
        try:
            for frame in frames(path, None if bad == "refuse" else notes.append):
                held.append(np.ascontiguousarray(frame.pixels.transpose(2, 0, 1)))
                room -= held[-1].nbytes
                if room < 0:
                    raise InputError(
                        f"the videos under '{root}' take more than {lazy.MEMORY >> 20:,} MiB of memory; write their "
                        "frames into folders, as ffmpeg -i street.mp4 street/%05d.png does"
                    )
        except ImageError as error:
            if bad == "refuse":
                raise
            if not held:
                left_out.append(unreadable(path, error.reason))
                continue
            notes.append(f"{error}; the {len(held)} frames before that are used")
        names = tuple(f"{path}[{number}]" for number in range(len(held)))
        sizes = tuple((one.shape[1], one.shape[2]) for one in held)
        clips.append(Clip(path, part_around(path.relative_to(root).parts[:-1]), names, sizes, tuple(held)))
    return clips, left_out, notes
