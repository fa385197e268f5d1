"""The command line inside this process: what it prints and what it ends with."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from striate.cli import _status, striate
from striate.runs.training import train


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is one JSON document and nothing else."""
        return json.loads(self.out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))

    @property
    def error(self) -> str:
        """The one message of a command that was refused."""
        lines = self.err.splitlines()
        assert self.out == ""
        assert "Traceback" not in self.err
        assert lines[-1].startswith("striate: ") or len([line for line in lines if line.startswith("striate: ")]) == 1
        return self.err[self.err.index("striate: ") :]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Runs `striate WORDS...`."""

    def run(*words: object) -> Ended:
        arguments = [str(word) for word in words]
        monkeypatch.setattr(sys, "argv", ["striate", *arguments])
        capsys.readouterr()
        status = _status(lambda: striate.main(arguments, standalone_mode=False))
        return Ended(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the digits. Not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    return train("input 1x8x8 -> fc 10", "digits", epochs=2, lr=0.01, out=folder).path
