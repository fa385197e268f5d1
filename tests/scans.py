"""Small volumes with labels, for tests to write."""

import csv
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

SPACING = (1.0, 1.5, 2.0)


def scan(number: int, size: tuple[int, int, int] = (9, 12, 10)) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A bright and a brighter block in noise, and 1 and 2 where they are."""
    chance = np.random.default_rng(number)
    values, labels = chance.integers(0, 60, size, np.uint8), np.zeros(size, np.uint8)
    for label, first in ((1, 1), (2, size[1] // 2 + 1)):
        low = chance.integers(1, 3, 2)
        block = (slice(low[0], low[0] + 4), slice(first, first + 4), slice(low[1], low[1] + 5))
        values[block] += np.uint8(80 * label)
        labels[block] = label
    return values, labels


def arrays(root: Path, train: int, test: int) -> None:
    """Pairs of .npy files in one folder, and a table of their parts."""
    (root / "volumes").mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(train + test):
        values, labels = scan(number, (9 + number % 2, 12, 10))
        np.save(root / "volumes" / f"s{number:02}_image.npy", values)
        np.save(root / "volumes" / f"s{number:02}_label.npy", labels)
        rows.append([f"s{number:02}", "train" if number < train else "test"])
    with (root / "split.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["name", "split"], *rows])


def nifti(path: Path, values: NDArray[Any], spacing: tuple[float, ...] = SPACING) -> None:
    """One NIfTI file whose voxels have this size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (5, -7, 11)
    nibabel.Nifti1Image(values, affine).to_filename(path)


def decathlon(root: Path, train: int, test: int) -> None:
    """Folders as the Medical Segmentation Decathlon has them."""
    for number in range(train + test):
        end = "Tr" if number < train else "Ts"
        values, labels = scan(number)
        nifti(root / f"images{end}" / f"s{number:02}.nii.gz", values.astype(np.float32))
        nifti(root / f"labels{end}" / f"s{number:02}.nii.gz", labels)
    (root / "dataset.json").write_text('{"labels": {"0": "background", "1": "head", "2": "body"}}')
