"""Images with a class per pixel: pairs of image and mask, the classes, and reading one pair as arrays.

`find` looks at names, then once at every mask, and decides what their values mean; `read_pair` reads one pair.

>>> from striate.data.masks import distinct_colours
>>> distinct_colours(2)
((0, 0, 0), (230, 159, 0))
"""

from .coding import IGNORED, Coding
from .finding import EXPECTED, NotMasksError, find
from .found import MaskSet, Pair
from .names import Colour
from .palette import distinct_colours, voc_colours
from .reading import read_mask, read_pair, resized

__all__ = [
    "EXPECTED",
    "IGNORED",
    "Coding",
    "Colour",
    "MaskSet",
    "NotMasksError",
    "Pair",
    "distinct_colours",
    "find",
    "read_mask",
    "read_pair",
    "resized",
    "voc_colours",
]
