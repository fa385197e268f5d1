"""Frames held out of clips follow each other, and no frame is in two folds."""

import pytest

from striate.data.framed import beside, ends_of, fold_of_clips, lasting, share_of
from striate.errors import InputError


def test_of_few_clips_the_end_of_each_is_held_out() -> None:
    clips = [0] * 20 + [1] * 8 + [2] * 3
    assert ends_of(clips, 0.1, "0") == [18, 19, 27, 30]


def test_of_many_clips_whole_ones_are_held_out() -> None:
    clips = [number for number in range(20) for _ in range(5)]
    chosen = ends_of(clips, 0.1, "0")
    assert len(chosen) == 10
    assert {row // 5 for row in chosen} == {chosen[0] // 5, chosen[-1] // 5}
    assert len({tuple(ends_of(clips, 0.1, str(key))) for key in range(5)}) > 1


def test_a_clip_of_one_frame_keeps_it() -> None:
    assert ends_of([0], 0.5, "") == []


def test_clips_too_short_to_be_divided_are_held_out_whole_or_kept() -> None:
    assert ends_of([0] * 20 + [1] * 3, 0.1, "0", gap=2) == [18, 19]
    assert ends_of([0] * 3 + [1] * 3, 0.1, "0", gap=2) in ([0, 1, 2], [3, 4, 5])
    assert ends_of([0] * 3, 0.1, "0", gap=2) == []


@pytest.mark.parametrize("before", [1, 2, 5, 12, 40])
def test_none_is_chosen_later_that_was_not_before(before: int) -> None:
    first = [(clip, frame) for clip in range(before) for frame in range(20)]
    later = [(clip, frame) for clip in range(before + 30) for frame in range(33 if clip == before - 1 else 20)]
    chosen, again = (
        {frames[row] for row in lasting([clip for clip, _ in frames], before, 0.1, "pong", gap=3)}
        for frames in (first, later)
    )
    assert 0 < len(chosen) < len(first)
    assert again
    assert again & set(first) <= chosen


def test_whole_clips_that_last_are_about_the_share() -> None:
    chosen = lasting([clip for clip in range(2000) for _ in range(2)], 2000, 0.1, "pong")
    assert len(chosen) == pytest.approx(400, rel=0.15)
    assert len(lasting([0, 0, 1, 1], 20, 0.1, "pong")) == 2
    assert lasting([0, 0, 0], 1, 0.1, "pong", gap=3) == []


def test_those_beside_the_chosen_are_of_their_clip() -> None:
    clips = [0] * 6 + [1] * 6
    assert beside(clips, {5, 9}, 2) == {3, 4, 7, 8, 10, 11}
    assert beside(clips, {5, 9}, 0) == set()


@pytest.mark.parametrize("clips", [[0] * 7 + [1] * 5, [0, 0, 1, 1, 2, 2, 3, 3]])
def test_folds_share_out_all_frames(clips: list[int]) -> None:
    folds = [fold_of_clips(clips, number, 3) for number in (1, 2, 3)]
    assert sorted(row for fold in folds for row in fold) == list(range(len(clips)))
    for fold in folds:
        for number in set(clips):
            rows = [row for row in fold if clips[row] == number]
            assert rows == list(range(rows[0], rows[0] + len(rows))) if rows else True


@pytest.mark.parametrize("fraction", [0, 1, -0.5])
def test_no_share_is_refused(fraction: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        share_of(5, fraction)
