"""The files of sktime and of the UEA archive: a head of lines with @, then a line for each series.

The channels of a line are parted by colons, the values by commas; the class stands last; ? is a missing value.

>>> [row.label for row in read_ts(["@classLabel true up down", "@data", "1,2,3:4,5,6:up"], "a.ts")]
['up']
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from .found import Row

SUFFIX = ".ts"


def read_ts(lines: Sequence[str], name: str) -> list[Row]:
    """The series of a file's lines; `name` is for errors.

    Raises:
        InputError: A line is none.
    """
    head: dict[str, list[str]] = {}
    rows: list[Row] = []
    began = False
    for number, line in enumerate(lines, 1):
        words = line.strip()
        if not words or words.startswith(("#", "%")):
            continue
        if not began:
            if not words.startswith("@"):
                raise InputError(f"'{name}', line {number}: a .ts file begins with lines of @ up to @data")
            word, *rest = words[1:].split()
            began, head[word.lower()] = word.lower() == "data", rest
            if head.get("timestamps", ["false"])[0].lower() == "true":
                raise InputError(f"'{name}' has time stamps, which are not read; write values at even times")
            continue
        rows.append(_row(words, head, f"{name}:{number}"))
    if not rows:
        raise InputError(f"'{name}' has no series after @data" if began else f"'{name}' is empty or has no @data")
    return rows


def _row(words: str, head: dict[str, list[str]], where: str) -> Row:
    *channels, last = words.split(":")
    classes = head.get("classlabel", [])
    label: str | None = None
    if classes[:1] == ["true"] or (not classes and channels):
        label = last.strip()
        if len(classes) > 1 and label not in classes[1:]:
            raise InputError(f"'{where}' has a class '{label}' that @classLabel does not name")
    else:
        channels.append(last)
    if not channels:
        raise InputError(f"'{where}' has a class and no series")
    values = [_numbers(one, where) for one in channels]
    longest = max(map(len, values))
    whole = np.full((len(values), longest), np.nan)
    for row, one in zip(whole, values, strict=True):
        row[: len(one)] = one
    return Row(whole, where, label)


def _numbers(text: str, where: str) -> NDArray[np.float64]:
    try:
        return np.array([np.nan if one.strip() in ("?", "") else float(one) for one in text.split(",")])
    except ValueError as error:
        raise InputError(f"'{where}': {error}") from None
