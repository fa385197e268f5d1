"""Spectra as a network reads them: their main components, and the pixels around each.

>>> values = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
>>> found = components_of(values, 3)
>>> reduced(values, found).shape, bool(np.allclose(reduced(values, found).std(0), 1, atol=1e-3))
((50, 3), True)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Components:
    """How spectra are made smaller.

    Attributes:
        mean: (bands,) of the spectra that were learned from.
        axes: (bands, components): principal components, divided so that each has a spread of 1; with as many
            components as bands each band by itself, divided by its spread.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]


def components_of(spectra: NDArray[Any], count: int) -> Components:
    """The principal components of spectra (N, bands), the widest first."""
    values = spectra.astype(np.float64)
    mean = values.mean(0)
    if count == values.shape[1]:
        spread = values.std(0)
        return Components(mean, np.diag(1 / np.where(spread > 0, spread, 1)))
    sizes, axes = np.linalg.eigh(np.cov(values - mean, rowvar=False, bias=True))
    chosen = axes[:, ::-1][:, :count]
    chosen = chosen * np.where(chosen[np.abs(chosen).argmax(0), range(count)] < 0, -1, 1)  # a sign that is the same
    return Components(mean, chosen / np.sqrt(np.maximum(sizes[::-1][:count], 1e-12)))


def reduced(values: NDArray[Any], found: Components) -> Floats:
    """The components (…, components) of spectra (…, bands)."""
    return np.asarray((values.astype(np.float64) - found.mean) @ found.axes, np.float32)


def around(padded: Floats, place: tuple[int, int], side: int) -> Floats:
    """(components, side, side) around a pixel, of an image that `bordered` made."""
    row, column = place
    return np.ascontiguousarray(padded[row : row + side, column : column + side].transpose(2, 0, 1))


def bordered(image: Floats, side: int) -> Floats:
    """An image (H, W, components), reflected at its edges as far as patches of this side reach."""
    before = side // 2
    after = side - 1 - before
    mode: Any = "reflect" if min(image.shape[:2]) > max(before, after) else "symmetric"
    return np.pad(image, ((before, after), (before, after), (0, 0)), mode=mode)
