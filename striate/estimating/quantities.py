"""Quantities as people write them.

>>> count("1.2M", "images"), rate("100Gb/s", "bandwidth"), rate("25 GB/s", "bandwidth")
(1200000, 12500000000.0, 25000000000.0)
>>> in_bytes(102_228_128), in_time(5400)
('102 MB', '1.5 hours')
"""

from __future__ import annotations

import math
import re

from striate.errors import InputError

STEPS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9, "t": 1e12}
BITS = 8
UNITS = (  # of time: seconds, and from how many of it on
    ("days", 86400.0, 1.5),
    ("hours", 3600.0, 1.5),
    ("minutes", 60.0, 1.5),
    ("s", 1.0, 0.9995),
    ("ms", 1e-3, 0.9995),
)


def count(written: str | float, name: str) -> int:
    """A whole number of things: `1.2M`, `300k`, `50000`.

    Raises:
        InputError: It is none, or less than 1.
    """
    found = re.fullmatch(r"([\d.,_]+)\s*([kmgbt]?)", str(written).strip().lower())
    value = _number(found[1]) * STEPS[found[2]] if found else math.nan
    if not 1 <= value <= 1e15:
        raise InputError(f"{name} is a number of 1 or more, as in 50000, 300k or 1.2M. Received: {written}")
    return round(value)


def rate(written: str | float, name: str) -> float:
    """Bytes per second: `25GB/s`, `100Gb/s` (bits), or a plain number of bytes.

    Raises:
        InputError: It is none.
    """
    found = re.fullmatch(r"([\d.,_]+)\s*([kKmMgGtT]?)(B|b|bit)?(?:/s|ps)?", str(written).strip())
    value = math.nan
    if found:
        value = _number(found[1]) * STEPS[found[2].lower()] / (BITS if found[3] in ("b", "bit") else 1)
    if not 0 < value < 1e18:
        raise InputError(f"{name} is bytes or bits per second, as in 25GB/s or 100Gb/s. Received: {written}")
    return value


def in_bytes(size: float) -> str:
    """Bytes in three digits and their unit, by thousands."""
    for unit, step in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= 0.9995 * step:  # what is rounded to 1,000 of the smaller unit
            return f"{_digits(size / step)} {unit}"
    return f"{size:.0f} bytes"


def in_time(seconds: float) -> str:
    """A duration in three digits and its unit.

    >>> in_time(1.2), in_time(0.0012), in_time(1200 * 86400)
    ('1.2 s', '1.2 ms', '1,200 days')
    """
    for unit, step, least in UNITS:
        if seconds >= least * step:
            return f"{_digits(seconds / step)} {unit}"
    return f"{_digits(seconds * 1e6)} µs"


def _digits(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 999.5 else f"{value:.3g}"


def _number(word: str) -> float:
    try:
        return float(word.replace(",", "").replace("_", ""))
    except ValueError:
        return math.nan
