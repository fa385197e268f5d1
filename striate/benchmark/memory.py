"""How much memory a contestant takes: the peak of a process of its own, above what it holds before it begins.

Before it begins it has loaded all its packages, by doing a tiny network, and has the images in memory.

>>> from striate.notation import read
>>> taken(read("input 1x8x8 -> fc 10"), "plain", "training", 4, threads=1) in (None, *range(2**30))
True
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from striate.errors import StriateError
from striate.notation import Network, bind, parse, read, render

STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET = "5"  # written there, it makes the peak what is held now
STEPS = 3


def taken(network: Network, engine: str, work: str, batch: int, threads: int) -> int | None:
    """Bytes at the peak of a few steps; None where the engine can't do the network, or the system does not tell.

    Args:
        network: What is computed.
        engine: A key of `contestants.ENGINES`.
        work: "training" or "inference".
        batch: Images in a batch.
        threads: That PyTorch and the native engine take.
    """
    if not (STATUS.exists() and REFERENCES.exists() and sys.executable):
        return None
    asked = {"text": render(network), "name": network.name, "engine": engine, "work": work, "batch": batch}
    code = f"import sys; sys.path[:] = {sys.path!r}; from striate.benchmark.memory import answer; answer()"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(asked | {"threads": threads}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        check=False,
    )
    lines = ended.stdout.splitlines()
    return int(lines[-1]) if ended.returncode == 0 and lines and lines[-1].isdecimal() else None


def answer() -> None:
    """What the process of its own does: the question on standard input, the bytes on standard output."""
    import torch

    from striate.benchmark.contestants import chosen
    from striate.benchmark.contestants.base import Job

    asked = json.load(sys.stdin)
    (who,), cpu = chosen([asked["engine"]]), torch.device("cpu")
    torch.set_num_threads(asked["threads"])
    job = Job.of(bind(parse(asked["text"]), name=asked["name"]), asked["batch"], cpu)
    try:
        who.ready(asked["work"], Job.of(read("input 4 -> fc 2"), 2, cpu))
        before = _kilobytes("VmRSS")
        REFERENCES.write_text(RESET)
        who.ready(asked["work"], job)(STEPS)
    except (StriateError, OSError):
        return
    print(1024 * max(0, _kilobytes("VmHWM") - before))


def _kilobytes(name: str) -> int:
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(name))
