"""Notes on a network's text that is legal but may not mean what its author intended.

>>> from striate.notation import read
>>> notes(read("input 32x32x3 -> conv 10@3 -> gap"))
('input 32x32x3 is 32 maps of 32x3, for channels come first; did you mean input 3x32x32?',)
>>> notes(read("input 3x32x32 -> conv 10@3 -> gap")), notes(read("input 512x1x1 -> fc 10"))
((), ())
"""

from striate.notation.rules.shape import shown
from striate.notation.tree import Network, Shape

COLOURS = (1, 3, 4)  # channels of images: grey, RGB, RGB with transparency
SOUNDS = (1, 2)  # of recordings: mono, stereo
MOST_CHANNELS = 2048  # of maps in common networks; a larger number is a length


def notes(network: Network) -> tuple[str, ...]:
    """What to check in a network, one sentence each."""
    return tuple(filter(None, [input_note(network.input)]))


def input_note(shape: Shape) -> str:
    """A sentence if a shape seems to lack its channels, or to have them last, as slides and other libraries do.

    A last size of 1, 3 or 4 after larger ones looks like an image's channels. Maps of 64x7x3 may be meant, so this is
    a note, not an error. Maps as small as 16x4x3 get no note unless all their other sizes are equal.
    """
    meant = _meant(shape)
    if not meant:
        return ""
    maps = f"{shape[0]} maps of {shown(shape[1:])}"
    return f"input {shown(shape)} is {maps}, for channels come first; did you mean input {shown(meant)}?"


def _meant(shape: Shape) -> Shape | None:
    *others, last = shape
    sizes = [n for n in others if n is not None]
    if len(shape) == 2:
        if last == sizes[0] and last > max(COLOURS):
            return (1, *shape)
        likely = last in SOUNDS and sizes[0] > MOST_CHANNELS
    else:
        alike = len(sizes) == len(others) and len(set(sizes)) == 1
        likely = last in COLOURS and (alike or all(n > max(COLOURS) for n in sizes))
    return channels_first(shape) if likely else None


def channels_first(shape: Shape) -> Shape | None:
    """The shape with its last size first, where that is at most 4 and smaller than all others."""
    *others, last = shape
    if last is None or not others or last > max(COLOURS) or any(n is not None and n <= last for n in others):
        return None
    return (last, *others)


def way_out(shape: Shape, axes: int) -> str:
    """What to add to the error of a layer after an input of this shape; `axes` is how many the layer is written for.

    >>> way_out((28, 28), 2), way_out((32, 32, 3), 2), way_out((3, 32, 32), 2)
    ('; channels come first: input 1x28x28', '; channels come first: input 3x32x32', '')
    """
    if not shape or not axes:
        return ""
    lacks = axes == len(shape) and (shape[0] or 0) > max(COLOURS)
    first = (1, *shape) if lacks else channels_first(shape) if axes == len(shape) - 1 else None
    return f"; channels come first: input {shown(first)}" if first else ""
