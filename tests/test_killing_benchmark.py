"""The benchmark of kills in small: what it counts must all be as it should."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "killing.py"


@pytest.mark.slow
def test_a_few_kills_lose_nothing() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1]), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, str(SCRIPT), "--kills", "2", "--savings", "6", "--json"]
    words += ["--tasks", "classify", "--engines", "torch", "--workers", "0"]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=500)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout.splitlines()[-1])
    assert found["killed: classify, torch, 0 workers"] == "2 of 2 bit-equal"
    assert found["killed while saving"] == "6 of 6 states load"
    for fault in ("disk full", "disk read-only"):
        right = "status 1; " in found[fault] and found[fault].endswith("the resumed run is the unbroken one")
        assert right or found[fault].startswith("not tried: "), found[fault]
