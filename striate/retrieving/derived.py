"""What is derived from an index and kept beside it until it grows: its binary codes, its FAISS index.

Another file beside it carries the checksum of the `index.json` that it was made of, and both are made anew for another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from striate.data.lock import locked
from striate.errors import InputError, WorkError
from striate.retrieving.book import Book
from striate.retrieving.codes import Code, Codes, check_bits, learned
from striate.retrieving.exact import Exact
from striate.retrieving.ranking import Vectors
from striate.training.store import DamagedError

SAMPLE = 50_000  # vectors that a code is learned from
OF = ".of"  # ends the name of the file that says of which index another was made


def kept(book: Book, name: str, make: Callable[[], bytes]) -> bytes:
    """The content of a derived file: as it was kept, or else made, and kept where the folder can be written to."""
    index = hashlib.sha256(book.content()).hexdigest()
    with suppress(DamagedError, ValueError):
        if json.loads(book.store.read(name + OF)) == index:
            return book.store.read(name)
    content = make()
    with suppress(WorkError), locked(book.root):
        book.store.write({name: content})
        book.store.write({name + OF: json.dumps(index).encode()})
    return content


def sample_of(vectors: Exact) -> Vectors:
    """Vectors evenly spread over an index."""
    alive = np.setdiff1d(np.arange(len(vectors)), vectors.dead)
    return vectors.rows(alive[:: -(-len(alive) // SAMPLE)])


def codes_of(book: Book, vectors: Exact, bits: int) -> Codes:
    """The codes of an index, of so many bits.

    Raises:
        InputError: There are too many bits, or too few images to learn from.
    """
    check_bits(bits, book.about.length)
    if len(book) < bits:
        raise InputError(f"codes of {bits} bits are learned from at least as many images; there are {len(book)}")

    def made() -> bytes:
        code = learned(sample_of(vectors), bits)
        packed = np.concatenate([code.of(block) for block in vectors.blocks])
        return save({"centre": code.centre, "axes": np.ascontiguousarray(code.axes), "codes": packed})

    try:
        read = load(kept(book, f"codes-{bits}.safetensors", made))
        return Codes(Code(read["centre"], read["axes"]), read["codes"], book.dead())
    except (SafetensorError, KeyError) as error:
        raise WorkError(f"the codes in {book.root} can't be read: {error}") from None
