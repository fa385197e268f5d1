"""The random numbers of whoever calls stay theirs: nothing here seeds or draws from PyTorch's, NumPy's or Python's."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import striate as st
from striate.benchmark import bench
from striate.runs.run import Run

NET = "input 1x8x8 -> conv 4@3 -> relu -> dropout 0.2 -> fc 10"


def states() -> tuple[Any, ...]:
    """The states of all three generators that a process has."""
    kind, keys, *rest = np.random.get_state()
    return random.getstate(), torch.get_rng_state().tolist(), kind, np.asarray(keys).tolist(), rest


CALLS: dict[str, Callable[[Run, Path], object]] = {
    "train": lambda run, folder: st.train(NET, "digits", epochs=1, augment="shift", out=folder / "new"),
    "train by torch": lambda run, folder: st.train(NET, "digits", epochs=1, engine="torch", out=folder / "new"),
    "train deform": lambda run, folder: st.train("input 1x8x8 -> deform 2@3 -> fc 10", "digits", out=folder, epochs=1),
    "resume": lambda run, folder: st.resume(run.path, epochs=len(run.history) + 1),
    "Run": lambda run, folder: st.Run(run.path).engine,
    "model": lambda run, folder: run.model(),
    "test": lambda run, folder: run.test(),
    "predict": lambda run, folder: run.outputs(torch.zeros(3, 1, 8, 8, dtype=torch.uint8), engine="torch"),
    "build": lambda run, folder: st.build("lenet5", seed=3),
    "baseline": lambda run, folder: st.baseline("raw", "digits"),
    "bench": lambda run, folder: bench(NET, batches=(4,), rounds=2, seconds=0.01),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that may be trained further."""
    return st.train(NET, "digits", epochs=1, out=tmp_path_factory.mktemp("random") / "run")


@pytest.mark.parametrize("name", CALLS)
def test_no_generator_of_the_process_is_touched(name: str, run: Run, tmp_path: Path) -> None:
    before = states()
    CALLS[name](run, tmp_path)
    assert states() == before


def test_a_seed_gives_the_same_weights_whatever_was_drawn_before() -> None:
    first, _, second = st.build(NET, seed=1), torch.rand(9), st.build(NET, seed=1)
    other = st.build(NET, seed=2)
    name = "conv1.weight"
    assert torch.equal(first.get_parameter(name), second.get_parameter(name))
    assert not torch.equal(first.get_parameter(name), other.get_parameter(name))


def test_without_a_seed_weights_are_drawn_as_those_of_any_module() -> None:
    """From the caller's generator, which goes on and is never put back."""
    torch.manual_seed(5)
    first, second = (st.build(NET).get_parameter("conv1.weight") for _ in range(2))
    torch.manual_seed(5)
    assert torch.equal(st.build(NET).get_parameter("conv1.weight"), first)
    assert not torch.equal(first, second)
