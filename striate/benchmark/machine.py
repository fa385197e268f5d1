"""What the figures were measured on, and with which versions."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("onnxruntime", "openvino", "jax", "keras")
CPUINFO = Path("/proc/cpuinfo")


def machine(engines: Iterable[str] = ()) -> dict[str, Any]:
    """Processor, threads and versions, with those of the packages that these engines use."""
    import torch  # here, so that the other names of this module are known without it

    asked = [name for name in PACKAGES if any(engine.startswith(name) for engine in engines)]
    return {
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        **{name: found for name in asked if (found := _version(name))},
    }


def processor() -> str:
    """The processor's name where Linux gives it, else its architecture."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
