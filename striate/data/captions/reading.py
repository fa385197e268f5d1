"""The captions of one file: a table, lines as Flickr8k has them, or JSON as COCO and Karpathy's splits have it.

>>> lines_of("a.txt", ("one.jpg#0\\ta dog .", "one.jpg#1\\ta wet dog ."))[0]
Line(name='one.jpg', text='a dog .', source='a.txt:1', part=None)
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from striate.errors import InputError

from ..parts import Part, part_of
from ..sentences.decoding import NotTextError, decoded
from ..sentences.tables import DELIMITERS
from .found import Line

FLICKR = re.compile(r"(.+?)#[\w-]+\t(.*)")
IMAGES = ("image", "path", "file", "filename", "file_name", "img", "name", "image_path", "image_name", "image_id", "id")
TEXTS = ("caption", "captions", "text", "sentence", "sentences", "description", "comment", "comments", "raw", "title")
SPLITS = ("split", "part", "partition", "subset", "set", "usage", "phase")
SHOWN = 60  # letters of a broken line that are told
ENDS = (".tsv", ".csv", ".txt", ".token", ".tab")


def lines_in(path: Path, root: Path) -> tuple[list[Line], tuple[str, ...]]:
    """The captions of a file, none where it holds none, and what was decided about it.

    Raises:
        InputError: It is damaged.
    """
    name = path.relative_to(root).as_posix()
    try:
        text = decoded(path.read_bytes())
        found = _of_json(name, "\n".join(text.lines)) if path.suffix.lower() == ".json" else lines_of(name, text.lines)
    except NotTextError as error:
        raise InputError(f"cannot read '{path}': {error}; save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"cannot read '{path}' ({error.strerror or error})") from error
    return found, tuple(f"{name}: {note}" for note in text.notes) if found else ()


def lines_of(name: str, lines: Sequence[str]) -> list[Line]:
    """The captions of a text file; none where it is no table of captions."""
    part = _part(name)
    first = next((line for line in lines if line.strip()), "")
    if FLICKR.fullmatch(first):
        return [_of_flickr(line, f"{name}:{number}", part) for number, line in enumerate(lines, 1) if line.strip()]
    for delimiter in DELIMITERS:
        head = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        image = next((head.index(word) for word in IMAGES if word in head), None)
        texts = [place for place, word in enumerate(head) if re.sub(r"[\s_-]*\d+$", "", word) in TEXTS]
        if image is not None and texts:
            split = next((head.index(word) for word in SPLITS if word in head), None)
            return list(_rows(name, lines, delimiter, (image, texts, split), part))
    return []


def _of_flickr(line: str, source: str, part: Part | None) -> Line:
    """The caption of one line; an empty one where it is broken."""
    found = FLICKR.fullmatch(line)
    return Line(found[1].strip(), found[2], source, part) if found else Line(line.strip()[:SHOWN], "", source, part)


def _rows(
    name: str, lines: Sequence[str], delimiter: str, columns: tuple[int, Sequence[int], int | None], part: Part | None
) -> Iterator[Line]:
    """The rows of a table after its head; where tabs part cells, a quote is a letter unless it encloses a cell."""
    image, texts, split = columns
    tabs = delimiter == "\t"
    reader = csv.reader(
        (f"{line}\n" for line in lines),
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
    )
    try:
        rows = (row for row in reader if any(cell.strip() for cell in row))
        width = len(next(rows))
        for row in rows:
            row = _fitted(row, width, texts[0], delimiter) if len(texts) == 1 else row
            cell = [row[place].strip() if place < len(row) else "" for place in (image, *texts)]
            cell = [_unquoted(one) for one in cell] if tabs else cell
            stated = part_of(row[split].strip()) if split is not None and split < len(row) else None
            in_part, source = stated[0] if stated else part, f"{name}:{reader.line_num}"
            yield from (Line(cell[0], text, source, in_part) for text in cell[1:])
    except csv.Error as error:
        raise InputError(f"'{name}' is damaged at line {reader.line_num}: {error}") from error


def _fitted(row: list[str], width: int, text: int, delimiter: str) -> list[str]:
    """A row as wide as its table: a caption that is not quoted, and has commas, is one cell.

    >>> _fitted(["1.jpg", "a dog", " a cat", "val"], 3, 1, ",")
    ['1.jpg', 'a dog, a cat', 'val']
    """
    while len(row) > width and not row[-1].strip():
        row = row[:-1]
    end = text + 1 + len(row) - width
    return [*row[:text], delimiter.join(row[text:end]), *row[end:]] if len(row) > width else row


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _of_json(name: str, text: str) -> list[Line]:
    """COCO's, with images and annotations apart; Karpathy's, with sentences in images; or a list of both."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{name}' is no JSON: {error}") from error
    part = _part(name)
    if isinstance(held, list):
        return [line for number, one in enumerate(held) for line in _of_image(one, f"{name}:{number}", part)]
    if not isinstance(held, Mapping) or not isinstance(images := held.get("images"), list):
        return []
    notes = held.get("annotations")
    if not isinstance(notes, list):
        return [line for number, one in enumerate(images) for line in _of_image(one, f"{name}:{number}", part)]
    files = {str(one.get("id")): one.get("file_name") for one in images if isinstance(one, Mapping)}
    return [
        Line(str(files.get(image) or image), _text(one["caption"]), f"{name}:{number}", part)
        for number, one in enumerate(notes)
        if isinstance(one, Mapping) and "caption" in one
        for image in [str(one.get("image_id"))]
    ]


def _of_image(one: Any, source: str, part: Part | None) -> Iterator[Line]:
    """The captions that stand with an image."""
    if not isinstance(one, Mapping):
        return
    low = {str(name).lower(): value for name, value in one.items()}
    image = next((str(low[word]) for word in IMAGES if low.get(word) is not None), None)
    given: Any = next((low[word] for word in TEXTS if word in low), [])
    stated = part_of(str(low.get("split", "")).replace("restval", "train"))
    for text in given if isinstance(given, list) else [given]:
        said = text.get("raw") if isinstance(text, Mapping) else text
        if image is not None:
            yield Line(image, _text(said), source, stated[0] if stated else part)


def _text(caption: Any) -> str:
    """A caption as JSON has it; an empty one where it is none."""
    return caption if isinstance(caption, str) else ""


def _part(name: str) -> Part | None:
    """The part that a file's name or its folder's means."""
    path = Path(name)
    found = part_of(path.stem) or (part_of(path.parent.name) if path.parent.name else None)
    return found[0] if found else None


def listed(lines: Sequence[str], names: Container[str]) -> set[str]:
    """The images that a list of names has, one a line; nothing where a line is something else."""
    found = [line.strip() for line in lines if line.strip()]
    return set(found) if found and all(one in names for one in found[:20]) else set()
