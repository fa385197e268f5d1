"""Runs whose networks hold modules of one's own, where these are not registered: the command line says what to do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import striate as st
from striate.errors import InputError
from striate.notation.tree import OWN

Cli = Callable[..., Any]


class Net(nn.Module):
    """Classes from pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 8, 8) in, (N, 10) out."""
        return self.head(x.flatten(1))  # type: ignore[no-any-return]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Path]:
    """A run of a module, as another process finds it: nothing is registered."""
    before = dict(OWN)
    made = st.train(Net(), "digits", epochs=1, out=tmp_path / "run", quiet=True).path
    OWN.clear()
    yield made
    OWN.clear()
    OWN.update(before)


@pytest.mark.parametrize("verb", ["test", "predict", "resume"])
def test_a_run_of_a_module_is_for_python(verb: str, run: Path, cli: Cli, tmp_path: Path) -> None:
    Image.new("L", (8, 8), 90).save(tmp_path / "a.png")
    words = {"predict": [tmp_path / "a.png"], "resume": ["--epochs", "2"], "test": []}[verb]
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    ended = cli(verb, run, *words)
    assert ended.status == 2
    assert ended.error == (
        "striate: the run's network holds a module of your own, 'net'; "
        "st.register('net', …) it and open the run from Python\n"
    )
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_run_with_a_word_of_one_s_own_says_which(tmp_path: Path, run: Path, cli: Cli) -> None:
    st.register("twice", lambda channels: nn.Hardtanh())
    st.train("input 1x8x8 -> twice -> fc 10", "digits", epochs=1, out=tmp_path / "words", quiet=True)
    OWN.clear()
    assert "holds a module of your own, 'twice'; st.register('twice', …)" in cli("test", tmp_path / "words").error


def test_where_it_is_registered_it_is_used_and_goes_on(run: Path) -> None:
    with pytest.raises(InputError, match="holds a module of your own, 'net'"):
        st.Run(run).test()
    st.register("net", lambda channels: Net())
    assert st.Run(run).test().examples == 359
    assert torch.equal(st.Run(run).model()(torch.zeros(1, 1, 8, 8)), st.Run(run).model()(torch.zeros(1, 1, 8, 8)))
    assert len(st.resume(run, epochs=2, quiet=True).history) == 2
