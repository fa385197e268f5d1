"""The checked folder: what is written is read back, and nothing that happens on the way loses what was there."""

import contextlib
import errno
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import WorkError
from striate.training.store import SUMS, TEMPORARY, DamagedError, Store


class Disk(Protocol):
    """The file system that fails when it is told to."""

    reached: bool
    count: int

    def after(self, things: int, error: Callable[[], BaseException]) -> None: ...
    def never(self) -> None: ...


class Killed(BaseException):
    """The process ends here."""


OLD = {"a.txt": b"old a, which is long", "deep/b.bin": b"old b", "c": b"never touched", "gone": b"to be dropped"}
NEW = {"a.txt": b"new a", "deep/b.bin": b"new b, which is longer", "deep/new": b"new file"}

names = st.sampled_from(["a", "b.txt", "deep/c", "deep/er/d.bin"])
writes = st.lists(st.tuples(st.dictionaries(names, st.binary(max_size=300)), st.lists(names, max_size=2)), max_size=6)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A folder with the old files in it."""
    made = Store(tmp_path / "run")
    made.write(OLD)
    return made


def leftovers(store: Store) -> list[Path]:
    return list(store.root.rglob(f"*{TEMPORARY}"))


def copies(store: Store, tmp_path: Path) -> Iterator[Store]:
    """The same folder again and again, each time afresh."""
    for number in range(1000):
        shutil.copytree(store.root, tmp_path / f"copy{number}")
        yield Store(tmp_path / f"copy{number}")
        shutil.rmtree(tmp_path / f"copy{number}")


@settings(max_examples=50, deadline=None)
@given(writes)
def test_what_is_written_is_read(steps: list[tuple[dict[str, bytes], list[str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, expected = Store(Path(folder) / "run"), dict[str, bytes]()
        for files, drop in steps:
            store.write(files, drop)
            expected = {name: content for name, content in (expected | files).items() if name not in drop}
            assert store.names() == sorted(expected)
            assert {name: store.read(name) for name in expected} == expected
            assert store.damaged() == {}
            assert not leftovers(store)


def test_a_kill_at_any_moment_leaves_every_file_old_or_new(store: Store, failing: Disk, tmp_path: Path) -> None:
    for moment, copy in enumerate(copies(store, tmp_path)):
        failing.after(moment, Killed)
        with contextlib.suppress(Killed):
            copy.write(NEW, drop=["gone"])
        if not failing.reached:
            break
        failing.never()
        for name in ("a.txt", "deep/b.bin", "c"):
            assert copy.read(name) in (OLD[name], NEW.get(name)), f"{name} after {moment} steps"
        for name in ("deep/new", "gone"):  # whole, or told not to be
            if name not in copy.damaged() and name in copy.names():
                assert copy.read(name) in (NEW.get(name), OLD.get(name))
        copy.write(NEW, drop=["gone"])  # and all can be done again
        assert copy.damaged() == {}
        assert not leftovers(copy)
        assert {name: copy.read(name) for name in copy.names()} == {"c": OLD["c"], **NEW}
    assert moment > 20, "there are that many steps to be killed at"


def test_a_full_disk_at_any_moment_loses_nothing(store: Store, failing: Disk, tmp_path: Path) -> None:
    failing.after(10**6, Killed)
    shutil.copytree(store.root, tmp_path / "counted")
    Store(tmp_path / "counted").write(NEW, drop=["gone"])
    steps = failing.count
    for moment, copy in enumerate(copies(store, tmp_path)):
        failing.after(moment, lambda: OSError(errno.ENOSPC, "No space left on device"))
        said = f"can't write to {copy.root}: No space left on device; what was saved before is kept"
        with pytest.raises(WorkError, match=f"^{re.escape(said)}$") if moment < steps else contextlib.nullcontext():
            copy.write(NEW, drop=["gone"])
        if not failing.reached:
            break
        failing.never()
        for name in ("a.txt", "deep/b.bin", "c"):
            assert copy.read(name) in (OLD[name], NEW.get(name)), f"{name} after {moment} steps"
        assert not leftovers(copy)
    assert moment == steps > 20


def test_before_the_first_rename_a_full_disk_changes_nothing(store: Store, failing: Disk) -> None:
    for moment in range(3 * 4):  # each of three files: opened, written in halves, flushed
        failing.after(moment, lambda: OSError(errno.ENOSPC, "No space left on device"))
        with pytest.raises(WorkError, match="No space left on device"):
            store.write(NEW)
        failing.never()
        assert {name: store.read(name) for name in store.names()} == OLD
        assert store.damaged() == {}


def test_a_folder_that_can_t_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WorkError, match="Not a directory; what was saved before is kept"):
        Store(tmp_path / "file" / "run").write(NEW)


def test_damage_is_named(store: Store) -> None:
    (store.root / "a.txt").write_bytes(OLD["a.txt"][:-1])
    (store.root / "deep/b.bin").unlink()
    (store.root / "stranger").write_bytes(b"")
    (store.root / "c").unlink()
    (store.root / "c").mkdir()
    found = store.damaged()
    assert found == {
        "a.txt": f"{store.root}/a.txt is damaged: its SHA-256 is not the one in SHA256SUMS",
        "c": f"{store.root}/c can't be read: Is a directory",
        "deep/b.bin": f"{store.root}/deep/b.bin is missing",
        "stranger": f"{store.root}/stranger is not listed in SHA256SUMS: the list is damaged, "
        "or the file was never finished",
    }
    for name, reason in found.items():
        with pytest.raises(DamagedError) as error:
            store.read(name)
        assert str(error.value) == reason


@pytest.mark.parametrize(
    "change",
    [
        lambda sums: sums[:-1],
        lambda sums: sums + b"\n",
        lambda sums: sums.replace(b"  c\n", b"  c\x0b"),
        lambda sums: sums.upper(),
        lambda sums: sums.replace(b"  c", b"  \0c"),
        lambda sums: sums.replace(b"  c", b"  \xff"),
        lambda sums: b"",
        lambda sums: b"\xff" * 100,
    ],
)
def test_a_changed_list_is_noticed(store: Store, change: Callable[[bytes], bytes]) -> None:
    path = store.root / SUMS
    path.write_bytes(change(path.read_bytes()))
    assert store.damaged()
    store.write(OLD)
    assert {name: store.read(name) for name in OLD} == OLD, "the next writing makes it whole"


def test_a_list_that_is_gone_is_noticed(store: Store) -> None:
    (store.root / SUMS).unlink()
    assert sorted(store.damaged()) == sorted(OLD)


def test_links_are_not_files_of_the_folder(store: Store, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"")
    (store.root / "link").symlink_to(tmp_path / "outside")
    assert "link" not in store.names()


needs_tool = pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum")


def checked(store: Store) -> subprocess.CompletedProcess[bytes]:
    """What the tool says of a folder, without the option that makes an empty list a success."""
    return subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=store.root, capture_output=True)


@needs_tool
@pytest.mark.parametrize("files", [NEW, dict.fromkeys(OLD, b"other")], ids=["some replaced", "all replaced"])
def test_the_tool_finds_every_listed_file_whole_after_a_kill_at_any_moment(
    store: Store, failing: Disk, tmp_path: Path, files: dict[str, bytes]
) -> None:
    pending = 0
    for moment, copy in enumerate(copies(store, tmp_path)):
        failing.after(moment, Killed)
        with contextlib.suppress(Killed):
            copy.write(files)
        if not failing.reached:
            break
        failing.never()
        found = checked(copy)
        assert found.returncode == 0, f"after {moment} steps: {found.stdout!r} {found.stderr!r}"
        pending += b"# " in (copy.root / SUMS).read_bytes()
        copy.write({"c": b"something else"})  # a writing of others settles which of the two each file is
        assert b"# " not in (copy.root / SUMS).read_bytes()
        assert copy.damaged().keys() <= files.keys() - OLD.keys(), "no more than a new file that never was listed"
        assert checked(copy).returncode == 0
    assert pending > 5, "some came while files were being replaced"


def test_a_list_of_two_sums_without_comments_is_whole_too(store: Store) -> None:
    old = (store.root / SUMS).read_bytes()
    store.write({"c": b"newer"})
    new = (store.root / SUMS).read_bytes()
    both = sorted({*old.splitlines(), *new.splitlines()}, key=lambda line: line[66:] + line)
    (store.root / SUMS).write_bytes(b"\n".join(both) + b"\n")
    assert store.damaged() == {}, "as it was written before there were comments"


@needs_tool
def test_the_list_is_that_of_sha256sum(store: Store) -> None:
    assert checked(store).returncode == 0
    (store.root / "c").write_bytes(b"changed")
    assert b"c: FAILED" in checked(store).stdout
