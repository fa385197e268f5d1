"""The words of a picture: what stands in a box, in how many lines, and how wide letters are.

>>> from striate.notation import measure, read
>>> from striate.picture.reading import chain
>>> box = chain(measure(read("input 3x8x8 -> conv 4@3x3 pad 1 nobias -> bn -> relu")))[1]
>>> [line.text for line in lines(box)]
['conv 4@3×3', 'bn · relu', '116 params · 6,912 MACs']
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from striate.formulas import cross
from striate.notation import Row
from striate.notation.arguments import write_arguments
from striate.notation.render import node_text
from striate.notation.tree import Layer, Own, Shape
from striate.picture.parts import Box, Closed, End
from striate.tables import short

SIZES = {"head": 12.0, "soft": 10.5, "cost": 10.0, "caption": 10.0, "shape": 10.0, "title": 15.0}  # pixels of letters
WIDTH, BOLD = 0.6, 0.63  # of a letter, as a part of its size, on average; bold letters are wider
HEAD = 21  # letters in a line
LINES = 2  # most lines of one kind
LEADING = 1.3
LEFT_OUT = ("pad", "nobias", "eps", "momentum", "ceil", "extra")  # arguments that papers' figures leave to the text


@dataclass(frozen=True)
class Line:
    """A line of text and its style."""

    text: str
    style: str

    @property
    def width(self) -> float:
        """Pixels, estimated: never less than it takes in an ordinary typeface."""
        return width(self.text, self.style)

    @property
    def height(self) -> float:
        """Pixels from line to line."""
        return SIZES[self.style] * LEADING


def width(text: str, style: str) -> float:
    """Pixels of a text in one line."""
    return len(text) * SIZES[style] * (BOLD if style in ("head", "title") else WIDTH)


def lines(part: Box | Closed | End, letters: int = 27) -> tuple[Line, ...]:
    """What stands in a box, in lines of at most so many small letters."""
    if isinstance(part, End):
        shape = cross(part.given[0]) if part.given and part.given[0] else ""
        return tuple(Line(text, style) for text, style in ((part.text, "head"), (shape, "soft")) if text)
    return tuple(Line(text, style) for style, group in _groups(part, letters) for text in group)


def _groups(part: Box | Closed, letters: int) -> Iterator[tuple[str, Sequence[str]]]:
    if isinstance(part, Closed):
        yield "head", _wrapped(part.title.split(), HEAD, " ")
        rows = sum(len(copy) for copy in part.copies)
        yield "soft", [_like(part, letters)] if part.like else []
        yield "soft", [f"{rows} layers, joins"]
    else:
        first, *rest = part.copies[0]
        yield "caption", _wrapped(part.caption.split(), letters, " ") if part.caption else []
        yield "head", _wrapped(_pieces(first), HEAD, " ")
        yield "soft", _wrapped([" ".join(_pieces(row)[:2]) for row in rest], letters, " · ")
    yield "cost", _wrapped(_costs(part), letters, " · ")


def _like(part: Closed, letters: int) -> str:
    """Which part shows what is inside."""
    whole = f"like {part.like}"
    other = not part.title.startswith(part.like) and len(whole) <= letters
    return whole if other else f"like the {part.like.partition('(')[0][: letters - 15]} above"


def _pieces(row: Row) -> list[str]:
    """A layer's word with its first argument, and the other arguments that figures have."""
    node = row.node
    assert isinstance(node, Layer)
    label = f"{node.label}: " if node.label else ""
    if isinstance(node, Own):
        return [label + node_text(node)]
    arguments = list(write_arguments(node))
    options = [text for text in arguments if text.split()[0] not in LEFT_OUT]
    lead = options[:1] if options and not options[0][0].isalpha() else []
    return [cross_sizes(" ".join([label + node.word, *lead])), *map(cross_sizes, options[len(lead) :])]


def cross_sizes(text: str) -> str:
    """`3x3` as papers write it.

    >>> cross_sizes("conv 64@3x3x3"), cross_sizes("maxpool 2")
    ('conv 64@3×3×3', 'maxpool 2')
    """
    return re.sub(r"(?<=\d)x(?=\d)", "×", text)


def _costs(part: Box | Closed) -> list[str]:
    """The figures of a box: of one copy, and from the least to the most where they differ."""
    parameters = [sum(row.parameters.value for row in copy) for copy in part.copies]
    macs = [[row.macs.value for row in copy] for copy in part.copies]
    known = [sum(value for value in values if value is not None) for values in macs if None not in values]
    found = [("params", parameters), ("MACs", known if len(known) == len(macs) else [])]
    costs = [f"{_range(counts)} {name}" for name, counts in found if any(counts)]
    return [*costs, "? MACs"] if len(known) < len(macs) else costs


def _range(counts: list[int]) -> str:
    least, most = short(min(counts)), short(max(counts))
    return least if least == most else f"{least}–{most}"


def shapes(found: Sequence[Shape]) -> str:
    """A shape, with the least and the most of each size where copies differ: `64–224×56×56`.

    >>> shapes([(64, 8, 8), (96, 8, 8)])
    '64–96×8×8'
    """
    if len({len(shape) for shape in found}) != 1:
        return ""
    return "×".join(map(_sizes, zip(*found, strict=True)))


def _sizes(sizes: tuple[int | None, ...]) -> str:
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return "?"
    return str(min(known)) if len(set(known)) == 1 else f"{min(known)}–{max(known)}"


def _wrapped(pieces: Sequence[str], most: int, between: str) -> list[str]:
    """The pieces in at most `LINES` lines; none is broken, and what is left out is said."""
    made: list[str] = []
    for piece in pieces:
        piece = piece if len(piece) <= most else piece[: most - 1].rstrip() + "…"
        if made and len(made[-1]) + len(between) + len(piece) <= most:
            made[-1] += between + piece
        else:
            made.append(piece)
    if len(made) > LINES:
        made = [*made[: LINES - 1], made[LINES - 1][: most - 2].rstrip() + " …"]
    return made
