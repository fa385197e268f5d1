"""Colours for classes: PASCAL VOC's map for any number, and eight that colour-blind people can tell apart for few.

>>> voc_colours(4)
((0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0))
>>> distinct_colours(2)
((0, 0, 0), (230, 159, 0))
"""

from .names import Colour

# Okabe & Ito, Color Universal Design, 2008; black, their first, is class 0: the background of most data.
OKABE_ITO: tuple[Colour, ...] = (
    (0, 0, 0),
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)


def voc_colours(count: int) -> tuple[Colour, ...]:
    """The colours of VOC's development kit: the bits of a position, by threes, are the highest bits of the colours."""

    def channel(position: int, offset: int) -> int:
        return sum((position >> (3 * place + offset) & 1) << (7 - place) for place in range(8))

    return tuple((channel(k, 0), channel(k, 1), channel(k, 2)) for k in range(count))


def distinct_colours(count: int) -> tuple[Colour, ...]:
    """Colours for classes 0 to `count` - 1, the first black: Okabe & Ito's eight, or VOC's for more."""
    return OKABE_ITO[:count] if count <= len(OKABE_ITO) else voc_colours(count)
