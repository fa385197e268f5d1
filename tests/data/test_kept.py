"""The cache of what was decoded: whole or absent, bounded, and never in the way."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from striate.data import kept
from striate.errors import InputError

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def entries(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "decoded").iterdir())


@pytest.mark.parametrize("array", [ARRAY, np.empty(0), np.arange(3, dtype=np.int64), np.zeros((0, 3, 4, 4), np.uint8)])
def test_what_is_kept_is_found(array: np.ndarray) -> None:
    name = kept.name("pets", 1)
    assert kept.find(name) is None
    before = time.time()
    assert kept.keep(name, array, {"reasons": [None, "größe\n"]}) == ""
    found = kept.find(name)
    assert found is not None
    assert np.array_equal(found.array, array)
    assert (found.array.dtype, found.array.shape, found.array.flags.writeable) == (array.dtype, array.shape, True)
    assert found.facts == {"reasons": [None, "größe\n"]}
    assert before <= found.made <= time.time()
    assert found.said().startswith("read from the cache (made 20")


def test_names_are_told_apart_and_readable() -> None:
    keys = [("a",), ("b",), ("a", "b"), ("ab",), ("a", 1), ("a", "1", ""), ("a\udcff",)]
    assert len({kept.name("pets", *key) for key in keys}) == len(keys)
    assert kept.name("größe 1/../x", 1).startswith("gr-e-1-x-")
    assert len(kept.name("x" * 500)) < 100


def test_a_change_of_the_code_or_of_pillow_makes_it_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept.name("pets", 1)
    kept._version.cache_clear()
    assert kept.name("pets", 1) == before
    with monkeypatch.context() as patch:
        patch.setattr("PIL.__version__", "99")
        kept._version.cache_clear()
        assert kept.name("pets", 1) != before
    kept._version.cache_clear()


def test_an_entry_that_is_damaged_anywhere_is_absent_and_made_again(cache: Path) -> None:
    name = kept.name("pets")
    kept.keep(name, ARRAY, {})
    path = cache / "decoded" / f"{name}.kept"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert kept.find(name) is None or whole[place : place + 1] == b"\n", (
            place
        )  # the end of the first line is no sum
    for length in (0, 1, 64, 65, 70, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert kept.find(name) is None
    kept.keep(name, ARRAY, {})
    assert kept.find(name) is not None
    assert entries(cache) == [path.name]


def test_what_was_used_longest_ago_is_removed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = np.zeros(1 << 18, np.uint8)  # a quarter of a MiB
    monkeypatch.setenv("STRIATE_CACHE_GIB", str(1 / 1024))
    names = [kept.name(f"n{i}") for i in range(5)]
    for i, name in enumerate(names[:3]):
        assert kept.keep(name, big, {}) == ""
        os.utime(cache / "decoded" / f"{name}.kept", (1000 + i, 1000 + i))
    assert kept.find(names[0]) is not None  # is now the newest
    for name in names[3:]:
        kept.keep(name, big, {})
    assert [kept.find(name) is not None for name in names] == [True, False, False, True, True]
    kept.keep(kept.name("huge"), np.zeros(1 << 21, np.uint8), {})
    assert len(entries(cache)) == 3, "what would not fit drives nothing out"


def test_nothing_is_kept_on_request(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_CACHE_GIB", "0")
    assert kept.keep(kept.name("pets"), ARRAY, {}) == ""
    assert not (cache / "decoded").exists()
    monkeypatch.delenv("STRIATE_CACHE_GIB")
    kept.keep(kept.name("pets"), ARRAY, {})
    monkeypatch.setenv("STRIATE_CACHE_GIB", "0")
    assert kept.find(kept.name("pets")) is None


@pytest.mark.parametrize("word", ["much", "nan", "1e999", "-1"])
def test_a_limit_that_is_none(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("STRIATE_CACHE_GIB", word)
    with pytest.raises(InputError, match=f"STRIATE_CACHE_GIB is the size of the cache.*'{word}'"):
        kept.limit()


def test_what_a_kill_left_is_swept_after_a_day(cache: Path) -> None:
    kept.keep(kept.name("a"), ARRAY, {})
    for name, age in ((".new-old", 100_000), (".new-young", 10)):
        (cache / "decoded" / name).write_bytes(b"half")
        os.utime(cache / "decoded" / name, (time.time() - age,) * 2)
    kept.keep(kept.name("b"), ARRAY, {})
    assert ".new-old" not in entries(cache)
    assert ".new-young" in entries(cache)


def test_a_disk_that_is_full_is_a_reason_and_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert "No space left on device" in kept.keep(kept.name("a"), ARRAY, {})
    assert entries(cache) == []
    monkeypatch.setattr(kept, "SPARE", 1e15)
    assert "nearly full" in kept.keep(kept.name("a"), ARRAY, {})
    assert entries(cache) == []


def test_a_cache_that_cannot_be_written_is_a_reason(cache: Path) -> None:
    (cache / "decoded").write_text("a file where the folder should be")
    assert f"{cache}/decoded cannot be written (" in kept.keep(kept.name("a"), ARRAY, {})
    assert kept.find(kept.name("a")) is None


def test_a_home_that_nobody_knows_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: str) -> str:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("striate.data.fetch.user_cache_dir", unknown)
    assert "home" in kept.keep(kept.name("a"), ARRAY, {})
    assert kept.find(kept.name("a")) is None


def test_a_person_s_pictures_are_nobody_else_s(cache: Path) -> None:
    kept.keep(kept.name("a"), ARRAY, {})
    if os.name == "posix":
        assert (cache / "decoded").stat().st_mode & 0o077 == 0
        assert (cache / "decoded" / entries(cache)[0]).stat().st_mode & 0o077 == 0


def test_two_processes_at_once(cache: Path) -> None:
    script = (
        "import sys, numpy as np; from striate.data import fetch, kept; fetch.user_cache_dir = lambda _: sys.argv[1]\n"
        "for i in range(40):\n"
        "    name = kept.name('n', i % 3); kept.keep(name, np.full(50_000, i % 3, np.uint8), {'i': i % 3})\n"
        "    found = kept.find(name)\n"
        "    assert found is None or (found.array == found.facts['i']).all()\n"
    )
    env = os.environ | {"STRIATE_CACHE_GIB": str(120_000 / 2**30)}  # only two of the three fit
    command = [sys.executable, "-c", script, str(cache)]
    processes = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert (process.returncode, errors) == (0, "")
    assert all(name.endswith(".kept") for name in entries(cache))
