"""Other packages' words and paths never reach the user, wherever their own folders may be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME", "PYTHONWARNINGS")
}
NET = "input 1x8x8 -> conv 4@3 -> relu -> fc 10"
FOREIGN = ("warning", "matplotlib", "mplconfigdir", "mkdir", "site-packages", "torch/", "numpy", "traceback")


def run(code: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT | environment, timeout=120)


NOWHERE = {"HOME": "{file}", "MPLCONFIGDIR": "{file}/mpl", "XDG_CACHE_HOME": "{file}/cache"}
TRAIN = ["train", NET, "digits", "--epochs", "1", "--engine", "torch", "--out", "{root}/run"]
FEATURES = ["baseline", "sobel", "digits", "--out", "{root}/out"]


@pytest.mark.slow  # Matplotlib looks through all fonts where it can keep nothing
@pytest.mark.parametrize(("words", "home"), [(TRAIN, NOWHERE), (FEATURES, {})], ids=["nothing is writable", "no home"])
def test_a_home_that_can_t_be_written(words: list[str], home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    where = {name: value.replace("{file}", str(tmp_path / "file")) for name, value in home.items()}
    words = [word.replace("{root}", str(tmp_path)) for word in words]
    ended = run("from striate.start import main; main()", *words, **where)
    assert ended.returncode == 0, ended.stderr
    for line in ended.stderr.splitlines():
        told = line.replace(str(tmp_path), "").lower()
        assert not any(word in told for word in FOREIGN), line


HUSHED = """
import logging, warnings
from striate.cli import foreign
foreign.hush()
logging.getLogger("somebody").warning("log of somebody")
warnings.warn("warning of somebody")
warnings.warn_explicit("ours", UserWarning, foreign.OURS + "zoo/__init__.py", 1)
"""


def test_ours_is_a_line_and_others_nothing() -> None:
    assert run(HUSHED).stderr == "ours\n"
    assert "warning of somebody" in run(HUSHED, PYTHONWARNINGS="default").stderr
