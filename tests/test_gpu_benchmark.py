"""The GPU's benchmark runs to its end here too; what it measures is not asked."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.py"


@pytest.mark.slow
def test_it_runs_to_its_end() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1]), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, str(SCRIPT), "--tiny", "--device", "cpu", "--json"]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=500)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)["rows"]
    assert [row["engine"] for row in found] == ["torch", "plain", "torch-compile", "torch-compile-bf16-channels-last"]
    assert found[1]["ratio"] == [1, 1, 1]
    assert all(row["images_per_second"][0] > 0 and row["of_arithmetic"] > 0 for row in found)
