"""Clips that are found under a folder, and those that a user hands over: folders of frames and video files."""

from pathlib import Path
from typing import Any

import pytest

from striate.data.clips import find, in_parts
from striate.data.filming import Writer
from striate.errors import InputError
from striate.tasks import known
from striate.tasks.task import Wish
from tests.clips import clip, pictures


def film(path: Path, count: int = 4) -> Path:
    """A video in a folder of its own or beside others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Writer(path) as writer:
        for pixels in pictures(count):
            writer.add(pixels)
    return path


def test_videos_are_found_under_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path / "set" / "train" / "walk.mp4")
    film(tmp_path / "set" / "train" / ".hidden.mp4")
    clip(tmp_path / "set" / "train" / "a", 4)
    monkeypatch.chdir(tmp_path)
    found = find(Path("set"), hold_out=False)
    assert [one.place for one in found.clips] == [Path("set/train/a"), Path("set/train/walk.mp4")]
    assert [one.path for one in found.left_out] == ["train/.hidden.mp4"]


def test_a_folder_of_videos_alone_is_read(tmp_path: Path) -> None:
    film(tmp_path / "films" / "a.mp4")
    film(tmp_path / "films" / "b.mp4")
    (tmp_path / "films" / "about.txt").write_text("two films")
    names = [[Path(frame.path).name for frame in part] for part in in_parts([tmp_path / "films"])]
    assert sorted({name for part in names for name in part}) == ["a.mp4", "b.mp4"]


def test_a_folder_of_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "about.txt").write_text("nothing")
    with pytest.raises(InputError, match="no image in"):
        list(in_parts([tmp_path]))


def damaged(path: Path) -> Path:
    """A video in whose middle some bytes are others."""
    film(path, 60)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = bytes(300)
    path.write_bytes(content)
    return path


OPENED = [("restore", "degrade", "noise:5", 3), ("interpolate", "", "", 6)]


def opened(root: Path, task: str, key: str, value: str, channels: int, bad: str = "skip") -> Any:
    how = {key: value} if key else {}
    return known.opened(root, Wish((channels, None, None), bad=bad, maps=1, **how), task)[1]  # type: ignore[arg-type]


@pytest.mark.parametrize("how", OPENED, ids=["restore", "interpolate"])
def test_a_frame_that_can_t_be_decoded_is_passed_over_and_a_line_says_so(tmp_path: Path, how: Any) -> None:
    damaged(tmp_path / "train" / "a.mp4")
    film(tmp_path / "train" / "b.mp4", 9)
    (tmp_path / "train" / "c.mp4").write_text("no video")
    found = opened(tmp_path, *how)
    parts = [part for part in (found.train, found.validation, found.test) if part is not None]
    names = [part.name(row) for part in parts for row in range(len(part)) if "a.mp4" in part.name(row)]
    assert 10 < len(names) < 58
    assert any("a.mp4 is damaged in " in line and "the rest of it is used" in line for line in found.notes)
    assert [(one.path, "Invalid data" in one.reason) for one in found.left_out] == [("train/c.mp4", True)]
    with pytest.raises(InputError, match=r"a\.mp4"):
        opened(tmp_path, *how, bad="refuse")


@pytest.mark.parametrize("how", OPENED, ids=["restore", "interpolate"])
def test_a_video_that_can_t_be_read_beside_folders_of_frames(tmp_path: Path, how: Any) -> None:
    clip(tmp_path / "train" / "a", 9)
    (tmp_path / "train" / "c.mp4").write_text("no video")
    found = opened(tmp_path, *how)
    assert [(one.path, "Invalid data" in one.reason) for one in found.left_out] == [("train/c.mp4", True)]
