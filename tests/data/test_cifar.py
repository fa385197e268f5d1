import hashlib
import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from striate.data import cifar, load
from striate.errors import InputError, WorkError


def records(labels: list[int], seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    return b"".join(bytes([label]) + rng.bytes(3072) for label in labels)


def archive(path: Path, files: dict[str, bytes], mode: str) -> Path:
    with tarfile.open(path, mode) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def binary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small archive of the official form, whose checksum is expected."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"cifar-10-batches-bin/data_batch_{i}.bin": records([i, 0], seed=i) for i in (1, 2, 3, 4, 5)}
    files |= {"cifar-10-batches-bin/test_batch.bin": records([9], seed=9), "cifar-10-batches-bin/readme.html": b"hi"}
    path = archive(folder / "cifar-10-binary.tar.gz", files, "w:gz")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(cifar, "ARCHIVE", replace(cifar.ARCHIVE, sha256=digest))
    return path


def jpeg(value: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), (value, value // 2, 0)).save(file, "JPEG", quality=95)
    return file.getvalue()


def jpeg_archive(folder: Path, extra: dict[str, bytes] | None = None) -> Path:
    files = {
        "c/README.md": b"x",
        "c/train/airplane/0000.jpg": jpeg(200),
        "c/train/truck/0000.jpg": jpeg(100),
        "c/test/cat/0000.jpg": jpeg(50),
    }
    return archive(folder / "cifar10-jpeg.tar.xz", files | (extra or {}), "w:xz")


def test_parse_reads_planes_of_red_green_blue() -> None:
    data = bytes([7]) + bytes([1] * 1024 + [2] * 1024 + [3] * 1024)
    images, labels = cifar.parse(data, "x")
    assert images.shape == (1, 3, 32, 32)
    assert [int(plane.mean()) for plane in images[0]] == [1, 2, 3]
    assert labels.tolist() == [7]


@pytest.mark.parametrize(
    ("data", "message"), [(bytes(3072), "not a multiple of 3073"), (bytes([10]) + bytes(3072), "label 10")]
)
def test_parse_refuses_other_files(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        cifar.parse(data, "x")


@pytest.mark.parametrize("place", ["cifar10", "."])
def test_the_official_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    path = binary(tmp_path / place, monkeypatch)
    jpeg_archive(tmp_path)  # is not preferred
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    found = load("cifar10")
    assert found.test is not None
    assert found.train.labels.tolist() == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]
    assert found.test.labels.tolist() == [9]
    assert found.train.images[0].flatten().tolist() == list(records([1, 0], seed=1)[1:3073])
    assert found.notes == (f"cifar10: read from {path}",)
    assert found.classes[9] == "truck"


def test_a_wrong_archive_is_refused(cache: Path) -> None:
    (cache / "cifar10").mkdir()
    path = archive(cache / "cifar10" / "cifar-10-binary.tar.gz", {"a.bin": b"1"}, "w:gz")
    with pytest.raises(InputError, match=f"{path} is not .*expected c4a38c50a1bc"):
        load("cifar10")


def test_the_jpeg_form_is_decoded_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    jpeg_archive(tmp_path)
    first = load("cifar10")
    assert first.test is not None
    assert first.train.labels.tolist() == [0, 9]
    assert first.test.labels.tolist() == [3]
    assert first.train.images.shape == (2, 3, 32, 32)
    assert abs(int(first.train.images[0, 0, 5, 5]) - 200) <= 3
    assert any("lossy" in note and "not comparable" in note for note in first.notes)
    monkeypatch.setattr(cifar, "_decode", lambda *_: pytest.fail("decoded again"))
    second = load("cifar10")
    assert second.test is not None
    for before, after in ((first.train, second.train), (first.test, second.test)):
        assert torch.equal(before.images, after.images)
        assert torch.equal(before.labels, after.labels)
    assert [file.name.startswith("cifar10-jpeg-") for file in (cache / "decoded").iterdir()] == [True]


def test_another_archive_is_decoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    jpeg_archive(tmp_path)
    load("cifar10")
    jpeg_archive(tmp_path, {"c/train/dog/0000.jpg": jpeg(9)})
    assert load("cifar10").train.labels.tolist() == [0, 9, 5]


def test_a_damaged_cache_is_made_again(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    jpeg_archive(tmp_path)
    load("cifar10")
    kept = next((cache / "decoded").iterdir())
    for damage in (kept.read_bytes()[:-100], b"", b"PK nonsense"):
        kept.write_bytes(damage)
        assert load("cifar10").train.labels.tolist() == [0, 9]


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    jpeg_archive(tmp_path)
    (cache / "decoded").write_text("a file where the folder should be")
    found = load("cifar10")
    assert found.train.labels.tolist() == [0, 9]
    assert "not kept for the next time" in found.notes[-1]


def test_nothing_half_written_is_left(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    jpeg_archive(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert "No space left" in load("cifar10").notes[-1]
    assert not list((cache / "decoded").iterdir())


@pytest.mark.parametrize("damage", ["cut", "text", "image", "none"])
def test_a_broken_jpeg_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    path = jpeg_archive(tmp_path, {"c/train/dog/1.jpg": jpeg(9)[:200]} if damage == "image" else None)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif damage == "text":
        path.write_text("not an archive")
    elif damage == "none":
        archive(path, {"readme": b""}, "w:xz")
    with pytest.raises(InputError, match=r"cifar10-jpeg\.tar\.xz"):
        load("cifar10")


def test_offline(cache: Path) -> None:
    with pytest.raises(WorkError, match=r"put cifar-10-binary\.tar\.gz from .* into \$STRIATE_DATA/cifar10"):
        load("cifar10")


@pytest.mark.slow
def test_the_real_jpeg_form(real_data: Path) -> None:
    if not (real_data / cifar.JPEG).exists():
        pytest.skip("the JPEG form is not there")
    found = load("cifar10")
    assert found.test is not None
    assert found.train.labels.bincount().tolist() == [5000] * 10
    assert found.test.labels.bincount().tolist() == [1000] * 10
    assert found.train.images.float().mean((0, 2, 3)).div(255).tolist() == pytest.approx(
        [0.4914, 0.4821, 0.4465], abs=1e-3
    )
