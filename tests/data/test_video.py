"""Videos, frame by frame: what is written is read, a few frames at a time, and what is no video is told."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from striate.data.filming import Writer
from striate.data.opening import ImageError
from striate.data.video import AT_ONCE, Frame, frames, in_parts, is_video, rate_of
from striate.errors import InputError

SIZE = (32, 48)


def clip(path: Path, count: int = 10, size: tuple[int, int] = SIZE) -> Path:
    """A bright square that goes to the right."""
    with Writer(path, Fraction(10)) as writer:
        for number in range(count):
            pixels = np.full((*size, 3), 40, np.uint8)
            pixels[8:24, number : number + 16] = 220
            writer.add(pixels)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv"])
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    path = clip(tmp_path / f"clip{suffix}")
    found = list(frames(path))
    assert [one.name for one in found] == [f"{path}[{number}]" for number in range(10)]
    for one in found:
        assert one.pixels.shape == (*SIZE, 3)
        assert one.pixels[16, one.number + 8].min() > 180
        assert one.pixels[16, one.number + 24].max() < 80
    assert rate_of(path) == 10


def test_odd_sides_lose_a_row_or_a_column(tmp_path: Path) -> None:
    (one, *_) = frames(clip(tmp_path / "odd.mp4", 2, (33, 49)))
    assert one.pixels.shape == (32, 48, 3)


def test_frames_are_asked_about_a_few_at_a_time_and_all_else_before(tmp_path: Path) -> None:
    path = clip(tmp_path / "long.mp4", AT_ONCE + 5)
    parts = list(in_parts([str(path), "a.png", "b.png"]))
    assert parts[0] == ["a.png", "b.png"]
    assert [len(part) for part in parts[1:]] == [AT_ONCE, 5]
    assert all(isinstance(one, Frame) for one in parts[1])
    assert list(in_parts([])) == [[]]


@pytest.mark.parametrize("content", [b"", b"no video at all", None])
def test_what_is_no_video_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageError, match=r"clip\.mp4"):
        list(frames(path))


def test_a_truncated_video_gives_the_frames_that_are_there(tmp_path: Path) -> None:
    path = clip(tmp_path / "clip.mkv", 60)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 0 < len(list(frames(path))) < 60


def test_without_pyav_a_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(InputError, match=r"striate\[video\]"):
        list(frames(tmp_path / "clip.mp4"))


def test_a_file_of_series_is_no_video(tmp_path: Path) -> None:
    """Both end in .ts: a transport stream begins with G."""
    for content, video in ((b"@data\n", False), (b"# comment", False), (b"G@\x00", True), (b"", True)):
        (tmp_path / "a.ts").write_bytes(content)
        assert is_video(tmp_path / "a.ts") == video
    assert is_video("nowhere.ts")
