"""A picture in the style of others (Gatys, Ecker & Bethge 2016): its pixels are changed until features agree.

`opening` finds the network, `pictures` and `colours` read and prepare, `aims` says what is wanted at one size,
`descent` gets near it, `styled` is the result, and `styling` goes from coarse to fine.
"""

from striate.styling.styled import Styled
from striate.styling.styling import style

__all__ = ["Styled", "style"]
