"""Frames held out of clips follow each other, and no frame is in two folds."""

import pytest

from striate.data.framed import beside, ends_of, fold_of_clips, share_of
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
