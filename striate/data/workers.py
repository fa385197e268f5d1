"""One function over many files, on all cores: by threads, or by processes where Python itself takes the time.

Pillow lets other threads run while it decodes, but opening a small file is all Python: two threads are no faster
than one. Processes are started only for many files, and never share this one's memory.

>>> with Workers(2) as workers:
...     [list(found) for found in workers.each(len, ["one", "three"])]
[[3, None], [5, None]]
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import Any, Self

from striate.errors import InputError

from .quiet import collected
from .worker import START, Answer, ask, attempt

MANY = 2000  # files for each process, whose start takes as long as a thousand small files
CHUNK = 50  # files passed on together: one at a time, threads spend as long on that as on reading
MOST = 256  # processes that a user may ask for
GONE = (OSError, EOFError, pickle.UnpicklingError)  # a process that was killed or crashed on a file


class Workers:
    """Threads, and for many files as many processes, to be used in a `with` statement.

    Args:
        files: how many files are to be read.
    """

    def __init__(self, files: int) -> None:
        self.count = min(cores(), files // MANY)
        self.free: SimpleQueue[subprocess.Popen[bytes] | None] = SimpleQueue()
        self.started: list[subprocess.Popen[bytes]] = []
        self.closed, self.quiet = False, ExitStack()
        self.threads = ThreadPoolExecutor(cores())

    def __enter__(self) -> Self:
        self.quiet.enter_context(collected())  # once: for each file it takes a fifth of the time
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True
        for process in self.started:
            process.kill()
            self.free.put(None)  # wakes a thread that waits for a process
        self.threads.shutdown(cancel_futures=True)  # Ctrl-C: do not read the rest first
        for process in self.started:
            process.kill()  # one that a thread had just started
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # half a question may be in it
                    pipe.close() if pipe else None
            process.wait()
        self.quiet.close()

    def each(self, work: Callable[[Any], Any], paths: Sequence[Any], *, here: bool = False) -> Iterator[Answer]:
        """The results of `work`, a function that can be pickled, for each path in order.

        Args:
            work: raises ImageError for a file that it cannot read.
            paths: what to call it with.
            here: whether to use threads of this process only: for large files.
        """
        if not here and not self.started and self.count > 1 and sys.executable and not getattr(sys, "frozen", False):
            for _ in range(self.count):
                self.free.put(self._start())
        size = 1 if here else min(CHUNK, -(-len(paths) // cores()))
        chunks = [paths[i : i + size] for i in range(0, len(paths), max(1, size))]
        read = self._asked if self.started and not here else _read_here
        for answers in self.threads.map(read, [work] * len(chunks), chunks):
            yield from answers

    def _asked(self, work: Callable[[Any], Any], paths: Sequence[Any]) -> list[Answer]:
        process = self.free.get()
        if process is None:
            raise _ClosedError
        for _ in range(2):  # its end may have had another cause, so that a single file is tried once more
            assert process.stdin
            assert process.stdout
            try:
                answers = ask(process.stdout, process.stdin, work, list(paths))
            except GONE:
                if self.closed:
                    raise _ClosedError from None
                process = self._start()
                if len(paths) > 1:
                    break
            else:
                self.free.put(process)
                return answers
        self.free.put(process)
        if len(paths) == 1:
            return [(None, "its decoder crashed")]
        return [answer for path in paths for answer in self._asked(work, [path])]

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", START.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0 if os.name == "posix" else None,  # Ctrl-C goes to this process, which ends the others
        )
        self.started.append(process)
        return process


def _read_here(work: Callable[[Any], Any], paths: Sequence[Any]) -> list[Answer]:
    return [attempt(work, path) for path in paths]


class _ClosedError(Exception):
    """No one waits for the answer any more."""


def check_count(count: int | None) -> None:
    """Checks a number of processes that a user asks for; None leaves it to us.

    Raises:
        InputError: it is none, or absurd.
    """
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST):
        raise InputError(f"`workers` must be a whole number from 0 to {MOST}. Received: {count!r}")


def cores() -> int:
    """The CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
