"""Collects the messages that Pillow and the libraries under it print, and passes them to the caller, not the user.

Pillow warns by `warnings` and by its logger, without naming the file; libtiff writes to standard error from C.

>>> with collected() as words:
...     logging.getLogger("PIL.TiffImagePlugin").error("More samples per pixel than can be decoded: %s", 9)
>>> words
['More samples per pixel than can be decoded: 9']
"""

import ctypes
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_LOGGER = logging.getLogger("PIL")
_HANDLERS = ("TIFFSetErrorHandler", "TIFFSetWarningHandler")  # each sets a handler and returns the old one
_here = threading.local()  # `.words` of a thread that is inside `collected`
_lock = threading.Lock()
_inside = 0  # threads that are inside
_undo = ExitStack()  # what the last of them restores


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collects what Pillow says in this thread while inside. Other threads' messages are unaffected.

    Warnings, loggers and libtiff's handlers are the process's, not the thread's: the first thread that enters
    changes them, the last that leaves restores them.
    """
    global _inside
    outer = getattr(_here, "words", None)
    words: list[str] = []
    _here.words = words
    with _lock:
        if not _inside:
            _silence()
        _inside += 1
    try:
        yield words
    finally:
        _here.words = outer
        with _lock:
            _inside -= 1
            if not _inside:
                _undo.close()


def _silence() -> None:
    _undo.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("always", module=r"PIL\b")
    told = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], filename: str, lineno: int, *where: Any) -> None:
        if not _keep(str(message)):
            told(message, category, filename, lineno, *where)

    warnings.showwarning = show  # type: ignore[assignment]
    collector = _Collector()
    _LOGGER.addHandler(collector)
    _undo.callback(_LOGGER.removeHandler, collector)
    _undo.callback(setattr, _LOGGER, "propagate", _LOGGER.propagate)
    _LOGGER.propagate = False
    for name in _HANDLERS:
        setter = _libtiff(name)
        if setter is not None:
            _undo.callback(setter, setter(None))


class _Collector(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if not _keep(record.getMessage()):
            logging.getLogger().handle(record)


def _keep(word: str) -> bool:
    """Whether this thread collects `word`."""
    words: list[str] | None = getattr(_here, "words", None)
    if words is None:
        return False
    words.append(word)
    return True


def _libtiff(name: str) -> Any:
    """A function of the libtiff that Pillow is linked with; None where it can't be reached, as on Windows."""
    from PIL import _imaging

    try:
        setter = getattr(ctypes.CDLL(_imaging.__file__), name)
    except (AttributeError, OSError):
        return None
    setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
    return setter
