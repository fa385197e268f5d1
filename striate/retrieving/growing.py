"""`st.index`: the features of all images of folders, kept on disk; called again, of those that are new or changed."""

from __future__ import annotations

import os
from pathlib import Path

from striate import data
from striate.data.files import found_under
from striate.errors import InputError
from striate.notation import Network
from striate.retrieving.about import INDEX, About
from striate.retrieving.asking import Index
from striate.retrieving.book import Book
from striate.retrieving.growth import Growth
from striate.retrieving.opening import opened
from striate.retrieving.writer import Writer, is_free
from striate.runs.run import Run
from striate.training.threads import using

INDEXES = "indexes"  # where they go unless said otherwise


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
        tta: Whether several views of each image are looked at, whose features are averaged: mirrored and turned,
            where training did so, else moved by a pixel.
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
        if is_free(place):
            return place
        if (place / INDEX).is_file():
            before = Book.open(place)
            if folder in before.folders and before.about.makes_as(about):
                return place
        number += 1
