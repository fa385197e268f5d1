"""Where the files are that benchmarks read."""

import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from striate.data.fetch import data_folder

SAFE = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # of `extractall`; Pythons before 3.11.4 have none


def stored(name: str) -> Path:
    """A file in $STRIATE_DATA; without it the program ends with a line."""
    root = data_folder()
    path = root / name if root else None
    if path is None or not path.is_file():
        sys.exit(f"$STRIATE_DATA holds no {name}")
    return path


def pictures(part: str, classes: Sequence[str], rows: slice, root: Path) -> None:
    """Writes some pictures of each class of CIFAR-10, as JPEG files, into one sub-folder per class."""
    with tarfile.open(stored("cifar10-jpeg.tar.xz")) as packed:
        names = sorted(packed.getnames())
        for label in classes:
            (root / label).mkdir(parents=True)
            for name in [name for name in names if PurePosixPath(name).parts[-3:-1] == (part, label)][rows]:
                content = packed.extractfile(name)
                assert content is not None
                (root / label / PurePosixPath(name).name).write_bytes(content.read())
