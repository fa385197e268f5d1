"""Work that Ctrl-C waits for, so that what is on disk and what is in memory stay one.

>>> try:
...     with uninterrupted():
...         signal.raise_signal(signal.SIGINT)
...         print("to the end")
... except KeyboardInterrupt:
...     print("and then heard")
to the end
and then heard
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C during this is heard at its end. Only the main thread hears it; in others nothing changes.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        signal.raise_signal(signal.SIGINT)  # to whoever hears it now
