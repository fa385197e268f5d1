"""So many of what examples are called, in words.

>>> so_many(1, "clips"), so_many(1000, "clips"), so_many(1, "series")
('1 clip', '1,000 clips', '1 series')
"""


def single(units: str) -> str:
    """What one is called of those whose plural is given.

    >>> single("test images"), single("series")
    ('test image', 'series')
    """
    return units if units.endswith("series") else units.removesuffix("s")


def so_many(count: int, units: str) -> str:
    """Their number and what they are called."""
    return f"{count:,} {single(units) if count == 1 else units}"
