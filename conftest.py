"""Tests side by side compute with a thread each; docstrings that compile native code need a compiler."""

import os

import pytest

from tests.native.needs import needs_compiler

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported; for processes that tests start, too

COMPILING = ("striate/native/network.py", "striate/training/native_engine.py", "striate/benchmark/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(COMPILING):
            item.add_marker(needs_compiler)
