"""The vector units that native code is made for: how many float32 lanes, how many registers, which compiler flags.

One C source serves them all; it reads `LANES` and `REGISTERS`, and the compiler's vector extensions do the rest.

>>> named("avx2").lanes, named("avx2").flags
(8, ('-mavx2', '-mfma'))
>>> host().lanes in (4, 8, 16)
True
"""

import ctypes
import os
import platform
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from striate.errors import InputError, nearest

CPUINFO = Path("/proc/cpuinfo")
WIDE = "-mprefer-vector-width=512"  # left alone, gcc and clang keep to 256 bits on most processors
MODEL = ("vendor_id", "model name", "cpu family", "model", "CPU implementer", "CPU part")
NEEDS = {"avx512": {"avx512f", "avx512dq", "avx512vl", "fma"}, "avx2": {"avx2", "fma"}}  # as Linux writes them
APPLE = {  # the same features as macOS writes them
    "hw.optional.avx512f": "avx512f",
    "hw.optional.avx512dq": "avx512dq",
    "hw.optional.avx512vl": "avx512vl",
    "hw.optional.avx2_0": "avx2",
    "hw.optional.fma": "fma",
}


@dataclass(frozen=True)
class Target:
    """Vector units that code is made for.

    Attributes:
        name: `avx512`, `avx2`, `neon` or `plain`.
        lanes: float32 values in one vector.
        registers: vector registers.
        flags: compiler flags that allow these units.
        linked: what makes a library of objects.
    """

    name: str
    lanes: int
    registers: int
    flags: tuple[str, ...]
    linked: tuple[str, ...] = ("-shared",)


TARGETS = {
    target.name: target
    for target in (
        Target("avx512", 16, 32, ("-mavx512f", "-mavx512dq", "-mavx512vl", "-mfma", WIDE)),
        Target("avx2", 8, 16, ("-mavx2", "-mfma")),
        Target("neon", 4, 32, ()),  # a part of every 64-bit ARM
        Target("plain", 4, 16, ()),  # four lanes fit SSE2, and are plain C where there are no vectors
    )
}


EXPORTS = (
    *("malloc", "create", "step", "evaluate"),
    *("weights", "mean", "square", "buffers", "gradients", "scratch", "kept"),
)
WEB = Target(  # a browser's: no machine's own, so it has no place among the others
    *("wasm", 4, 16, ("-target", "wasm32-wasi", "-msimd128")),
    linked=("-mexec-model=reactor", "-s", *(f"-Wl,--export={name}" for name in EXPORTS)),
)


def named(name: str) -> Target:
    """The target of that name, whether this machine has it or not.

    Raises:
        InputError: there is none of that name.
    """
    if name not in TARGETS:
        raise InputError(f"no vector units '{name}'{nearest(name, TARGETS)}; there are {', '.join(TARGETS)}")
    return TARGETS[name]


def host() -> Target:
    """The widest units this machine has, or those that $STRIATE_TARGET names.

    Raises:
        InputError: $STRIATE_TARGET is no target's name, or this machine cannot run it.
    """
    wanted = os.environ.get("STRIATE_TARGET")
    if not wanted:
        return _widest()
    target = named(wanted)
    if wanted not in runnable():
        raise InputError(f"STRIATE_TARGET={wanted}: this machine cannot run it; take one of {', '.join(runnable())}")
    return target


@cache
def runnable() -> tuple[str, ...]:
    """The names of the targets this machine can run, widest first."""
    if _machine() in ("aarch64", "arm64"):
        return ("neon", "plain")
    _, features = _processor()
    return (*(name for name, needs in NEEDS.items() if needs <= features), "plain")


@cache
def fingerprint() -> str:
    """What the processor is and can do; code made under another fingerprint may not run here."""
    model, features = _processor()
    text = "\n".join((platform.system(), _machine(), model, *sorted(features)))
    return sha256(text.encode()).hexdigest()[:16]


@cache
def _widest() -> Target:
    """The widest target, with flags that tune for this very processor."""
    target = TARGETS[runnable()[0]]
    if _machine() in ("x86_64", "amd64", "i686"):
        wide = (WIDE,) if target.name == "avx512" else ()
        return replace(target, flags=("-march=native", *wide))
    return replace(target, flags=("-mcpu=native",)) if target.name == "neon" else target


def _machine() -> str:
    return platform.machine().lower()


@cache
def _processor() -> tuple[str, frozenset[str]]:
    """The processor's description, and the features it and the system have."""
    if platform.system() == "Darwin":
        features = frozenset(feature for name, feature in APPLE.items() if _sysctl(name).strip(b"\0"))
        return _sysctl("machdep.cpu.brand_string").decode(errors="replace"), features
    about = _cpuinfo()
    features = frozenset(about.get("flags", about.get("Features", "")).split())
    return "/".join(about.get(key, "") for key in MODEL) if about else platform.processor(), features


def _cpuinfo() -> dict[str, str]:
    """The first core's lines; a machine with hundreds of cores takes long to write them all."""
    about = {}
    try:
        with CPUINFO.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not line.strip():
                    break
                key, _, value = line.partition(":")
                about[key.strip()] = value.strip()
    except OSError:
        return {}
    return about


def _sysctl(name: str) -> bytes:
    """What macOS says under `name`; empty when it knows no such name."""
    found, size = ctypes.create_string_buffer(256), ctypes.c_size_t(256)
    failed = ctypes.CDLL(None).sysctlbyname(name.encode(), found, ctypes.byref(size), None, ctypes.c_size_t(0))
    return b"" if failed else found.raw[: size.value]
