"""What can only be seen from outside: imports, pipes, Ctrl-C, a disk that is full."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO
from urllib.request import urlopen

import numpy as np
import pytest

from striate.cli import VERBS
from striate.runs.run import Run
from tests.cli.test_wrong_words import WRONG

STRIATE = [sys.executable, "-m", "striate"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
TINY = "input 1x8x8 -> fc 10"
HEAVY = ("torch", "numpy", "matplotlib", "sklearn", "safetensors", "PIL")


def run(*words: object, stdout: int | IO[str] = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*STRIATE, *map(str, words)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=ENVIRONMENT,
        timeout=120,
    )


@pytest.mark.parametrize(
    "words", [["explain", "resnet50"], ["explain", "lenet5", "--json"], ["--help"], ["zoo"], ["--version"]]
)
def test_what_needs_no_torch_does_not_wait_for_it(words: list[str]) -> None:
    code = (
        "import sys\n"
        "from striate.cli import _status, striate\n"
        f"status = _status(lambda: striate.main({words!r}, standalone_mode=False))\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(status)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
    assert ended.returncode == 0
    assert ended.stderr.splitlines()[-1] == "[]"


FORKED = """
import json, os, sys
from striate.cli import _status, striate
loaded = []
for words in json.load(sys.stdin):
    if not (child := os.fork()):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1), os.dup2(1, 2)
        _status(lambda: striate.main(words, standalone_mode=False))
        os._exit(any(name in sys.modules for name in ("torch", "sklearn", "scipy", "matplotlib")))
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        loaded.append(words)
print(json.dumps(loaded))
"""


@pytest.mark.slow  # a process for each of some eighty commands
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_words_are_checked_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    about_data = (
        "end the network with",
        "to train; give it",
        "(3-D)",
        "use --batch 2",
        "can't be built",
        "lacks 'local",
        "no file or folder",  # what the task that was asked for reads is known to its module
        "the task volume reads",
        "the task clip reads",
    )
    light = [words for words, message in WRONG if not any(part in message for part in about_data)]
    assert len(light) > 50
    light += [[verb, "--help"] for verb in VERBS] + [["baseline", "hogg", "digits"], ["baseline", "hog", "digit"]]
    light += [["test", str(tmp_path)], ["train", TINY, "digits", "--out", str(Path(__file__).parent)]]
    ended = subprocess.run(
        [sys.executable, "-c", FORKED],
        input=json.dumps(light),
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd=tmp_path,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout) == []


def test_the_json_is_all_of_standard_output() -> None:
    ended = run("explain", "lenet5", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["total_parameters"] == 61_706


def test_a_wrong_word_ends_with_status_2_and_one_line() -> None:
    ended = run("explain", "lenet6")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "striate: no network 'lenet6'; `striate zoo` lists them; did you mean 'lenet5'?\n"


@pytest.mark.parametrize("words", [["explain", "resnet152"], ["explain", "resnet152", "--json"], ["zoo"]])
def test_a_reader_that_has_seen_enough(words: list[str]) -> None:
    process = subprocess.Popen([*STRIATE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    assert process.stdout
    assert process.stderr
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.wait(60)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["explain", "lenet5"], ["explain", "lenet5", "--json"]])
def test_output_to_a_full_disk(words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        ended = run(*words, stdout=full)
    assert (ended.returncode, ended.stderr) == (1, "striate: No space left on device\n")


def learning(words: list[str], run: Path) -> subprocess.Popen[str]:
    """A training that has learned for a moment."""
    process = subprocess.Popen(
        [*STRIATE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    sums = run / "SHA256SUMS"
    started = time.monotonic()
    while not sums.exists() or "model.safetensors" not in sums.read_text():
        assert process.poll() is None
        assert time.monotonic() - started < 100
        time.sleep(0.02)
    time.sleep(0.3)
    return process


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.05, 0.2])
def test_ctrl_c_twice_says_where_the_weights_are_and_how_it_goes_on(tmp_path: Path, pause: float) -> None:
    words = ["train", TINY, "digits", "--epochs", "100000", "--schedule", "constant", "--out", str(tmp_path / "run")]
    process = learning([*words, "--engine", "torch"], tmp_path / "run")
    process.send_signal(signal.SIGINT)
    time.sleep(pause)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert f"`striate resume {tmp_path / 'run'}` goes on" in err
    assert re.search(
        rf"weights of epoch \d+, .* are kept in {tmp_path / 'run'}|after epoch \d+; the best weights are", err
    )
    assert Run(tmp_path / "run").check() == []


@pytest.mark.parametrize("engine", ["torch", "native"])
def test_ctrl_c_ends_training_with_its_report_and_best_weights(tmp_path: Path, engine: str) -> None:
    words = ["train", TINY, "digits", "--epochs", "100000", "--schedule", "constant", "--out", str(tmp_path / "run")]
    words += ["--engine", engine]
    process = learning(words, tmp_path / "run")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    last = err.splitlines()[-1]
    opened = Run(tmp_path / "run")
    goes_on = f"`striate resume {tmp_path / 'run'}` goes on"
    assert last == f"stopped by Ctrl-C after epoch {len(opened.history)}; the best weights are kept; {goes_on}"
    assert "Underfit" not in err
    assert opened.notes == []
    assert (tmp_path / "run" / "report.html").is_file()
    assert f"test accuracy       {opened.test().accuracy:.2%}" in out


def test_see_serves_its_page_until_ctrl_c(tmp_path: Path) -> None:
    assert run("train", TINY, "digits", "--epochs", "1", "--out", tmp_path / "run").returncode == 0
    words = [*STRIATE, "see", str(tmp_path / "run"), "--no-browser"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stdout
    address = process.stdout.readline().strip()
    with urlopen(address, timeout=60) as page:
        assert b"main.js" in page.read()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == "Ctrl-C ends it\n"


def test_see_opens_the_report_of_what_reads_no_image(tmp_path: Path) -> None:
    np.savez(tmp_path / "waves.npz", x=np.random.default_rng(0).normal(size=(40, 1, 16)), y=np.arange(40) % 2)
    assert (
        run(
            "train", "input 1x16 -> fc 2", tmp_path / "waves.npz", "--epochs", "1", "--out", tmp_path / "run"
        ).returncode
        == 0
    )
    ended = run("see", tmp_path / "run", "--no-browser")
    assert ended.returncode == 0
    assert ended.stdout == f"{tmp_path / 'run' / 'report.html'}\n"
    assert "networks that read one picture, one sentence or one word; here is the report" in ended.stderr
