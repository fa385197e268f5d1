"""What a user gives as numbers → an array: text, JSON lists, a file, or lists and arrays of Python.

In text, entries are separated by blanks or commas, rows by `;`, maps by `|`, and filters by a `/` between blanks (`1/3`
without blanks is a fraction). `@file` reads the text or JSON of a file; its JSON may be an object with a key for each
of `input`, `filters` (or `weights`), `bias` and `upstream`, or for the arrays of a chain's layers: `conv1.weight`.

>>> read_input("1 2; 3 4 | 5 6; 7 8").shape, read_input("1 2 3").shape
((2, 2, 2), (1, 3))
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError
from striate.stepping.number import number

Array: TypeAlias = Any  # a NumPy array of fractions, floats, names or dual numbers, of which its stubs know nothing
Given: TypeAlias = str | Sequence[Any] | NDArray[Any] | float

KEYS = {"weights": ("weights", "filters")}  # of roles with more names than their own
MOST_CHARACTERS = 1_000_000
DEEPEST = 5  # filters, maps and three axes


def keys(role: str) -> tuple[str, ...]:
    """What a file may call the numbers for a role."""
    return KEYS.get(role, (role,))


def in_file(source: object, role: str) -> bool:
    """Whether `source` is a file of several parts, one of them for `role`."""
    if not isinstance(source, str) or not source.startswith("@"):
        return False
    found = _file(source)
    return isinstance(found, dict) and any(key in found for key in keys(role))


def read_input(source: Given) -> Array:
    """The maps that come in, (C, H, W); (C, N) where text has one row per map, or a list is flat.

    Raises:
        InputError: It is not numbers in rows of equal length.
    """
    found = _find(source, "input")
    array = _array(found, "input")
    if _is_text(found):
        if array.shape[0] > 1:
            raise InputError("input: '/' separates filters; an input has maps, separated by '|': 1 2; 3 4 | 5 6; 7 8")
        return array[0, :, 0] if array.shape[2] == 1 and ";" not in found else array[0]
    return array.reshape(1, *(array.shape or (1,))) if array.ndim < 3 else array


def read_as(source: Given, role: str, shape: tuple[int, ...], what: str) -> Array:
    """Numbers that must fill `shape`; axes of size 1 may be left out or added. `what` says what they are for.

    Raises:
        InputError: They are no numbers, or not as many as the shape takes.
    """
    array = _array(_find(source, role), role)
    if [n for n in array.shape if n > 1] != [n for n in shape if n > 1]:
        received = array.shape[next((i for i, n in enumerate(array.shape) if n > 1), array.ndim - 1) :]
        hint = "; filters are separated by ' / ', maps by '|', rows by ';'" if len(shape) > 1 else ""
        raise InputError(f"{role}: {what} takes {cross(shape)}. Received: {cross(received)}{hint}")
    return array.reshape(shape)


def cross(shape: tuple[int, ...]) -> str:
    """`1x2x2 = 4 numbers`."""
    count = int(np.prod(shape))
    return f"{'x'.join(map(str, shape))} = {count} numbers" if len(shape) > 1 else f"{count} number{'s'[: count != 1]}"


def _find(source: Given, role: str) -> Any:
    """What stands for the numbers: text, nested lists, or one number."""
    if isinstance(source, str):
        found = _file(source) if source.startswith("@") else _document(source, role)
        if not isinstance(found, dict):
            return found
        for key in keys(role):
            if key in found:
                return found[key]
        received = ", ".join(map(str, found)) or "none"
        raise InputError(f"{role}: there is no key '{keys(role)[-1]}'. Received the keys: {received[:100]}")
    return source.tolist() if hasattr(source, "tolist") else source


def _file(source: str) -> Any:
    path = Path(source[1:])
    try:
        with path.open(encoding="utf-8") as opened:
            text = opened.read(MOST_CHARACTERS + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InputError(f"{source}: can't be read ({reason}); @file names a file of JSON or text") from None
    return _document(text, source)


def _document(text: str, place: str) -> Any:
    """Text as it is; JSON as lists in which every number is still a word."""
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"{place}: more than {MOST_CHARACTERS:,} characters; a step is for small examples")
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return json.loads(text, parse_float=_Word, parse_int=_Word, parse_constant=_Word)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: not JSON ({error}); write [[1, 2], [3, 4]] or 1 2; 3 4") from None


class _Word(str):
    """A number of a JSON document, not yet read; other texts are rows of numbers."""


def _is_text(found: Any) -> bool:
    return isinstance(found, str) and not isinstance(found, _Word)


def _array(found: Any, role: str) -> Array:
    nested = _split(found, role) if _is_text(found) else found
    shape = _shape(nested, role)
    array = np.empty(int(np.prod(shape)), dtype=object)
    array[:] = [number(word, role) for word in _leaves(nested)]
    return array.reshape(shape)


def _split(text: str, role: str) -> list[list[list[list[str]]]]:
    """Filters of maps of rows of words."""
    filters = re.split(r"(?<=\s)/|/(?=\s)", text.strip())
    return [[_rows(part, role) for part in one.split("|")] for one in filters]


def _rows(text: str, role: str) -> list[list[str]]:
    rows = [row.replace(",", " ").split() for row in text.strip().removesuffix(";").replace("\n", ";").split(";")]
    if not all(rows):
        raise InputError(f"{role}: a row without numbers; write rows as 1 2; 3 4 and maps as 1 2; 3 4 | 5 6; 7 8")
    return rows


def _shape(nested: Any, role: str, deep: int = 0) -> tuple[int, ...]:
    """The shape of nested lists, all of whose parts must have the same."""
    if not isinstance(nested, list | tuple):
        return ()
    if not nested or deep == DEEPEST:
        raise InputError(f"{role}: " + ("lists nest deeper than the axes" if nested else "there are no numbers"))
    first = _shape(nested[0], role, deep + 1)
    for index, part in enumerate(nested[1:], start=2):
        if (shape := _shape(part, role, deep + 1)) != first:
            one, other = ("x".join(map(str, s)) or "one number" for s in (first, shape))
            rule = (
                "all rows have the same length, maps and filters the same size (' / ' separates filters, 1/2 is half)"
            )
            raise InputError(f"{role}: {rule}. Received: {one} first, but {other} in place {index}")
    return len(nested), *first


def _leaves(nested: Any) -> list[Any]:
    return [leaf for part in nested for leaf in _leaves(part)] if isinstance(nested, list | tuple) else [nested]
