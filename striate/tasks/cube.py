"""Images of many bands: the class of each pixel by its spectrum and what is around it (Roy et al. 2020)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.augmentation.squares import Squares
from striate.augmentation.words import AUTO, parsed
from striate.data import lazy
from striate.data.arrays import numbers
from striate.data.cubes.reading import Cube, is_cube, read
from striate.data.cubes.spectra import Components, Floats, around, bordered, components_of, reduced
from striate.data.cubes.splitting import SIDE, TEST, TRAIN, USUAL, VALIDATION, near_both, parted, way_of
from striate.data.examples import Examples, Opened, Schema, Table, digest_of
from striate.data.given import as_array
from striate.data.kinds import Image, Label
from striate.data.lazy import Lazy
from striate.data.masks import distinct_colours
from striate.data.recipe import Recipe
from striate.data.restoring.photo import as_png
from striate.data.volumes.reading import Volume, written
from striate.errors import InputError
from striate.notation import Network
from striate.notation.sizes import Size, resized
from striate.report.overlay import legend, overlay, with_legend
from striate.report.sliced import grey
from striate.tasks.labelled import LABEL, Labelled, labels_of, logits
from striate.tasks.mapped import JudgedPixels
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Answer, Asked, Wish, is_place
from striate.training.fields import Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted

MOST_BANDS = 30  # components of what a network reads, where its text leaves them open
EVERY = "all labelled pixels"  # instead of a split, of an image that is judged as a whole
AT_ONCE = 512  # pixels of an image to ask about
READS = "`input 1x30x9x9` (30 components of the bands, 9x9 pixels), `input 30x9x9` or `input 1x200`, spectra alone"


@dataclass(frozen=True)
class Mapped(Answer):
    """What a run says of one image of many bands.

    Attributes:
        mask: (H, W), the class of each pixel as its position in `run.classes`.
    """

    mask: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0), np.uint8), compare=False, repr=False)


class Elsewhere(Table):
    """The labelled pixels of an image that a run has not learned from: all of them are judged."""

    def part(self, rows: Sequence[int]) -> Elsewhere:
        """Those at these positions."""
        some = super().part(rows)
        return Elsewhere(some.columns, some.names)


class Read(NamedTuple):
    """An image to ask about, and what it is called."""

    name: str
    values: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Cubes(Asked):
    """Images to ask about."""

    images: Sequence[Floats] = ()  # (H, W, components)

    def of(self, rows: Sequence[int]) -> Asked:
        """Those at these positions."""
        return dataclasses.replace(super().of(rows), images=[self.images[row] for row in rows])  # type: ignore[call-arg]


@dataclass(frozen=True)
class CubeTask(Labelled):
    """A class for each pixel of an image of many bands.

    Attributes:
        reads_shape: What the network reads of a pixel: (1, components, side, side), or fewer axes.
        mean: Of each band over the pixels that are learned from.
        axes: The components, a row for each band.
        split: How the labelled pixels are divided, in words.
    """

    reads_shape: tuple[int, ...]
    mean: tuple[float, ...] = field(repr=False)
    axes: tuple[tuple[float, ...], ...] = field(repr=False)
    split: str = USUAL

    word: ClassVar[str] = "cube"
    reads: ClassVar[str] = (
        "an image of many bands with a class for some of its pixels (0 is none): a folder or a file of .npy or .mat "
        "arrays, of which that of three axes is the image, that of two the classes"
    )
    unit: ClassVar[str] = "pixels"
    plainest: ClassVar[str] = "INPUT -> FC"

    @cached_property
    def components(self) -> Components:
        """How spectra become what the network reads."""
        return Components(np.array(self.mean), np.array(self.axes))

    @property
    def side(self) -> int:
        """Pixels of a side of what the network reads."""
        return self.reads_shape[-1] if len(self.reads_shape) > 2 else 1

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """The labelled pixels, each with what is around it."""
        if not (wish.named or like) or not is_place(source) or not _holds(Path(source)):
            return None
        place = Path(source)
        cube = read(place)
        if cube.labels is None:
            raise InputError(f"'{place}' holds no classes: an array of two axes as large as the image, 0 for none")
        shape = like.reads_shape if like else _shape(wish.shape, cube.bands)
        split = wish.split or (like.split if like else "") or USUAL
        if like and len(like.mean) != cube.bands:
            raise InputError(f"'{place}' has {cube.bands} bands, and the run has learned from {len(like.mean)}")
        whole = bool(like) and not wish.hold_out
        side = shape[-1] if len(shape) > 2 else 1
        parts = np.where(cube.labels > 0, TEST, 0) if whole else parted(cube.labels, split, side // 2)
        task = like or cls._learned(cube, parts, shape, split)
        return task, _opened(task, place, cube, parts, whole)

    @classmethod
    def _learned(cls, cube: Cube, parts: NDArray[Any], shape: tuple[int, ...], split: str) -> Self:
        """The task for an image to train on."""
        assert cube.labels is not None
        if not (parts == TRAIN).any() or not (parts == TEST).any():
            raise InputError(f"split '{split}' leaves no pixel of '{cube.path}' to learn from, or none to test by")
        found = components_of(cube.values[parts == TRAIN], _components(shape))
        mean, axes = found.mean.tolist(), found.axes.tolist()
        return cls(cube.names, shape, tuple(mean), tuple(map(tuple, axes)), split)

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads patches as they are."""
        shape, zeros = self.reads_shape, (0.0,) * self.reads_shape[0]
        ones = (1.0,) * self.reads_shape[0]
        own = Recipe(shape, shape, "as is", background=zeros, mean=zeros, std=ones, pixels=False)
        if size is not None and all(side is not None for side in network.input):
            network = resized(network, size)
        return super().fit(network, opened, recipe or own, size)

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> Augment | None:
        """What is around a pixel is turned and mirrored, for from above no side is up; spectra alone stay."""
        words = (
            {one.word for one in parsed(wanted)} if wanted != AUTO else {"mirror", "turn"} if self.side > 1 else set()
        )
        if strange := sorted(words - {"mirror", "turn"}) or (sorted(words) if self.side == 1 else []):
            raise InputError(
                f"augment '{strange[0]}' is not for {self.word}; there are mirror and turn, of what is around"
            )
        return Squares("mirror" in words, "turn" in words) if words else None

    def image(self, values: NDArray[Any]) -> Floats:
        """(H, W, components) of an image (H, W, bands), with a border as wide as patches reach."""
        return bordered(reduced(values, self.components), self.side)

    def patch(self, image: Floats, place: tuple[int, int]) -> Floats:
        """What the network reads of one pixel of `image`."""
        return around(image, place, self.side).reshape(self.reads_shape)

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> JudgedPixels:
        """How a network does on labelled pixels."""
        split = EVERY if isinstance(examples, Elsewhere) else self.split
        return JudgedPixels(name, examples, rows, figures, self.unit, self.classes, split)

    def as_trained(self, examples: Examples, recipe: Recipe | None) -> tuple[Examples, list[str]]:
        """Those of another image, which are not divided."""
        assert isinstance(examples, Table)
        return Elsewhere(examples.columns, examples.names), []

    def meaning(self) -> tuple[Any, ...]:
        """The classes, and what is read of a pixel."""
        return *self.classes, self.reads_shape, self.mean

    def parts(self, given: Sequence[Any], tell: Any, recipe: Recipe | None = None) -> Iterator[list[Any]]:
        """One image at a time."""
        every = (one for some in given for one in (some if isinstance(some, list | tuple) else [some]))
        yield from ([_read(one, number)] for number, one in enumerate(every, 1))

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Cubes:
        """Files or folders of images of many bands, or arrays (H, W, bands); or what `parts` makes of these."""
        names, images = list[str](), list[Floats]()
        for number, one in enumerate(given, 1):
            name, values = one if isinstance(one, Read) else _read(one, number)
            if values.ndim != 3 or values.shape[2] != len(self.mean) or 0 in values.shape:
                has = "x".join(map(str, values.shape))
                raise InputError(f"'{name}' is {has}; the run reads images of {len(self.mean)} bands, the last axis")
            names.append(name)
            images.append(self.image(values))
        if not names:
            raise InputError("predict takes images of many bands: .npy or .mat files, or arrays. Received: none")
        firsts = [{IMAGE: torch.from_numpy(self.patch(image, (0, 0)))[None]} for image in images]
        return Cubes(names, firsts, images=images)

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Any]:
        """The class of every pixel, as a picture and as a file."""
        assert isinstance(asked, Cubes)
        return [self._answer(name, image, net) for name, image in zip(asked.names, asked.images, strict=True)]

    def _answer(self, path: str, image: Floats, net: Net) -> Mapped:
        height, width = (have - self.side + 1 for have in image.shape[:2])
        called = list[Tensor]()
        for first in range(0, height * width, AT_ONCE):
            rows = range(first, min(first + AT_ONCE, height * width))
            patches = np.stack([self.patch(image, divmod(row, width)) for row in rows])
            called.append(logits(net({IMAGE: torch.from_numpy(patches)})).argmax(1))
        mask = torch.cat(called).reshape(height, width).byte().cpu().numpy()
        counts = np.bincount(mask.ravel(), minlength=len(self.classes)).tolist()
        each = [{"class": name, "share": count / mask.size} for name, count in zip(self.classes, counts, strict=True)]
        each.sort(key=lambda one: -one["share"])
        end, content = written(mask.astype(np.int64) + 1, Volume(mask))
        before = self.side // 2
        seen = grey(image[before : before + height, before : before + width, 0])[None]
        colours = distinct_colours(len(self.classes) + 1)[1:]
        picture = with_legend(
            overlay(seen, mask, colours, alpha=0.8, clear=()), legend(mask, self.classes, colours, ())
        )
        drawn = as_png(picture.transpose(2, 0, 1))
        told = ", ".join(f"{one['class']} {one['share']:.1%}" for one in each[:3])
        values = {"size": [height, width], "classes": each}
        return Mapped(path, told, values, {"-map": drawn}, files={end: content}, mask=mask)


def _holds(place: Path) -> bool:
    """Whether a place may hold an image of many bands."""
    if place.is_dir():
        return any(is_cube(path) for path in place.iterdir())
    return place.is_file() and is_cube(place)


def _read(one: Any, number: int) -> Read:
    """An image of a user's, and what it is called."""
    if not isinstance(one, str | Path):
        name = f"array {number}"
        return Read(name, numbers(as_array(one), name))
    if not Path(one).exists():
        raise InputError(f"no file or folder '{one}'")
    if not _holds(Path(one)):
        raise InputError(f"'{one}' is no image of many bands (.npy, .npz or .mat)")
    return Read(str(one), read(Path(one), labelled=False).values)


def _shape(wanted: tuple[int | None, ...] | None, bands: int) -> tuple[int, ...]:
    """What a network reads of a pixel, with what it leaves open.

    Raises:
        InputError: It reads something else, or more components than there are bands.
    """
    open_ = (1, min(MOST_BANDS, bands), SIDE, SIDE)
    shape = wanted or open_
    if len(shape) == 4 and shape[0] in (1, None):
        made = tuple(want or usual for want, usual in zip(shape, open_, strict=True))
    elif len(shape) == 3:
        made = tuple(want or usual for want, usual in zip(shape, open_[1:], strict=True))
    elif len(shape) == 2 and shape[0] in (1, None):
        made = (1, shape[1] or bands)
    else:
        raise InputError(f"a network for images of many bands reads {READS}. Received: {shape}")
    if len(made) > 2 and made[-1] != made[-2]:
        raise InputError(f"what a network reads around a pixel is a square; it is {made[-2]}x{made[-1]}")
    if not 1 <= _components(made) <= bands:
        raise InputError(f"the network reads {_components(made)} components, and the image has {bands} bands")
    return made


def _components(shape: tuple[int, ...]) -> int:
    """How many components of the bands a network reads."""
    return shape[0] if len(shape) == 3 else shape[1]


def _opened(task: CubeTask, place: Path, cube: Cube, parts: NDArray[Any], whole: bool) -> Opened:
    assert cube.labels is not None
    positions = np.array([0, *task.positions(cube.names, place.name)])
    image = task.image(cube.values)
    tables = {part: _table(task, cube, image, np.argwhere(parts == part), positions) for part in (1, 2, 3)}
    train = tables[TEST] if whole else tables[TRAIN]
    held = tables[VALIDATION] if len(tables[VALIDATION]) else None
    name = place.resolve().name
    way = "all of its labelled pixels" if whole else "{} of {:.0%} to learn from".format(*way_of(task.split))
    counts = ", ".join(
        f"{len(tables[part]):,} {what}" for part, what in ((1, "to train"), (2, "to validate"), (3, "to test"))
    )
    notes = [*cube.notes, f"{len(cube.names)} classes; {way}: {counts}", *near_both(cube.labels, parts)]
    return Opened(
        name,
        str(place),
        Schema({IMAGE: Image()}, {LABEL: Label(len(task.classes))}),
        train,
        tables[TEST],
        held,
        tuple(f"{name}: {note}" for note in notes),
        strata=labels_of(train).tolist(),
        sha256=digest_of(train, held),
    )


def _table(task: CubeTask, cube: Cube, image: Floats, places: NDArray[Any], positions: NDArray[Any]) -> Table:
    """Some pixels with what is around each: in memory where all fit, else made when they are asked for."""
    assert cube.labels is not None
    labels = torch.from_numpy(positions[cube.labels[places[:, 0], places[:, 1]]].astype(np.int64))
    names = tuple(f"{cube.path}[{row},{column}]" for row, column in places.tolist())
    items = tuple((row, column) for row, column in places.tolist())
    images = Lazy(names, partial(_patch, image=image, task=task), task.reads_shape, items=items)
    if 4 * prod(task.reads_shape) * int((cube.labels > 0).sum()) > lazy.MEMORY:
        return Table({IMAGE: images, LABEL: labels}, names)
    made = (
        np.stack([images.one(row) for row in range(len(items))])
        if items
        else np.zeros((0, *task.reads_shape), np.float32)
    )
    return Table({IMAGE: torch.from_numpy(made), LABEL: labels}, names)


def _patch(place: tuple[int, int], image: Floats, task: CubeTask) -> Floats:
    return task.patch(image, place)
