"""What the machine can do at best: multiply-adds in registers, none waiting for another, on all threads."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from striate.native import compiler
from striate.native.jobs import NoCompiler
from striate.native.target import host

CHAINS = 12  # vectors in registers: two units with a latency of four cycles need eight
TRIES = 5
SOURCE = f"""
typedef float vec __attribute__((vector_size(LANES * 4)));

/* x[i] = x[i] a + b, `rounds` times; the sum is given back so that the compiler leaves none out. */
float multiply_adds(long rounds, float a, float b) {{
  vec x[{CHAINS}], factor = (vec){{}} + a, term = (vec){{}} + b;
  for (int i = 0; i < {CHAINS}; i++) x[i] = (vec){{}} + (float)i;
  for (long n = 0; n < rounds; n++)
    _Pragma("GCC unroll 64") for (int i = 0; i < {CHAINS}; i++) x[i] = x[i] * factor + term;
  for (int i = 1; i < {CHAINS}; i++) x[0] += x[i];
  return x[0][0];
}}
"""


class Peak:
    """The loop, compiled for this machine.

    Args:
        threads: How many run it side by side.

    Raises:
        NoCompiler: It can't be compiled here.
    """

    def __init__(self, threads: int) -> None:
        library, _ = compiler.loaded({"peak": SOURCE}, title="peak")
        self._loop: Any = library.multiply_adds
        self._loop.argtypes = (ctypes.c_long, ctypes.c_float, ctypes.c_float)
        self._loop.restype = ctypes.c_float
        self.threads, self.operations = threads, 2 * CHAINS * host().lanes  # operations: in one round of one thread

    @staticmethod
    def found(threads: int, say: Callable[[str], None]) -> Peak | None:
        """The loop; None, and a line, where there is no compiler."""
        try:
            return Peak(threads)
        except NoCompiler as error:
            say(f"the machine's peak is not measured: {error}")
            return None

    def measure(self, seconds: float) -> float:
        """Operations per second of all threads: the best of five tries that take about so many seconds together."""
        rounds = 1 << 12
        while (taken := self._timed(rounds)) < min(seconds / TRIES, 0.01):
            rounds *= 2
        rounds = max(rounds, round(rounds * seconds / TRIES / taken))
        least = min(self._timed(rounds) for _ in range(TRIES))
        return self.threads * rounds * self.operations / least

    def _timed(self, rounds: int) -> float:
        """Seconds of the slowest thread."""

        def work(_: int) -> float:
            started = time.perf_counter()
            self._loop(rounds, 0.999, 0.001)
            return time.perf_counter() - started

        with ThreadPoolExecutor(self.threads) as pool:
            return max(pool.map(work, range(self.threads)))
