"""CIFAR-10: 50,000 + 10,000 colour images, 32×32, in ten classes.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. Read from the official archive of
its binary form; a copy as JPEG files is used if nothing else is there, and a note says so.

>>> images, labels = parse(bytes([3]) + bytes(3072), "one black cat")
>>> images.shape, CLASSES[labels[0]]
((1, 3, 32, 32), 'cat')
"""

import lzma
import tarfile
from hashlib import file_digest
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import InputError

from . import kept
from .dataset import Dataset, Split
from .fetch import UNREADABLE, Remote, data_folder, find, obtain
from .progress import bar

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
ARCHIVE = Remote(
    "cifar10", "cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
)
JPEG = "cifar10-jpeg.tar.xz"
RECORD = 1 + 3 * 32 * 32  # bytes: the label, then the red, green and blue planes
BROKEN = (*UNREADABLE, tarfile.TarError, lzma.LZMAError)

Pair = tuple[NDArray[np.uint8], NDArray[np.int64]]  # images (N, 3, 32, 32), labels (N,)


def load(progress: bool = False) -> Dataset:
    """CIFAR-10 from its official archive, else from JPEG files under $STRIATE_DATA, else downloaded."""
    found = find(f"cifar10/{ARCHIVE.name}", ARCHIVE.name)
    jpeg = _jpeg_archive() if found is None else None
    if jpeg:
        parts, notes = _from_jpeg(jpeg, progress)
    else:
        path = found or obtain([ARCHIVE], progress)[0]
        parts, notes = _from_binary(path), (f"cifar10: read from {path}",)
    splits = [Split(torch.from_numpy(images), torch.from_numpy(labels)) for images, labels in parts]
    return Dataset("cifar10", "cifar10", splits[0], splits[1], CLASSES, notes)


def parse(data: bytes, name: str) -> Pair:
    """Images (N, 3, 32, 32) and labels (N,) in the bytes of one file of records, named `name` in errors."""
    if len(data) % RECORD:
        raise InputError(f"{name} holds {len(data):,} bytes, not a multiple of {RECORD}; fetch it again")
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    if len(records) and records[:, 0].max() >= len(CLASSES):
        raise InputError(f"{name} holds the label {records[:, 0].max()}; labels are 0 to 9; fetch it again")
    return records[:, 1:].reshape(-1, 3, 32, 32).copy(), records[:, 0].astype(np.int64)


def _from_binary(path: Path) -> tuple[Pair, Pair]:
    try:
        found = _digest(path)
        if found != ARCHIVE.sha256:
            raise InputError(f"{path} is not {ARCHIVE.name}: SHA-256 {found}, expected {ARCHIVE.sha256}; delete it")
        with tarfile.open(path) as archive:
            files = {
                PurePosixPath(member.name).name: stream.read()
                for member in archive
                if member.name.endswith(".bin") and (stream := archive.extractfile(member))
            }
    except BROKEN as error:
        raise InputError(f"{path} cannot be read ({error}); delete it and it is downloaded again") from error
    batches = [parse(files[name], f"{path}: {name}") for name in sorted(files) if name != "test_batch.bin"]
    train = (
        np.concatenate([images for images, _ in batches]),
        np.concatenate([labels for _, labels in batches]),
    )
    return train, parse(files["test_batch.bin"], f"{path}: test_batch.bin")


def _jpeg_archive() -> Path | None:
    root = data_folder()
    path = root / JPEG if root else None
    return path if path and path.is_file() else None


def _from_jpeg(path: Path, progress: bool) -> tuple[tuple[Pair, Pair], tuple[str, ...]]:
    """Decodes the JPEG files once and stores the arrays in the cache, under the archive's checksum."""
    notes = [
        f"cifar10: read from {path}",
        "cifar10: the JPEG form (lossy); accuracies are not comparable with published figures",
    ]
    entry = kept.name("cifar10-jpeg", _digest(path))
    if found := kept.find(entry):
        images, labels, count = found.array, np.array(found.facts["labels"], np.int64), found.facts["train"]
        return ((images[:count], labels[:count]), (images[count:], labels[count:])), tuple(notes)
    train, test = _decode(path, progress)
    labels = np.concatenate([train[1], test[1]]).tolist()
    why = kept.keep(entry, np.concatenate([train[0], test[0]]), {"labels": labels, "train": len(train[1])})
    notes += [f"cifar10: the decoded images are not kept for the next time: {why}"] if why else []
    return (train, test), tuple(notes)


def _decode(path: Path, progress: bool) -> tuple[Pair, Pair]:
    """Every `…/train/<class>/*.jpg` and `…/test/<class>/*.jpg` of the archive, in its order."""
    from .image import decode

    images: dict[str, list[NDArray[np.uint8]]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    try:
        with (
            lzma.open(path) as unpacked,  # unlike tarfile, notices when the file is cut short
            tarfile.open(fileobj=unpacked, mode="r|") as archive,
            bar("cifar10: JPEG files", 60_000, show=progress) as advance,
        ):
            for member in archive:
                part, label = ("", "", *PurePosixPath(member.name).parts)[-3:-1]
                if part in images and label in CLASSES and (stream := archive.extractfile(member)):
                    images[part].append(decode(path / member.name, channels=3, size=(32, 32), data=stream.read()))
                    labels[part].append(CLASSES.index(label))
                    advance(1)
    except BROKEN as error:
        raise InputError(f"{path} cannot be read ({error}); get it again") from error
    if not images["train"] or not images["test"]:
        raise InputError(f"{path} holds no train/<class>/*.jpg and test/<class>/*.jpg; get it again")
    train, test = ((np.stack(images[part]), np.array(labels[part], np.int64)) for part in images)
    return train, test


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
