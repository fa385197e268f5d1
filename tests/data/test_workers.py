"""Many files at once: by threads and by processes alike, whatever happens to those."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from striate.data import workers
from striate.data.image import ImageError, decode
from striate.data.workers import Workers

Draw = Callable[..., Path]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes are started whatever the number of files and cores."""
    monkeypatch.setattr(workers, "MANY", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)


@pytest.fixture
def files(tmp_path: Path, draw: Draw) -> list[Path]:
    found = [draw(tmp_path / f"{i}.png", i) for i in range(120)]
    found[7].write_text("no image")
    found.insert(60, tmp_path / "gone.png")
    return found


def numbers(answers: list[Any]) -> list[int | str]:
    return [reason or crc32(np.asarray(value).tobytes()) for value, reason in answers]


def fatal(path: Path) -> str:
    """Kills the process that it runs in for one file."""
    if path.name == "3.png":
        os._exit(9)
    return path.name


def wrong(path: Path) -> str:
    raise ZeroDivisionError(path)


def refused(path: Path) -> str:
    raise ImageError(path, "never")


def test_processes_and_threads_give_the_same_in_order(files: list[Path], processes: None) -> None:
    work = partial(decode, channels=3)
    with Workers(len(files)) as many:
        found = numbers(list(many.each(work, files)))
        assert len(many.started) == 2
        assert numbers(list(many.each(work, files[:10]))) == found[:10]
        assert numbers(list(many.each(work, files, here=True))) == found
    assert found[7] == "not an image"
    assert found[60] == "no such file or directory"
    assert len(set(found)) == len(found)
    assert all(process.poll() is not None for process in many.started)


def test_few_files_start_no_process(files: list[Path]) -> None:
    with Workers(len(files)) as many:
        assert len(list(many.each(partial(decode, channels=1), files))) == len(files)
        assert not many.started


def test_a_file_that_kills_its_process_is_named_and_the_others_read(files: list[Path], processes: None) -> None:
    with Workers(len(files)) as many:
        answers = list(many.each(fatal, files))
    assert answers[3] == (None, "its decoder crashed")
    assert [value for value, reason in answers if reason is None] == [path.name for path in files if path != files[3]]


def test_a_process_that_is_killed_is_replaced(files: list[Path], processes: None) -> None:
    with Workers(len(files)) as many:
        found = list(many.each(partial(decode, channels=3), files[:2]))
        for process in many.started:
            process.kill()
        assert numbers(list(many.each(partial(decode, channels=3), files[:2]))) == numbers(found)


@pytest.mark.parametrize("here", [False, True])
def test_faults_of_ours_are_seen(files: list[Path], processes: None, here: bool) -> None:
    with Workers(len(files)) as many, pytest.raises((RuntimeError, ZeroDivisionError), match=r"ZeroDivision|0\.png"):
        list(many.each(wrong, files, here=here))
    with Workers(len(files)) as many:
        assert list(many.each(refused, files[:1], here=here)) == [(None, "never")]


def test_leaving_early_waits_for_nothing(files: list[Path], processes: None) -> None:
    with Workers(len(files)) as many:
        next(many.each(partial(decode, channels=3), files * 50))
    assert all(process.poll() is not None for process in many.started)


SCRIPT = """
import sys, time
from functools import partial
from pathlib import Path
from striate.data import workers
from striate.data.image import decode
workers.MANY, workers.cores = 1, lambda: 2
files = [Path(sys.argv[1])] * 400
with workers.Workers(len(files)) as many:
    for number, _ in enumerate(many.each(partial(decode, channels=3), files * 1000)):
        if number == 0:
            print(*(process.pid for process in many.started), flush=True)
"""


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"  # dead, and its parent too


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_script_without_a_guard_is_not_run_twice_and_leaves_no_process(files: list[Path], number: int) -> None:
    script = files[0].parent / "script.py"
    script.write_text(SCRIPT)
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, str(script), str(files[0])],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    started = [int(pid) for pid in process.stdout.readline().split()]
    assert len(started) == 2
    os.killpg(process.pid, number)  # as a terminal does
    rest, errors = process.communicate(timeout=120)
    assert rest == "", "the script ran twice"
    assert errors.count("Traceback") == (number == signal.SIGINT), "only its own KeyboardInterrupt"
    for _ in range(1000):
        if all(map(_gone, started)):
            break
        time.sleep(0.02)
    assert all(map(_gone, started))
