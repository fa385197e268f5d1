"""Images with joints, such as those of people: a table of places, or COCO's keypoints, found out by looking.

>>> from striate.data.joints import body
>>> body.pairs(("neck", "left_knee", "right_knee"))
((1, 2),)
"""

from .finding import EXPECTED, KINDS, TABLE, find
from .found import Posed, PoseSet

__all__ = ["EXPECTED", "KINDS", "TABLE", "PoseSet", "Posed", "find"]
