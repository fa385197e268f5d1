"""What a user can mend: errors that are told in plain words, never as a traceback.

>>> InputError("no network 'lenet6'" + nearest("lenet6", ["lenet5", "alexnet"]))
InputError("no network 'lenet6'; did you mean 'lenet5'?")
"""

import re
from bisect import bisect
from collections.abc import Iterable, Mapping

SLIPS = (3, 8, 12)  # letters from which a word may hold one, two, three slips of the pen
MOST_BEGUN = 6  # names that are all suggested for what begins them


class StriateError(Exception):
    """The base of every error that is told to the user. `exit_status` is what the command line ends with."""

    exit_status = 1


class InputError(StriateError, ValueError):
    """The words were wrong: an unknown name, a size that does not fit, a file that is not what it should be."""

    exit_status = 2


class WorkError(StriateError, RuntimeError):
    """The words were right and the work failed: a full disk, a lost connection, a loss that is not a number."""


def nearest(name: str, known: Iterable[str], also: Mapping[str, Iterable[str]] | None = None) -> str:
    """`; did you mean '…'?` for the known names that `name` may stand for, or nothing where none is likely.

    A suggestion is made for another spelling (`cifar-10`), for what others call it (`also`), for a slip of the pen, and
    for the beginning of a few names. Slips are few for the length of the word, seldom touch its first letter, and
    do not make one number of another: `vgg13` is not a slip for `vgg19`.

    Args:
        name: What came in.
        known: The names that there are.
        also: For some of them, what others call the same thing.

    >>> nearest("fashion_mnist", ["mnist", "fashion-mnist"]), nearest("cifar100", ["cifar10"])
    ("; did you mean 'fashion-mnist'?", '')
    """
    found = [f"'{one}'" for one in _meant(name, list(known), also or {})]
    return f"; did you mean {' or '.join(filter(None, (', '.join(found[:-1]), found[-1])))}?" if found else ""


def plain(name: str) -> str:
    """A name without what people spell differently: capitals, hyphens, underscores, points and blanks."""
    return re.sub(r"[-_.\s]", "", name.lower())


def _meant(name: str, known: list[str], also: Mapping[str, Iterable[str]]) -> list[str]:
    word, own = plain(name), {plain(one): one for one in reversed(known)}
    named = {plain(other): one for one, others in also.items() for other in others if one in known} | own
    if word in named:
        return [named[word]]
    if begun := [one for spelled, one in own.items() if len(word) > 2 and spelled.startswith(word)]:
        stems = [one for one in reversed(begun) if not any(plain(one).startswith(plain(o)) for o in begun if o != one)]
        return stems if len(stems) <= MOST_BEGUN else []
    near = [(slips, one) for other, one in named.items() if (slips := _slips(word, other, other in own)) is not None]
    return [min(near)[1]] if near else []


def _slips(word: str, other: str, other_is_own: bool) -> int | None:
    """How many slips of the pen make `word` of `other`; None where they are too many to be slips."""
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
    """Whether a number is another but for one step or for the order of its digits."""
    return abs(int(number) - int(other)) <= 1 or sorted(number) == sorted(other)


def _distance(word: str, other: str) -> int:
    """Letters left out, put in, exchanged or turned round (Damerau 1964), the least that makes `word` of `other`."""
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, a in enumerate(word, start=1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and (a, word[i - 2]) == (other[j - 2], b):
                row[j] = min(row[j], earlier[j - 2] + 1)
    return row[-1]
