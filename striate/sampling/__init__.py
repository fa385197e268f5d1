"""Pictures that a run has learned to make: of classes, on the way between two, and how much they are like real ones.

`samples` makes them, `beside` finds the training pictures nearest to them, `resembling` has them judged by a run that
tells their classes apart.
"""

from striate.sampling.resembling import Resemblance, resemblance
from striate.sampling.samples import Samples, sample, walk

__all__ = ["Resemblance", "Samples", "resemblance", "sample", "walk"]
