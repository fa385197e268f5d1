"""How all tests run: side by side with a thread each, and what compiles native code only where a compiler is."""

import gc
import os
import sys

import pytest

from tests.native.needs import needs_compiler

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported; for processes that tests start, too

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process that tests start compiles all modules again
sys.dont_write_bytecode = False

COMPILING = ("striate/native/network.py", "striate/training/native_engine.py", "striate/benchmark/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(COMPILING):
            item.add_marker(needs_compiler)


def pytest_collection_finish() -> None:
    gc.freeze()  # the tests themselves, half a million objects, are looked through by no collection of garbage again
