"""Examples in docstrings that compile native code are left out where there is no compiler."""

import pytest

from tests.native.needs import needs_compiler

COMPILING = ("striate/native/network.py", "striate/training/native_engine.py", "striate/benchmark/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(COMPILING):
            item.add_marker(needs_compiler)
