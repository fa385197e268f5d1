"""`st.Index`: an index of images that is asked which are most like one.

>>> Index("nowhere")
Traceback (most recent call last):
    ...
striate.errors.InputError: nowhere is no index: it has no index.json; `striate index` makes one
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.checks import check_number, path_of
from striate.errors import InputError
from striate.retrieving.about import Image, stamped
from striate.retrieving.alike import Pairs, pairs
from striate.retrieving.answers import Answer, Answers, named
from striate.retrieving.approximate import approximate_of
from striate.retrieving.book import Book
from striate.retrieving.derived import codes_of
from striate.retrieving.exact import Exact
from striate.retrieving.features import Features, Vectors
from striate.retrieving.judging import Judged, judged
from striate.retrieving.opening import opened_again
from striate.retrieving.ranking import Ranking
from striate.tasks.pictures import IMAGE, asked_images
from striate.training.store import DamagedError
from striate.training.threads import using

if TYPE_CHECKING:
    from striate.retrieving.growth import Grown

COSINE, EQUAL = "cosine", "share of equal bits"
TRIES = 3  # to open an index that another process writes to


class Index:
    """Images and their features, on disk.

    Args:
        path: The folder that `st.index` made.
        run: Where the network's run, or its file of weights, is now; by default where it was.
        device: Where to compute the features of what is asked.
        threads: CPU threads that compute.

    Attributes:
        notes: What there is to say, a sentence each.
        grown: What `st.index` did, where that gave this.

    Raises:
        InputError: There is no index.
        WorkError: It is damaged.
    """

    def __init__(
        self, path: str | Path, run: str | Path | None = None, device: str = "auto", threads: int | None = None
    ) -> None:
        with using(threads):  # or it is refused
            self.threads = threads
        self.root, self.run, self.device = path_of(path, "an index"), run, device
        self.notes: list[str] = []
        self.grown: Grown | None = None
        self.book, self.exact = _read(self.root)

    def __repr__(self) -> str:
        return f"Index({str(self.root)!r}: {len(self):,} images, {self.book.about.length} features each)"

    def __len__(self) -> int:
        return len(self.book)

    @cached_property
    def features(self) -> Features:
        """What looks at images.

        Raises:
            InputError: Its run or its weights are not there any more, or are others.
        """
        features = opened_again(self.book.about, self.run, self.device)
        self.book.check(replace(self.book.about, sha256=features.sha256))
        return features

    def find(self, image: Any, count: int = 10, *, bits: int | None = None, approximate: bool = False) -> Answers:
        """The images that are most like one; itself too, where it is in the index.

        Args:
            image: A file, a PIL image or an array.
            count: How many.
            bits: Compare codes of so many bits instead of features.
            approximate: Search by FAISS, which may miss some (`pip install "striate[approximate]"`).

        Raises:
            InputError: The image can't be read, the network is not there, or there are too many bits.
            WorkError: FAISS is missing.
        """
        check_number(count, "count", least=1)
        ranking = self.ranking(bits, approximate)
        asked = asked_images([image], self.features.recipe, "refuse")
        if len(asked.names) != 1:
            raise InputError(f"find takes one image. Received: {len(asked.names)}")
        pixels = asked.inputs[0][IMAGE]
        with using(self.threads):
            found, notes = self._there(ranking, self.features.of(pixels)[0], count)
        shown = None if isinstance(image, str | os.PathLike) and Path(image).is_file() else pixels[0].numpy()
        return Answers(asked.names[0], found, EQUAL if bits else COSINE, (*asked.notes, *notes), shown)

    def ranking(self, bits: int | None = None, approximate: bool = False) -> Ranking:
        """The way of searching."""
        if bits is not None and approximate:
            raise InputError("codes are compared with all others: give `bits` or `approximate`, not both")
        if bits is not None:
            return codes_of(self.book, self.exact, bits)
        return approximate_of(self.book, self.exact) if approximate else self.exact

    def _there(self, ranking: Ranking, vector: Vectors, count: int) -> tuple[tuple[Answer, ...], list[str]]:
        """The answers whose files are there; what has vanished or changed is said."""
        wanted = count
        while True:
            rows, similarities = ranking.nearest(vector, wanted)
            images = [self.book.image(int(row)) for row in rows]
            gone = {image.path for image in images if not os.path.isfile(image.path)}
            if len(rows) - len(gone) >= count or len(rows) < wanted:
                break
            wanted *= 4
        pairs = zip(images, similarities.tolist(), strict=True)
        found = [(image, similarity) for image, similarity in pairs if image.path not in gone][:count]
        return tuple(Answer(image.path, similarity) for image, similarity in found), _notes(found, sorted(gone))

    def duplicates(self, above: float = 0.98, *, quiet: bool = False) -> Pairs:
        """Pairs of images that are nearly the same, the most alike first.

        Args:
            above: The least cosine of their features, -1 to 1.
            quiet: Whether no bar shows how far it is.
        """
        check_number(above, "above", least=-1, most=1, whole=False)
        with using(self.threads):
            return pairs(self.book, self.exact, above, show=not quiet)

    def test(self, folder: str | Path, *, bits: int | None = None, quiet: bool = False) -> Judged:
        """How good the answers for the images under a folder are: right is an image of the same class.

        An image's class is the name of the folder that it is in. An image of the index is no answer for itself.

        Args:
            folder: Of class folders.
            bits: As for `find`.
            quiet: Whether no bar shows how far it is.

        Raises:
            InputError: There is no image, or none of a class that the index has.
        """
        with using(self.threads):
            ranking, place = self.ranking(bits), path_of(folder, "a folder of images")
            return judged(self.book, ranking, self.features, place, show=not quiet)


def _read(root: Path) -> tuple[Book, Exact]:
    """An index as it is now: one that another process is just writing to is read again."""
    for attempt in range(TRIES):
        book = Book.open(root)
        try:
            return book, Exact(book.vectors(), book.dead())
        except DamagedError:
            if attempt == TRIES - 1 or Book.open(root).chunks == book.chunks:
                raise
    raise AssertionError


def _notes(found: Sequence[tuple[Image, float]], gone: Sequence[str]) -> list[str]:
    """What there is to say of answers."""
    changed = [image.path for image, _ in found if stamped(image.path) != image]
    lines = [f"vanished, and left out: {named(gone)}"] if gone else []
    return lines + ([f"changed since they were indexed: {named(changed)}"] if changed else [])
