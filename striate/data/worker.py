"""A process that reads files for another one, which asks through its standard input and is answered on its output.

A question is a function with the paths to call it with, an answer the result for each. It is a process of our own and
not one of `multiprocessing`, which would run the user's script a second time if that has no `__main__` guard.

>>> from pathlib import Path
>>> from striate.data.image import header
>>> attempt(header, Path("nowhere.png"))
(None, 'no such file or directory')
"""

import os
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import IO, Any

from striate.errors import WorkError

from .image import ImageError
from .quiet import collected

Answer = tuple[Any, str | None]  # the result for a file, or None and the reason

START = "import sys; sys.path[:] = {path!r}; from striate.data.worker import serve; serve()"


def attempt(work: Callable[[Any], Any], path: Any) -> Answer:
    """The result of `work` for the file at `path`, or None and why it failed."""
    try:
        return work(path), None
    except ImageError as error:
        return None, error.reason
    except MemoryError:
        return None, "too large for the memory"


def ask(source: IO[bytes], sink: IO[bytes], work: Callable[[Any], Any], paths: list[Any]) -> list[Answer]:
    """The other side of `serve`: one question and its answer.

    Raises:
        OSError, EOFError, pickle.UnpicklingError: the process has ended.
        WorkError: `work` raised it.
        RuntimeError: `work` raised an unexpected error; with its traceback.
    """
    pickle.dump((work, paths), sink, pickle.HIGHEST_PROTOCOL)
    sink.flush()
    answer: list[Answer] | str | WorkError = pickle.load(source)
    if isinstance(answer, WorkError):
        raise answer
    if isinstance(answer, str):
        raise RuntimeError(answer)
    return answer


def serve() -> None:
    """Answers until the other process is gone."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # keeps what a library prints out of the answers
    with collected():  # once: for each file it takes a fifth of the time
        while True:
            try:
                work, paths = pickle.load(source)
                pickle.dump(_answer(work, paths), sink, pickle.HIGHEST_PROTOCOL)
                sink.flush()
            except (EOFError, BrokenPipeError):
                os._exit(0)


def _answer(work: Callable[[Any], Any], paths: list[Any]) -> list[Answer] | str | WorkError:
    try:
        return [attempt(work, path) for path in paths]
    except WorkError as error:
        return error
    except Exception:  # a fault of our own, which must not go unseen
        return traceback.format_exc()
