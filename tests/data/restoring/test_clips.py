"""Windows of frames: which frames they hold, that each is there once, and that none reaches into another clip."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from striate.data.lazy import Lazy
from striate.data.restoring import Pair
from striate.data.restoring.clips import Windows, around, in_clips, in_windows, windows_of


def values_of(pair: Pair) -> NDArray[np.float32]:
    """A map whose value is the number in the file's name."""
    return np.full((1, 2, 2), float(pair.good.stem), np.float32)


def column(count: int, held: bool = False) -> Lazy:
    pairs = tuple(Pair(Path(f"a/{number}.png"), "train", (2, 2)) for number in range(count))
    made = Lazy(tuple(str(pair.good) for pair in pairs), values_of, (1, 0, 0), items=pairs)
    return made.hold() if held else made


@pytest.mark.parametrize("span", [1, 3, 5])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_windows_are_the_neighbours_and_the_edge_repeats(count: int, span: int) -> None:
    padded = np.pad(np.arange(count), span // 2, mode="edge")
    expected = [list(padded[row : row + span]) for row in range(count)]
    assert around(count, span).tolist() == expected
    assert [list(window) for window in windows_of(range(count), span)] == expected


def test_few_frames_are_in_memory_at_a_time() -> None:
    read: list[int] = []

    def frames() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    next(windows_of(frames(), 5))
    assert read == [0, 1, 2]


def test_no_frame_gives_no_window() -> None:
    assert list(windows_of([], 3)) == []


def test_numbers_in_names_decide_the_order_and_a_new_size_begins_a_clip() -> None:
    sizes = {"b/1": (4, 4), "a/10": (4, 4), "a/9": (4, 6), "a/2": (4, 6)}
    clips = in_clips([Pair(Path(f"{name}.png"), "train", size) for name, size in sizes.items()])
    assert [[str(pair.good) for pair in clip] for clip in clips] == [["a/2.png", "a/9.png"], ["a/10.png"], ["b/1.png"]]


def test_frames_of_two_videos_in_a_folder_are_two_clips() -> None:
    clips = in_clips([Pair(Path(f"a/{name}.mp4[{n}]"), "train") for name in ("x", "y") for n in (0, 10, 9)])
    assert [[pair.good.name for pair in clip] for clip in clips] == [
        [f"{name}.mp4[{n}]" for n in (0, 9, 10)] for name in ("x", "y")
    ]


@pytest.mark.parametrize("held", [False, True])
def test_a_window_is_the_frames_one_after_the_other(held: bool) -> None:
    made = in_windows(column(4, held), around(4, 3))
    assert made.read(range(4))[:, :, 0, 0].tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]
    part = made.part([3, 1])
    assert part.read([0, 1])[:, :, 0, 0].tolist() == [[2, 3, 3], [0, 1, 2]]
    assert part.plus(made.part([0])).read([2])[0, :, 0, 0].tolist() == [0, 0, 1]
    assert part.digest() != made.digest()


def test_each_frame_is_held_once() -> None:
    made = in_windows(column(6, held=True), around(6, 5))
    assert isinstance(made.held, Windows)
    assert len(made.held.frames) == 6
    assert made.part([1, 2]).held.frames is made.held.frames  # type: ignore[attr-defined]
