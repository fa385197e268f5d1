"""Frames that are held out of clips: those that follow each other, as neighbours are nearly the same picture.

>>> clips = [0] * 10 + [1] * 5
>>> ends_of(clips, 0.2, "0")
[8, 9, 14]
>>> fold_of_clips(clips, 1, 5)
[0, 1, 10]
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from hashlib import sha256

from striate.errors import InputError


def share_of(count: int, fraction: float) -> int:
    """How many of so many are a share of them: at least one, and not all.

    Raises:
        InputError: The share is not between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise InputError(f"the share to hold out must be between 0 and 1; got {fraction}")
    return min(max(1, round(fraction * count)), count - 1)


def ends_of(clips: Sequence[int], fraction: float, key: str, gap: int = 0) -> list[int]:
    """Positions of about this share of the frames: whole clips where there are enough, else the end of each clip.

    A clip that is too short to be divided is not; where all are, a whole one is taken. Of one such clip it is none.

    Args:
        clips: The number of the clip of each frame; the frames of a clip are in order.
        fraction: The share, between 0 and 1.
        key: Chooses the clips; the same chooses the same.
        gap: How many frames before an end belong to neither part.

    Raises:
        InputError: The share is not between 0 and 1.
    """
    whole = _frames(clips)
    divided = _ends(whole, fraction, gap)
    if fraction * len(whole) >= 1 or (len(whole) > 1 and not divided):
        order = sorted(range(len(whole)), key=lambda number: sha256(f"{key} {number}".encode()).digest())
        return sorted(row for number in order[: share_of(len(whole), fraction)] for row in whole[number])
    return sorted(row for end in divided for row in end)


def lasting(clips: Sequence[int], before: int, fraction: float, key: str, gap: int = 0) -> list[int]:
    """Positions as of `ends_of`, of clips that grow and to which others are added: none is chosen that was not before.

    Whole clips are each chosen by their own number, so that the share is met less well.

    Args:
        clips: The number of the clip of each frame; the frames of a clip are in order.
        before: How many clips there were when first asked, which decides between whole clips and the end of each.
        fraction: The share, between 0 and 1.
        key: Chooses the clips; the same chooses the same.
        gap: How many frames before an end belong to neither part.

    Raises:
        InputError: The share is not between 0 and 1.
    """
    divided = _ends(_frames(clips), fraction, gap)
    if fraction * before < 1 and divided:
        return sorted(row for end in divided for row in end)
    hashes = {clip: sha256(f"{key} {clip}".encode()).digest() for clip in clips}
    below = sum(int.from_bytes(found) < fraction * 2**256 for found in hashes.values())
    chosen = {*sorted(hashes, key=hashes.__getitem__)[: min(max(1, below), len(hashes) - 1)]}
    return [row for row, clip in enumerate(clips) if clip in chosen]


def _ends(whole: Sequence[Sequence[int]], fraction: float, gap: int) -> list[Sequence[int]]:
    """The end of each clip that is long enough to be divided."""
    ends = [rows[len(rows) - share_of(len(rows), fraction) :] for rows in whole]
    return [end for end, rows in zip(ends, whole, strict=True) if end and len(rows) > len(end) + gap]


def beside(clips: Sequence[int], chosen: Set[int], gap: int) -> set[int]:
    """Positions of frames that are not chosen and at most `gap` from one of their clip that is.

    >>> sorted(beside([0, 0, 0, 0, 1], {3}, 2))
    [1, 2]
    """
    near = ((row, row + step) for row in chosen for step in range(-gap, gap + 1))
    return {other for row, other in near if 0 <= other < len(clips) and clips[other] == clips[row]} - chosen


def fold_of_clips(clips: Sequence[int], number: int, count: int) -> list[int]:
    """Positions in a fold, from 1 to `count`: whole clips where there are as many, else a stretch of each clip."""
    whole = _frames(clips)
    if len(whole) >= count:
        return sorted(row for rows in whole[number - 1 :: count] for row in rows)
    stretches = (rows[(number - 1) * len(rows) // count : number * len(rows) // count] for rows in whole)
    return sorted(row for rows in stretches for row in rows)


def _frames(clips: Sequence[int]) -> list[list[int]]:
    """The positions of the frames of each clip."""
    found: dict[int, list[int]] = {}
    for row, clip in enumerate(clips):
        found.setdefault(clip, []).append(row)
    return [*found.values()]
