"""What is wrong or odd in a data set, each with the file it is in: `striate data check`.

The data are never written to; the index of tar archives is kept in the cache. `check` tells what kind of data there is,
`surveys` reads it once, `comparing` and `counting` look at all examples together, `labels` asks a trained network.

>>> from striate.checking import check
>>> found = check("digits")
>>> found.examples, found.faults
(1797, ())
"""

from .checker import check
from .found import Checked, Finding

__all__ = ["Checked", "Finding", "check"]
