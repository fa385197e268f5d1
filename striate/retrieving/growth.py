"""An index grows by the images that are new or changed; those of damaged chunks are looked at again."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.data.files import Found, unreadable, walk
from striate.data.left_out import LeftOut, said
from striate.data.opening import ImageError
from striate.data.progress import bar
from striate.retrieving.about import Image, stamped
from striate.retrieving.answers import named
from striate.retrieving.features import Features, Vectors
from striate.retrieving.seeing import seen
from striate.retrieving.writer import ROWS, Writer

EVERY = 30.0  # seconds of work that a kill can cost


@dataclass(frozen=True)
class Grown:
    """What was done.

    Attributes:
        root: The folder of the index.
        images: How many it has now.
        added, changed: How many of them are new, and how many are there with new features.
        vanished: Files of the index that are not there any more.
        forgotten: Whether they were dropped.
        damage: What was damaged in the index, and was indexed again.
        left_out: What was not read.
    """

    root: Path
    images: int
    added: int
    changed: int
    vanished: tuple[str, ...]
    forgotten: bool
    damage: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate index --json`."""
        return {**asdict(self), "root": str(self.root)}

    def notes(self) -> list[str]:
        """In words, a sentence each."""
        lines = [f"{why}; its images were indexed again" for why in self.damage]
        lines.append(f"{self.root}: {self.images:,} images; {self.added:,} new, {self.changed:,} changed")
        if self.vanished:
            kept = "forgotten" if self.forgotten else "vanished, and no answers; `forget=True` drops them"
            lines.append(f"{kept}: {named(self.vanished)}")
        return lines + ([said(self.left_out)] if self.left_out else [])


class Growth:
    """Adds to an index what is not in it yet.

    Args:
        writer: The index, held.
        features: What looks at the images.
        bad: As for `index`.
        quiet: As for `index`.
    """

    def __init__(self, writer: Writer, features: Features, bad: str, quiet: bool) -> None:
        self.writer, self.features, self.bad, self.quiet = writer, features, bad, quiet
        self.left_out: list[LeftOut] = []

    def grown(self, found: Found, asked: Sequence[str], forget: bool) -> Grown:
        """Do it all."""
        writer = self.writer
        paths = dict.fromkeys([*map(os.path.abspath, found.images), *self._lost()])
        todo = [image for path in paths if (image := stamped(path)) and writer.known.get(path) != image]
        before = {image.path for image in todo if image.path in writer.known}
        if new := [folder for folder in asked if folder not in writer.folders]:
            writer.folders += new
            writer.save()
        self._add(todo)
        if writer.wrong:
            writer.mended()
        gone = tuple(path for path in writer.known if not os.path.isfile(path))
        if gone and forget:
            writer.drop(gone)
        unread = {one.path for one in self.left_out}
        changed = len(before - unread)
        added = len(todo) - len(unread) - changed
        damage = tuple(writer.wrong.values())
        return Grown(writer.root, len(writer), added, changed, gone, forget, damage, (*found.left_out, *self.left_out))

    def _lost(self) -> list[str]:
        """What may have been in damaged chunks: the files that they name, and all in the folders of the index."""
        folders = [folder for folder in self.writer.folders if os.path.exists(folder)] if self.writer.wrong else []
        again = [path for folder in folders for path in _images(folder)]
        return [*self.writer.lost(), *again]

    def _add(self, todo: Sequence[Image]) -> None:
        """Computes features, and writes them every now and then."""
        each, images, vectors = {Path(image.path): image for image in todo}, list[Image](), list[Vectors]()
        began = time.monotonic()
        with bar("looking at images", len(todo), show=not self.quiet) as advance:
            for paths, made in seen(self.features, [*each], self._tell):
                images += [each[path] for path in paths]
                vectors.append(made)
                advance(len(paths))
                if len(images) >= ROWS or time.monotonic() - began > EVERY:
                    self.writer.put(images, np.concatenate(vectors))
                    images, vectors, began = [], [], time.monotonic()
        if images:
            self.writer.put(images, np.concatenate(vectors))

    def _tell(self, path: Path, why: str) -> None:
        """A file that can't be read is left out, or refused."""
        if self.bad == "refuse":
            raise ImageError(path, why)
        self.left_out.append(unreadable(path, why))


def _images(folder: str) -> list[str]:
    """The image files under a folder, or the file itself."""
    place = Path(folder)
    return [os.path.abspath(path) for path in walk(place).images] if place.is_dir() else [folder]
