"""Entries come whole or not at all, the oldest go first, and nothing the cache cannot do ends a training."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.native import cache

DATA = bytes(range(256)) * 40


def put(root: Path, name: str, data: bytes = DATA) -> Path:
    """Keeps an entry `name` that holds `data`."""
    with cache.workspace(root) as place:
        (place / name).mkdir()
        (place / name / "library.so").write_bytes(data)
        (place / name / "net.c").write_text("int one;")
        return cache.keep(place / name, name, "library.so", root, {"target": "plain"})


def find(root: Path, name: str) -> Path | None:
    cache._used.clear()
    return cache.find(name, "library.so", root)


def age(root: Path, name: str, seconds: float) -> None:
    """Makes the entry look as if it was used `seconds` ago, by another process."""
    cache._used.discard(root / name)
    os.utime(root / name, (time.time() - seconds,) * 2)


def test_keys_tell_where_one_part_ends() -> None:
    assert cache.key("ab", "c") != cache.key("a", "bc")
    assert cache.key("a\udcff.c") != cache.key("a.c")  # a path that is not UTF-8


def test_what_is_kept_is_found_with_its_source(tmp_path: Path) -> None:
    kept = put(tmp_path, "one")
    assert find(tmp_path, "one") == kept == tmp_path / "one" / "library.so"
    assert kept.read_bytes() == DATA
    assert (kept.parent / "net.c").read_text() == "int one;"
    assert find(tmp_path, "two") is None
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


@pytest.mark.parametrize("left", [0, 1, len(DATA) // 2, len(DATA) - 1])
def test_an_entry_cut_short_is_removed_and_said(tmp_path: Path, left: int) -> None:
    lines: list[str] = []
    os.truncate(put(tmp_path, "one"), left)
    assert cache.find("one", "library.so", tmp_path, lines.append) is None
    assert lines == [f"{tmp_path / 'one'} was not whole: compiling it again"]
    assert list(tmp_path.iterdir()) == []


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    kept = put(tmp_path, "one")
    kept.write_bytes(DATA[:99] + bytes([DATA[99] ^ 1]) + DATA[100:])
    assert find(tmp_path, "one") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "7", '{"size": 10240}', '{"size": 10240, "sha256": null}'])
def test_an_entry_whose_description_is_broken_is_removed(tmp_path: Path, text: str) -> None:
    (put(tmp_path, "one").parent / cache.ABOUT).write_text(text)
    assert find(tmp_path, "one") is None
    assert not (tmp_path / "one").exists()


def test_the_second_of_two_takes_what_the_first_kept(tmp_path: Path) -> None:
    first, second = put(tmp_path, "one"), put(tmp_path, "one", b"made later")
    assert first == second
    assert second.read_bytes() == DATA


def test_losing_the_race_at_the_last_moment_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def other_is_quicker(self: Path, place: Path) -> Path:
        monkeypatch.setattr(Path, "rename", rename)
        shutil.copytree(self, place)
        return rename(self, place)  # fails: the place is taken

    monkeypatch.setattr(Path, "rename", other_is_quicker)
    assert put(tmp_path, "one").read_bytes() == DATA


def test_a_broken_entry_makes_room_for_a_whole_one(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "library.so").write_bytes(DATA)  # without its description
    assert put(tmp_path, "one", b"new").read_bytes() == b"new"


def test_a_workspace_is_gone_afterwards_even_after_an_error(tmp_path: Path) -> None:
    def half() -> None:
        with cache.workspace(tmp_path / "a" / "b") as place:
            (place / "half").write_text("made")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_is_an_os_error() -> None:
    with pytest.raises(NotADirectoryError), cache.workspace(Path(__file__) / "native"):
        pass


def nobody_s_home(_: str) -> Path:
    raise RuntimeError("could not determine the home directory")


@pytest.mark.parametrize("where", [nobody_s_home, lambda name: Path("~/.cache") / name])
def test_without_a_home_there_is_no_folder(monkeypatch: pytest.MonkeyPatch, where: Callable[[str], Path]) -> None:
    monkeypatch.setattr(cache, "user_cache_path", where)
    assert cache.folder() is None


def test_the_entries_used_longest_ago_go_first(tmp_path: Path) -> None:
    for name, seconds in [("a", 300.0), ("b", 400.0), ("c", 200.0)]:
        put(tmp_path, name)
        age(tmp_path, name, seconds)
    cache.trim(tmp_path, limit=5 * len(DATA))
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "c"}
    cache.trim(tmp_path, limit=2 * len(DATA) + 2000)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "c"}
    assert find(tmp_path, "a")  # a use makes it the youngest
    age(tmp_path, "c", 100.0)
    cache.trim(tmp_path, limit=len(DATA) + 1000)
    assert {path.name for path in tmp_path.iterdir()} == {"a"}


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    put(tmp_path, "mine")
    put(tmp_path, "theirs")
    os.utime(tmp_path / "mine", (0, 0))  # used by this process, long ago
    cache._used.discard(tmp_path / "theirs")  # used by another process just now
    cache.trim(tmp_path, limit=0)
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "theirs"}


def test_only_abandoned_workspaces_are_removed(tmp_path: Path) -> None:
    for name, seconds in [(".new-old", 2 * cache.ABANDONED), (".new-now", 5.0), (".zig", 2 * cache.ABANDONED)]:
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - seconds,) * 2)
    cache.trim(tmp_path, limit=0)
    assert {path.name for path in tmp_path.iterdir()} == {".new-now", ".zig"}


def test_failures_count_and_go_like_entries(tmp_path: Path) -> None:
    with cache.workspace(tmp_path) as place:
        (place / "bad").mkdir()
        (place / "bad" / "bad.c").write_text("int x(")
        kept = cache.keep_failure(place / "bad", "bad", tmp_path)
    assert (kept / "bad.c").read_text() == "int x("
    os.utime(kept, (0, 0))
    cache.trim(tmp_path, limit=0)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_can_only_be_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = put(tmp_path, "one")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr(cache.os, "utime", refuse)
    monkeypatch.setattr(cache.tempfile, "mkdtemp", refuse)
    monkeypatch.setattr(Path, "rename", refuse)
    assert find(tmp_path, "one") == kept
    cache._used.clear()
    cache.trim(tmp_path, limit=0)
    cache.remove(kept.parent)
    assert find(tmp_path, "one") == kept


def test_the_private_folder_leaves_with_the_process_but_for_failures() -> None:
    script = (
        "from striate.native import cache\n"
        "root = cache.private()\n"
        "(root / 'entry').mkdir(); (root / 'failed-entry').mkdir()\n"
        "print(root)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    root = Path(out.strip())
    assert [path.name for path in root.iterdir()] == ["failed-entry"]
    shutil.rmtree(root)
