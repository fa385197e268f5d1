"""A folder whose files are each written whole or not at all, and whose content is checked when it is read.

Each file is written beside its place, flushed to disk and renamed. `SHA256SUMS` (the format of the `sha256sum` tool)
lists the files. While some are being replaced, it lists their old and new sums as comments, which the tool
ignores: a process killed at any moment leaves a folder in which every listed file is intact, both for Striate and for
`sha256sum -c`.

>>> import tempfile, pathlib
>>> store = Store(pathlib.Path(tempfile.mkdtemp()) / "run")
>>> store.write({"a.txt": b"one"})
>>> store.read("a.txt"), store.damaged()
(b'one', {})
"""

import hashlib
import os
import re
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from striate.errors import WorkError

SUMS = "SHA256SUMS"
TEMPORARY = ".tmp"  # suffix of files that are being written
COMMENT = "# "  # prefix of the lines of files that may hold either their old or their new content


class DamagedError(WorkError):
    """A file that is missing, cut short or changed."""


class Store:
    """The checked files of one folder. Names are relative, with `/` between folders."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, bytes], drop: Iterable[str] = ()) -> None:
        """Replace files: whatever happens, each is intact, with its old or its new content.

        Args:
            files: Content by name.
            drop: Names of files to delete afterwards.

        Raises:
            WorkError: The disk is full or can't be written; what was there before is still whole.
        """
        try:
            self._write(files, tuple(drop))
        except OSError as error:
            self._sweep()
            raise WorkError(
                f"can't write to {self.root}: {error.strerror or error}; what was saved before is kept"
            ) from error

    def _write(self, files: Mapping[str, bytes], drop: tuple[str, ...]) -> None:
        sums = self._settled()
        for name, content in files.items():
            _write_through(self._path(name + TEMPORARY), content)
        fresh = {name: {_sum(content)} for name, content in files.items()}
        groups = [list(files)]
        if len(files) > 1 and sums and sums.keys() <= files.keys():
            groups = [groups[0][:1], groups[0][1:]]  # never all as comments: the tool needs a line to check
        for group in groups:
            sums = self._replace({name: fresh[name] for name in group}, sums)
        if drop:
            self._write_sums({name: sum_ for name, sum_ in sums.items() if name not in drop})
        for name in drop:
            self._path(name).unlink(missing_ok=True)

    def _replace(self, fresh: dict[str, set[str]], sums: dict[str, set[str]]) -> dict[str, set[str]]:
        """Move written files to their places, with one list before and one after; returns the sums in the second."""
        both = {name: old | fresh.get(name, set()) for name, old in sums.items()}
        if both != sums:
            self._write_sums(both)
        for name in fresh:
            os.replace(self._path(name + TEMPORARY), self._path(name))
        for folder in {self._path(name).parent for name in fresh}:
            _flush_folder(folder)
        self._write_sums(sums | fresh)
        return sums | fresh

    def read(self, name: str) -> bytes:
        """A file's content, checked.

        Raises:
            DamagedError: It is missing, not listed, or its content is not what was written.
        """
        path, listed = self._path(name), self._listed(name)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DamagedError(f"{path} can't be read: {error.strerror}") from None
        if _sum(content) not in listed:
            raise DamagedError(f"{path} is damaged: its SHA-256 is not the one in {SUMS}")
        return content

    def _listed(self, name: str) -> set[str]:
        """The sums that a file may have; the file itself is not read yet."""
        path = self._path(name)
        try:
            path.stat()
        except FileNotFoundError:
            raise DamagedError(f"{path} is missing") from None
        except OSError as error:
            raise DamagedError(f"{path} can't be read: {error.strerror}") from None
        listed = self._sums().get(name)
        if listed is None:
            raise DamagedError(f"{path} is not listed in {SUMS}: the list is damaged, or the file was never finished")
        return listed

    def damaged(self, read: Container[str] | None = None) -> dict[str, str]:
        """Every file that is not intact, with the reason.

        Args:
            read: The files whose content is checked, by default all; the others must exist and be listed.
        """
        found = {} if self._list_is_whole() else {SUMS: f"{self.root / SUMS} is damaged: a line of it is no sum"}
        for name in sorted({*self._sums(), *self.names()}):
            try:
                self.read(name) if read is None or name in read else self._listed(name)
            except DamagedError as error:
                found[name] = str(error)
        return found

    def names(self) -> list[str]:
        """The files in the folder, except the list itself and unfinished files."""
        inside = (path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink())
        names = (path.relative_to(self.root).as_posix() for path in inside)
        return sorted(name for name in names if name != SUMS and not name.endswith(TEMPORARY))

    def listed(self) -> list[str]:
        """The files that are listed, intact or not."""
        return sorted(self._sums())

    def _path(self, name: str) -> Path:
        return self.root / name

    def _list_is_whole(self) -> bool:
        """Whether the list is as `_write_sums` wrote it; a missing list shows at every file that it should name."""
        sums = self._sums()
        try:  # the first version wrote lists without comments
            return (self.root / SUMS).read_bytes() in (_as_lines(sums), _as_lines(sums, comment=""))
        except OSError:
            return True

    def _settled(self) -> dict[str, set[str]]:
        """The sums; for a file that a killed process left with two, the one that fits."""
        sums = self._sums()
        for name in [name for name, either in sums.items() if len(either) > 1]:
            with suppress(OSError):
                sums[name] = sums[name] & {_sum(self._path(name).read_bytes())} or sums[name]
        return sums

    def _sums(self) -> dict[str, set[str]]:
        """The sums that each file may have; lines that are no sums are ignored."""
        try:
            lines = (self.root / SUMS).read_bytes().decode("utf-8", errors="replace").split("\n")
        except OSError:
            return {}
        sums: dict[str, set[str]] = {}
        for line in lines:
            found = re.fullmatch(rf"(?:{COMMENT})?([0-9a-f]{{64}})  ([^\0]+)", line)
            if found:
                sums.setdefault(found[2], set()).add(found[1])
        return sums

    def _write_sums(self, sums: Mapping[str, set[str]]) -> None:
        path = self.root / SUMS
        _write_through(path.with_name(SUMS + TEMPORARY), _as_lines(sums))
        os.replace(path.with_name(SUMS + TEMPORARY), path)
        _flush_folder(self.root)

    def _sweep(self) -> None:
        """Delete files that were being written when it failed."""
        for path in self.root.rglob(f"*{TEMPORARY}"):
            path.unlink(missing_ok=True)


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _as_lines(sums: Mapping[str, set[str]], comment: str = COMMENT) -> bytes:
    lines = []
    for name, either in sorted(sums.items()):
        begin = comment if len(either) > 1 else ""
        lines += [f"{begin}{sum_}  {name}\n" for sum_ in sorted(either)]
    return "".join(lines).encode()


def _write_through(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    """Make renames durable; a system that can't open folders (Windows) does so by itself."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
