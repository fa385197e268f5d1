"""Images that are like one: a folder is indexed by what a layer of a network makes of its images, and asked.

`opening` finds the network, `features` looks at images; `writer` and `book` are the index on disk, `growing` adds to it
and `asking` asks it: by `exact`, `codes` or `approximate`. `alike` finds near duplicates, `judging` says how good the
answers are.
"""

from striate.retrieving.asking import Index
from striate.retrieving.growing import index

__all__ = ["Index", "index"]
