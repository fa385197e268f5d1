"""The numbers of a step: exact fractions where they can be, floats after an exponential, names where nothing is given.

>>> number_text(number("1/3") * 11), number_text(number("3.25")), number_text(0.123456789)
('11/3', '3.25', '0.123457')
>>> total([(Fraction(2), Fraction(-1)), (Fraction(3), "dO[0]")])
('2*(-1) + 3*dO[0]', None)
"""

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from striate.errors import InputError

Number: TypeAlias = Fraction | float
Value: TypeAlias = Number | str  # a name such as dO[0,0] stands for a number that is not given
Term: TypeAlias = tuple[Value, ...]  # factors

MOST_TERMS = 64  # of a sum that are written out
LONGEST_GIVEN, LONGEST = 40, 20  # characters of a number, as given and as shown
PLACES = 10**6  # a fraction with a longer decimal is shown as a fraction
LARGEST = 1e99
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(/[0-9]+|e[+-]?[0-9]{1,2})?", re.ASCII | re.IGNORECASE)


def number(word: object, place: str = "a number") -> Fraction:
    """The number that a word, or a number of Python's own, stands for. `place` is what an error calls it.

    Raises:
        InputError: It is no finite number, or one that is too long.
    """
    if isinstance(word, Fraction):
        return word
    if isinstance(word, float) and math.isfinite(word) and (word == 0 or 1 / LARGEST < abs(word) < LARGEST):
        return Fraction(repr(word))
    text = str(word).replace("−", "-")
    if isinstance(word, bool) or not _NUMBER.fullmatch(text) or len(text) > LONGEST_GIVEN:
        rule = f"numbers are written 2, -1, 0.5, 1/3 or 1e-3, with at most {LONGEST_GIVEN} characters"
        file = "; a file of text or JSON is given as @FILE" if re.search(r"\.[a-z]\w*$", text, re.IGNORECASE) else ""
        raise InputError(f"{place}: {rule}{file}. Received: {text[:60]}")
    if ("." in text and "/" in text) or re.search("/0+$", text):
        raise InputError(f"{place}: a fraction is a whole number over another that is not 0. Received: {text}")
    return Fraction(text)


def number_text(value: Value) -> str:
    """A number to read: whole, a short decimal, a fraction, or six digits of what is longer; a name as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    if value.denominator > 1 and PLACES % value.denominator == 0 and abs(value) < PLACES:
        text = f"{float(value):.6f}".rstrip("0")
    return text if len(text) <= LONGEST else f"{float(value):.6g}"


def total(terms: Sequence[Term]) -> tuple[str, Number | None]:
    """A sum of products, written out, and its value: None while a name is in it.

    Only the first 64 terms are written; the sum counts all.
    """
    written = " + ".join("*".join(factor_text(factor) for factor in term) for term in terms[:MOST_TERMS])
    if len(terms) == 1 == len(terms[0]):
        written = number_text(terms[0][0])  # which is no part of a sum
    if len(terms) > MOST_TERMS:
        written += f" + … ({len(terms) - MOST_TERMS} more)"
    value: Number = Fraction(0)
    for term in terms:
        product: Number = Fraction(1)
        for factor in term:
            if isinstance(factor, str):
                return written, None
            product = product * factor
        value = value + product
    return written or "0", value


def factor_text(value: Value) -> str:
    """A number inside a product or a difference: in brackets where its sign or bar would mislead."""
    text = number_text(value)
    return f"({text})" if not isinstance(value, str) and (text.startswith("-") or "/" in text) else text
