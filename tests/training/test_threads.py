"""Threads are as asked for while something computes, and as before afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import striate as st
from striate.errors import InputError
from striate.runs.run import Run
from striate.training.threads import using


@pytest.fixture(autouse=True)
def two() -> Iterator[None]:
    """Two threads, and then as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_afterwards_they_are_as_before_whatever_happens() -> None:
    def fails() -> None:
        with using(5):
            assert torch.get_num_threads() == 5
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with using(None):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("count", [0, -1, 1025, 1.5, "2", True])
def test_what_is_no_number_of_threads(count: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"`threads` must be a whole number from 1 to 1,024. Received: "):
        st.train("input 1x8x8 -> fc 10", "digits", out=tmp_path / "run", threads=count, quiet=True)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("engine", ["torch", "native"])
def test_training_testing_and_going_on(engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "input 1x8x8 -> fc 10"
    run = st.train(text, "digits", out=tmp_path / "run", epochs=1, threads=3, engine=engine)
    assert f"engine {engine} on cpu, 3 threads" in capsys.readouterr().err
    assert run.config["command"].endswith("--threads 3")
    st.resume(run.path, epochs=2)
    assert "on cpu, 3 threads" in capsys.readouterr().err, "as before"
    st.resume(run.path, epochs=3, threads=1)
    assert "on cpu, 1 thread\n" in capsys.readouterr().err
    seen = []
    opened = Run(run.path, threads=4)
    opened.engine.evaluate = lambda inputs: (
        seen.append(torch.get_num_threads())
        or {  # type: ignore
            "output": torch.zeros(len(inputs["image"]), 10)
        }
    )
    opened.test()
    assert set(seen) == {4}
    assert torch.get_num_threads() == 2
