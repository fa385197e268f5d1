"""Parallel runs of the compiler: each has its own folder and a time limit, and its output is kept when it fails.

>>> reason(1, "conv.c: In function 'f':\\nconv.c:3:5: error: expected ';'\\n")
"conv.c:3:5: error: expected ';'"
>>> reason(-9, "")
'it was killed by signal 9'
"""

import errno
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from striate.errors import WorkError
from striate.interrupt import held, undone_by

from . import cache

TIMEOUT = 120.0  # seconds for one job
ROOM = 2**24  # bytes; a disk with less free space counts as full
OUTPUT = "compiler.txt"
LONGEST = 200  # characters of the compiler's output that are shown
FULL = re.compile(r"No space left|NoSpaceLeft|quota exceeded", re.IGNORECASE)
TELLING = re.compile(r"\berror\b|undefined reference|cannot find", re.IGNORECASE)


class NoCompiler(WorkError):  # noqa: N818 - named for what is missing
    """There is no compiler, or it failed, or what it made cannot be loaded."""


@dataclass(frozen=True)
class Job:
    """One run of the compiler.

    Attributes:
        name: the cache entry that keeps the result.
        file: the file it makes.
        words: the command and its arguments.
        sources: file stem → C text, written into its folder.
        about: notes stored in the entry.
    """

    name: str
    file: str
    words: tuple[str, ...]
    sources: Mapping[str, str]
    about: Mapping[str, object]


def run_all(jobs: Iterable[Job], place: Path, root: Path) -> dict[str, Path]:
    """Runs the jobs in the workspace `place` of `root`, as many at once as there are cores.

    Returns:
        Each job's name → the path of what it made, kept under `root`.

    Raises:
        NoCompiler: one failed; the others are stopped.
        OSError: `root` is full or cannot be written.
    """
    waiting, running, made = list(jobs), list[_Running](), dict[str, Path]()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def signal_all() -> None:
        for job in running:
            job.signal()

    with undone_by(signal_all):
        try:
            while waiting or running:
                while waiting and len(running) < cores:
                    with held():
                        running.append(_Running(waiting.pop(0), place, root))
                for job in [job for job in running if job.ended()]:
                    made[job.job.name] = job.result()
                    running.remove(job)
                time.sleep(0.001)
        finally:
            for job in running:
                job.kill()
    return made


def reason(status: int | None, said: str) -> str:
    """Why a job failed, in one line: its exit status (None: it ran out of time) and its output."""
    if status is None:
        return f"it did not end within {TIMEOUT:g} s"
    if status < 0:
        return f"it was killed by signal {-status}"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if TELLING.search(line)]
    line = (telling or lines or [f"it made nothing and ended with status {status}"])[0]
    printable = "".join(letter if letter.isprintable() else " " for letter in line)
    return printable if len(printable) <= LONGEST else f"{printable[:LONGEST]}…"


class _Running:
    """A job at work."""

    def __init__(self, job: Job, place: Path, root: Path):
        self.job, self.root, self.folder = job, root, place / job.name
        self.folder.mkdir()
        for stem, text in job.sources.items():
            (self.folder / f"{stem}.c").write_text(text, encoding="utf-8")
        self.deadline = time.monotonic() + TIMEOUT
        with (self.folder / OUTPUT).open("wb") as output:
            try:
                self.process = subprocess.Popen(
                    job.words,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=_environment(place, root),
                    start_new_session=True,  # so that all it starts can be ended with it
                )
            except OSError as error:
                raise NoCompiler(f"{job.words[0]} cannot be run ({error.strerror})") from error

    def ended(self) -> bool:
        return self.process.poll() is not None or time.monotonic() > self.deadline

    def result(self) -> Path:
        """The path of the result, stored in the cache."""
        status, job = self.process.poll(), self.job  # status is None when the time was up
        if status == 0 and (self.folder / job.file).is_file():
            return cache.keep(self.folder, job.name, job.file, self.root, job.about)
        self.kill()
        said = (self.folder / OUTPUT).read_text(encoding="utf-8", errors="replace")
        _require_room(self.folder, said)
        kept = cache.keep_failure(self.folder, job.name, self.root)
        raise NoCompiler(f"{job.words[0]} failed: {reason(status, said)} (all it said, and its source: {kept})")

    def kill(self) -> None:
        """Ends it, and what it started: the command is often a driver that starts the compiler proper."""
        if self.process.poll() is None:
            self.signal()
            self.process.wait()

    def signal(self) -> None:
        """Kills it, and what it started, without waiting."""
        with suppress(OSError):  # it ended by itself
            if self.process.returncode is not None:
                return
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()


def _require_room(folder: Path, said: str) -> None:
    """Raises OSError when the disk is full: that is then why the compiler failed, and it may not have said so."""
    (folder / "room").write_bytes(bytes(ROOM))
    (folder / "room").unlink()
    if FULL.search(said):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _environment(place: Path, root: Path) -> dict[str, str]:
    """English messages, and nothing written outside `root`."""
    zig = {"ZIG_GLOBAL_CACHE_DIR": str(root / ".zig"), "ZIG_LOCAL_CACHE_DIR": str(place / "zig")}
    return {**zig, **os.environ, "LC_ALL": "C", "TMPDIR": str(place)}
