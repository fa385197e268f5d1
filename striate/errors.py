"""Errors that a user can fix, shown in plain words and never as a traceback.

>>> InputError("no network 'lenet6'" + nearest("lenet6", ["lenet5", "alexnet"]))
InputError("no network 'lenet6'; did you mean 'lenet5'?")
"""

import re
from bisect import bisect
from collections.abc import Iterable, Mapping

SLIPS = (3, 8, 12)  # word lengths from which one, two, three typing errors are allowed
MOST_BEGUN = 6  # names suggested at most for a common beginning


class StriateError(Exception):
    """The base of every error that is shown to the user. `exit_status` is what the command line exits with."""

    exit_status = 1


class InputError(StriateError, ValueError):
    """The input was wrong: an unknown name, a size that does not fit, a file that is not what it should be."""

    exit_status = 2


class WorkError(StriateError, RuntimeError):
    """The input was right and the work failed: a full disk, a lost connection, a loss that is not a number."""


def several_tasks(source: object, words: Iterable[str]) -> str:
    """What is said of data that several tasks could read.

    >>> several_tasks("pets", ("classify", "multilabel"))
    "'pets' may be data for classify or multilabel; say which with `task`"
    """
    return f"'{source}' may be data for {' or '.join(words)}; say which with `task`"


def nearest(name: object, known: Iterable[str], also: Mapping[str, Iterable[str]] | None = None) -> str:
    """`; did you mean '…'?` for the known names that `name` may stand for, or nothing where none is likely.

    A suggestion is made for another spelling (`cifar-10`), for another name in use (`also`), for a typing error, and
    for the beginning of a few names. The number of typing errors allowed grows with the word's length, few may be in
    its first letter, and none turns one number into another: `vgg13` is not a misspelt `vgg19`.

    Args:
        name: The name that was given.
        known: The names that exist.
        also: Other names for some of them.

    >>> nearest("fashion_mnist", ["mnist", "fashion-mnist"]), nearest("cifar100", ["cifar10"])
    ("; did you mean 'fashion-mnist'?", '')
    """
    found = [f"'{one}'" for one in _meant(name, list(known), also or {})]
    return f"; did you mean {' or '.join(filter(None, (', '.join(found[:-1]), found[-1])))}?" if found else ""


def plain(name: str) -> str:
    """A name without the details that people spell differently: capitals, hyphens, underscores, points and blanks."""
    return re.sub(r"[-_.\s]", "", name.lower())


def first_line(error: BaseException) -> str:
    """What an error of another library says, without what follows; its type where it says nothing."""
    return (str(error) or type(error).__name__).splitlines()[0]


def why_damaged(error: BaseException) -> str:
    """The same of an array file; NumPy would have users open Python objects, which can run anything."""
    return "it holds Python objects, which are never opened" if "pickle" in str(error) else first_line(error)


def _meant(name: object, known: list[str], also: Mapping[str, Iterable[str]]) -> list[str]:
    word, own = plain(str(name)), {plain(one): one for one in reversed(known)}
    named = {plain(other): one for one, others in also.items() for other in others if one in known} | own
    if word in named:
        return [named[word]]
    if begun := [one for spelled, one in own.items() if len(word) > 2 and spelled.startswith(word)]:
        stems = [one for one in reversed(begun) if not any(plain(one).startswith(plain(o)) for o in begun if o != one)]
        return stems if len(stems) <= MOST_BEGUN else []
    near = [(slips, one) for other, one in named.items() if (slips := _slips(word, other, other in own)) is not None]
    return [min(near)[1]] if near else []


def _slips(word: str, other: str, other_is_own: bool) -> int | None:
    """How many typing errors turn `other` into `word`; None where they are too many."""
    numbers, others = re.findall(r"\d+", word), re.findall(r"\d+", other)
    if numbers != others:
        same = other_is_own and re.sub(r"\d+", "0", word) == re.sub(r"\d+", "0", other)
        return 1 if same and all(map(_one_number, numbers, others)) else None
    begins = (
        word[:1] == other[:1] or word[:2] == other[1::-1] or (other_is_own and len(word) > 4 and word[1:] == other[1:])
    )
    least = abs(len(word) - len(other))
    if not begins or least > (most := bisect(SLIPS, len(word))):
        return None
    slips = _distance(word, other)
    return slips if slips <= most else None


def _one_number(number: str, other: str) -> bool:
    """Whether two numbers differ by at most 1, or only in the order of their digits."""
    return abs(int(number) - int(other)) <= 1 or sorted(number) == sorted(other)


def _distance(word: str, other: str) -> int:
    """The fewest letters left out, inserted, replaced or swapped (Damerau 1964) that turn `other` into `word`."""

    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, a in enumerate(word, start=1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and (a, word[i - 2]) == (other[j - 2], b):
                row[j] = min(row[j], earlier[j - 2] + 1)
    return row[-1]
