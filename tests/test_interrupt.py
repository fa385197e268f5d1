"""Ctrl-C on the command line, at whatever moment: one line, status 1, and nothing left behind."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.native.needs import needs_compiler

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
LINE = "striate: stopped by Ctrl-C\n"
TRIES = 30
NET = "input 1x8x8 -> conv 4@3x3 -> relu -> fc 10"
VERBS: list[tuple[list[str], float]] = [  # with the seconds that they may take where nothing else runs
    (["explain", "resnet152"], 0.8),
    (["bench", "--help"], 0.4),
    (["train", NET, "digits", "--epochs", "2", "--engine", "torch"], 3.0),
    (["train", NET, "digits", "--epochs", "100000", "--engine", "native"], 4.0),
    (["baseline", "hog", "digits"], 3.0),
    (["predict", "missing", "seven.png"], 0.6),
]


def begun(code: str, *words: str, **options: object) -> subprocess.Popen[str]:
    """A process that runs the code, returned as soon as it hears Ctrl-C."""
    heard, told = os.pipe()
    ready = "import os, signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a parent may ignore it
    begin = f"{ready}from striate import interrupt; interrupt.end_at_once(); os.write({told}, b'x')\n"
    process = subprocess.Popen(
        [sys.executable, "-c", begin + code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=[told],
        start_new_session=True,
        **options,  # type: ignore[call-overload]
    )
    os.close(told)
    assert os.read(heard, 1) == b"x"
    os.close(heard)
    return process


def pressed(process: subprocess.Popen[str], times: int = 1) -> tuple[int, str]:
    """Its status and what it said, after Ctrl-C."""
    for _ in range(times):
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


SWALLOWED = {
    "in a loop that catches everything": "import time\nwhile True:\n  try:\n    print('in', flush=True)\n"
    "    time.sleep(9)\n  except BaseException: pass",
    "in a destructor": "class A:\n  def __del__(self):\n    print('in', flush=True)\n    while True: pass\nA()",
    "in a callback of C": "import ctypes\ndef f():\n  print('in', flush=True)\n  while True: pass\n"
    "ctypes.CFUNCTYPE(None)(f)()",
    "in a long call into C": "print('in', flush=True); import ctypes; ctypes.CDLL(None).sleep(30)",
    "in an import": "import sys, types\nclass F:\n  def find_spec(self, *_):\n    print('in', flush=True)\n"
    "    while True: pass\nsys.meta_path.insert(0, F())\nimport nothing",
    "at the exit": "import atexit\n@atexit.register\ndef f():\n  print('in', flush=True)\n  while True: pass",
    "waiting for a thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(30,)).start()\n"
    "print('in', flush=True)",
}


def in_training(code: str) -> str:
    """The same where Ctrl-C is to raise an exception."""
    inside = "".join(f"  {line}\n" for line in code.splitlines())
    return f"from striate.training.interrupt import as_exception\nwith as_exception():\n{inside}"


SWALLOWED |= {
    f"{where}, in training": in_training(SWALLOWED[where])
    for where in ("in a destructor", "in a callback of C", "in an import")
}


@pytest.mark.parametrize("code", SWALLOWED.values(), ids=SWALLOWED.keys())
def test_where_an_exception_would_be_lost(code: str) -> None:
    process = begun(code)
    assert process.stdout
    assert process.stdout.readline() == "in\n"
    assert pressed(process) == (1, LINE)


def test_pressed_again_and_again_it_is_one_line() -> None:
    slow = (
        "import time\nwith interrupt.undone_by(lambda: time.sleep(0.5)):\n  print('in', flush=True)\n  while True: pass"
    )
    process = begun(slow)
    assert process.stdout
    process.stdout.readline()
    assert pressed(process, times=5) == (1, LINE)


def test_what_may_not_be_cut_in_two_is_waited_for() -> None:
    code = (
        "import sys, time\nwith interrupt.held():\n  print('in', flush=True)\n  time.sleep(0.3)\n"
        "  print('whole', file=sys.stderr, flush=True)\ntime.sleep(60)"
    )
    process = begun(code)
    assert process.stdout
    process.stdout.readline()
    assert pressed(process, times=3) == (1, "whole\n" + LINE)


def test_what_was_begun_is_undone_and_children_end(tmp_path: Path) -> None:
    (tmp_path / "half").write_text("")
    code = (
        "import multiprocessing, pathlib, sys, time\n"
        "child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,)); child.start()\n"
        "with interrupt.undone_by(pathlib.Path(sys.argv[1]).unlink), interrupt.undone_by(lambda: 1 / 0):\n"
        "  print(child.pid, flush=True)\n"
        "  time.sleep(60)"
    )
    process = begun(code, str(tmp_path / "half"))
    assert process.stdout
    child = int(process.stdout.readline())
    assert pressed(process) == (1, LINE)
    assert not (tmp_path / "half").exists()
    deadline = time.monotonic() + 10
    while (state := Path(f"/proc/{child}/stat")).exists() and ") Z" not in state.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_was_started_to_ignore_ctrl_c_goes_on_ignoring_it() -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from striate import interrupt; interrupt.end_at_once(); signal.raise_signal(signal.SIGINT); print('went on')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "went on\n", "")


def test_after_the_work_it_changes_nothing() -> None:
    code = "import signal; interrupt.end_no_more(); signal.raise_signal(signal.SIGINT); print('done', flush=True)"
    process = begun(code)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "done\n", "")


@needs_compiler
def test_a_compiler_ends_with_us_and_its_workspace_goes(tmp_path: Path) -> None:
    fake = tmp_path / "cc"
    fake.write_text(f'#!/bin/sh\nsleep 100 & echo $! > "{tmp_path}/child"; wait\n')
    fake.chmod(0o755)
    environment = {**os.environ, "STRIATE_CC": str(fake), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    process = begun(
        "from striate.native import compiler; compiler.library({'one': 'int one(void) { return 1; }'})", env=environment
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert pressed(process) == (1, LINE)
    child = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    while child.exists() and ") Z" not in child.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert list((tmp_path / "cache" / "striate" / "native").iterdir()) == []


def test_training_is_told_by_an_exception() -> None:
    code = in_training(
        "try:\n  print('in', flush=True); time.sleep(60)\nexcept KeyboardInterrupt: print('kept', flush=True)"
    )
    process = begun("import time\n" + code + "print('ready', flush=True); time.sleep(60)")
    assert process.stdout
    assert process.stdout.readline() == "in\n"
    process.send_signal(signal.SIGINT)
    assert [process.stdout.readline() for _ in range(2)] == ["kept\n", "ready\n"]
    assert pressed(process) == (1, LINE), "and when it is over, it ends at once again"


def test_pressed_again_before_the_report_is_written_it_says_what_is_kept(tmp_path: Path) -> None:
    code = (
        "import signal, time\nfrom striate.runs import doing, keeper\nfrom striate.start import main\n"
        "def finish(*given):\n  print('finishing', flush=True)\n  time.sleep(60)\n"
        "epoch = keeper.Keeper.epoch\n"
        "def press(self, history):\n  epoch(self, history)\n"
        "  if len(history) == 2: signal.raise_signal(signal.SIGINT)\n"
        "doing._finish, keeper.Keeper.epoch = finish, press\nmain()"
    )
    out = tmp_path / "a run"
    process = begun(code, "train", NET, "digits", "--epochs", "9", "--engine", "torch", "--out", str(out))
    assert process.stdout
    assert process.stdout.readline() == "finishing\n"
    status, err = pressed(process)
    kept = rf"the weights of epoch [12], the best of 2, are kept in {out}; `striate resume '{out}'` goes on\n"
    assert status == 1
    assert re.search(f"{kept}{LINE}$", err)


@pytest.mark.slow
def test_every_verb_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(0)
    tries = [(number, *VERBS[number % len(VERBS)], chance.random()) for number in range(TRIES)]

    def stopped(number: int, words: list[str], seconds: float, moment: float) -> bool:
        out = ["--out", str(tmp_path / f"run{number}")] if words[0] == "train" else []
        cache = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / f"cache{number % 3}")}
        process = begun("from striate.start import main; main()", *words, *out, cwd=tmp_path, env=cache)
        time.sleep(seconds * moment)
        status, err = pressed(process)
        last = err.splitlines(keepends=True)[-1:]
        ended = status in (0, 2) and LINE not in err  # it had done its work, or refused it, before
        kept = status == 1 and last[0].startswith("stopped by Ctrl-C after epoch")
        assert ended or kept or (status == 1 and last == [LINE]), f"{words} at {seconds * moment:.2f} s: {status} {err}"
        assert "Traceback" not in err
        assert err.count("stopped by Ctrl-C") == (0 if ended else 1)
        assert ("goes on\n" in err) or not kept
        return not ended

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda each: stopped(*each), tries))
    assert sum(found) > TRIES / 3
