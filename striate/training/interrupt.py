"""Training and Ctrl-C: where it waits, so that what is on disk and what is in memory stay one, and where it is told.

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
from types import FrameType

from striate import interrupt

UNHEARD = ("_find_and_load", "__del__")  # functions out of which an exception does not come as itself


@contextmanager
def as_exception() -> Iterator[None]:
    """Ctrl-C during this raises KeyboardInterrupt, where the command line would end the program.

    But while a module is being imported or an object destroyed, it still ends it: no exception comes out of these as
    itself.
    """
    if signal.getsignal(signal.SIGINT) is not interrupt.end:
        yield
        return
    watched = signal.set_wakeup_fd(-1)  # else the thread that watches might hear of it after this is over
    signal.signal(signal.SIGINT, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, interrupt.end)
        signal.set_wakeup_fd(watched, warn_on_full_buffer=False)


def _raise(number: int, frame: FrameType | None) -> None:
    while frame:
        if frame.f_code.co_name in UNHEARD:
            return interrupt.end(number, frame)
        frame = frame.f_back
    raise KeyboardInterrupt


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
