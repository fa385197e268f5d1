"""A small image of many bands with labelled fields, for tests to write."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BANDS = 12


def cube(height: int = 24, width: int = 30) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Four fields of three classes, each with a spectrum of its own, in noise, and nothing between them."""
    chance = np.random.default_rng(0)
    labels = np.zeros((height, width), np.uint8)
    for label, rows, columns in (
        (1, (1, 10), (1, 14)),
        (2, (1, 10), (16, 29)),
        (3, (12, 23), (1, 14)),
        (1, (12, 23), (16, 29)),
    ):
        labels[slice(*rows), slice(*columns)] = label
    spectra = chance.normal(0, 1, (4, BANDS))
    values = 1000 + 100 * spectra[labels] + chance.normal(0, 20, (height, width, BANDS))
    return values.astype(np.uint16), labels


def arrays(root: Path) -> Path:
    """As two .npy files in a folder."""
    root.mkdir(parents=True, exist_ok=True)
    values, labels = cube()
    np.save(root / "scene.npy", values)
    np.save(root / "scene_gt.npy", labels)
    return root


def matlab(root: Path, **more: Any) -> Path:
    """As two .mat files in a folder."""
    from scipy.io import savemat

    root.mkdir(parents=True, exist_ok=True)
    values, labels = cube()
    savemat(root / "scene.mat", {"scene": values, **more})
    savemat(root / "scene_gt.mat", {"scene_gt": labels})
    return root
