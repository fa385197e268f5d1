"""A progress bar on standard error, for work that takes more than a moment.

>>> with bar("counting", 3, show=False) as advance:
...     advance(3)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(what: str, total: int | None, *, show: bool) -> Iterator[Callable[[int], None]]:
    """Yields a function that advances the bar by a number of units; without `show` it does nothing."""
    if not show:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(
        console=console, transient=True, disable=not console.is_interactive or console.is_dumb_terminal
    ) as progress:
        task = progress.add_task(what, total=total)
        yield lambda step: progress.advance(task, step)
