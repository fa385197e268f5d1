"""Whether the machine has other things to do, which a user should know beside figures of speed.

Two signs: how many programs wanted its processors in the last minute, and a peak far below that of the last times,
which are kept in the user's cache.

>>> waiting(load=3.5, cores=4)
'the machine is busy (3.5 programs run on its 4 cores): figures will be low'
>>> waiting(load=0.3, cores=4)
''
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

KEPT = 5  # peaks of each machine: one that has become slower for good is known to be so after as many
LOW = 0.8  # of the highest of them: what is below is far below
LOADED = 0.5  # of the cores


def waiting(load: float | None = None, cores: int | None = None) -> str:
    """A line where many programs run; nothing where few do, or nobody knows."""
    if load is None:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    cores = cores or os.cpu_count() or 1
    if load <= LOADED * cores:
        return ""
    return f"the machine is busy ({load:.1f} programs run on its {cores} cores): figures will be low"


def slower(peak: float, machine: str) -> str:
    """A line where the peak, operations per second, is far below those kept of this machine; it is kept with them."""
    path = _path()
    known = _known(path)
    before = known.get(machine, [])
    if path:
        _keep(path, known | {machine: [*before, peak][-KEPT:]})
    if not before or peak >= LOW * max(before):
        return ""
    now, then = (f"{value / 1e9:,.0f} GFLOP/s" for value in (peak, max(before)))
    return f"the machine is busy or slowed down: its peak is {now} now and was {then} before; figures are low"


def _path() -> Path | None:
    with suppress(RuntimeError):  # nobody knows the user's home
        return user_cache_path("striate") / "peaks.json"
    return None


def _known(path: Path | None) -> dict[str, list[float]]:
    """What is kept; nothing where it can't be read or is not what was written."""
    try:
        found = json.loads(path.read_bytes()) if path else {}
        return {str(name): [float(value) for value in values] for name, values in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(path: Path, known: dict[str, list[float]]) -> None:
    """Written whole or not at all; a cache that can't be written keeps nothing."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(known, file)
        os.replace(unfinished, path)
