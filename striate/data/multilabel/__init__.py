"""Images with any number of labels each: listed by a table beside them, or in the rows of an archive.

`load` finds which, reads the images and brings the labels to rows of 0 and 1.

>>> from striate.data.multilabel import load
>>> load("digits") is None
True
"""

from .found import LabelRows, rarest
from .loading import load
from .places import is_table

__all__ = ["LabelRows", "is_table", "load", "rarest"]
