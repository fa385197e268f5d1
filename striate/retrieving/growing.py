"""`st.index`: the features of all images of folders, kept on disk; called again, of those that are new or changed."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate import data
from striate.data.files import Found, found_under, unreadable
from striate.data.left_out import LeftOut, said
from striate.data.opening import ImageError
from striate.data.progress import bar
from striate.errors import InputError
from striate.notation import Network
from striate.retrieving.about import INDEX, About, Image, stamped
from striate.retrieving.answers import named
from striate.retrieving.features import Features, Vectors
from striate.retrieving.finding import Index
from striate.retrieving.opening import opened
from striate.retrieving.seeing import seen
from striate.retrieving.writer import ROWS, Writer
from striate.runs.run import Run
from striate.training.threads import using

INDEXES = "indexes"  # where they go unless said otherwise
EVERY = 30.0  # seconds of work that a kill can cost


def index(
    network: Run | str | Path | Network,
    *folders: str | Path,
    out: str | Path | None = None,
    weights: str | Path | None = None,
    layer: str = "",
    size: int | tuple[int, ...] | None = None,
    tta: bool = False,
    forget: bool = False,
    bad: str = "skip",
    device: str = "auto",
    threads: int | None = None,
    quiet: bool = False,
) -> Index:
    """Index the images under folders by what a layer of a network makes of them.

    An index that is there grows: images that are new or changed are added, whatever else it holds stays. Images that
    have vanished are named, and are no answers. Killed at any moment, it is whole, and the next call goes on.

    Args:
        network: A run or its folder; with `weights` a name of the zoo, a `.net` file, or a text.
        folders: Folders of images, or image files.
        out: The folder of the index; by default `indexes/NAME`, after the first folder.
        weights: A file as for `st.load_weights`.
        layer: A layer by its name in the module or by its label in the text, or several by commas; `answer` is what
            the network says, the shares of the classes. By default what the last layer with weights reads, and with
            it the answer of a run on classes. Of maps it is each one's mean.
        size: Of the input of a network with `weights`.
        tta: Whether several views of each image are looked at, whose features are averaged: mirrored, where training
            mirrored images, else moved by a pixel.
        forget: Whether images that have vanished are dropped from the index.
        bad: Whether files that can't be read are left out and noted ("skip") or refused ("refuse").
        device: Where to compute.
        threads: CPU threads that compute.
        quiet: Whether no bar shows how far it is.

    Returns:
        The index; its `notes` say what was done.

    Raises:
        InputError: No such network, layer or folder; or the index was made with another network.
        WorkError: It can't be written, or another process writes to it.
    """
    data.check_bad(bad)
    if not folders:
        raise InputError("an index is of images: name a folder of them")
    with using(threads):
        features, found = opened(network, weights, layer, size, tta, device), found_under(folders)
        about = About(features.source, features.sha256, features.layer, features.length, tta)
        asked = [os.path.abspath(folder) for folder in folders]
        writer = Writer.begin(Path(out) if out is not None else free_place(asked[0], about), about)
        with writer.held():
            grown = Growth(writer, features, bad, quiet).grown(found, asked, forget)
    made = Index(writer.root, device=device, threads=threads)
    made.features, made.grown = features, grown
    made.notes += [*features.notes, features.said(), *grown.notes()]
    return made


def free_place(folder: str, about: About) -> Path:
    """Where the index of a folder is by default: that which it has with this network and layer, or the next free."""
    name, number = Path(folder).name or "index", 1
    while True:
        place = Path(INDEXES) / (name if number == 1 else f"{name}-{number}")
        if not place.exists():
            return place
        if (place / INDEX).is_file():
            before = Index(place).book
            if folder in before.folders and before.about.makes_as(about):
                return place
        number += 1


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
        paths = dict.fromkeys([*(os.path.abspath(path) for path in found.images), *writer.lost()])
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
