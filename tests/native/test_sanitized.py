"""The generated code under the compiler's sanitizers, which end it at a read or a write outside of its memory, a shift,
an overflow or a misaligned pointer that C does not define. In a process of its own: they must be loaded first.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from striate.native.losses import GIVEN, KINDS, Loss, OfClass
from striate.native.network import Compiled, Moves, Rule
from striate.native.target import named, runnable
from striate.notation import Network, read
from striate.training.objective import AUX_WEIGHT
from tests.native import networks as nets
from tests.native import test_depth
from tests.native.test_ends import ASIDE, HEADS, SINGLE
from tests.native.test_networks import CORNERS, TEXTS

LOSSES = [name for name, kind in KINDS.items() if isinstance(kind, OfClass)]
FLAGS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", *nets.QUICK)
FILE = "libasan.so"
DRAWN = 10
GCC = next(filter(None, map(shutil.which, ("gcc", "cc"))), "")
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def use(network: Network, target: str = runnable()[0], loss: Loss = "cross-entropy") -> None:
    """Steps and evaluations with whole vectors of images, one more and one less, with and without rows and moves."""
    net = Compiled(network, 2, 70, loss, AUX_WEIGHT, named(target), FLAGS)
    lanes, random = net.plan.lanes, np.random.default_rng(0)
    for parameter in net.plan.parameters:
        net.write(parameter, random.standard_normal(parameter.shape).astype(np.float32) / 3)
    for kind, count in enumerate((1, 2, lanes - 1, lanes, lanes + 1, 2 * lanes + 3, 70)):
        x = nets.inputs(network, count, random)
        y = {part.end.name: nets.target_of(part, count, random) for part in net.parts}
        rule = Rule(kind=kind, rate=1e-3, momentum=0.9, eps=1e-8, l1=1e-4, clip=1e-3)
        rule.correct1 = rule.correct2 = 1.0
        how: dict[str, Any] = {"rows": np.arange(count)[::-1].copy(), "moves": moves(count, network)}
        for more in ({"seed": count}, how):
            if net.plan.given:
                net.finish(net.begin(x, **more), rule)
            else:
                net.step(x, y, rule, **more)
        net.evaluate(x)


def moves(count: int, network: Network) -> Moves:
    moves.kept = down, right, background = (  # type: ignore[attr-defined]  # as long as C reads them
        np.arange(count) % 3,
        np.arange(count) // 3 % 3,
        np.zeros(network.input[0] or 1, np.float32),
    )
    return Moves(most=1, down=down.ctypes.data, right=right.ctypes.data, background=background.ctypes.data)


@settings(max_examples=DRAWN, deadline=None, suppress_health_check=SLOW, database=None, derandomize=True)
@given(
    network=some.one_of(nets.networks(3), nets.networks(3), nets.wide_networks()), target=some.sampled_from(runnable())
)
def drawn(network: Network, target: str) -> None:
    use(network, target)


def known() -> None:
    for text, loss in zip((*TEXTS[::5], *test_depth.TEXTS[::5], *CORNERS[-6:]), cycle(LOSSES)):
        use(read(text), loss=loss)
    for text in ASIDE:
        use(read(text))
    for text, each in {**HEADS, **SINGLE}.items():
        use(read(text), loss=each)
    for text in (next(iter(ASIDE)), next(iter(HEADS)), CORNERS[0]):
        use(read(text), loss=GIVEN)


def overrun() -> None:
    """What must be caught: memory of one image, said to be two."""
    net = Compiled(read("input 1x4x4 -> fc 3"), 1, 2, extra_flags=FLAGS)
    x = np.zeros((1, 1, 4, 4), np.float32)
    net._library.evaluate(net._net, x.ctypes.data, 2, np.zeros(3, np.float32).ctypes.data)


@cache
def runtime() -> str:
    """The path of the sanitizers' library; empty where the compiler has none."""
    if not GCC or not sys.platform.startswith("linux"):
        return ""
    with tempfile.TemporaryDirectory() as folder:
        words = [GCC, "-x", "c", "-", *FLAGS, "-o", str(Path(folder) / "tried")]
        if subprocess.run(words, input="int main(void) { return 0; }", text=True, capture_output=True).returncode:
            return ""
    found = subprocess.run([GCC, f"-print-file-name={FILE}"], capture_output=True, text=True).stdout.strip()
    return found if os.path.isabs(found) else ""


def sanitized(function: str) -> subprocess.CompletedProcess[str]:
    code = f"from tests.native import test_sanitized; test_sanitized.{function}(); print('done')"
    environment = {**os.environ, "LD_PRELOAD": runtime(), "ASAN_OPTIONS": "detect_leaks=0", "STRIATE_CC": GCC}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=1500)


needs_sanitizers = pytest.mark.skipif(not runtime(), reason="the compiler has no sanitizers")


@pytest.mark.slow
@needs_sanitizers
@pytest.mark.parametrize("function", ["known", "drawn"])
def test_nothing_outside_of_memory_and_nothing_undefined(function: str) -> None:
    ended = sanitized(function)
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr[-3000:]


@pytest.mark.slow
@needs_sanitizers
def test_the_sanitizers_are_at_work() -> None:
    ended = sanitized("overrun")
    assert ended.returncode
    assert "AddressSanitizer" in ended.stderr
