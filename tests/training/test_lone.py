"""The weights of a run alone, away from its folder: they are used as in it, and one turned bit is seen."""

import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save, save_file

from striate.errors import InputError, StriateError, WorkError
from striate.training.history import History
from striate.training.lone import LoneModel, opened
from striate.training.saved import SavedRun
from striate.training.seal import is_whole
from striate.training.state import State
from tests.learning import epoch as epoch_of

NET = "input 1x1x2 -> fc 2"
WEIGHTS = {"fc1.weight": torch.tensor([[0.0022, 1.0], [2.0, 3.0]]), "fc1.bias": torch.zeros(2)}
"""0.0022 with its top bit turned is 7.5e35."""


def state() -> State:
    first = epoch_of(1, 0.5, 0.5, 0.5, 0.5, 0.001, 1000.0, 1.0)
    config = {"network": "net", "data": {"sha256": "0" * 64}}
    return State(WEIGHTS, {}, NET, config, History((first,)))


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "renamed.safetensors"
    path.parent.mkdir()
    path.write_bytes(state().to_bytes())
    return path


def same(run: SavedRun) -> bool:
    read = run.best()
    return read.weights.keys() == WEIGHTS.keys() and all(torch.equal(read.weights[k], t) for k, t in WEIGHTS.items())


def test_it_carries_all_that_its_use_needs(alone: Path) -> None:
    run = opened(alone)
    assert isinstance(run, LoneModel)
    assert same(run)
    assert (run.net(), run.config(), run.history()) == (NET, state().config, state().history)
    assert (run.root, run.notes, run.check()) == (alone, [], [])


def test_training_goes_on_from_the_folder(alone: Path) -> None:
    with pytest.raises(InputError, match=r"is the weights of a run alone; training goes on from the run's folder$"):
        opened(alone).last()
    with pytest.raises(InputError, match=r"is a file; a run that training goes on from is a folder$"):
        SavedRun.open(alone)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(at=st.floats(0, 1), bit=st.integers(0, 7))
@example(at=1.0, bit=6)
def test_one_bit_is_refused_or_changes_nothing(tmp_path_factory: pytest.TempPathFactory, at: float, bit: int) -> None:
    content = bytearray(state().to_bytes())
    content[int(at * (len(content) - 1))] ^= 1 << bit
    path = tmp_path_factory.mktemp("lone") / "model.safetensors"
    path.write_bytes(content)
    try:
        run = opened(path)
    except StriateError:
        return
    assert same(run)
    assert (run.net(), run.history()) == (NET, state().history)


def test_a_number_that_one_bit_makes_huge_is_damage(alone: Path) -> None:
    content = bytearray(alone.read_bytes())
    at = content.index(WEIGHTS["fc1.weight"].numpy().tobytes())
    content[at + 3] ^= 0x40
    alone.write_bytes(content)
    with pytest.raises(WorkError, match=r"is damaged: its SHA-256 is not the one in its header$"):
        opened(alone)


def test_checkpoints_are_left_to_the_list_of_sums() -> None:
    assert is_whole(state().to_bytes())
    checkpoint = State(WEIGHTS, {"steps": torch.tensor(3)}, NET, {}, state().history)
    assert is_whole(checkpoint.to_bytes()) is None


def test_weights_without_a_sum_are_used_and_told(tmp_path: Path) -> None:
    """As those of the first format are, away from their folder; in it the list of sums stands beside them."""
    run = Path(__file__).parents[1] / "runs" / "format_1"
    assert opened(run / "model.safetensors").notes == []
    alone = shutil.copy(run / "model.safetensors", tmp_path / "model.safetensors")
    assert opened(alone).notes == [f"{alone} carries no checksum, so damage to its numbers would go unseen"]
    for name in ("SHA256SUMS", "model.safetensors"):
        shutil.copy(run / name, tmp_path / name)
    content = bytearray(alone.read_bytes())
    content[-1] ^= 1
    alone.write_bytes(content)
    with pytest.raises(WorkError, match="its SHA-256 is not the one in SHA256SUMS"):
        opened(alone)


@pytest.mark.parametrize("content", [b"", b"hello", save({"w": torch.zeros(2)})])
def test_a_file_of_another_kind_is_no_run(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(content)
    with pytest.raises(InputError, match=r"a run is a folder that `striate train` made, or its model\.safetensors$"):
        opened(tmp_path / "w.bin")


def test_other_readers_of_safetensors_take_it(alone: Path, tmp_path: Path) -> None:
    tensors = load_file(alone)
    assert all(torch.equal(tensors[name], tensor) for name, tensor in WEIGHTS.items())
    save_file(tensors, tmp_path / "again.safetensors")
    assert is_whole((tmp_path / "again.safetensors").read_bytes()) is None
