"""One function over many files, on all cores: by threads, or by processes where Python itself is what takes the time.

Pillow lets other threads run while it decodes, but opening a small file is all Python: two threads then do the work of
one. Processes are started for many files only, and never see the memory of this one.

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
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Self

from .worker import START, Answer, ask, attempt

MANY = 1000  # files for each process, of which a start takes as long as some hundred small files
CHUNK = 50  # files in a question
GONE = (OSError, EOFError, pickle.UnpicklingError)  # a process that was killed, or took a file too badly


class Workers:
    """Threads, and for many files as many processes, to be used in a `with` statement.

    Args:
        files: how many there will be to read.
    """

    def __init__(self, files: int) -> None:
        self.count = min(cores(), files // MANY)
        self.free: SimpleQueue[subprocess.Popen[bytes] | None] = SimpleQueue()
        self.started: list[subprocess.Popen[bytes]] = []
        self.closed = False
        self.threads = ThreadPoolExecutor(cores())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True
        for process in self.started:
            process.kill()
            self.free.put(None)  # to a thread that waits for one
        self.threads.shutdown(cancel_futures=True)  # Ctrl-C: do not read the rest first
        for process in self.started:
            process.kill()  # one that a thread had just started
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # half a question is in it
                    pipe.close() if pipe else None
            process.wait()

    def each(self, work: Callable[[Any], Any], paths: Sequence[Any], *, here: bool = False) -> Iterator[Answer]:
        """What `work`, a function that can be pickled, makes of each path, in order.

        Args:
            work: raises ImageError for a file that it cannot read.
            paths: what to call it with.
            here: by threads of this process in any case: for files that are large.
        """
        if not here and not self.started and self.count > 1 and sys.executable and not getattr(sys, "frozen", False):
            for _ in range(self.count):
                self.free.put(self._start())
        if here or not self.started:
            yield from self.threads.map(attempt, [work] * len(paths), paths)
            return
        chunks = [paths[i : i + CHUNK] for i in range(0, len(paths), CHUNK)]
        for answers in self.threads.map(self._asked, [work] * len(chunks), chunks):
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
            process_group=0 if os.name == "posix" else None,  # Ctrl-C is for this process, which ends them
        )
        self.started.append(process)
        return process


class _ClosedError(Exception):
    """Nobody waits for the answer any more."""


def cores() -> int:
    """The CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
