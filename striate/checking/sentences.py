"""Sentences with their classes: lines that are none, other encodings, and the same words twice."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from striate.data.sentences import SentenceSet, tokenised
from striate.data.sentences.decoding import NotTextError, read_text
from striate.data.sentences.folders import Documents, documents_in
from striate.data.sentences.places import Place

from .files import below
from .found import Finding
from .survey import DIGEST, Survey


def surveyed(found: SentenceSet, place: Place) -> Survey:
    """The sentences of a set, and what is wrong with the lines of its files."""
    rows = [
        (name, found.classes[label], part, sentence)
        for part, some in found.parts.items()
        for name, label, sentence in zip(some.names, some.labels, some.sentences, strict=True)
    ]
    digests = np.array([sha256(" ".join(tokenised(row[3])).encode()).digest()[:16] for row in rows], DIGEST)
    findings = [Finding("bad line", one.path, one.reason) for one in found.left_out]
    findings += lines(place)
    where, labels, parts = ([row[column] for row in rows] for column in range(3))
    return Survey(found.name, where, labels, parts, digests, findings=findings)


def lines(place: Place) -> Iterator[Finding]:
    """Files in other encodings, and empty lines."""
    for path in _files(place):
        name = below(str(path), str(place.folder))
        try:
            text = read_text(path)
        except (OSError, NotTextError):  # told as a bad line
            continue
        yield from (Finding("encoding", name, note) for note in text.notes)
        if isinstance(place.files, Documents):
            continue
        yield from (
            Finding("empty line", f"{name}:{number}") for number, line in enumerate(text.lines, 1) if not line.strip()
        )


def _files(place: Place) -> Iterator[Path]:
    if isinstance(place.files, Documents):
        folders = [folder for some in place.files.folders.values() for folder in some]
        yield from (path for folder in folders for path in documents_in(folder))
    else:
        yield from (place.folder / file for file in place.files.files)
