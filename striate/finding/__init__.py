"""Several characters or objects in one image: where they are and what, by a network that slides over it.

`paper` finds the ink on a page, `regions` what may be characters, `strips` reads several that touch, `pyramid` slides
over whole pictures, `finder` puts that together, `images` does it for runs.
"""

from striate.finding.found import Found
from striate.finding.images import Finds, slide

__all__ = ["Finds", "Found", "slide"]
