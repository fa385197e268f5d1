"""From a sentence to words, as Kim (2014) cleans his data, for every language and not only for English.

Kim's `clean_str` (yoonkim/CNN_sentence, process_data.py) keeps `A-Za-z0-9(),!?'` and the backquote, sets `( ) , ! ?`
apart, parts `n't`, `'s`, `'ve`, `'re`, `'d` and `'ll` from their words, and writes small letters. Here letters, numbers
and marks of all scripts stay, so `schöne` is one word and not `sch ne`; signs such as emoji are words; and each sign
of Chinese and Japanese, which have no spaces between words, is one.

>>> tokenised("They don't like it (at all)!")
('they', 'do', "n't", 'like', 'it', '(', 'at', 'all', ')', '!')
>>> tokenised("Schöne Grüße – tiếng Việt rất đẹp")
('schöne', 'grüße', 'tiếng', 'việt', 'rất', 'đẹp')
"""

import re
from unicodedata import category, normalize

APART = "(),!?"  # words of their own
KEPT = "'`"  # within words and at their ends
APOSTROPHES = "’ʼ＇"
ENDS = re.compile(r"('s|'ve|n't|'re|'d|'ll)(?!\w)", re.IGNORECASE)
SIGNS = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))  # kana, Chinese
SELECTORS = (0xFE00, 0xFE0F)  # say how the sign before them looks


class _Table(dict[int, str]):
    """What each character becomes, found when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = made = _written(code)
        return made


def tokenised(sentence: str, lower: bool = True) -> tuple[str, ...]:
    """The words of a sentence.

    Args:
        sentence: any text; one written with combining marks gives the same words as one without.
        lower: whether capitals become small letters; Kim leaves those of TREC.
    """
    text = normalize("NFC", sentence).translate(_TABLE)
    return tuple(ENDS.sub(r" \1", text.lower() if lower else text).split())


def _written(code: int) -> str:
    char = chr(code)
    if char in KEPT:
        return char
    if char in APOSTROPHES:
        return "'"
    if SELECTORS[0] <= code <= SELECTORS[1]:
        return ""
    kind = category(char)
    if char in APART or kind == "So" or any(low <= code <= high for low, high in SIGNS):
        return f" {char} "
    if kind[0] in "LNM":
        return char
    return "" if kind == "Cf" else " "  # a soft hyphen or joiner parts no word


_TABLE = _Table()
