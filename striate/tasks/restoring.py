"""Data to learn to restore pictures or frames from, as the task of them reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from striate.data import lazy
from striate.data.clips import Clip as Film
from striate.data.clips.finding import filmed, videos_in
from striate.data.dataset import with_test
from striate.data.examples import Opened, Schema, Table, opened_in
from striate.data.files import walk
from striate.data.kinds import Image
from striate.data.lazy import Lazy
from striate.data.left_out import LeftOut, below, said
from striate.data.levels import Levels
from striate.data.parts import PARTS
from striate.data.restoring import Pair, Pictures, find
from striate.data.restoring.clips import around, in_clips, in_windows
from striate.data.restoring.finding import summed_up
from striate.data.restoring.form import Form
from striate.tasks.made import GOOD
from striate.tasks.pictures import IMAGE

if TYPE_CHECKING:
    from striate.tasks.restore import Restore

Clip = list[Pair]


def frames_under(
    root: Path, paired: bool, bad: Literal["skip", "refuse"], progress: bool, least: int, levels: Levels | None
) -> Pictures:
    """The frames under a folder, in files and in videos; the arguments are those of `find`.

    Raises:
        InputError: As for `find`, or the videos take too much memory.
    """
    files = walk(root)
    clips, unread, damaged = filmed(root, [] if paired else videos_in(files), bad)
    pairs = [pair for clip in clips for pair in _pairs(clip)]
    broken = [LeftOut(below(one.path, root), one.kind, one.reason) for one in unread]
    if pairs and not files.images:
        notes = [summed_up(pairs), *damaged] + ([said(broken)] if broken else [])
        return Pictures(tuple(pairs), tuple(broken), tuple(notes))
    found = find(root, paired, bad, progress, least, levels)
    videos = {*(below(str(clip.place), root) for clip in clips), *(one.path for one in broken)}
    if not videos:
        return found
    left_out = (*(one for one in found.left_out if one.path not in videos), *broken)
    notes = [summed_up([*found.pairs, *pairs]), *damaged] + ([said(left_out)] if left_out else [])
    return replace(found, pairs=(*found.pairs, *pairs), left_out=left_out, notes=tuple(notes))


def _pairs(clip: Film) -> Iterator[Pair]:
    """The frames of a video, as good pictures."""
    for name, size, pixels in zip(clip.names, clip.sizes, clip.held, strict=True):
        assert size
        yield Pair(Path(name), clip.part, size, pixels=pixels)


def opened_for(task: Restore, root: Path, source: str, found: Pictures, hold_out: bool) -> Opened:
    """Pictures; or, for a network that reads several frames, clips of them."""
    of_part = {part: in_order(found.of(part), task) for part in PARTS}
    parts, decided = with_test(of_part, lambda pair: pair.good, root, hold_out, clips_of(of_part["train"], task))
    hold = sum(8 * task.channels * pair.size[0] * pair.size[1] for pair in found.pairs) <= lazy.MEMORY
    pixels = replace(task.pixels, levels=found.levels)
    tables = {part: _table(pairs, task, pixels, hold) for part, pairs in parts.items() if pairs}
    schema = Schema({IMAGE: Image()}, {GOOD: Image(task.scale)})
    opened = replace(opened_in(root, source, schema, tables, found, decided), levels=found.levels)
    if task.frames == 1:
        return opened
    notes = (*opened.notes, *(f"{opened.name}: {line}" for line in _told(in_clips(found.pairs), task.frames)))
    return replace(opened, clips=clips_of(parts["train"], task), notes=notes)


def in_order(pairs: Sequence[Pair], task: Restore) -> Sequence[Pair]:
    """Pictures as they are, frames clip by clip."""
    return pairs if task.frames == 1 else [pair for clip in in_clips(pairs) for pair in clip]


def clips_of(pairs: Sequence[Pair], task: Restore) -> list[int]:
    """The number of the clip of each frame; () of pictures."""
    return [] if task.frames == 1 else [number for number, clip in enumerate(in_clips(pairs)) for _ in clip]


def _told(clips: Sequence[Clip], span: int) -> Iterator[str]:
    """What there is to know of clips, a line each."""
    counts = sorted(len(clip) for clip in clips)
    many = f"{len(clips)} clip{'s' * (len(clips) > 1)} of {counts[0]:,}"
    many += f" to {counts[-1]:,} frames" if counts[-1] > counts[0] else f" frame{'s' * (counts[0] > 1)}"
    yield (
        f"{many}, each read with its {span - 1} neighbours; at the ends of a clip its last frame stands in for them, "
        "and of few clips the end of each is held out to validate, as frames that follow each other are alike"
    )
    alone = [clip[0] for clip in clips if len(clip) == 1]
    if alone:
        yield f"clips of one frame, which is its own neighbour: {len(alone)}, the first '{alone[0].good.name}'"
    broken = [after[0] for before, after in pairwise(clips) if before[0].clip == after[0].clip]
    if broken:
        size = "x".join(map(str, broken[0].size))
        yield f"frames of unequal size: where it changes, first at '{broken[0].good.name}' to {size}, a clip ends"


def _table(pairs: Sequence[Pair], task: Restore, pixels: Form, hold: bool) -> Table:
    """Worse and good pictures: in memory where all fit, else rendered when they are asked for."""
    pairs = in_order(pairs, task)
    paths, shape = tuple(str(pair.good) for pair in pairs), (task.channels, 0, 0)
    afresh = pixels.worse if pixels.degrade.drawn and task.frames == 1 else None  # frames of a clip stay as they are
    worse = Lazy(paths, pixels.worse, shape, items=tuple(pairs), afresh=afresh)
    columns = {IMAGE: worse, GOOD: Lazy(paths, pixels.good, shape, items=tuple(pairs))}
    columns = {name: column.hold() if hold else column for name, column in columns.items()}
    if task.frames > 1:
        counts = [len(clip) for clip in in_clips(pairs)]
        firsts = np.cumsum([0, *counts])[:-1]
        places = [first + around(count, task.frames) for first, count in zip(firsts, counts, strict=True)]
        columns[IMAGE] = in_windows(columns[IMAGE], np.concatenate(places))
    return Table(columns, paths)
