"""A training that is seen: what its page is told, and that the training does not depend on it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest

from striate.errors import InputError, WorkError
from striate.runs.resuming import resume
from striate.runs.training import train
from striate.watching import Page, page
from striate.watching.application import Application
from striate.watching.scene import Scene
from tests import written

NET = "input 1x8x8 -> conv 4@3 -> relu -> conv 6@3 -> relu -> fc 10"
OPTIONS: dict[str, Any] = {"quiet": True, "seed": 0, "see": True}


class Told(Page):
    """A page without a browser, which remembers what it would show at the end, and in between."""

    pages: list["Told"] = []  # noqa: RUF012 - one list for the test

    def __init__(self, say: Callable[[str], None], browser: bool = True, port: int = 0) -> None:
        super().__init__(say, browser=False, port=port)
        self.pages.append(self)
        self.lines: list[str] = []
        self.say = self.lines.append

    def get(self, path: str) -> Any:
        assert self.application
        answer = self.application.answer("GET", path)
        assert answer.status == 200, answer
        return json.loads(answer.body) if answer.kind == "application/json" else answer.body.decode()


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Told]]:
    monkeypatch.setattr("striate.runs.training.Page", Told)
    monkeypatch.setattr("striate.runs.resuming.Page", Told)
    Told.pages = []
    yield Told.pages
    for one in Told.pages:
        one.stop()


def weights(root: Path) -> bytes:
    from safetensors.numpy import load_file

    return b"".join(tensor.tobytes() for _, tensor in sorted(load_file(root / "model.safetensors").items()))


def test_its_page_shows_the_whole_training(told: list[Told], tmp_path: Path) -> None:
    run = train(NET, "digits", epochs=4, out=tmp_path / "run", **OPTIONS)
    (seen,) = told
    numbers = seen.get("/numbers")
    rows = [{k: v for k, v in row.items() if "second" not in k} for row in numbers["history"]]
    assert rows == [{k: v for k, v in row.items() if "second" not in k} for row in run.history.to_json()]
    assert numbers["kept"] == run.history.best.epoch
    assert numbers["said"][0].startswith(("Cut short", "Well", "Under", "Over"))
    assert numbers["report"]
    assert seen.get("/report") == (run.path / "report.html").read_text()
    assert [sheet["name"] for sheet in seen.get("/filters")] == ["conv1", "conv2"]
    assert "Most wrong images" in seen.get("/worst")
    assert " style=" not in seen.get("/worst"), "no text sets a style on a page whose rules forbid it"
    assert seen.server
    assert urlopen(seen.server.address).status == 200


def test_a_training_that_is_seen_is_the_same_training(told: list[Told], tmp_path: Path) -> None:
    train(NET, "digits", epochs=2, out=tmp_path / "seen", **OPTIONS)
    train(NET, "digits", epochs=2, out=tmp_path / "unseen", **{**OPTIONS, "see": False})
    assert len(told) == 1
    assert weights(tmp_path / "seen") == weights(tmp_path / "unseen")


def test_what_goes_on_is_seen_with_all_its_epochs(told: list[Told], tmp_path: Path) -> None:
    train(NET, "digits", epochs=2, out=tmp_path / "run", **{**OPTIONS, "see": False})
    resume(tmp_path / "run", epochs=3, quiet=True, see=True)
    assert [row["epoch"] for row in told[0].get("/numbers")["history"]] == [1, 2, 3]


def test_where_nothing_can_be_served_one_line_says_so(told: list[Told], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = train(NET, "digits", epochs=1, out=tmp_path / "run", **OPTIONS, port=port)
    assert len(run.history) == 1
    (line,) = told[0].lines
    assert line.startswith(f"the training can't be seen: can't listen at 127.0.0.1, port {port}")


def test_it_is_served_at_the_port_that_is_asked_for(told: list[Told], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    train(NET, "digits", epochs=1, out=tmp_path / "run", **OPTIONS, port=port)
    assert told[0].server
    assert told[0].server.port == port
    with pytest.raises(InputError, match="ports are 0 to 65535"):
        resume(tmp_path / "run", epochs=2, see=True, port=70000)


def test_from_python_it_is_served_until_it_is_closed(
    told: list[Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "GONE", 1.0)
    monkeypatch.setattr(page, "OFTEN", 0.05)
    train(NET, "digits", epochs=1, out=tmp_path / "run", **OPTIONS)
    server = told[0].server
    assert server
    assert any("until it is closed, or the program ends" in line for line in told[0].lines)
    for _ in range(15):  # longer than a page is kept that nobody looks at
        assert json.loads(urlopen(server.address + "numbers").read())["said"], "its last state is there"
        time.sleep(0.1)
    server.wait()
    with pytest.raises(URLError, match="refused"):
        urlopen(server.address)


def test_the_programs_end_does_not_wait_for_a_page_that_is_open(tmp_path: Path) -> None:
    """Neither for one that goes on asking, nor for a question that never ends."""
    program = f"""
import contextlib, re, socket, threading, urllib.request, striate as st
from striate.tasks import saying
def looked(line):
    if found := re.search(r"http://\\S+/", line):
        held = socket.create_connection(("127.0.0.1", int(found[0].split(":")[2].split("/")[0])))
        held.sendall(b"POST / HTTP/1.1\\r\\ncontent-length: 9\\r\\n")
        threads = [threading.Thread(target=ask, args=(found[0], held), daemon=True) for _ in range(3)]
        [one.start() for one in threads]
def ask(address, held):
    with contextlib.suppress(OSError):
        while True:
            urllib.request.urlopen(address + "numbers").read()
saying.aloud = looked
st.train({NET!r}, "digits", epochs=2, out={str(tmp_path / "run")!r}, see=True)
"""
    made = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "BROWSER": "true"},
        capture_output=True,
        text=True,
        timeout=page.GONE,
    )
    assert made.returncode == 0, made.stderr
    assert "Traceback" not in made.stderr


def test_why_a_training_failed_is_on_its_page(told: list[Told], tmp_path: Path) -> None:
    with pytest.raises(WorkError):
        train(NET, "digits", epochs=3, lr=1e30, optimizer="sgd", out=tmp_path / "run", **OPTIONS)
    said = told[0].get("/numbers")["said"]
    assert "loss is" in said[0]
    assert not told[0].get("/numbers")["report"]


def test_the_worst_of_any_task_are_shown(told: list[Told], tmp_path: Path) -> None:
    lines = [f"{'good' if n % 2 else 'bad'}\t{('fine', 'dull')[n * 7 % 3 % 2]} film number {n}" for n in range(60)]
    (tmp_path / "reviews.tsv").write_text("\n".join(lines))
    text = "length = 20\nwords = 80\ninput length\nembed (words)x4 -> conv 4@3 -> relu -> gmp -> fc 2"
    train(text, tmp_path / "reviews.tsv", epochs=1, out=tmp_path / "text", **OPTIONS)
    assert re.search(r"<blockquote>.*film number", told[-1].get("/worst"))
    written.cells(tmp_path / "cells", 12, 4)
    train("input 1x?x? -> conv 2@3 pad same", tmp_path / "cells", epochs=1, out=tmp_path / "s", **OPTIONS)
    assert "mean IoU" in told[-1].get("/worst")
    chance = np.random.default_rng(0)
    rows = chance.standard_normal((90, 1, 30)).astype(np.float32)
    np.savez(tmp_path / "signals.npz", x=rows, y=np.arange(90) % 3)
    train("input 1x30 -> conv 4@5 -> relu -> fc 3", tmp_path / "signals.npz", epochs=1, out=tmp_path / "n", **OPTIONS)
    assert told[-1].get("/worst") == "", "signals are no pictures"
    assert told[-1].get("/filters")[0]["said"].startswith("the one input channel in grey")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/watching/static/training.js", 200),
        ("GET", "/report.css", 200),
        ("GET", "/numbers", 200),
        ("GET", "/worst", 200),
        ("GET", "/report", 404),
        ("GET", "/../page.py", 404),
        ("GET", "/etc/passwd", 404),
        ("POST", "/numbers", 405),
    ],
)
def test_questions(method: str, path: str, status: int) -> None:
    answer = Application(Scene("a net", 3, 10)).answer(method, path)
    assert answer.status == status


def test_it_is_served_for_as_long_as_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    made = Page(lines.append, browser=False)
    made.begin(Scene("a net", 3, 10))
    assert made.application
    assert made.server
    made.wait()
    assert not any("until it is closed" in line for line in lines), "nobody ever looked"
    monkeypatch.setattr(page, "GONE", 0.5)
    monkeypatch.setattr(page, "OFTEN", 0.05)
    urlopen(made.server.address + "numbers").read()
    made.wait()
    assert made.application.idle >= 0.5
    assert any("until it is closed" in line for line in lines)
    made.stop()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Ctrl-C is sent as POSIX sends it")
def test_ctrl_c_keeps_the_best_weights_and_ends_the_page(tmp_path: Path) -> None:
    words = ["train", "lenet5", "digits", "--epochs", "100000", "--out", str(tmp_path / "run"), "--see"]
    process = subprocess.Popen(
        [sys.executable, "-m", "striate", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": "true"},  # a command that opens nothing
    )
    assert process.stderr
    address = ""
    for line in process.stderr:
        address = address or (re.findall(r"http://\S+/", line) or [""])[0]
        if line.startswith("epoch   2"):
            break
    assert json.loads(urlopen(address + "numbers").read())["history"]
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "report:" in out
    assert (tmp_path / "run" / "report.html").is_file()
