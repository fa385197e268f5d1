"""`st.save_page`: the live page of a run as one file, which computes and trains the network in the browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from striate.checks import path_of
from striate.errors import InputError, WorkError
from striate.page.held import held
from striate.page.inlined import inlined
from striate.page.live import Live
from striate.page.rehearsing import Rehearsed, rehearsed
from striate.page.seeing import of_run
from striate.runs.run import Run
from striate.tasks.classify import Classify


def save_page(run: Run | str | Path, path: str | Path, *, say: Callable[[str], None] = lambda line: None) -> Path:
    """Write the live page of a run as one file that opens from the disk, without a server and without a network.

    Args:
        run: A classifier of images, or its folder.
        path: The page.
        say: Is given a line for each decision.

    Returns:
        Where it is.

    Raises:
        InputError: No such run, one of another task, or a layer that the page can't compute; it is named.
        WorkError: The page can't be written, or `ziglang` is not installed.
    """
    opened, wanted = run if isinstance(run, Run) else Run(run, "cpu"), path_of(path, "a page")
    live = of_run(opened)
    if not isinstance(opened.task, Classify):
        raise InputError(f"{opened.name}: a page by itself is for classifiers of images; `striate see RUN` shows it")
    text = inlined(_held(opened, live, say))
    try:
        wanted.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorkError(f"can't write {wanted}: {error.strerror}") from None
    say(f"{wanted}: {len(text.encode()) / 1000:,.0f} kB, opens in any browser")
    return wanted


def _held(run: Run, live: Live, say: Callable[[str], None]) -> dict[str, object]:
    try:
        return held(run, live, _examples(run, say), say)
    except InputError as error:
        raise InputError(f"{error}; `striate see RUN` shows it") from None


def _examples(run: Run, say: Callable[[str], None]) -> Rehearsed | None:
    try:
        return rehearsed(run)
    except InputError as error:
        say(f"the page holds no training examples ({error}): what it learns may displace what it knows")
        return None
