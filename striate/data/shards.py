"""Images in tar archives, as WebDataset writes them: `0001.jpg` and `0001.cls` beside it, in shards of any number.

Archives may be on the web (`https://…/{000..999}.tar`), and larger than the disk: of those only parts are fetched.
The archives are read once to know where each image begins; this index is kept in the user cache until an archive
changes. From then on any image is read by itself, so shuffling, validation by seed and exact resume are those of files,
and a set may be larger than memory and disk cache. A class is the number or name in `.cls`, `.txt` or `.cls.txt`, or in
`.json` under `label`, `class` or `cls`.

>>> expanded("shards/train-{08..11}.tar")
['shards/train-08.tar', 'shards/train-09.tar', 'shards/train-10.tar', 'shards/train-11.tar']
"""

import io
import json
import os
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import InputError

from . import kept
from .dataset import Dataset
from .entries import Wanted
from .files import has_image
from .formats import suffixes
from .lazy import Compact
from .left_out import LeftOut
from .many import Stamp
from .packed import Packed, dataset_of
from .parts import PARTS, Part, part_of
from .progress import bar
from .ranged import WebFile, is_web, stamp_of
from .sentences.gathering import in_order

Shard = Path | WebFile
TAR = ".tar"
BRACES = re.compile(r"(.*)\{(\d+)\.\.(\d+)\}(.*)", re.DOTALL)
LABELS = ("cls", "cls.txt", "label", "txt", "json")  # ends of what holds a class, likelier ones first
KEYS = ("label", "class", "cls", "category")  # of a JSON object
LONGEST = 1 << 16  # bytes of what holds a class
SHARD, HEAD, DATA, SIZE, LABEL = range(5)  # columns of the index


@dataclass(frozen=True)
class Member:
    """An image in an archive.

    Attributes:
        shard: The archive.
        head, data, size: Where its entry and its bytes begin, and how many bytes they are.
    """

    shard: str
    head: int
    data: int
    size: int

    def open(self, mode: str = "rb") -> BinaryIO:
        """Its bytes."""
        if is_web(self.shard):
            return io.BytesIO(WebFile(self.shard).part(self.data, self.size))
        with open(self.shard, "rb") as file:
            file.seek(self.data)
            return io.BytesIO(file.read(self.size))

    @property
    def name(self) -> str:
        """What it is called in the archive."""
        if is_web(self.shard):
            return _named(io.BytesIO(WebFile(self.shard).part(self.head, self.data - self.head)))
        with open(self.shard, "rb") as file:
            file.seek(self.head)
            return _named(file)

    def __str__(self) -> str:
        return f"{self.shard}/{self.name}"


@dataclass(frozen=True, eq=False)
class Members(Compact):
    """Some images of archives, or how they are called.

    Attributes:
        shards: The archives.
        table: (N, 5) int64: archive, entry, bytes, size, class.
        named: Whether they are given by their names.
        key: Changes with the archives.
    """

    shards: tuple[str, ...]
    table: NDArray[np.int64]
    key: str
    named: bool = False

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, row: Any) -> Any:
        shard, head, data, size, _ = self.table[row].tolist()
        member = Member(self.shards[shard], head, data, size)
        return str(member) if self.named else member

    def part(self, rows: Sequence[int]) -> "Members":
        """Those at these positions."""
        return replace(self, table=self.table[np.asarray(rows, np.int64)])

    def plus(self, other: "Members") -> "Members":
        """With those of another of the same archives."""
        return replace(self, table=np.concatenate([self.table, other.table]))

    def digest(self) -> bytes:
        """A number that changes with the archives and the choice."""
        return sha256(self.key.encode() + self.table.tobytes()).digest()


@dataclass(frozen=True)
class Index:
    """What archives hold.

    Attributes:
        members: Their images.
        classes: The class of each number in the last column of the table.
        lost: How many images have no class, and the first of them.
        note: What to say of where the index comes from.
    """

    members: Members
    classes: tuple[str, ...]
    lost: tuple[int, str]
    note: str


def _named(entry: BinaryIO) -> str:
    """The name in an archive's entry."""
    with tarfile.open(fileobj=entry, mode="r:") as archive:
        found = archive.next()
        return found.name if found else "?"


def shards_at(word: str, places: Sequence[Path]) -> Sequence[Shard]:
    """The archives that a word names: one, several by `{000..999}`, those in a folder, or on the web; else none.

    Raises:
        InputError: Some of several are missing.
    """
    if is_web(word):
        return [WebFile(one) for one in expanded(word)]
    for place in places:
        if BRACES.fullmatch(str(place)) and str(place).endswith(TAR):
            every = [Path(one) for one in expanded(str(place))]
            if missing := [one for one in every if not one.is_file()]:
                if len(missing) == len(every):
                    continue
                raise InputError(f"'{word}': {len(missing):,} of {len(every):,} archives are missing: '{missing[0]}'")
            return every
        if place.is_file() and place.name.lower().endswith(TAR):
            return [place]
        if place.is_dir() and (found := _inside(place)):
            return found
    return []


def _inside(folder: Path) -> list[Path]:
    """The archives of a folder, or of the folders for each part in it; none where there are images as well."""
    parts = [place for place in sorted(folder.iterdir()) if place.is_dir() and part_of(place.name)]
    places = [folder, *parts]
    found = [path for place in places for path in sorted(place.glob(f"*{TAR}")) if path.is_file()]
    return [] if has_image(folder) else found


def expanded(word: str) -> list[str]:
    """A word once for each number that `{000..999}` in it stands for."""
    found = BRACES.fullmatch(word)
    if not found:
        return [word]
    before, low, high, after = found.groups()
    if int(low) > int(high):
        raise InputError(f"'{word}' counts down; write {{{high}..{low}}}")
    return [
        f"{one}{number:0{len(low)}d}{after}" for one in expanded(before) for number in range(int(low), int(high) + 1)
    ]


def part(shard: Shard) -> Part:
    """The part that an archive is of, by its name or its folder's."""
    found = part_of(shard.name[: -len(TAR)]) or part_of(_folder(shard))
    return found[0] if found else PARTS[0]


def _folder(shard: Shard) -> str:
    return shard.folder if isinstance(shard, WebFile) else shard.parent.name


def indexed(shards: Sequence[Shard], name: str, show: bool) -> Index:
    """Where the images of archives are; from the cache, where none has changed.

    Raises:
        InputError: An archive is damaged or compressed, or holds no image with a class.
    """
    words, key = tuple(map(str, shards)), _key(shards)
    entry = kept.name(f"{name}-shards", key, *map(_absolute, shards))
    if found := kept.find(entry):
        facts = found.facts
        members = Members(words, found.array, key)
        return Index(members, tuple(facts["classes"]), tuple(facts["lost"]), f"its index is {found.said()}")
    table, classes, lost = _read(shards, name, show)
    why = kept.keep(entry, table, {"classes": classes, "lost": lost})
    note = f"its index is not kept for the next time: {why}" if why else "its index is kept in the cache"
    return Index(Members(words, table, key), tuple(classes), lost, note)


def _key(shards: Sequence[Shard]) -> str:
    """What changes with the archives."""
    files = [shard for shard in shards if isinstance(shard, Path)]
    if not files:
        return stamp_of([shard for shard in shards if isinstance(shard, WebFile)])
    root = Path(os.path.commonpath([shard.parent.absolute() for shard in files]))
    return Stamp.of(root, [shard.absolute() for shard in files]).key


def _absolute(shard: Shard) -> str:
    return str(shard.absolute()) if isinstance(shard, Path) else shard.url


def _read(shards: Sequence[Shard], name: str, show: bool) -> tuple[NDArray[np.int64], list[str], tuple[int, str]]:
    rows, known, lost, first = list[NDArray[np.int64]](), dict[str, int](), 0, ""
    with bar(f"{name}: archives", len(shards), show=show) as advance:
        for number, shard in enumerate(shards):
            here = list[tuple[int, ...]]()
            for image, label in samples(shard):
                if label is None:
                    lost, first = lost + 1, first or f"{shard}/{image.name}"
                    continue
                place = known.setdefault(label, len(known))
                here.append((number, image.offset, image.offset_data, image.size, place))
            rows.append(np.array(here, np.int64).reshape(-1, 5))
            advance(1)
    table, classes = np.concatenate(rows), in_order(known)
    if not len(table):
        without = f"; '{first}' has no .cls, .txt or .json beside it" if first else ""
        raise InputError(f"'{shards[0]}' and {len(shards) - 1} more hold no image with a class{without}")
    places = np.array([classes.index(label) for label in known], np.int64)
    table[:, LABEL] = places[table[:, LABEL]]
    return table, list(classes), (lost, first)


def samples(shard: Shard) -> Iterator[tuple[tarfile.TarInfo, str | None]]:
    """The images of an archive with their classes; None for one without.

    Raises:
        InputError: It is no plain tar archive, or ends before its end.
    """
    try:
        with _opened(shard) as whole, tarfile.open(fileobj=whole, mode="r:") as archive:
            key, image, other, labels = "", None, None, dict[str, str]()
            while entry := archive.next():
                archive.members.clear()  # type: ignore[attr-defined]  # it would keep all of them
                stem, end = _parted(entry.name)
                if stem != key:
                    yield from _sample(image or other, labels)
                    key, image, other, labels = stem, None, None, {}
                if not entry.isfile():
                    continue
                if f".{end}" in suffixes():
                    image = image or entry
                elif f".{end.rpartition('.')[2]}" in suffixes():  # a mask, `seg.png`, or an image called `a.b.png`
                    other = other or entry
                elif end in LABELS and entry.size <= LONGEST and (file := archive.extractfile(entry)):
                    labels[end] = file.read().decode("utf-8", "replace")
            yield from _sample(image or other, labels)
            _check_end(archive, shard)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError(f"cannot read the archive '{shard}' ({error}); give a whole .tar, not compressed") from error


def _opened(shard: Shard) -> BinaryIO:
    return shard.open() if isinstance(shard, WebFile) else shard.open("rb")


def _sample(image: tarfile.TarInfo | None, labels: dict[str, str]) -> list[tuple[tarfile.TarInfo, str | None]]:
    return [(image, _label(labels))] if image else []


def _check_end(archive: tarfile.TarFile, shard: Shard) -> None:
    """Check that what ended an archive is its end: `tarfile` takes a damaged header for it.

    Raises:
        InputError: It is not.
    """
    assert archive.fileobj
    archive.fileobj.seek(archive.offset)
    if any(archive.fileobj.read(tarfile.BLOCKSIZE)):
        raise InputError(f"cannot read the archive '{shard}': it is damaged at byte {archive.offset:,}")


def _parted(name: str) -> tuple[str, str]:
    """A member's key and the rest of its name: `train/0001.seg.png` is `train/0001` and `seg.png`."""
    folder, _, file = name.rpartition("/")
    stem, _, end = file.partition(".")
    return f"{folder}/{stem}", end.lower()


def _label(found: dict[str, str]) -> str | None:
    """The class that the members beside an image say."""
    for end in LABELS:
        text = found.get(end, "").strip()
        if end == "json" and text:
            return _of_json(text)
        if text and "\n" not in text:
            return text
    return None


def _of_json(text: str) -> str | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = next((value[key] for key in KEYS if key in value), None) if isinstance(value, dict) else value
    return str(found) if isinstance(found, str | int) else None


def load(shards: Sequence[Shard], source: str, wanted: Wanted) -> Dataset:
    """The images of archives; see `striate.data.load`."""
    name = _name(shards)
    index = indexed(shards, name, wanted.progress)
    of = np.array([PARTS.index(part(shard)) for shard in shards])[index.members.table[:, SHARD]]
    parts = dict[Part, Packed]()
    for place, called in enumerate(PARTS):
        rows = np.flatnonzero(of == place)
        if len(rows):
            items = replace(index.members, table=index.members.table[rows])
            parts[called] = Packed(items, replace(items, named=True), torch.from_numpy(items.table[:, LABEL].copy()))
    lost, first = index.lost
    notes = [f"{len(shards):,} archive{'s' * (len(shards) > 1)}; {index.note}"]
    notes += [f"left out: {lost:,} images without a class, such as '{first}'"] if lost else []
    if lost and wanted.bad == "refuse":
        raise InputError(f"'{first}' has no class; write one in .cls, .txt or .json beside it")
    left_out = [LeftOut(first, "images without a class", f"{lost:,} have none, this is the first")] if lost else []
    return dataset_of(name, source, parts, index.classes, notes, wanted, left_out)


def _name(shards: Sequence[Shard]) -> str:
    """What the set is called: as its one archive, or as the folder of all."""
    if len(shards) == 1:
        return Path(shards[0].name).stem
    first = shards[0]
    if isinstance(first, WebFile):
        return first.folder
    return (first.parent.parent if part_of(first.parent.name) else first.parent).resolve().name
