"""Where the files are that benchmarks read."""

import sys
from pathlib import Path

from striate.data.fetch import data_folder


def stored(name: str) -> Path:
    """A file in $STRIATE_DATA; without it the program ends with a line."""
    root = data_folder()
    path = root / name if root else None
    if path is None or not path.is_file():
        sys.exit(f"$STRIATE_DATA holds no {name}")
    return path
