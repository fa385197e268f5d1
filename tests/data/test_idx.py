import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from striate.data import idx, load
from striate.errors import InputError, WorkError

PARTS = {"train": 12, "t10k": 4}


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def small_set() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    files = {}
    for part, count in PARTS.items():
        files[f"{part}-images-idx3-ubyte"] = idx_bytes(rng.integers(0, 256, (count, 5, 4)))
        files[f"{part}-labels-idx1-ubyte"] = idx_bytes(np.arange(count) % 3)
    return files


def sums(files: dict[str, bytes]) -> dict[str, str]:
    return {stem: hashlib.sha256(data).hexdigest() for stem, data in files.items()}


def test_parse_is_the_inverse_of_the_format() -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    parsed = idx.parse(idx_bytes(array), "x")
    assert parsed.dtype == np.uint8
    assert np.array_equal(parsed, array)
    assert parsed.flags.writeable


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x08", "not an IDX file"),
        (b"\x89PNG....", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01....", "unsigned bytes"),  # floats
        (b"\0\0\x08\x03\0\0\0\x01", "not an IDX file"),  # sizes cut short
        (b"\0\0\x08\x01\0\0\0\x03ab", "states 3 = 3 bytes and holds 2"),
        (b"\0\0\x08\x01\0\0\0\x01ab", "holds 2"),
    ],
)
def test_parse_refuses_other_files(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=f"x.*{message}|{message}"):
        idx.parse(data, "x")


@pytest.mark.parametrize("packed", [True, False])
def test_a_set_is_read_packed_or_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    files = small_set()
    for stem, data in files.items():
        path = tmp_path / "mnist" / (f"{stem}.gz" if packed else stem)
        path.write_bytes(gzip.compress(data, mtime=1) if packed else data)
    found = idx.load("mnist", sums(files), ("a", "b", "c"))
    assert found.test is not None
    assert found.train.images.shape == (12, 1, 5, 4)
    assert found.train.images.dtype == torch.uint8
    assert found.train.labels.dtype == torch.int64
    assert found.test.labels.tolist() == [0, 1, 2, 0]
    assert found.train.images[0, 0].flatten().tolist() == list(files["train-images-idx3-ubyte"][16:36])
    assert str(tmp_path / "mnist") in found.notes[0]


def test_the_data_folder_comes_before_the_cache(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    files = small_set()
    for root in (tmp_path, cache):
        (root / "mnist").mkdir()
        for stem, data in files.items():
            (root / "mnist" / stem).write_bytes(data)
    assert str(tmp_path) in idx.load("mnist", sums(files), ("a", "b", "c")).notes[0]
    monkeypatch.delenv("STRIATE_DATA")
    assert str(cache) in idx.load("mnist", sums(files), ("a", "b", "c")).notes[0]


@pytest.mark.parametrize("damage", ["other", "cut", "text", "empty"])
def test_a_wrong_file_is_refused_by_name(cache: Path, damage: str) -> None:
    files = small_set()
    (cache / "mnist").mkdir()
    for stem, data in files.items():
        (cache / "mnist" / f"{stem}.gz").write_bytes(gzip.compress(data))
    wrong = cache / "mnist" / "t10k-labels-idx1-ubyte.gz"
    whole = wrong.read_bytes()
    wrong.write_bytes({"other": gzip.compress(b"7"), "cut": whole[:-9], "text": b"<html>", "empty": b""}[damage])
    with pytest.raises(InputError, match=r"t10k-labels-idx1-ubyte\.gz.*delete it") as caught:
        idx.load("mnist", sums(files), ("a", "b", "c"))
    assert "\n" not in str(caught.value)
    if damage != "cut":
        assert sums(files)["t10k-labels-idx1-ubyte"] in str(caught.value)


def test_offline_says_which_files_to_put_where(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    (tmp_path / "fashion-mnist").mkdir()
    (tmp_path / "fashion-mnist" / "train-images-idx3-ubyte.gz").touch()
    with pytest.raises(WorkError, match="fashion-mnist: cannot fetch") as caught:
        load("fashion-mnist")
    said = str(caught.value)
    assert "train-images" not in said  # it is there
    assert "train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz" in said
    assert str(tmp_path / "fashion-mnist") in said
    assert str(cache / "fashion-mnist") in said
    assert "http://127.0.0.1:9/" in said
    assert "\n" not in said


@pytest.mark.parametrize(("name", "mean"), [("mnist", 0.1307), ("fashion-mnist", 0.2860)])
def test_the_real_sets(real_data: Path, name: str, mean: float) -> None:
    found = load(name)
    assert found.test is not None
    assert found.train.images.shape == (60_000, 1, 28, 28)
    assert found.test.images.shape == (10_000, 1, 28, 28)
    assert found.train.labels.bincount().min() > 5_000
    assert len(found.classes) == 10
    assert found.train.images.float().mean().item() / 255 == pytest.approx(mean, abs=1e-4)
