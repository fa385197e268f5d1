"""The first pass over a text: its size, its characters, its brackets.

Comments become blanks, capitals become small letters, and line ends that are only white space (inside brackets,
beside an arrow) become blanks, so the grammar need not know of them. Every character keeps its place.

>>> scan("CONV 6@5×5 ->  # the first\\n RELU")
'conv 6@5x5 ->               relu'
"""

import re

from striate.notation.errors import NotationError, Span

MAX_TEXT = 50_000  # characters; the longest published network takes about 3,000
MAX_DEPTH = 60  # brackets inside brackets

PAIRS = {"(": ")", "[": "]"}
_SMALL = {ord(a): ord(a.lower()) for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} | {ord("×"): "x", ord("−"): "-"}


def scan(text: str, source: str = "") -> str:
    """The text ready for the grammar, the same length.

    Raises:
        NotationError: The text is too long, has brackets that do not match or are nested too deep.
    """
    if len(text) > MAX_TEXT:
        raise NotationError(
            f"the text has {len(text):,} characters",
            text[:40],
            Span(0, 1),
            f"a text may have {MAX_TEXT:,}; use repeats ([ … ]*8) and definitions",
            source,
        )
    plain = re.sub(r"#[^\n]*", lambda found: " " * len(found[0]), text).translate(_SMALL)
    plain = _join_lines_in_brackets(plain, text, source)
    return re.sub(r"\s+", lambda found: _white_space(found, plain), plain)


def _white_space(found: re.Match[str], plain: str) -> str:
    """Blanks, or a line end where one ends something: not beside an arrow, not at either end of the text."""
    before, after = plain[max(0, found.start() - 2) : found.start()], plain[found.end() : found.end() + 2]
    goes_on = before.endswith(("->", "→")) or after.startswith(("->", "→")) or not before or not after
    return ("" if goes_on or "\n" not in found[0] else "\n").ljust(len(found[0]))


def _join_lines_in_brackets(plain: str, text: str, source: str) -> str:
    """Blank the line ends inside brackets; refuse brackets that do not match."""
    opened: list[int] = []
    blanks = []
    for found in re.finditer(r"[\[\]()\n]", plain):
        at, sign = found.start(), found[0]
        if sign == "\n":
            blanks += [at] if opened else []
        elif sign in PAIRS:
            opened.append(at)
            if len(opened) > MAX_DEPTH:
                detail = f"at most {MAX_DEPTH} brackets may be open at once; give inner parts a name: block(w) = …"
                raise NotationError("brackets nested too deep", text, Span(at, at + 1), detail, source)
        elif not opened:
            detail = f"there is no opening bracket before it; delete the '{sign}'"
            raise NotationError(f"'{sign}' closes nothing", text, Span(at, at + 1), detail, source)
        elif PAIRS[plain[opened[-1]]] != sign:
            wanted = PAIRS[plain[opened[-1]]]
            detail = f"the '{plain[opened[-1]]}' before it must be closed first; write '{wanted}'"
            raise NotationError(f"'{sign}' where '{wanted}' is due", text, Span(at, at + 1), detail, source)
        else:
            opened.pop()
    if opened:
        at, sign = opened[-1], plain[opened[-1]]
        detail = f"add the missing '{PAIRS[sign]}'"
        raise NotationError(f"this '{sign}' is never closed", text, Span(at, at + 1), detail, source)
    letters = list(plain)
    for at in blanks:
        letters[at] = " "
    return "".join(letters)
