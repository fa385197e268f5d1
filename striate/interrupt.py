"""Ctrl-C on the command line: it ends the program at once, with one line and status 1.

An exception would be the usual way. But one that is raised while a package is being imported becomes that
package's own error or an abort, one in a destructor is lost, and one in a long call into C waits for the call's end.
So the command handles Ctrl-C before anything else is imported, and ends its own process. Work that saves something
when it is stopped asks for the exception instead (`training.interrupt.as_exception`); work that would leave something
half done says how to undo it:

>>> with undone_by(lambda: print("removed")):
...     pass

A program that uses Striate as a library gets Ctrl-C as always: only the command line calls `end_at_once`.
"""

import _thread
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

LINE = "striate: stopped by Ctrl-C\n"
CLEAR = "\r\x1b[K\x1b[?25h"  # on a terminal: erases the current line, and shows the cursor that a bar had hidden
_owner = 0  # the process that handles Ctrl-C; a fork of it ends silently
_gate = _thread.allocate_lock()  # its holder ends the program, or must not be interrupted
_ender = 0  # the thread that ends the process
_pressed = False
_undo: list[Callable[[], object]] = []  # what to undo first, the newest last


def end_at_once() -> None:
    """From now on Ctrl-C ends this process. A process that was started to ignore Ctrl-C still ignores it."""
    global _owner
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        return
    _owner = os.getpid()
    signal.signal(signal.SIGINT, end)
    sys.unraisablehook = _unheard
    if os.name == "posix":  # Python calls `end` between two of its own instructions; this thread need not wait for one
        pressed, written = os.pipe()
        os.set_blocking(written, False)
        signal.set_wakeup_fd(written, warn_on_full_buffer=False)
        _thread.start_new_thread(_watch, (pressed,))


def end_no_more() -> None:
    """From now on Ctrl-C is ignored: the work is done, and only Python's own cleanup is left."""
    if signal.getsignal(signal.SIGINT) is end:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def end(number: int = 0, frame: object = None) -> None:
    """End this process with all it has started; with a number, as the handler of that signal."""
    global _ender, _pressed
    if os.getpid() != _owner:
        os._exit(1)
    _pressed = True
    if not _gate.acquire(blocking=not number):  # a handler would wait for the very work that it has interrupted
        while _ender not in (0, _thread.get_ident()):
            time.sleep(1)  # the other thread ends both
        return
    _ender = _thread.get_ident()
    for undo in (*reversed(_undo), _kill_children):
        with suppress(Exception):  # the error can't be reported, and the other undos must still run
            undo()
    clear = CLEAR if os.isatty(2) and os.environ.get("TERM") != "dumb" else ""
    with suppress(OSError):
        os.write(2, (clear + LINE).encode())
    os._exit(1)


class held:  # noqa: N801 - read as a word
    """Ctrl-C waits for the end of this: a moment when something is begun that can't be undone yet."""

    def __enter__(self) -> None:
        _gate.acquire()

    def __exit__(self, *error: object) -> None:
        _gate.release()
        if _pressed:
            end()


class undone_by:  # noqa: N801 - read as a word
    """What is done within is undone by calling `undo`, should Ctrl-C end the program meanwhile."""

    def __init__(self, undo: Callable[[], object]) -> None:
        self.undo = undo

    def __enter__(self) -> None:
        _undo.append(self.undo)

    def __exit__(self, *error: object) -> None:
        _undo.remove(self.undo)


def _kill_children() -> None:
    if processes := sys.modules.get("multiprocessing.process"):
        for child in processes.active_children():
            child.kill()


def _watch(pressed: int) -> None:
    while number := os.read(pressed, 1):
        if number[0] == signal.SIGINT and signal.getsignal(signal.SIGINT) is end:
            end(0, None)


def _unheard(unraisable: "sys.UnraisableHookArgs") -> None:
    """A KeyboardInterrupt in a destructor or a callback would be printed and forgotten."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        end(signal.SIGINT)
    sys.__unraisablehook__(unraisable)
