"""Volumes: a class for each voxel of a scan, which a network sees in pieces that overlap (Çiçek et al. 2016)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.data import lazy
from striate.data.dataset import with_test
from striate.data.examples import Examples, Opened, Schema, Table, opened_in
from striate.data.files import unreadable
from striate.data.given import as_array
from striate.data.kinds import Image, Mask
from striate.data.lazy import Lazy
from striate.data.left_out import LeftOut, said
from striate.data.masks import distinct_colours
from striate.data.opening import ImageError
from striate.data.parts import PARTS
from striate.data.recipe import Recipe
from striate.data.volumes.finding import Pair, VolumeSet, find, under
from striate.data.volumes.fitting import as_large, factors, labels_spaced, spaced, spacing_of, standardised
from striate.data.volumes.pairing import placed
from striate.data.volumes.reading import Volume, checked, is_volume, read_volume, stem_of, written
from striate.data.volumes.usual import guessed, usual
from striate.errors import InputError
from striate.losses import median_frequency
from striate.metrics.metric import Metric
from striate.metrics.regions import label_confusion
from striate.metrics.volumes import mean_dice
from striate.notation import Network
from striate.report.overlay import overlay, overlay_png
from striate.report.sliced import fullest, grey, three
from striate.tasks.class_of_places import MASK, ClassOfPlaces, called
from striate.tasks.classify import Classify
from striate.tasks.pictures import IMAGE
from striate.tasks.pieces import sizes_of
from striate.tasks.task import Answer, Asked, Wish, folder_at, is_place
from striate.tasks.voxels import CALLED, COUNTS, GUESSED, JudgedVoxels, background_of
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.task import Judged

ONE_NUMBER = "labels are one number a volume: the task is classify"


@dataclass(frozen=True)
class Marked(Answer):
    """What a run says of one volume.

    Attributes:
        mask: (D, H, W), the class of each voxel as its position in `run.classes`, on the volume's own grid.
    """

    mask: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0, 0), np.uint8), compare=False, repr=False)


class Read(NamedTuple):
    """A volume to ask about, and what it is called."""

    name: str
    volume: Volume


@dataclass(frozen=True, eq=False)
class Scans(Asked):
    """Volumes to ask about.

    Attributes:
        volumes: As their files have them.
    """

    volumes: Sequence[Volume] = ()

    def of(self, rows: Sequence[int]) -> Asked:
        """Those at these positions."""
        return dataclasses.replace(super().of(rows), volumes=[self.volumes[row] for row in rows])  # type: ignore[call-arg]


@dataclass(frozen=True)
class VolumeTask(ClassOfPlaces):
    """A class for each voxel.

    Attributes:
        values: The number that stands for each class in files of labels.
        spacing: Millimetres of a voxel along each axis as the network sees them; () for those of the files.
        voxel: Those of the training files in the median; () where nobody says.
        guess: The usual class at each place, as `striate.data.volumes.usual` has it.
    """

    values: tuple[int, ...]
    spacing: tuple[float, ...] = ()
    voxel: tuple[float, ...] = ()
    guess: str = ""

    word: ClassVar[str] = "volume"
    reads: ClassVar[str] = (
        "a folder of volumes with labels, .nii, .nii.gz or .npy: images/ and labels/ (or imagesTr/ and labelsTr/) of "
        "equal names, or *_image and *_label beside each other, maybe below train/, val/ and test/, or with split.csv"
    )
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("dice"), Metric("voxel_accuracy"))
    unit: ClassVar[str] = "volumes"
    decides: ClassVar[str] = "voxel_accuracy"
    plainest: ClassVar[str] = "classes = 1\ninput 1x?x?x? -> conv classes@1"
    place: ClassVar[str] = "voxels"
    usual_loss: ClassVar[str] = "cross-entropy+dice"
    axes: ClassVar[int] = 3
    shown_as: ClassVar[str] = "volumes"
    other_axes: ClassVar[str] = (
        "and volumes have three axes beside their channels; let it begin with `input 1x?x?x?`; with kernels such as "
        "1x3x3 it sees them slice by slice"
    )
    blends: ClassVar[bool] = True
    changes: ClassVar[tuple[str, ...]] = ("mirror", "colour")

    # the data

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Pairs of volumes and labels; or volumes of one class each, which are for `classify`."""
        if not (wish.named or like) or not is_place(source):
            return None
        root = folder_at(source)
        found = find(root, "refuse" if wish.bad == "refuse" else "skip", wish.progress) if root else None
        if found is None or root is None:
            return None if like else cls._classes_of(source, wish)
        spacing = like.spacing if like else spacing_of(wish.spacing)
        of_part = {part: found.of(part) for part in PARTS}
        parts, decided = with_test(of_part, lambda pair: pair.image, root, wish.hold_out, unit=cls.unit)
        if like is None:
            task = cls._learned(found, parts["train"] or found.pairs, spacing)
        elif unknown := [name for name in found.classes if name not in like.classes]:
            learned = ", ".join(like.classes)
            raise InputError(f"{root} has the class '{unknown[0]}'; the run has learned {learned}")
        else:
            task = like
        hold = sum((4 * pair.channels + 1) * prod(_size(pair, spacing)) for pair in found.pairs) <= lazy.MEMORY
        coding = dict(zip(found.values, (task.classes.index(name) for name in found.classes), strict=True))
        tables = {part: _table(pairs, spacing, coding, hold) for part, pairs in parts.items() if pairs}
        if like is None:
            task = dataclasses.replace(task, guess=_guess(tables, len(task.classes)))
        schema = Schema({IMAGE: Image()}, {MASK: Mask(len(task.classes))})
        return task, opened_in(root, str(source), schema, tables, found, decided)

    @classmethod
    def _classes_of(cls, source: Any, wish: Wish) -> tuple[Self, Opened] | None:
        """Volumes with one number each, as `classify` reads them."""
        root = folder_at(source)
        if root and not under(root):
            return None
        task, opened = cast("tuple[Self, Opened]", Classify.open(source, wish))
        return task, dataclasses.replace(opened, notes=(*opened.notes, ONE_NUMBER))

    @classmethod
    def _learned(cls, found: VolumeSet, training: Sequence[Pair], spacing: tuple[float, ...]) -> Self:
        """The task for volumes to train on."""
        counts = np.array([[dict(pair.counts).get(value, 0) for value in found.values] for pair in training])
        weights = tuple(median_frequency(counts).round(4).tolist())
        facts: dict[str, Any] = {"values": found.values, "spacing": spacing, "voxel": spacing or found.voxel}
        colours = tuple(distinct_colours(len(found.classes)))
        return cls(found.classes, colours, weights, channels=found.pairs[0].channels, **facts)

    def sizes(self, examples: Examples) -> list[tuple[int, ...]]:
        """(D, H, W) of each volume."""
        assert isinstance(examples, Table)
        images = examples.columns[IMAGE]
        assert isinstance(images, Lazy)
        return sizes_of(examples) if images.held else [_size(pair, self.spacing) for pair in images.items]

    @property
    def usual_changes(self) -> str:
        """Contrast and brightness alone: volumes are not mirrored, for labels may tell left from right."""
        return "colour:0.1"

    @property
    def longest_side(self) -> int:
        """Of a piece, in voxels, where nobody says."""
        return 64

    def piece_for(self, sizes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """As large as most are: what is beyond a small one is reflected, and counts as much as the rest."""
        return tuple(int(side) for side in np.median(sizes, axis=0))

    def recipe(self, network: Network, opened: Opened) -> Recipe:
        """Each volume is scaled by itself when it is read."""
        piece = tuple(int(side or 0) for side in network.input)
        zeros, ones = (0.0,) * piece[0], (1.0,) * piece[0]
        return Recipe(piece, piece, "any size", background=zeros, mean=zeros, std=ones, pixels=False)

    # what is measured

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """The counts (N, K, K) of each volume, those of the guess, and slices of the answer (N, 128, 384)."""
        answers, true = called(outputs[OUTPUT].cpu()), targets[MASK].cpu().long()
        count = len(self.classes)
        kept: dict[str, list[Tensor]] = {COUNTS: [], GUESSED: [], CALLED: []}
        for answer, mask in zip(answers, true, strict=True):
            kept[COUNTS].append(label_confusion(answer, mask, count))
            guess = torch.from_numpy(guessed(self.guess, tuple(mask.shape)))
            kept[GUESSED].append(label_confusion(guess, mask, count))
            seen = three(answer.byte().numpy(), fullest(mask.numpy()), self.voxel)
            kept[CALLED].append(torch.from_numpy(seen))
        return {name: torch.stack(values) for name, values in kept.items()}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Mean Dice of all classes but the background, and the voxels that are right."""
        counts = rows[COUNTS].numpy()
        right = counts.diagonal(axis1=1, axis2=2).sum() / max(1, counts.sum())
        return {"dice": mean_dice(counts, background_of(self.classes)), "voxel_accuracy": float(right)}

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How a network does on volumes with labels."""
        return JudgedVoxels(name, examples, rows, figures, self.unit, self.classes, self.colours, self.voxel)

    def meaning(self) -> tuple[Any, ...]:
        """The classes, what stands for them in files, and the grid."""
        return *self.classes, *self.values, self.channels, self.spacing

    def sliced(self, volume: NDArray[np.float32], targets: Fields) -> NDArray[np.float32]:
        """(H, W, 3) from 0 to 1: a slice along each axis, with the classes in colours."""
        mask = targets[MASK].numpy().astype(np.uint8)
        places = fullest(mask)
        planes = [three(one, places, self.voxel) for one in (grey(volume[0]), mask)]
        return overlay(planes[0][None], planes[1], self.colours).astype(np.float32) / np.float32(255)

    def parts(self, given: Sequence[Any], tell: Any, recipe: Recipe | None = None) -> Iterator[list[Any]]:
        """One volume at a time, after those before it that can't be read."""
        return self._in_turn(given, tell is None)

    def _in_turn(self, given: Sequence[Any], refuse: bool) -> Iterator[list[Any]]:
        bad, found = list[LeftOut](), False
        for number, one in enumerate(_files(given), 1):
            try:
                read = self._read(one, number)
            except ImageError as error:
                bad.append(unreadable(error.path, error.reason))
                if refuse:
                    break
                continue
            yield [*bad, read]
            bad, found = [], True
        if bad and (refuse or not found):
            raise InputError(f"cannot read the volume '{bad[0].path}' ({bad[0].reason})")
        if bad:
            yield bad
        elif not found:
            raise InputError("predict takes volumes: .nii, .nii.gz or .npy files, or arrays. Received: none")

    def _read(self, one: Any, number: int) -> Read:
        """A volume of a user's.

        Raises:
            ImageError: It can't be read, or has other channels than those that were learned from.
        """
        read = _read(one, number)
        if len(read.volume.values) != self.channels:
            has = f"a voxel has {len(read.volume.values)} numbers, and the run has learned from {self.channels}"
            raise ImageError(Path(read.name), has)
        return read

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Scans:
        """Files of volumes, folders of some, or arrays (D, H, W); or what `parts` makes of these."""
        if not all(isinstance(one, Read | LeftOut) for one in given):
            given = [one for part in self._in_turn(given, bad == "refuse") for one in part]
        left_out = [one for one in given if isinstance(one, LeftOut)]
        read = [one for one in given if isinstance(one, Read)]
        names, volumes = [one.name for one in read], [one.volume for one in read]
        inputs = [{IMAGE: torch.from_numpy(_prepared(volume, self.spacing))[None]} for volume in volumes]
        return Scans(names, inputs, (said(left_out),) if left_out else (), tuple(left_out), volumes)

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Marked]:
        """The labels of each volume on its own grid, as a file, and slices of it as a picture."""
        assert isinstance(asked, Scans)
        made = called(outputs[OUTPUT].cpu()).byte().numpy()
        rows = zip(asked.names, asked.volumes, made, strict=True)
        return [self._answer(name, volume, as_large(mask, volume.size)) for name, volume, mask in rows]

    def _answer(self, path: str, volume: Volume, mask: NDArray[np.uint8]) -> Marked:
        voxels = np.bincount(mask.ravel(), minlength=len(self.classes)).tolist()
        each = [
            {"class": name, "share": count / mask.size, "voxels": count}
            for name, count in zip(self.classes, voxels, strict=True)
        ]
        if volume.spacing:
            each = [{**one, "mm3": one["voxels"] * prod(volume.spacing)} for one in each]
        each.sort(key=lambda one: -one["voxels"])
        told = [f"{one['class']} {one['share']:.1%}" for one in each if one["voxels"]]
        end, content = written(np.array(self.values)[mask], volume)
        places = fullest(mask)
        planes = [three(one, places, volume.spacing) for one in (grey(volume.values[0]), mask)]
        drawn = overlay_png(planes[0][None], planes[1], self.classes, self.colours, whole=mask)
        values = {"size": list(mask.shape), "classes": each}
        return Marked(path, ", ".join(told), values, {"-slices": drawn}, files={end: content}, mask=mask)


def _files(given: Sequence[Any]) -> Iterator[Any]:
    """Each volume: of a folder those in it that hold no labels.

    Raises:
        InputError: A folder holds none, or is not there.
    """
    for one in given:
        if isinstance(one, list | tuple):
            yield from _files(one)
        elif not isinstance(one, str | Path):
            yield one
        elif Path(one).is_dir():
            root = Path(one)
            every = [path for path in under(root) if not placed(path.relative_to(root).parts[:-1], stem_of(path))[0]]
            if not every:
                raise InputError(f"'{one}' holds no volume (.nii, .nii.gz or .npy)")
            yield from every
        elif not Path(one).exists():
            raise InputError(f"no file or folder '{one}'")
        else:
            yield one


def _read(one: Any, number: int) -> Read:
    """A volume of a user's, and what it is called."""
    if not isinstance(one, str | Path):
        name = f"array {number}"
        return Read(name, checked(Volume(as_array(one)), Path(name)))
    if not is_volume(one):
        raise ImageError(Path(one), "its name does not end in .nii, .nii.gz or .npy")
    return Read(str(one), read_volume(Path(one)))


def _prepared(volume: Volume, spacing: tuple[float, ...]) -> NDArray[np.float32]:
    """(C, D, H, W), as the network reads it."""
    return standardised(spaced(volume, spacing))


def _size(pair: Pair, spacing: tuple[float, ...]) -> tuple[int, ...]:
    """(D, H, W) as the network sees it, about."""
    if not spacing:
        return pair.size
    volume = Volume(np.zeros((1, *pair.size), np.bool_), pair.spacing)
    return tuple(round(side * times) for side, times in zip(pair.size, factors(volume, spacing), strict=True))


def _image(pair: Pair, spacing: tuple[float, ...]) -> NDArray[np.float32]:
    return _prepared(dataclasses.replace(read_volume(pair.image), spacing=pair.spacing), spacing)


def _labels(pair: Pair, spacing: tuple[float, ...], coding: Mapping[int, int]) -> NDArray[np.uint8]:
    """(D, H, W): the position of the class of each voxel.

    Raises:
        ImageError: A value is of no class.
    """
    volume = read_volume(pair.labels, labels=True)
    own = dataclasses.replace(volume, spacing=pair.spacing)  # the volume's, for both must get the same size
    numbers = np.rint(labels_spaced(own, spacing)).astype(np.int64)
    values = np.array(sorted(coding))
    places = np.searchsorted(values, numbers).clip(0, len(values) - 1)
    if (strange := numbers[values[places] != numbers]).size:
        raise ImageError(pair.labels, f"it holds the label {strange[0]}, which no training volume has")
    return np.asarray(np.array([coding[value] for value in values.tolist()], np.uint8)[places])


def _table(pairs: Sequence[Pair], spacing: tuple[float, ...], coding: Mapping[int, int], hold: bool) -> Table:
    """The volumes and labels of some pairs: in memory where all fit, else in their files."""
    paths, items = tuple(str(pair.image) for pair in pairs), tuple(pairs)
    images = Lazy(paths, partial(_image, spacing=spacing), (pairs[0].channels, 0, 0, 0), items=items)
    labels = Lazy(paths, partial(_labels, spacing=spacing, coding=coding), (0, 0, 0), items=items)
    return Table({IMAGE: images.hold(), MASK: labels.hold()} if hold else {IMAGE: images, MASK: labels}, paths)


def _guess(tables: Mapping[Any, Table], classes: int) -> str:
    """The usual class at each place of the volumes to train on."""
    column = tables.get("train", next(iter(tables.values()))).columns[MASK]
    assert isinstance(column, Lazy)
    return usual((one for one in column.each() if one is not None), classes)
