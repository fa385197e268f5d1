"""The numbers that the figures are tested against are those that Striate, PyTorch and NumPy give today."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.companion import expected


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number in nested lists and dictionaries, with its place; a word is part of its place."""
    if isinstance(value, str):
        yield f"{path}/{value}", 0
    elif isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, f"{path}/{key}")
    else:
        yield path, value


def test_the_expected_numbers_are_up_to_date() -> None:
    kept = dict(leaves(json.loads(expected.FILE.read_text(encoding="utf-8"))))
    today = dict(leaves(expected.expected()))
    assert kept == pytest.approx(today, rel=1e-6, abs=1e-9), "run `python tests/companion/expected.py`"
