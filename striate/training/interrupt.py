"""Training and Ctrl-C: where it waits, so that disk and memory stay in agreement, and where it raises an exception.

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

UNHEARD = ("_find_and_load", "__del__")  # functions that do not pass an exception on unchanged


@contextmanager
def as_exception() -> Iterator[None]:
    """Ctrl-C during this raises KeyboardInterrupt where it would otherwise end the program.

    While a module is being imported or an object destroyed, it still ends the program: an exception would not pass
    through these unchanged.
    """
    if signal.getsignal(signal.SIGINT) is not interrupt.end:
        yield
        return
    watched = signal.set_wakeup_fd(-1)  # else the watching thread might act on it after this is over
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
    """Ctrl-C during this takes effect at its end. Only the main thread receives it; in others nothing changes.

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
        signal.raise_signal(signal.SIGINT)  # to the handler that is now in place
