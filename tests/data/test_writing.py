"""Files are written whole or not at all, and those that are read are left alone."""

from pathlib import Path

import pytest

from striate.data.writing import check_apart, check_folder, check_unread, whole
from striate.errors import InputError


def half(path: Path, error: type[BaseException]) -> None:
    """A file of which only the beginning is written."""
    with whole(path) as unfinished:
        unfinished.write_text("half")
        raise error


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_fails_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(error):
        half(path, error)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("a.txt", "before")]


def test_a_file_is_the_same_by_any_way_to_it(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a")
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png' is read"):
        check_unread(tmp_path / "a.png", [object(), tmp_path / "link.png"])
    check_unread(tmp_path / "b.png", [tmp_path / "b.png", tmp_path / "a.png"])


def test_a_folder_of_results_holds_nothing_that_is_read(tmp_path: Path) -> None:
    for name in ("in/a.png", "in/seen/b.png", "in/c.jpg", "other/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"a")
    (tmp_path / "other" / "link.png").symlink_to(tmp_path / "in" / "a.png")
    for given in ("in", "in/../in/a.png", "other"):
        with pytest.raises(InputError, match="could be written over"):
            check_apart(tmp_path / "in", [tmp_path / given], [".png"])
    check_apart(tmp_path / "in", [tmp_path / "in" / "c.jpg", tmp_path / "in" / "seen", "words"], [".png"])
    check_apart(tmp_path / "new", [tmp_path], [".png"])


@pytest.mark.parametrize("name", ["a.png", "a.MP4", "there"])
def test_a_folder_of_results_is_not_called_as_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "there").write_text("")
    with pytest.raises(InputError, match="into a folder"):
        check_folder(tmp_path / name)
    check_folder(tmp_path / "v1.2")
