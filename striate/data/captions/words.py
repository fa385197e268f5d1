"""From a caption to its words and back, in languages that part words by spaces, in Chinese and in Japanese.

Words are what spaces part, in Unicode's composed form NFC and in small letters; signs at their ends are words of their
own, as scripts that count n-grams expect, and each sign of Chinese and Japanese, which have no spaces, is one. Thai,
Lao, Khmer and Burmese have no spaces between words either, and are not split: part their words before.

>>> words_of("A man (in red) hits the ball!")
('a', 'man', '(', 'in', 'red', ')', 'hits', 'the', 'ball', '!')
>>> len(words_of("สุนัขวิ่ง")), len(words_of("สุนัข วิ่ง"))  # Thai: a dog runs
(1, 2)
>>> text_of(("a", "man", "(", "in", "red", ")", "hits", "the", "ball", "!"))
'a man (in red) hits the ball!'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from unicodedata import category, normalize

OPENING, CLOSING = ("Ps", "Pi"), ("Pe", "Pf", "Po")
SIGNS = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))  # kana, Chinese
UNSEEN = ("Cc", "Cf")  # control and format characters


def words_of(caption: str) -> tuple[str, ...]:
    """The words of a caption, none of one that is empty."""
    text = "".join(_apart(char) for char in normalize("NFC", caption).lower())
    return tuple(word for part in text.split() for word in _split(part))


def text_of(words: Sequence[str]) -> str:
    """Words as people write them."""
    text, joined = "", True
    for word in words:
        kind = category(word[0]) if len(word) == 1 else ""
        close = joined or kind in CLOSING or (_is_sign(word[-1]) and bool(text) and _is_sign(text[-1]))
        text += word if close else f" {word}"
        joined = kind in OPENING
    return text


def is_word(word: str) -> bool:
    """Whether it has a letter or a number in it; else it is a sign.

    >>> is_word("ball"), is_word("!")
    (True, False)
    """
    return any(category(char)[0] in "LN" for char in word)


def _apart(char: str) -> str:
    if category(char) in UNSEEN:
        return " " if char.isspace() else ""
    return f" {char} " if _is_sign(char) else char


def _is_sign(char: str) -> bool:
    return any(low <= ord(char) <= high for low, high in SIGNS)


def _split(part: str) -> Iterator[str]:
    """A part without spaces: signs before it, itself, signs after it."""
    first = next((place for place, char in enumerate(part) if not _is_mark(char)), len(part))
    last = len(part) - next((place for place, char in enumerate(reversed(part)) if not _is_mark(char)), 0)
    yield from part[:first]
    if first < last:
        yield part[first:last]
        yield from part[last:]


def _is_mark(char: str) -> bool:
    return category(char)[0] in "PS"


def counted(captions: Iterable[str]) -> dict[str, int]:
    """How often each word occurs, the most frequent first, equally frequent ones in order.

    >>> counted(["a b", "b c"])
    {'b': 2, 'a': 1, 'c': 1}
    """
    found: dict[str, int] = {}
    for caption in captions:
        for word in words_of(caption):
            found[word] = found.get(word, 0) + 1
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
