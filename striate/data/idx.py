"""The IDX format of MNIST: a magic number, the sizes, the bytes.

Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998; H. Xiao, K. Rasul, R. Vollgraf,
"Fashion-MNIST", arXiv:1708.07747, comes in the same four files.

>>> parse(bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9]), "two pixels").tolist()
[[7, 9]]
"""

import struct
from collections.abc import Mapping
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import InputError

from .dataset import Dataset, Split
from .fetch import Remote, content, obtain

UBYTE = 8


def parse(data: bytes, name: str) -> NDArray[np.uint8]:
    """The array in the bytes of one IDX file of unsigned bytes, called `name` in errors.

    Raises:
        InputError: the bytes are not such a file, or are too few or too many for the sizes it states.
    """
    if len(data) < 4 or data[0] or data[1] or data[2] != UBYTE or len(data) < 4 + 4 * data[3]:
        raise InputError(f"{name} is not an IDX file of unsigned bytes; it starts with {data[:4].hex(' ')}")
    num_axes = data[3]
    shape = struct.unpack(f">{num_axes}I", data[4 : 4 + 4 * num_axes])
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * num_axes)
    if len(values) != prod(shape):
        sizes = "×".join(map(str, shape))
        raise InputError(f"{name} states {sizes} = {prod(shape)} bytes and holds {len(values)}; fetch it again")
    return values.reshape(shape).copy()


def load(name: str, sums: Mapping[str, str], classes: tuple[str, ...], progress: bool = False) -> Dataset:
    """The named set, whose four files have the SHA-256 `sums` once unpacked."""
    files = [Remote(name, f"{stem}.gz", sums[stem], unpacked=True) for stem in sums]
    paths = obtain(files, progress)
    unpacked = [content(file, path) for file, path in zip(files, paths, strict=True)]
    arrays = {stem: parse(data, f"{name}: {stem}") for stem, data in zip(sums, unpacked, strict=True)}

    def split(part: str) -> Split:
        images, labels = arrays[f"{part}-images-idx3-ubyte"], arrays[f"{part}-labels-idx1-ubyte"]
        return Split(torch.from_numpy(images)[:, None], torch.from_numpy(labels).long())

    return Dataset(name, name, split("train"), split("t10k"), classes, (f"{name}: read from {paths[0].parent}",))
