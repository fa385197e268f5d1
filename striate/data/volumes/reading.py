"""Volumes in files: NIfTI (.nii, .nii.gz), as scanners' data are passed on, and NumPy's .npy.

Axes stay in the order of the file, which for NIfTI is x, y, z. Byte order and NIfTI's scaling of values are undone.

>>> is_volume("scan.nii.gz"), is_volume("scan.png"), stem_of("a/scan.nii.gz")
(True, False, 'scan')
"""

from __future__ import annotations

import gzip
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError, first_line, why_damaged

from ..arrays import DAMAGE
from ..opening import ImageError

NIFTI = (".nii.gz", ".nii")
SUFFIXES = (*NIFTI, ".npy")
CHANNELS = 4  # an axis of at most so many entries, the first or the last of four, is channels

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume as its file has it.

    Attributes:
        values: (C, D, H, W).
        spacing: The size of a voxel along each axis in millimetres; () where the file does not say.
        affine: (4, 4), from voxels to places in the scanner; None where the file does not say.
    """

    values: NDArray[Any]
    spacing: tuple[float, ...] = ()
    affine: NDArray[np.float64] | None = None

    @property
    def size(self) -> tuple[int, ...]:
        """(D, H, W)."""
        return tuple(self.values.shape[1:])


def is_volume(path: str | os.PathLike[str]) -> bool:
    """Whether a file is one, by its name."""
    return os.fspath(path).lower().endswith(SUFFIXES)


def stem_of(path: str | os.PathLike[str]) -> str:
    """The name of a file without its suffix."""
    name = os.path.basename(path)
    return next((name[: -len(end)] for end in SUFFIXES if name.lower().endswith(end)), Path(name).stem)


def read_volume(path: Path, labels: bool = False) -> Volume:
    """The volume in a file.

    Args:
        path: The file.
        labels: Whether it holds a number of a class for each voxel; it has no channels then.

    Raises:
        ImageError: It can't be read, has less than two slices along an axis, or holds values that are no numbers.
        InputError: It is NIfTI, and nibabel is not installed.
    """
    volume = _nifti(path) if path.name.lower().endswith(NIFTI) else Volume(_array(path))
    return checked(volume, path, labels)


def checked(volume: Volume, path: Path, labels: bool = False) -> Volume:
    """A volume with its channels in front, and finite.

    Raises:
        ImageError: As for `read_volume`.
    """
    values = volume.values
    if values.dtype.kind not in "buif":
        raise ImageError(path, f"it holds {values.dtype}, and voxels are numbers")
    shape = "x".join(map(str, values.shape)) or "a single number"
    if values.ndim == 4 and 1 in (values.shape[0], values.shape[-1]) and labels:
        values = values[0] if values.shape[0] == 1 else values[..., 0]
    if values.ndim == 3:
        values = values[None]
    elif values.ndim == 4 and not labels and min(values.shape[0], values.shape[-1]) <= CHANNELS:
        values = values if values.shape[0] <= CHANNELS else np.moveaxis(values, -1, 0)
    else:
        raise ImageError(path, f"it is {shape}; a volume has three axes{'' if labels else ', and maybe channels'}")
    if 1 in values.shape[1:]:
        raise ImageError(path, f"it is {shape}, a single slice; a volume has several along each axis")
    if 0 in values.shape:
        raise ImageError(path, f"it is {shape}, and holds nothing")
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        first = [int(place) for place in np.unravel_index(int(np.argmin(finite)), values.shape)]
        raise ImageError(path, f"it holds {values[tuple(first)]} at {first[1:]}; every voxel is a finite number")
    return Volume(values, volume.spacing, volume.affine)


def _array(path: Path) -> NDArray[Any]:
    try:
        with path.open("rb") as file:
            return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
    except DAMAGE as error:
        raise ImageError(path, f"no plain array: {why_damaged(error)}") from error


def _nifti(path: Path) -> Volume:
    nibabel = library(path)
    try:
        image: Any = nibabel.Nifti1Image.from_filename(path)
        values = np.asanyarray(image.dataobj)  # scaled by the header's slope, in the machine's byte order
    except Exception as error:  # of a damaged file nibabel raises errors of many kinds
        raise ImageError(path, f"no NIfTI: {first_line(error)}") from error
    while values.ndim > 4 and values.shape[-1] == 1:
        values = values[..., 0]
    spacing = tuple(float(abs(size)) for size in image.header.get_zooms()[:3])
    whole = len(spacing) == 3 and all(np.isfinite(size) and size > 0 for size in spacing)
    return Volume(values, spacing if whole else (), np.asarray(image.affine, np.float64))


def library(path: object) -> Any:
    """nibabel, to read or write this file.

    Raises:
        InputError: It is not installed.
    """
    try:
        import nibabel
    except ImportError:
        raise InputError(f"'{path}' is NIfTI; `pip install \"striate[volumes]\"` reads it") from None
    return nibabel


def written(labels: NDArray[Any], like: Volume) -> tuple[str, bytes]:
    """Labels (D, H, W) as a file with the places of another volume: the end of its name, and its content."""
    labels = labels.astype(np.uint8 if labels.min(initial=0) >= 0 and labels.max(initial=0) < 256 else np.int32)
    if like.affine is None:
        buffer = io.BytesIO()
        np.save(buffer, labels, allow_pickle=False)
        return ".npy", buffer.getvalue()
    image = library("labels").Nifti1Image(labels, like.affine)
    return ".nii.gz", gzip.compress(image.to_bytes(), mtime=0)
