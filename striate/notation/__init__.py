"""The notation: text ⇄ tree, what each layer costs, and the errors that point at the place. Never imports torch.

>>> net = read("input 3x128x128 -> conv 16@7x7 stride 2 pad 3")
>>> measure(net).total_parameters
2368
"""

from collections.abc import Sequence

from striate.notation.bind import bind
from striate.notation.errors import NotationError
from striate.notation.measure import Measure, Row, measure
from striate.notation.notes import notes
from striate.notation.parse import parse
from striate.notation.render import render
from striate.notation.tree import Network


def read(
    text: str,
    /,
    *,
    name: str = "net",
    source: str = "",
    input: Sequence[int | None] | None = None,
    **letters: int | float,
) -> Network:
    """Parse a text and bind its letters. See `parse` and `bind`.

    Raises:
        NotationError: The text is no network.
    """
    return bind(parse(text, source), letters, name=name, input=input)


__all__ = ["Measure", "Network", "NotationError", "Row", "bind", "measure", "notes", "parse", "read", "render"]
