"""Tables in Parquet files, as the lines of a CSV table: whatever reads those reads these. Needs the package pyarrow.

>>> _cell(None), _cell(True), _cell(["cat", "dog"]), _cell("a\\nb")
('', '1', 'cat|dog', 'a b')
"""

import csv
import io
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from striate.errors import InputError, first_line

PARQUET = ".parquet"
AT_ONCE = 1 << 14  # rows


def is_parquet(path: str | os.PathLike[str]) -> bool:
    """Whether a file is one, by its name."""
    return os.fspath(path).lower().endswith(PARQUET)


def is_readable(name: str) -> bool:
    """Whether a file found in a folder can be read: any but Parquet, and that where pyarrow is installed."""
    return not is_parquet(name) or find_spec("pyarrow") is not None


def parquet_lines(path: Path) -> Iterator[str]:
    """The lines of a CSV table with the columns of a Parquet file, its header first.

    Raises:
        InputError: pyarrow is not installed, or the file is damaged.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise InputError(f"'{path}' is Parquet; `pip install \"striate[parquet]\"` reads it") from None
    try:
        with ParquetFile(path) as file:
            yield _line(file.schema_arrow.names)
            for batch in file.iter_batches(AT_ONCE):
                columns = [[_cell(value) for value in column.to_pylist()] for column in batch.columns]
                yield from map(_line, zip(*columns, strict=True))
    except (pyarrow.ArrowException, OSError) as error:
        reason = first_line(error)
        raise InputError(f"cannot read '{path}' ({reason}); write it again") from error


def _line(cells: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _cell(value: Any) -> str:
    """A value as a table has it; what is no text or number, such as bytes, as nothing."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list):
        return "|".join(map(_cell, value))
    return " ".join(str(value).splitlines()) if isinstance(value, str | int | float) else ""
