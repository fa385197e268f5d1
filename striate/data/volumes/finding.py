"""Volumes with a class for each voxel, found in a folder: pairs of files, the classes, what was left out.

Every file of labels is read once, to learn its values and that it fits its volume.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError

from ..amounts import so_many
from ..files import counted, unreadable
from ..left_out import LeftOut, below, said
from ..opening import ImageError
from ..parts import PARTS, Part, parts_said
from ..progress import bar
from .pairing import SPLIT, apart, names_at, placed, split_at
from .reading import Volume, is_volume, read_volume, stem_of

UNLABELLED, UNPAIRED, UNFIT = "volume without labels", "labels without volume", "labels that do not fit"
MOST_CLASSES = 255
BACKGROUND = "background"


@dataclass(frozen=True)
class Pair:
    """A volume and its labels.

    Attributes:
        image: The volume's file.
        labels: That of its labels.
        part: The part of the data it is in.
        size: (D, H, W), in voxels.
        channels: How many numbers a voxel has.
        spacing: The size of a voxel in millimetres; () where nobody says.
        counts: How many voxels each value of the labels has.
        aligned: Whether both files put their voxels at the same places in the scanner, or one does not say where.
    """

    image: Path
    labels: Path
    part: Part
    size: tuple[int, ...] = ()
    channels: int = 1
    spacing: tuple[float, ...] = ()
    counts: tuple[tuple[int, int], ...] = ()
    aligned: bool = True


@dataclass(frozen=True)
class VolumeSet:
    """Volumes with labels.

    Attributes:
        pairs: In the order of their files' names, those to train on first.
        values: The numbers in the labels that stand for a class, rising.
        classes: The name of each.
        left_out: What was not read; paths relative to the folder.
        notes: What was decided, a sentence each.
    """

    pairs: tuple[Pair, ...]
    values: tuple[int, ...]
    classes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    def of(self, part: Part) -> tuple[Pair, ...]:
        """The pairs of one part."""
        return tuple(pair for pair in self.pairs if pair.part == part)

    @property
    def voxel(self) -> tuple[float, ...]:
        """The median size of a voxel, in millimetres; () where some do not say."""
        sizes = [pair.spacing for pair in self.pairs]
        return tuple(float(side) for side in np.median(sizes, axis=0)) if all(sizes) else ()


def under(root: Path) -> list[Path]:
    """The volumes under a folder, sorted; not those whose names begin with a dot."""
    found = list[Path]()
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if is_volume(name) and not name.startswith(".")]
    return sorted(found, key=counted)


def find(root: Path, bad: Literal["skip", "refuse"], progress: bool) -> VolumeSet | None:
    """The volumes with labels under a folder; None where there is no file of labels.

    Raises:
        InputError: None of them can be read, or one can't and is refused, or what they say is contradictory.
    """
    pairs, alone = _paired(root)
    if not pairs:
        return None
    left_out, kept = list(alone), list[Pair]()
    with bar(f"{root.name}: labels", len(pairs), show=progress) as advance:
        for one in _looked_at(pairs):
            advance(1)
            if isinstance(one, Pair):
                kept.append(one)
            elif bad == "refuse":
                raise InputError(f"'{one.path}': {one.reason}")
            else:
                left_out.append(one)
    kept, others = _alike(kept)
    left_out += others
    if not kept:
        raise InputError(f"none of {len(pairs)} volumes with labels under '{root}' can be used; {left_out[-1].reason}")
    values, classes = _classes(kept, names_at(root), root)
    kept.sort(key=lambda pair: PARTS.index(pair.part))
    notes = [f"{so_many(len(kept), 'volumes')} with labels, {parts_said(pair.part for pair in kept)}", _sizes(kept)]
    if elsewhere := [pair for pair in kept if not pair.aligned]:
        first = below(str(elsewhere[0].labels), root)
        notes.append(
            f"{len(elsewhere):,} of the files of labels say that they are elsewhere in the scanner than their volumes, "
            f"'{first}' first; voxels are matched by their positions in the files"
        )
    told = tuple(replace(one, path=below(one.path, root)) for one in left_out)
    notes += [said(told)] if told else []
    return VolumeSet(tuple(kept), values, classes, told, tuple(notes))


def _paired(root: Path) -> tuple[list[Pair], list[LeftOut]]:
    """Volumes and labels of equal names in equal folders, and those that are alone.

    Raises:
        InputError: The table of parts names something that is not there.
    """
    split, again, known = split_at(root), list[LeftOut](), set[str]()
    images, labels = dict[str, tuple[Path, Part]](), dict[str, Path]()
    for path in under(root):
        folders = path.relative_to(root).parts[:-1]
        is_label, name, part = placed(folders, stem_of(path))
        key = f"{part}/{apart(folders)}{name}"
        known |= {name, f"{apart(folders)}{name}"}
        first = labels.get(key) if is_label else images.get(key, (None,))[0]
        if first is not None:
            again.append(LeftOut(str(path), UNPAIRED if is_label else UNLABELLED, f"{first.name} has its name, too"))
        elif is_label:
            labels[key] = path
        else:
            images[key] = (path, split.get(f"{apart(folders)}{name}", split.get(name, part)))
    if labels and (unknown := next((name for name in split if name not in known), None)):
        raise InputError(f"'{root / SPLIT}' names '{unknown}', and no volume under '{root}' is called so")
    both = [key for key in images if key in labels]
    without = [LeftOut(str(images[key][0]), UNLABELLED, "no labels have its name") for key in images.keys() - labels]
    without += [LeftOut(str(labels[key]), UNPAIRED, "no volume has its name") for key in labels.keys() - images.keys()]
    alone = sorted([*without, *again], key=lambda one: counted(one.path))
    return [Pair(images[key][0], labels[key], images[key][1]) for key in both] if labels else [], alone


def _looked_at(pairs: Sequence[Pair]) -> Iterator[Pair | LeftOut]:
    """The pairs with what their files say; or why one can't be used."""
    for pair in pairs:
        try:
            volume, labels = read_volume(pair.image), read_volume(pair.labels, labels=True)
        except ImageError as error:
            yield unreadable(error.path, error.reason)
            continue
        why = _misfit(volume, labels)
        if why:
            yield LeftOut(str(pair.labels), UNFIT, why)
            continue
        values, counts = np.unique(np.rint(labels.values).astype(np.int64), return_counts=True)
        found = tuple(zip(values.tolist(), counts.tolist(), strict=True))
        spacing = volume.spacing or labels.spacing
        seen = replace(pair, size=volume.size, channels=len(volume.values), spacing=spacing, counts=found)
        yield replace(seen, aligned=_aligned(volume, labels))


def _aligned(volume: Volume, labels: Volume) -> bool:
    """Whether both have their voxels at the same places, to a hundredth of a millimetre, or one does not say where."""
    if volume.affine is None or labels.affine is None:
        return True
    return bool(np.allclose(volume.affine, labels.affine, atol=1e-2))


def _misfit(volume: Volume, labels: Volume) -> str:
    """Why labels are not those of a volume; empty where they are."""
    if labels.size != volume.size:
        return f"they are {_by(labels.size)}, and the volume is {_by(volume.size)}"
    values: NDArray[np.float64] = labels.values
    if values.dtype.kind == "f" and not (np.abs(values - np.rint(values)) < 1e-3).all():
        return "they hold fractions, and a label is a whole number"
    return ""


def _alike(pairs: Sequence[Pair]) -> tuple[list[Pair], list[LeftOut]]:
    """Those with as many channels as most."""
    counts = [pair.channels for pair in pairs]
    most = max(set(counts), key=counts.count) if counts else 1
    others = [
        LeftOut(str(pair.image), UNFIT, f"a voxel has {pair.channels} numbers, and {most} in most volumes")
        for pair in pairs
        if pair.channels != most
    ]
    return [pair for pair in pairs if pair.channels == most], others


def _classes(pairs: Sequence[Pair], names: dict[int, str], root: Path) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The values of the labels to train on, and the name of each.

    Raises:
        InputError: There is one, or there are too many.
    """
    training = [pair for pair in pairs if pair.part == "train"] or pairs
    values = sorted({value for pair in training for value, _ in pair.counts} | set(names))
    if not 2 <= len(values) <= MOST_CLASSES:
        many = f"only the value {values[0]}" if len(values) == 1 else f"{len(values):,} values"
        raise InputError(f"the labels under '{root}' have {many}; they are 2 to {MOST_CLASSES} whole numbers")
    return tuple(values), tuple(names.get(value, str(value) if value else BACKGROUND) for value in values)


def _sizes(pairs: Sequence[Pair]) -> str:
    """The sizes of volumes and voxels, in words."""
    sizes, spacings = [pair.size for pair in pairs], [pair.spacing for pair in pairs]
    least, most = (_by([int(side) for side in of(sizes, axis=0)]) for of in (np.min, np.max))
    words = f"volumes of {least}" + (f" to {most}" if most != least else "")
    if not all(spacings):
        return f"{words}, whose files do not say how large voxels are"
    low, high = (_by([round(float(side), 2) for side in of(spacings, axis=0)]) for of in (np.min, np.max))
    return f"{words}, voxels of {low}" + (f" to {high}" if high != low else "") + " mm"


def _by(sides: Sequence[float]) -> str:
    return "x".join(f"{side:g}" for side in sides)
