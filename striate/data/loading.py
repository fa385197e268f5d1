"""From a word or a path to a data set.

>>> load("digit")  # doctest: +ELLIPSIS
Traceback (most recent call last):
striate.errors.InputError: no data set 'digit'; a data set is digits, mnist, ...; did you mean 'digits'?
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from striate.errors import InputError, nearest

from .dataset import Dataset
from .fetch import data_folder
from .levels import Levels
from .named import ALSO, LOADERS, names
from .ranged import is_web


def load(
    source: str | Path | Dataset,
    *,
    shape: Sequence[int | None] | None = None,
    bad: str = "skip",
    hold_out: bool = True,
    known: Sequence[str] = (),
    progress: bool = False,
    levels: Levels | None = None,
) -> Dataset:
    """Reads a data set into memory.

    Args:
        source: a name (`names()`), a folder with one sub-folder of image files (or .npy files) per class, an .npz
            archive with `x_train` and `y_train` (or `images` and `labels`, or `x` and `y`), or a data set, which is
            returned. Both may have parts for validation and test: `train/`, `val/` and `test/`, `x_val`, `test_images`.
        shape: what the network reads, (C, *spatial), None for a free axis. Image files are decoded no larger
            than that; for an archive it decides which axes are which.
        bad: whether image files that cannot be read are left out and noted, or refused.
        hold_out: without a test split of its own, whether some of each class is held out as one; if not, the
            validation images, or without any all images, are `test` too.
        known: classes that a network has learned; a folder or archive to test on may hold as few as one of them.
        progress: whether long work shows a bar on standard error.
        levels: the values of black and white in image files of more than 8 bits; by default their values decide.

    Raises:
        InputError: there is no such data, or it is not what it should be.
        WorkError: a download failed.
    """
    check_bad(bad)
    if isinstance(source, Dataset):
        return source
    if not isinstance(source, str | os.PathLike):
        raise InputError(f"{_LEGAL}, or a Dataset. Received: {type(source).__name__}")
    word = os.fspath(source)
    if isinstance(source, str) and word.lower() in LOADERS:
        found = LOADERS[word.lower()](progress=progress)
        notes = found.notes
        if Path(word).exists():
            notes += (f"'{word}' is read as the named data set; write '.{os.sep}{word}' for the one here",)
        return replace(found, source=word, notes=notes)
    from .entries import Wanted

    wanted = Wanted(shape, bad, hold_out, known, progress, levels)
    if place_of_hub := hub_at(word):
        from . import hub

        return replace(hub.load(place_of_hub, wanted), source=word)
    if is_packed(word):
        from . import shards

        if found_shards := shards.shards_at(word, places_of(word)):
            return shards.load(found_shards, word, wanted)
    path = found_at(word)
    from .multilabel.loading import listed_at
    from .multilabel.places import form

    if place := listed_at(path):
        from . import listed

        return listed.load(path, place, word, wanted)
    if path.is_dir():
        from . import folder

        return folder.load(path, word, wanted)
    from . import arrays

    if path.suffix.lower() != ".npz":
        form(path)  # says what the table lacks
    return arrays.load(path, word, shape=shape, hold_out=hold_out, known=known)


def check_bad(bad: str) -> None:
    """Raises InputError for a word that says nothing of files that can't be read."""
    if bad not in ("skip", "refuse"):
        raise InputError(f"bad is 'skip' or 'refuse'. Received: {bad!r}")


def hub_at(word: str) -> str:
    """Where a data set of the package `datasets` is: a name on the hub, or its folder; "" for other data."""
    if word.startswith(HUB):
        return word
    return next((str(place) for place in places_of(word) if any(os.path.isfile(place / name) for name in SAVED)), "")


def is_address(word: object) -> bool:
    """Whether a word names data that are elsewhere: on the hub, or on the web.

    >>> is_address("hf:user/name"), is_address("https://example.org/000.tar"), is_address("photos")
    (True, True, False)
    """
    return is_web(word) or (isinstance(word, str) and word.startswith(HUB))


def is_packed(word: str) -> bool:
    """Whether a word may name tar archives: one, several by `{000..999}`, a folder of them, or some on the web."""
    if is_web(word):
        return True
    return word.lower().endswith(".tar") or any(os.path.isdir(place) and _holds_tar(place) for place in places_of(word))


def _holds_tar(folder: Path) -> bool:
    return any(next(place.glob("*.tar"), None) for place in (folder, *filter(os.path.isdir, _entries(folder))))


def _entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing where it may not be looked into, which is told when it is read."""
    return list(folder.iterdir()) if os.access(folder, os.R_OK | os.X_OK) else []


def check(source: str, reads: str = "") -> None:
    """Whether a word can name a data set: a named one, or a folder or archive that is there; nothing is read.

    Args:
        source: The word.
        reads: What is said to be read, where it is not classified: "the task clip reads …".

    Raises:
        InputError: It can't.
    """
    if source.lower() in LOADERS or is_packed(source) or hub_at(source):
        return
    try:
        found_at(source, reads)
    except InputError:
        if not _of_another_task(source):
            raise


def _of_another_task(source: str) -> bool:
    """Whether there is a file, or files whose names begin so, that may be data other than images with classes."""
    for place in places_of(source):
        try:
            if place.is_file() or (place.name and any(place.parent.glob(f"{place.name}[._]*"))):
                return True
        except (OSError, ValueError):  # no name of a file
            continue
    return False


HUB = "hf:"  # begins the name of a set on the Hugging Face hub
SAVED = ("dataset_dict.json", "state.json")  # what a set has in its folder that the package `datasets` saved
FILES = (".npz", ".tar", ".csv", ".tsv", ".tab", ".parquet")
_LEGAL = (
    f"a data set is {', '.join(names())}, a folder with one sub-folder of images (or .npy arrays) per class, a table "
    "of images with their classes (.csv, .parquet), tar archives as WebDataset writes them, hf:user/name, a saved set "
    "of the package datasets, or an .npz archive"
)


def places_of(word: str | Path) -> list[Path]:
    """Where a path may be: here, and in $STRIATE_DATA."""
    path, root = Path(word).expanduser(), data_folder()
    return [path] if path.is_absolute() or root is None else [path, root / path]


def found_at(word: str, reads: str = "") -> Path:
    """The folder or archive that `word` names, from here or from $STRIATE_DATA.

    Args:
        word: The name.
        reads: As for `check`.

    Raises:
        InputError: There is neither.
    """
    places = places_of(word)
    for place in places:
        if word and os.path.exists(place):  # Path.exists would raise for a name that is too long
            if not place.is_dir() and place.suffix.lower() not in FILES:
                raise InputError(f"'{word}' is a file that holds no data set; {_LEGAL}")
            return place
    looked = [str(place.absolute()) for place in places]
    where = "" if looked == [word] else f"looked for {' and '.join(looked)}; "
    is_path = any(mark in word for mark in ("/", os.sep, "~", "."))
    if is_path and not reads:
        raise InputError(f"no data at '{word}'; {where}{_LEGAL}")
    from .games.emulator import no_data  # only where there is something wrong

    if not is_path and (said := no_data(word)):
        raise InputError(said)
    if reads:
        near = nearest(word, [name for name in names() if name in reads], ALSO)
        raise InputError(f"no file or folder '{word}'{near}; {where}{reads}")
    raise InputError(f"no data set '{word}'; {_LEGAL}{nearest(word, names(), ALSO)}")
