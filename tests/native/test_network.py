"""What goes to C is checked first; a network outlives forks, threads and its neighbours."""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from striate.errors import InputError
from striate.native.network import Compiled, Rule
from striate.notation import read
from tests.native import networks as nets
from tests.native.needs import needs_compiler

pytestmark = needs_compiler

TEXT = "input 2x5x6 -> conv 3@3 -> tanh -> fc 3"
COUNT = 33
RULE = Rule(kind=1, rate=0.05, momentum=0.9)


def batch(count: int = COUNT) -> tuple[Any, Any]:
    x = np.random.default_rng(0).standard_normal((count, 2, 5, 6)).astype(np.float32)
    return x, np.arange(count) % 3


def made(threads: int = 2) -> Compiled:
    return nets.twins(read(TEXT), COUNT, threads=threads)[1]


@pytest.mark.parametrize("wrong", [-1, 3, 2**40])
def test_a_label_that_is_no_class_never_reaches_c(wrong: int) -> None:
    net, (x, y) = made(), batch()
    y[-1] = wrong
    with pytest.raises(InputError, match=rf"labels are 0 to 2\. Received: {min(0, wrong)} to {max(2, wrong)}"):
        net.step(x, y, RULE)


@pytest.mark.parametrize("wrong", [-1, COUNT])
def test_a_row_that_is_no_image_never_reaches_c(wrong: int) -> None:
    net, (x, y) = made(), batch()
    with pytest.raises(AssertionError, match="rows of the images"):
        net.step(x, y[:2], RULE, rows=np.array([0, wrong]))


def test_images_and_labels_of_another_form_never_reach_c() -> None:
    net, (x, y) = made(), batch()
    for images in (x.astype(np.float64), x[:, :, ::2].repeat(2, 2)[:, :, :4], x[:, :, :4].copy(), x[:-1], x[:0]):
        with pytest.raises(AssertionError):
            net.step(images, y, RULE)
    more = np.concatenate([x, x[:1]])
    for labels in (y.astype(np.int32), np.repeat(y, 2)[::2], np.append(y, 0)):
        with pytest.raises(AssertionError):
            net.step(more if len(labels) > len(x) else x, labels, RULE)


def test_no_images_have_no_outputs() -> None:
    assert made().evaluate(batch()[0][:0]).shape == (0, 3)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_goes_on_and_ends() -> None:
    """It has none of the threads: waiting for them would never end."""
    code = (
        "import os, signal, sys\n"
        "from tests.native.test_network import RULE, batch, made\n"
        "net, other, (x, y) = made(), made(), batch()\n"
        "net.step(x, y, RULE)\n"
        "before = net.flat['weights'].copy()\n"
        "child = os.fork()\n"
        "signal.alarm(60)\n"
        "if not child:\n"
        "    del other\n"
        "seen = net.step(x, y, RULE)\n"
        "status = os.waitpid(child, 0)[1] if child else 0\n"  # before it prints: both have one pipe
        "print(seen.loss, net.flat['weights'].sum(), flush=True)\n"
        "del net\n"
        "sys.exit(os.waitstatus_to_exitcode(status))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")
    first, second = ended.stdout.splitlines()
    assert first == second


def test_two_networks_at_once_and_one_that_ends_in_another_thread() -> None:
    x, y = batch()
    alone = made()
    expected = [alone.step(x, y, RULE).loss for _ in range(20)]
    found: dict[int, list[float]] = {}
    pair = {number: made() for number in range(2)}  # not in the threads: first weights come from one generator

    def train(number: int) -> None:
        net = pair.pop(number)
        found[number] = [net.step(x, y, RULE).loss for _ in range(20)]

    threads = [threading.Thread(target=train, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {0: expected, 1: expected}
    assert alone.step(x, y, RULE).loss < expected[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_ctrl_c_comes_between_two_steps() -> None:
    net, (x, y) = made(), batch()
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    deadline = time.monotonic() + 60

    def train() -> None:
        while time.monotonic() < deadline:
            net.step(x, y, RULE)

    with pytest.raises(KeyboardInterrupt):
        train()
    assert np.isfinite(net.step(x, y, RULE).loss)
