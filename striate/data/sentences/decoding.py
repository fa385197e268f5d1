"""From bytes to lines of text: UTF-8 with or without its mark, UTF-16 with its mark, and Windows-1252 where it is none.

>>> decoded(b"na\\xc3\\xafve\\nna\\xefve\\n")
Decoded(lines=('naïve', 'naïve'), notes=('line 2 is not UTF-8 and is read as Windows-1252',))
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from striate.data.parquet import is_parquet, parquet_lines
from striate.errors import InputError

JSON_LINES = (".jsonl", ".ndjson")
MARKS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UTF8_MARK = b"\xef\xbb\xbf"
MOST_LINES = 2000  # of a Parquet file, from which its form is found
SAMPLE = 1 << 16  # bytes from which is decided whether they are text
CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1a\x1b"})  # no text has many of these
MOST_CONTROLS = 0.02  # share of the sample; of compressed data a tenth


class NotTextError(ValueError):
    """The bytes are no text. Says why, in a few words."""


@dataclass(frozen=True)
class Decoded:
    """The lines of a file without their ends, and a sentence on each thing that was decided."""

    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()


def text_of(path: Path) -> Decoded:
    """The lines of a text file.

    Raises:
        InputError: It can't be read, or is no text of lines.
    """
    try:
        text = read_text(path)
    except NotTextError as error:
        raise InputError(f"cannot read '{path}': {error}; save it as UTF-8 text") from error
    except OSError as error:
        raise InputError(f"cannot read '{path}' ({error.strerror}); check that it may be read") from error
    if path.suffix.lower() in JSON_LINES or is_json(text.lines):
        raise InputError(
            f"'{path}' is JSON Lines, which are not read; write a CSV table with the columns label and text"
        )
    return text


def read_text(path: Path) -> Decoded:
    """The lines of a file, of a Parquet file as those of a CSV table.

    Raises:
        NotTextError: They are binary.
        OSError: It can't be read.
    """
    if is_parquet(path):
        return Decoded(tuple(parquet_lines(path)))
    return decoded(path.read_bytes())


def first_lines(path: Path) -> tuple[str, ...]:
    """The first lines of a file, each of them whole; errors as for `read_text`."""
    if is_parquet(path):
        return tuple(islice(parquet_lines(path), MOST_LINES))
    with path.open("rb") as file:
        data = file.read(SAMPLE)
        rest = bool(file.read(1))
    lines = decoded(data).lines
    return lines[:-1] if rest else lines


def is_json(lines: Sequence[str]) -> bool:
    """Whether the first line that is not empty is a JSON object.

    >>> is_json(['{"text": "a fine film", "label": 1}']), is_json(["{sighs} a fine film"])
    (True, False)
    """
    first = next((line.strip() for line in lines if line.strip()), "")
    try:
        return first.startswith("{") and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def decoded(data: bytes) -> Decoded:
    """The lines of a text file.

    Lines end in LF, CR LF, or in a file without LF in CR; other marks at which Python parts lines do not end one.
    Each line that is not UTF-8 is read as Windows-1252, or as Latin-1 where that lacks a character: so one bad line
    does not spoil the umlauts of all others.

    Raises:
        NotTextError: they are binary, or cut within a character of UTF-16.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            try:
                return Decoded(_lines(data.decode(encoding)), (f"it is {encoding.upper()}",))
            except UnicodeDecodeError as error:
                raise NotTextError(
                    f"it begins as {encoding.upper()} and is damaged after {error.start:,} bytes"
                ) from error
    if is_binary(data):
        raise NotTextError("it is binary" + (" or UTF-16 without its mark" if b"\0" in data[:SAMPLE] else ""))
    data = data.removeprefix(UTF8_MARK)
    try:
        return Decoded(_lines(data.decode()))
    except UnicodeDecodeError:
        return _line_by_line(data)


def is_binary(data: bytes) -> bool:
    """Whether bytes are no text in UTF-8 or an older encoding, judged by their beginning.

    >>> is_binary(bytes(range(256))), is_binary("Übermut".encode())
    (True, False)
    """
    sample = data[:SAMPLE]
    return len(sample) - len(sample.translate(None, CONTROLS)) > MOST_CONTROLS * len(sample)


def _line_by_line(data: bytes) -> Decoded:
    lines, odd = [], []
    for number, line in enumerate(_lines(data.decode("latin-1")), start=1):
        raw = line.encode("latin-1")
        try:
            lines.append(raw.decode())
        except UnicodeDecodeError:
            lines.append(_western(raw))
            odd.append(number)
    said = f"line {odd[0]:,} is" if len(odd) == 1 else f"{len(odd):,} lines, the first of them {odd[0]:,}, are"
    return Decoded(tuple(lines), (f"{said} not UTF-8 and {'is' if len(odd) == 1 else 'are'} read as Windows-1252",))


def _western(raw: bytes) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _lines(text: str) -> tuple[str, ...]:
    text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    return tuple(text.removesuffix("\n").split("\n")) if text else ()
