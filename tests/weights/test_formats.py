"""Files of weights: a damaged one is refused or gives the same values; one with more than tensors is recognised."""

import argparse
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from striate.errors import InputError
from striate.weights import read_tables

Tensors = dict[str, Tensor]


def torch_zip(tensors: Tensors, path: Path) -> None:
    torch.save(tensors, path)


def torch_pickle(tensors: Tensors, path: Path) -> None:
    torch.save(tensors, path, _use_new_zipfile_serialization=False)


def npz(tensors: Tensors, path: Path) -> None:
    np.savez(path, **{name: tensor.numpy() for name, tensor in tensors.items()})


def npz_compressed(tensors: Tensors, path: Path) -> None:
    np.savez_compressed(path, **{name: tensor.numpy() for name, tensor in tensors.items()})


WRITERS: dict[str, Callable[[Tensors, Path], None]] = {
    "zip.pth": torch_zip,
    "pickle.pth": torch_pickle,
    "plain.npz": npz,
    "compressed.npz": npz_compressed,
    "w.safetensors": lambda tensors, path: save_file(tensors, path),
}
SUMMED = ("zip.pth", "plain.npz", "compressed.npz")


def small() -> Tensors:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(2, 3, generator=generator) for name in ("0.weight", "1.weight")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("whole")
    for name, write in WRITERS.items():
        write(small(), folder / name)
    return {name: folder / name for name in WRITERS}


def flipped(path: Path, at: float, bit: int, folder: Path) -> Path:
    """The file with one bit turned, at a part of its length from 0 to 1."""
    content = bytearray(path.read_bytes())
    content[int(at * (len(content) - 1))] ^= 1 << bit
    (folder / path.name).write_bytes(content)
    return folder / path.name


def refusal(path: Path) -> str:
    try:
        read_tables(path)
    except InputError as error:
        return str(error)
    return ""


def same(path: Path) -> bool:
    tensors = {name: tensor for table in read_tables(path) for name, tensor in table.tensors.items()}
    return tensors.keys() == small().keys() and all(torch.equal(tensors[name], t) for name, t in small().items())


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_tensors_back(name: str, whole: dict[str, Path]) -> None:
    assert same(whole[name])


@pytest.mark.parametrize("name", SUMMED)
def test_one_bit_of_a_file_with_checksums_is_refused_or_changes_nothing(
    name: str, whole: dict[str, Path], tmp_path: Path
) -> None:
    @settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(at=st.floats(0, 1), bit=st.integers(0, 7))
    @example(at=0.0, bit=0)
    @example(at=1.0, bit=7)
    def check(at: float, bit: int) -> None:
        path = flipped(whole[name], at, bit, tmp_path)
        refused = refusal(path)
        assert str(path) in refused if refused else same(path)

    check()


@pytest.mark.parametrize("name", ["pickle.pth", "w.safetensors"])
def test_one_bit_of_a_file_without_checksums_never_ends_in_another_error(
    name: str, whole: dict[str, Path], tmp_path: Path
) -> None:
    @settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(at=st.floats(0, 1), bit=st.integers(0, 7))
    def check(at: float, bit: int) -> None:
        path = flipped(whole[name], at, bit, tmp_path)
        refused = refusal(path)
        assert not refused or str(path) in refused

    check()


def in_directory(content: bytearray, member: str, offset: int) -> int:
    """Where a field stands of a member's entry in the list at the archive's end."""
    at = content.rindex(member.encode())
    return at - 46 + offset


def turn_a_value(content: bytearray) -> None:
    at = content.index(small()["0.weight"].numpy().tobytes())
    content[at + 3] ^= 0x40  # the top bit of an exponent


def rename(content: bytearray) -> None:
    at = next(content.rindex(name) for name in (b"0.weight.npy", b"data/0") if name in content)
    content[content.index(b"0", at)] ^= 1


def mark_as_folder(content: bytearray) -> None:
    name = "0.weight.npy" if b"0.weight.npy" in content else "zip/data/0"
    content[in_directory(content, name, 38)] ^= 0x10


def swallow(content: bytearray) -> None:
    """The first member's comment takes in all entries after it."""
    first = content.index(b"PK\1\2")
    second, end = content.index(b"PK\1\2", first + 1), content.index(b"PK\5\6")
    content[first + 32 : first + 34] = (end - second).to_bytes(2, "little")


@pytest.mark.parametrize("change", [turn_a_value, rename, mark_as_folder, swallow])
@pytest.mark.parametrize("name", ["zip.pth", "plain.npz"])
def test_places_that_a_reader_takes_on_trust(
    name: str, change: Callable[[bytearray], None], whole: dict[str, Path], tmp_path: Path
) -> None:
    content = bytearray(whole[name].read_bytes())
    change(content)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="it is damaged; get it again"):
        read_tables(tmp_path / name)


@pytest.mark.parametrize("cut", [1, 100, 500])
@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_is_cut_short_is_refused(name: str, cut: int, whole: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(whole[name].read_bytes()[:-cut])
    with pytest.raises(InputError, match=name):
        read_tables(tmp_path / name)


@pytest.mark.parametrize("name", ["pickle.pth", "w.safetensors"])
def test_a_file_without_checksums_ends_where_it_says(name: str, whole: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(whole[name].read_bytes() + bytes(12))
    with pytest.raises(InputError, match=name):
        read_tables(tmp_path / name)


@pytest.mark.parametrize("name", WRITERS)
def test_the_content_tells_the_format_and_not_the_name(name: str, whole: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "weights.ckpt").write_bytes(whole[name].read_bytes())
    assert same(tmp_path / "weights.ckpt")


# what holds more than tensors


class Mine(nn.Module):
    """A stranger's module."""


def scripted(path: Path) -> None:
    torch.jit.script(nn.Linear(2, 2)).save(path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("save", "what"),
    [
        (lambda path: torch.save(nn.Sequential(nn.Linear(2, 2)), path), "a whole model"),
        (lambda path: torch.save({"model": nn.Linear(2, 2), "epoch": 3}, path), "a whole model"),
        (lambda path: torch_pickle(nn.Linear(2, 2), path), "a whole model"),  # type: ignore[arg-type]
        (lambda path: torch.save(Mine(), path), r"more than tensors \(\S*Mine\)"),
        (scripted, "a TorchScript program"),
        (lambda path: path.write_bytes(pickle.dumps({"a": io.BytesIO()}, 4)), r"more than tensors \(_io\.BytesIO\)"),
    ],
)
def test_more_than_tensors_is_refused_with_the_way_out(save: Callable[[Path], Any], what: str, tmp_path: Path) -> None:
    save(tmp_path / "model.pth")
    way_out = r"save its weights alone: torch\.save\(model\.state_dict\(\), 'weights\.pth'\)$"
    with pytest.raises(InputError, match=rf"model\.pth holds {what}.*{way_out}"):
        read_tables(tmp_path / "model.pth")


def test_the_arguments_of_a_command_line_beside_the_weights_are_no_obstacle(tmp_path: Path) -> None:
    torch.save({"state_dict": small(), "args": argparse.Namespace(lr=0.1), "epoch": 3}, tmp_path / "timm.pth")
    assert [table.name for table in read_tables(tmp_path / "timm.pth")] == ["state_dict"]


def test_tables_in_tables_are_found_with_their_keys(tmp_path: Path) -> None:
    optimizer = {"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.1}]}
    content = {"ema": {"model": small()}, "best": torch.tensor(0.5), "optimizer": optimizer}
    torch.save(content, tmp_path / "w.pth")
    assert [table.name for table in read_tables(tmp_path / "w.pth")] == ["", "ema.model", "optimizer.state.0"]


@pytest.mark.parametrize("content", [{}, {"epoch": 3}, [torch.zeros(2)], torch.zeros(2)])
def test_no_table_at_all(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(InputError, match="holds no table of tensors by name; save one with "):
        read_tables(tmp_path / "w.pth")


def test_an_empty_archive_is_no_weights(tmp_path: Path) -> None:
    zipfile.ZipFile(tmp_path / "w.npz", "w").close()
    with pytest.raises(InputError, match=r"w\.npz"):
        read_tables(tmp_path / "w.npz")
