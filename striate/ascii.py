"""Characters in ASCII, for terminals and files whose encoding lacks them.

>>> in_encoding("6×28×28 ≥ é", "ascii"), in_encoding("6×28×28", "utf-8")
('6x28x28 >= e', '6×28×28')
"""

import unicodedata

INSTEAD = {
    **{"×": "x", "·": "*", "⋆": "*", "∗": "*", "−": "-", "–": "-", "—": "-", "→": "->", "⇄": "<->", "…": "..."},
    **{"≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "±": "+-", "√": "sqrt", "∞": "inf", "Σ": "sum ", "π": "pi"},
    **{"Δ": "d", "∂": "d", "µ": "u", "μ": "u", "²": "^2", "³": "^3", "ᵀ": "^T", "°": " deg", "•": "*", "█": "#"},
    **{"⌈": "ceil(", "⌉": ")", "⌊": "floor(", "⌋": ")", "‘": "'", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"'},
}


def in_encoding(text: str, encoding: str) -> str:
    """The text with the characters that an encoding lacks written in ASCII."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(letter if _has(encoding, letter) else plain(letter) for letter in text)
    return text


def _has(encoding: str, letter: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def plain(letter: str) -> str:
    """A character in ASCII: what people write instead, the letter without its accents, or a question mark.

    >>> [plain(letter) for letter in "→┃┏ñя"]
    ['->', '|', '+', 'n', '?']
    """
    if letter in INSTEAD:
        return INSTEAD[letter]
    if (name := unicodedata.name(letter, "")).startswith("BOX DRAWINGS"):
        across, down = (
            any(word in name for word in words) for words in (("HORIZ", "LEFT", "RIGHT"), ("VERT", "UP", "DOWN"))
        )
        return "+" if across and down else "-" if across else "|"
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return bare or "?"
