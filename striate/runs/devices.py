"""Where to compute: the device and the engine, chosen when not given.

>>> str(device("cpu"))
'cpu'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from striate.errors import InputError, nearest

if TYPE_CHECKING:  # names are checked without importing torch
    import torch

ENGINES = ("auto", "torch", "native")
DEVICES = ("auto", "cpu", "cuda", "mps")
ENGINES_ALSO = {"torch": ("pytorch", "eager"), "native": ("c", "cpp", "compiled")}  # names in other programs
DEVICES_ALSO = {"cuda": ("gpu", "nvidia"), "mps": ("metal", "apple")}


def device(name: str = "auto") -> torch.device:
    """The device of this name: `cpu`, `cuda`, `cuda:1`, `mps`; `auto` takes the fastest there is.

    Raises:
        InputError: No such device, or not on this machine.
    """
    check(name)
    import torch

    if name == "auto":
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    kind = name.split(":")[0]
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[kind]:
        raise InputError(f"this machine has no '{name}' that PyTorch can use; try `device='cpu'`")
    found = torch.device(name)
    if kind == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        raise InputError(f"no device '{name}'; the last one here is cuda:{torch.cuda.device_count() - 1}")
    return found


def check(name: str) -> None:
    """Raises InputError for a word that is no device's name on any machine."""
    kind, colon, number = str(name).partition(":")
    if kind not in DEVICES:
        raise InputError(f"no device '{name}'{nearest(name, DEVICES, DEVICES_ALSO)}; there are {', '.join(DEVICES)}")
    if colon and (kind == "auto" or not (number.isascii() and number.isdecimal() and int(number[:9]) < 128)):
        raise InputError(f"no device '{name}'; a number follows the colon, as in cuda:1")


def engine(name: str = "auto") -> str:
    """The name itself, if there is such an engine or it is `auto`.

    Raises:
        InputError: No such engine.
    """
    if name not in ENGINES:
        raise InputError(f"no engine '{name}'{nearest(name, ENGINES, ENGINES_ALSO)}; there are {', '.join(ENGINES)}")
    return name
