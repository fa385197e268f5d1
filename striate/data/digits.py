"""The digits that come with scikit-learn: 1,797 handwritten digits, 8×8, by 43 people.

E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test part). The file is
read from the installed package, so nothing is downloaded and scikit-learn is not imported.

>>> images, labels = read()
>>> images.shape, int(images.max()), labels[:4].tolist()
((1797, 1, 8, 8), 255, [0, 1, 2, 3])
"""

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import WorkError

from .dataset import Dataset, Split, carve

FILE = Path("datasets", "data", "digits.csv.gz")  # inside the package sklearn
INK = 16  # the darkest value of a pixel, the number of black pixels in a 4×4 block of the scan


def load(progress: bool = False) -> Dataset:
    """The digits, a fifth of each class held out as test (always the same images)."""
    images, labels = read()
    train, test = carve(Split(torch.from_numpy(images), torch.from_numpy(labels)), 0.2, seed=0)
    notes = (
        f"digits: {len(images):,} real digits that come with scikit-learn",
        f"digits: a fifth of each class is the test set ({len(test)} images, always the same)",
    )
    return Dataset("digits", "digits", train, test, tuple("0123456789"), notes)


def read() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (1797, 1, 8, 8), 0 (paper) to 255 (ink), and labels (1797,)."""
    spec = find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise WorkError("digits: scikit-learn is not installed; pip install scikit-learn")
    path = Path(spec.submodule_search_locations[0]) / FILE
    try:
        with gzip.open(path, "rt") as file:
            table = np.loadtxt(file, delimiter=",")
    except (OSError, EOFError, ValueError) as error:
        raise WorkError(f"digits: cannot read {path} ({error}); install scikit-learn again") from error
    images = np.rint(table[:, :64] * (255 / INK)).astype(np.uint8)
    return images.reshape(-1, 1, 8, 8), table[:, 64].astype(np.int64)
