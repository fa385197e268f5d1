"""Any text can be written to any encoding, and to streams that are closed, full or no longer read."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.cli.streams import PLAIN

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
STRIATE = [sys.executable, "-m", "striate"]
ENCODINGS = ("ascii", "latin-1", "cp1251", "cp437", "cp1252", "koi8-r", "shift_jis", "utf-8")


def shell(words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """`striate` with these words and redirections; what no one redirects is caught."""
    command = f"exec {sys.executable} -m striate {words}"
    return subprocess.run(command, shell=True, capture_output=True, env=ENVIRONMENT | environment, timeout=60)


@given(st.text(), st.sampled_from(ENCODINGS))
def test_every_text_has_a_spelling_in_every_encoding(text: str, encoding: str) -> None:
    written = text.encode(encoding, errors=PLAIN)
    assert len(written) >= len(text), "nothing is left out"
    if text.isascii():
        assert written.decode("ascii") == text


def test_a_file_name_that_is_no_text_keeps_its_bytes() -> None:
    assert os.fsdecode(b"f\xff.png").encode("utf-8", errors=PLAIN) == b"f\xff.png"


@pytest.mark.parametrize("encoding", ["ascii", "cp1251", "latin-1"])
def test_tables_and_errors_in_an_encoding_without_a_cross(encoding: str) -> None:
    shown = shell("explain lenet5", PYTHONIOENCODING=encoding)
    assert (shown.returncode, shown.stderr) == (0, b"")
    text = shown.stdout.decode(encoding)
    assert f"6{'×' if encoding == 'latin-1' else 'x'}28{'×' if encoding == 'latin-1' else 'x'}28" in text
    assert "total" in text
    refused = shell("explain 'lenet×→6'", PYTHONIOENCODING=encoding)
    assert refused.returncode == 2
    assert refused.stderr.decode(encoding).startswith("striate: ")


def test_json_needs_no_more_than_ascii(tmp_path: Path) -> None:
    (tmp_path / "Größe×2.net").write_text("input 1x8x8 -> fc 10", encoding="utf-8")
    shown = shell(f"explain '{tmp_path}/Größe×2.net' --json", PYTHONIOENCODING="ascii")
    assert json.loads(shown.stdout.decode("ascii"))["name"] == "Größe×2"


@pytest.mark.parametrize("words", ["explain lenet5", "explain lenet5 --json", "explain lenet6"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams(words: str, closed: str) -> None:
    ended = shell(f"{words} {closed}")
    assert ended.returncode == (2 if words == "explain lenet6" else 0)
    assert b"Traceback" not in ended.stdout + ended.stderr
    if "2>&-" not in closed:
        assert len(ended.stderr.splitlines()) == (ended.returncode == 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_error_stream_that_is_full() -> None:
    assert shell("explain lenet6 2>/dev/full").returncode == 2


def test_an_error_stream_that_nobody_reads() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([*STRIATE, "explain", "lenet6"], stderr=writing, env=ENVIRONMENT, timeout=60)
    os.close(writing)
    assert ended.returncode == 2


def on_a_terminal(words: list[str], **environment: str) -> str:
    """What `striate` writes to a terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*STRIATE, *words], stdout=theirs, stderr=theirs, env=ENVIRONMENT | environment)
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while part := os.read(ours, 65536):
            written += part
    os.close(ours)
    assert process.wait(60) == 0
    return written.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*[349][0-7]m")
TRAIN = ["train", "input 1x8x8 -> fc 10", "digits", "--epochs", "3", "--engine", "torch", "--out"]


@pytest.mark.slow  # three trainings
def test_a_terminal_with_colours_without_and_one_that_can_do_nothing(tmp_path: Path) -> None:
    usual = {"TERM": "xterm-256color", "COLUMNS": "60"}
    coloured = on_a_terminal([*TRAIN, str(tmp_path / "a")], **usual)
    assert COLOUR.search(coloured)
    plain = on_a_terminal([*TRAIN, str(tmp_path / "b")], **usual, NO_COLOR="1")
    assert not COLOUR.search(plain)
    assert "epoch 1/3" in plain
    dumb = on_a_terminal([*TRAIN, str(tmp_path / "c")], TERM="dumb", COLUMNS="60")
    assert "\x1b" not in dumb
    assert "epoch   3  loss" in dumb
