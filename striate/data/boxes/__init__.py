"""Images with boxes around the objects in them: VOC's XML, COCO's JSON, YOLO's folders, found out by looking.

`find` reads what the annotations say and the size of each image, and gives boxes that can be learned from.

>>> from striate.data.boxes import cleaned
>>> import numpy as np
>>> places, kept, faults = cleaned(np.array([[5, 5, 1, 9], [3, 3, 3, 8]], np.float64), (10, 10))
>>> places.tolist(), kept.tolist(), faults
([[1.0, 5.0, 5.0, 9.0]], [0], {'corners swapped': 1, 'without area': 1})
"""

from .cleaning import cleaned
from .finding import EXPECTED, find
from .found import Boxed, BoxSet

__all__ = ["EXPECTED", "BoxSet", "Boxed", "cleaned", "find"]
