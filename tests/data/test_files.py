import os
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.data import images_under
from striate.errors import InputError


def test_files_are_found_recursively_and_sorted(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.JPG", "a/deep/er/3.webp", "c.tiff"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("a/notes.txt", ".hidden.png", "a/._1.png", "__MACOSX/x.png", ".cache/x.png", "Thumbs.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in images_under([tmp_path])]
    assert found == ["a/deep/er/3.webp", "b/1.JPG", "b/2.png", "c.tiff"]


def test_named_files_come_in_the_order_given_whatever_their_name(tmp_path: Path) -> None:
    names = ["z.png", "scan", ".hidden.png"]
    for name in names:
        (tmp_path / name).touch()
    assert images_under([str(tmp_path / name) for name in names]) == [tmp_path / name for name in names]


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(InputError, match=r"no file or folder '.*b\.png'"):
        images_under([tmp_path / "a.png", tmp_path / "b.png"])


@pytest.mark.parametrize("paths", [[], ["."]])
def test_nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no image in"):
        images_under(paths)


def test_loops_and_pipes_do_not_hang(tmp_path: Path, draw: Callable[..., Path]) -> None:
    image = draw(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self.png").symlink_to("self.png")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    assert images_under([tmp_path]) == [image, tmp_path / "a" / "self.png"]
