"""Series of measurements with their classes: reading them, whatever their lengths.

>>> import numpy as np
>>> cleaned(np.array([[1.0, np.nan, 3.0, np.nan]])).values
array([[1., 2., 3.]], dtype=float32)
"""

from .cleaning import Clean, cleaned
from .finding import TAKES, files_of, find, given
from .found import Row, Rows, SeriesSet, missing_said

__all__ = ["TAKES", "Clean", "Row", "Rows", "SeriesSet", "cleaned", "files_of", "find", "given", "missing_said"]
