"""A sentence with the words marked that decided for a class: for a page and for a terminal.

Green speaks for the class and red against it, the stronger the further; since colours alone tell some readers nothing,
a terminal's line also gives the numbers of the words that matter.

>>> marked(["a", "<b>fine", "film"], [0.0, 0.3, 0.0])
Markup('a <mark style="background: rgba(29,122,60,0.60)" title="+0.30">&lt;b&gt;fine</mark> film')
>>> line(["a", "fine", "film", "but", "long"], [0.0, 0.3, 0.02, 0.0, -0.2])
'a fine[+0.30] film but long[-0.20]'
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from markupsafe import Markup, escape

from striate.data.left_out import printable

FOR, AGAINST = (29, 122, 60), (186, 28, 28)  # red, green, blue
STRONGEST = 0.6  # opacity of the strongest word's colour, on which black letters can be read
FAINT = 0.1  # share of the strongest score below which a word is not marked on a page
SAID = 0.25  # the same in a terminal


def marked(words: Sequence[str], scores: Sequence[float]) -> Markup:
    """A sentence for a page, safe to put into one as it is.

    Args:
        words: the sentence's words.
        scores: one for each of the first of them; those after them, which a network did not read, are not marked.
    """
    return Markup(" ").join(_mark(word, score, share) for word, score, share in _with_shares(words, scores))


def line(words: Sequence[str], scores: Sequence[float]) -> str:
    """A sentence for a terminal in plain characters, with the scores of the words that matter in brackets."""
    every = _with_shares(words, scores)
    return " ".join(printable(word) + (f"[{score:+.2f}]" if share >= SAID else "") for word, score, share in every)


def _with_shares(words: Sequence[str], scores: Sequence[float]) -> Iterator[tuple[str, float, float]]:
    """Each word with its score, and with that as a share of the strongest one's, 0 to 1."""
    assert len(scores) <= len(words), f"a score is a word's. Received: {len(words)} words, {len(scores)} scores"
    most = max(map(abs, scores), default=0.0)
    for word, score in zip_longest(words, scores, fillvalue=0.0):
        yield str(word), float(score), abs(float(score)) / most if most else 0.0


def _mark(word: str, score: float, share: float) -> Markup:
    if share < FAINT:
        return escape(word)
    colour = ",".join(map(str, FOR if score > 0 else AGAINST))
    opened = Markup('<mark style="background: rgba({},{:.2f})" title="{:+.2f}">{}</mark>')
    return opened.format(colour, STRONGEST * share, score, word)
