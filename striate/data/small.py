"""Images that are much smaller than what a network's text asks for: enlarging them would be most of its work.

>>> much_smaller((32, 32), (224, 224)), much_smaller((128, 128), (224, 224)), much_smaller((8, 8), (32, 32))
(True, False, False)
"""

from collections.abc import Sequence

LARGE = 64  # length of a side: below, enlarging is cheap, and small images may gain by it
MUCH = 2  # times as large as the images


def much_smaller(sides: Sequence[int], wanted: Sequence[int | None]) -> bool:
    """Whether images of these sides are much smaller than the wanted input along every axis; free axes want nothing."""
    pairs = zip(sides, wanted, strict=True)
    return all(want is not None and want >= max(LARGE, MUCH * have) for have, want in pairs)
