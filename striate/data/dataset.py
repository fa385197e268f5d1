"""A data set: labelled images in memory, split into training, test and maybe validation.

>>> import torch
>>> split = Split(torch.zeros(10, 1, 2, 2), torch.tensor([0] * 5 + [1] * 5))
>>> rest, part = carve(split, 0.2, seed=0)
>>> len(rest), part.labels.tolist()
(8, [0, 1])
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from striate.errors import InputError
from striate.tables import html_table

from .amounts import single, so_many
from .framed import ends_of, share_of
from .lazy import Lazy, chosen
from .parts import PARTS, Part

if TYPE_CHECKING:  # the names of data sets are read without importing torch
    from torch import Tensor

    from .left_out import LeftOut
    from .levels import Levels

_T = TypeVar("_T")
TEST_SHARE = 0.15  # of each class, where data have no test part
ALL = "no part of it is a test set, so all of it is judged"
ALIKE = "always the same"  # of what is held out by hashes of names


@dataclass(frozen=True, eq=False)
class Split:
    """Images with their labels.

    Attributes:
        images: (N, C, *spatial), uint8 (0..255) or float32; or images that stay in their files.
        labels: (N,) int64, positions in `Dataset.classes`; or (N, K) uint8, 1 where an image has a label.
        paths: the N files the images come from, or () when they come from one archive.
    """

    images: Tensor | Lazy
    labels: Tensor
    paths: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def form(self) -> tuple[int, ...]:
        """(C, *spatial) of an image."""
        import torch

        return tuple(self.images.shape[1:]) if isinstance(self.images, torch.Tensor) else self.images.shape

    def take(self, rows: Sequence[int]) -> Split:
        """The images at the positions `rows`, in that order."""
        import torch

        index = torch.tensor(rows, dtype=torch.int64)
        paths = chosen(self.paths, rows) if len(self.paths) else ()
        images = self.images[index] if isinstance(self.images, torch.Tensor) else self.images.part(rows)
        return Split(images, self.labels[index], paths)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training split, a test split, maybe a validation split, and what was decided on the way.

    Attributes:
        name: short name for titles and tables.
        source: the word or path as it was given.
        train: the images to learn from.
        test: the images to judge by; None when there are none.
        classes: the name of each label.
        notes: one line for each thing to report: where it was found, what was decided, what was left out.
        levels: the values of black and white in its files of more than 8 bits.
        validation: the images to choose the best epoch by; None when a part of `train` is to be taken for that.
        left_out: files and folders that were found and not read.
    """

    name: str
    source: str
    train: Split
    test: Split | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    levels: Levels | None = None
    validation: Split | None = None
    left_out: tuple[LeftOut, ...] = ()

    @property
    def parts(self) -> dict[str, Split]:
        """The splits that there are, by name."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part}

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(part):,} {name}" for name, part in self.parts.items())
        form = "x".join(map(str, self.train.form))
        return f"Dataset({self.name!r}: {counts}; {form}; {len(self.classes)} classes)"

    def _repr_html_(self) -> str:
        """What a notebook shows: how many images each class has in each part."""
        counts = {name: part.labels.bincount(minlength=len(self.classes)) for name, part in self.parts.items()}
        rows = [
            [label, *(f"{int(count[row]):,}" for count in counts.values())] for row, label in enumerate(self.classes)
        ]
        return html_table(repr(self), ["class", *counts], rows)

    def __post_init__(self) -> None:
        for split, what in ((self.train, "training"), (self.validation, "validation"), (self.test, "test")):
            if split and (bad := _first_not_finite(split.images)) is not None:
                raise InputError(f"{what} image {bad} of {self.name} holds a value that is not finite; leave it out")
            if split and not 0 <= int(split.labels.min()) <= int(split.labels.max()) < len(self.classes):
                raise InputError(
                    f"{self.name} has labels outside of its {len(self.classes)} classes, 0 to {len(self.classes) - 1}"
                )

    def sha256(self) -> str:
        """The checksum of the images and labels that training sees, with validation: the same data, the same sum."""
        import torch

        digest = sha256()
        for split in filter(None, (self.train, self.validation)):
            if not isinstance(split.images, torch.Tensor):
                digest.update(split.images.digest() + split.labels.numpy().tobytes())
                continue
            digest.update(str((tuple(split.images.shape), str(split.images.dtype))).encode())
            for tensor in (split.images, split.labels):
                digest.update(tensor.contiguous().view(torch.uint8).numpy().data)
        return digest.hexdigest()

    def split(self, fraction: float, seed: int) -> tuple[Split, Split]:
        """Training and validation images: the data set's own, or as `carve` divides its training images."""
        return (self.train, self.validation) if self.validation else carve(self.train, fraction, seed)


def _first_not_finite(images: Tensor | Lazy) -> int | None:
    """The position of the first image with NaN or an infinity in it; files hold none."""
    import torch

    if (
        not isinstance(images, torch.Tensor)
        or not images.is_floating_point()
        or bool(torch.isfinite(torch.stack(torch.aminmax(images))).all())
    ):
        return None
    return int(torch.isfinite(images).flatten(1).all(dim=1).logical_not().nonzero()[0])


def carve(split: Split, fraction: float, seed: int) -> tuple[Split, Split]:
    """Sets a part of `split` aside, the same share of each class: (rest, part), each in its old order.

    Args:
        split: the images to divide.
        fraction: share of each class that goes to `part`, between 0 and 1.
        seed: the same seed chooses the same images on any machine, another seed others.

    Raises:
        InputError: `fraction` is not between 0 and 1, or no class has two images.
    """
    chosen = set(held_out(split.labels.tolist(), (f"{seed} {i}" for i in range(len(split))), fraction))
    if not chosen:
        raise InputError("nothing can be set aside: no class has two images; give more images")
    rest = [row for row in range(len(split)) if row not in chosen]
    return split.take(rest), split.take(sorted(chosen))


def held_out(labels: Sequence[Hashable], keys: Iterable[str], fraction: float) -> list[int]:
    """Positions of a stratified `fraction`: in each class those whose key has the lowest SHA-256.

    A hash, unlike a random generator, gives the same choice on every machine and with every version, and
    an image stays in its part when others are added. A class of two or more has images in both parts.
    """
    members: dict[Hashable, list[tuple[bytes, int]]] = {}
    for row, (label, key) in enumerate(zip(labels, keys, strict=True)):
        members.setdefault(label, []).append((sha256(key.encode(errors="surrogateescape")).digest(), row))
    chosen = []
    for rows in members.values():
        chosen += [row for _, row in sorted(rows)[: share_of(len(rows), fraction)]]
    return sorted(chosen)


def parted_for_test(
    labels: Sequence[Hashable], keys: Iterable[str], source: str, units: str, how: str
) -> tuple[list[int], list[int], str]:
    """The positions of what is learned from and of what is held out as test, and what is said of it.

    Args:
        labels, keys: As for `held_out`.
        source: The data, as the user has named it.
        units: What they are called.
        how: What decides which.

    Raises:
        InputError: No class has two.

    >>> parted_for_test("aab", ["1", "2", "3"], "my/set", "images", "by file name")
    ([1, 2], [0], 'held out 1 image as test, about 15% of each class, by file name')
    """
    chosen = held_out(labels, keys, TEST_SHARE)
    if not chosen:
        raise InputError(f"'{source}' has one {single(units)} per class; give more, so that some can be the test")
    rest = sorted(set(range(len(labels))) - set(chosen))
    return rest, chosen, f"held out {so_many(len(chosen), units)} as test, about {TEST_SHARE:.0%} of each class, {how}"


def folds_of(labels: Sequence[int], keys: Iterable[str], count: int) -> list[int]:
    """The fold, from 1, of each position: every class is shared out over all folds, and these are as large up to one.

    >>> sorted(zip(folds_of([0] * 4 + [1] * 2, "abcdef", 3), [0] * 4 + [1] * 2))
    [(1, 0), (1, 0), (2, 0), (2, 1), (3, 0), (3, 1)]
    """
    hashed = ((label, sha256(key.encode()).digest()) for label, key in zip(labels, keys, strict=True))
    order = sorted((label, digest, row) for row, (label, digest) in enumerate(hashed))
    folds = [0] * len(order)
    for dealt, (_, _, row) in enumerate(order):
        folds[row] = dealt % count + 1
    return folds


def with_test(
    parts: Mapping[Part, Sequence[_T]],
    place: Callable[[_T], Path],
    root: Path,
    hold_out: bool,
    clips: Sequence[int] = (),
    unit: str = "images",
    label: Callable[[_T], Hashable] | None = None,
) -> tuple[dict[Part, list[_T]], list[str]]:
    """The parts with one to test by, and what was decided about it.

    Args:
        parts: Images by part, each with what belongs to it.
        place: The file of one, below `root`; it decides whether an image is held out.
        root: The data's folder.
        hold_out: Whether a share of the training images is held out where there is no test part; else all are judged.
        clips: Of each training image that is a frame the number of its clip, as `Opened` has it.
        unit: What is said to be held out.
        label: The class of one, where some of each class are held out.

    Raises:
        InputError: Some of each class are to be held out, and no class has two.
    """
    name, made = root.resolve().name, {part: list(parts[part]) for part in PARTS}
    if made["test"]:
        return made, []
    if not hold_out:
        made["test"] = made["validation"] or made["train"]
        return made, [] if made["validation"] else [f"{name}: {ALL}"]
    keys = [place(one).relative_to(root).as_posix() for one in made["train"]]
    if label:
        labels = [label(one) for one in made["train"]]
        rest, held, said = parted_for_test(labels, keys, str(root), unit, "by file name")
        made["train"], made["test"] = ([made["train"][row] for row in rows] for rows in (rest, held))
        return made, [f"{name}: {said}"]
    chosen = set(ends_of(clips, TEST_SHARE, name) if clips else held_out([0] * len(keys), keys, TEST_SHARE))
    made["test"] = [made["train"][row] for row in sorted(chosen)]
    made["train"] = [one for row, one in enumerate(made["train"]) if row not in chosen]
    what, how = ("frames", "that follow each other") if clips else (unit, "by file name")
    return made, [f"{name}: held out {so_many(len(chosen), what)} as test, about {TEST_SHARE:.0%}, {how}"]
