"""A process that carries out trials of a search until there are enough: `python -m striate.searching.worker`.

It ends when the process that started it does: its standard input is then closed.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from striate.errors import StriateError
from striate.searching.book import Book
from striate.tasks.saying import Say, aloud

STOPPED = 130  # the status after Ctrl-C, as shells have it


def work(book: Book, trials: int, data: Any, threads: int | None, say: Say) -> None:
    """Carry out trials, one after the other, until there are so many."""
    from striate.searching.trial import carry_out

    study = book.study()
    while (trial := book.next(study, trials)) is not None:
        carry_out(book, study, trial, data, threads, say)


def _end_with_parent() -> None:
    """Ends this process when nobody holds the other end of its standard input: the trial goes on another time."""
    while os.read(0, 1):
        pass
    os._exit(1)


def main(root: str, trials: str, threads: str, number: str) -> int:
    """What the process does; returns its status."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        book = Book.open(Path(root))
        book.asked = book.asked.seeded(int(number))
        work(book, int(trials), book.asked.data, int(threads), aloud)
    except StriateError as error:
        aloud(f"striate: {error}")
        return error.exit_status
    except KeyboardInterrupt:
        return STOPPED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
