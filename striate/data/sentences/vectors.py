"""Reading word vectors that others learned: the text formats of GloVe and word2vec, line by line.

GloVe's lines (Pennington et al. 2014) are a word and its numbers, parted by spaces; word2vec's text format (Mikolov et
al. 2013) has a line before them with the number of words and of numbers. A file of gigabytes is read once and only the
vectors that are wanted are kept.

>>> found = parsed([b"a 0.5 1\\n", b"film 2 -1e-1\\n"], {"film"})
>>> found.width, found.words, found.vectors["film"].tolist()
(2, 2, [2.0, -0.10000000149011612])
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

LONGEST = 1 << 20  # bytes of a line
WIDEST = 100_000  # numbers of a vector
PACKED = {b"PK": "a zip archive", b"\x1f\x8b": "packed by gzip", b"\xfd7z": "packed by xz", b"BZ": "packed by bzip2"}

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class WordVectors:
    """The vectors of wanted words.

    Attributes:
        width: numbers of a vector.
        vectors: (width,) float32 for each wanted word that the file has.
        words: how many words the file has.
    """

    width: int
    vectors: dict[str, Vector]
    words: int


def read_vectors(path: str | Path, wanted: Collection[str]) -> WordVectors:
    """The vectors of the `wanted` words in a file; where a word stands twice, the first is taken.

    Raises:
        InputError: there is no such file, or a line is no word with as many numbers as the others have.
    """
    try:
        with Path(path).expanduser().open("rb") as file:
            if packed := next((what for mark, what in PACKED.items() if file.peek(4).startswith(mark)), None):
                raise InputError(f"it is {packed}; unpack it")
            return parsed(_lines(file), wanted)
    except OSError as error:
        raise InputError(f"cannot read the word vectors '{path}' ({error.strerror})") from error
    except InputError as error:
        raise InputError(f"'{path}' holds no word vectors: {error}") from error


def parsed(lines: Iterable[bytes], wanted: Collection[str]) -> WordVectors:
    """The vectors of the `wanted` words among lines.

    Raises:
        InputError: a line breaks the format.
    """
    keys = {word.encode(): word for word in wanted}
    vectors: dict[str, Vector] = {}
    promised, width, words = None, 0, 0
    for number, raw in enumerate(lines, start=1):
        line = raw.strip(b" \r\n\t")
        if number == 1 and (header := _header(line)):
            promised, width = header
            continue
        width = width or line.count(b" ")
        word, numbers = _parted(line, width, number)
        words += 1
        if word in keys and keys[word] not in vectors:
            vectors[keys[word]] = _vector(numbers, number)
    if not words:
        raise InputError("it is empty")
    if promised not in (None, words):
        raise InputError(f"its first line says {promised:,} words and there are {words:,}; fetch the file again")
    return WordVectors(width, vectors, words)


def _header(line: bytes) -> tuple[int, int] | None:
    """The numbers of words and of a vector's numbers, in word2vec's first line."""
    words = line.split()
    if len(words) != 2 or not all(word.isdigit() and len(word) < 12 for word in words):
        return None
    count, width = map(int, words)
    if not 0 < width <= WIDEST:
        raise InputError(f"line 1: vectors of {width:,} numbers; there are 1 to {WIDEST:,}")
    return count, width


def _parted(line: bytes, width: int, number: int) -> tuple[bytes, list[bytes]]:
    """A word and its numbers, not yet read as such. A few words of GloVe's largest file have spaces in them."""
    if b"\0" in line:
        raise InputError(f"line {number:,}: a NUL byte; give GloVe's or word2vec's text format, not a binary one")
    word, *numbers = line.rsplit(b" ", width) if width else [line]
    counted = line.count(b" ")
    if not numbers or counted < width:
        cut = (
            "; the file is cut short or no file of vectors; fetch it again"
            if counted
            else "; a line is a word, then numbers"
        )
        raise InputError(f"line {number:,}: {counted:,} numbers instead of {width or 'some'}{cut}")
    if counted > width and _is_number(word.rsplit(b" ", 1)[1]):
        raise InputError(f"line {number:,}: {counted:,} numbers instead of {width:,}; fetch the file again")
    if not _is_number(numbers[-1]):
        raise InputError(f"line {number:,}: '{_shown(numbers[-1])}' is not a number; a line is a word, then numbers")
    return word, numbers


def _vector(numbers: list[bytes], line: int) -> Vector:
    try:
        with np.errstate(over="ignore"):
            vector = np.array(numbers, dtype=np.float64).astype(np.float32)
    except ValueError as error:
        wrong = next(one for one in numbers if not _is_number(one))
        raise InputError(f"line {line:,}: '{_shown(wrong)}' is not a number; a line is a word, then numbers") from error
    if not np.isfinite(vector).all():
        wrong = numbers[int(np.argmin(np.isfinite(vector)))]
        raise InputError(f"line {line:,}: '{_shown(wrong)}' is not a finite number; leave the word out")
    return vector


def _lines(file: BinaryIO) -> Iterator[bytes]:
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        if len(line) == LONGEST:
            raise InputError(f"line {number:,}: more than {LONGEST:,} bytes; a line is a word and its numbers")
        yield line


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return b"_" not in text


def _shown(text: bytes) -> str:
    return ascii(text[:30].decode("utf-8", "replace"))[1:-1]
