"""Restoring pictures: larger ones from small ones, clean ones from noisy or blurred ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from striate.data import lazy
from striate.data.dataset import with_test
from striate.data.examples import Examples, Opened, Schema, Table, opened_in
from striate.data.kinds import Image
from striate.data.lazy import Lazy
from striate.data.parts import PARTS
from striate.data.recipe import Recipe
from striate.data.restoring import Pair, Pictures, find
from striate.data.restoring.degrading import PAIRS, WAYS, Degradation, degradation, enlarged
from striate.data.restoring.form import Form, bordered
from striate.data.restoring.luminance import Picture, as_bytes
from striate.data.restoring.photo import Photo, as_png, photo
from striate.errors import InputError, nearest
from striate.losses import ALSO
from striate.losses.pictures import LOSSES
from striate.metrics.metric import Metric
from striate.metrics.pictures import psnr, ssim
from striate.native.losses import GIVEN
from striate.native.losses import Loss as NativeLoss
from striate.notation import Network
from striate.notation.tree import Shape
from striate.tasks.in_pieces import InPieces
from striate.tasks.pictures import IMAGE, asked_images
from striate.tasks.pieces import pieces_of, sizes_of
from striate.tasks.restored import BEFORE, MADE, JudgedPictures
from striate.tasks.task import Answer, Asked, Bound, LossName, Wish, folder_at
from striate.tiling import at
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net, Objective

if TYPE_CHECKING:
    from striate.tasks.task import Judged

GOOD, MSE = "good", "mse"
NATIVE = {MSE: "squared-error"}  # what the native engine calls those that it has
SEEN = 192  # rows and columns of what is made of an image that are kept to draw it
FEW_PIECES = 4  # of a picture in an epoch, where each is decoded again
PIECE, SMALL_PIECE = 48, 24  # pixels of a side of what a network reads, where nobody says; of one that enlarges
UNITS = {1: "luminance", 3: "colour"}


@dataclass(frozen=True)
class Restored(Answer):
    """What a run makes of one picture.

    Attributes:
        picture: (C, H, W) uint8, or uint16 of files of more than 8 bits, from black to white.
    """

    picture: Picture = field(default_factory=lambda: np.zeros((3, 0, 0), np.uint8), compare=False, repr=False)


@dataclass(frozen=True, eq=False)
class Photos(Asked):
    """Pictures that are to be restored.

    Attributes:
        photos: Each with all the bits of its file, of one channel where it is grey.
    """

    photos: Sequence[Photo] = ()

    def of(self, rows: Sequence[int]) -> Asked:
        """Those at these positions."""
        return dataclasses.replace(super().of(rows), photos=[self.photos[row] for row in rows])  # type: ignore[call-arg]


@dataclass(frozen=True)
class Restore(InPieces):
    """A good picture of a worse one.

    Attributes:
        degrade: How pictures become worse, in words.
        smaller: How many times smaller the worse ones are.
    """

    degrade: str
    smaller: int = 1

    word: ClassVar[str] = "restore"
    reads: ClassVar[str] = (
        "a folder of good pictures, maybe below train/, val/ and test/, and `degrade`, which says how they become "
        f"worse ({', '.join(WAYS)}); or worse ones in input/ and good ones of the same names in target/"
    )
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("psnr", share=False, unit="dB"), Metric("ssim", share=False))
    unit: ClassVar[str] = "images"
    places: ClassVar[bool] = True
    plainest: ClassVar[str] = "input 3x?x? -> conv 3@3 pad 1"
    share_of_margin: ClassVar[float] = 1 / 3
    changes: ClassVar[tuple[str, ...]] = ("mirror", "turn", "crop")
    may_lose: ClassVar[bool] = False
    misfit: ClassVar[str] = (
        "what it gives must be as large as what it reads, or a whole number of times as large; end it with shuffle or "
        "upconv"
    )

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Good pictures that are made worse, or pairs."""
        degrade = like.degrade if like else wish.degrade or (PAIRS if wish.named else "")
        if not degrade:
            return None
        worse = degradation(degrade)
        root = folder_at(source)
        if root is None:
            return None
        bad: Literal["skip", "refuse"] = "refuse" if wish.bad == "refuse" else "skip"
        found = find(root, not worse.steps, bad, wish.progress, worse.scale, wish.levels)
        smaller = worse.scale if worse.steps else found.scale
        if like and smaller != like.smaller:
            raise InputError(f"the worse pictures of {root} are {smaller} times smaller; the run's, {like.smaller}")
        task = like or cls._for(str(worse), smaller, wish)
        return task, _opened(task, root, str(source), found, wish.hold_out)

    @classmethod
    def _for(cls, degrade: str, smaller: int, wish: Wish) -> Self:
        """For a network that reads and gives what is wished for."""
        channels = (wish.shape or (3,))[0] or 3
        if channels not in UNITS or len(wish.shape or (0, 0, 0)) != 3:
            raise InputError("a network that restores pictures reads 1 channel or 3: `input 1x?x?`, `input 3x?x?`")
        if smaller % wish.enlarges:
            raise InputError(
                f"the network makes pictures {wish.enlarges} times as large, and {degrade} makes them {smaller} times "
                "smaller; let both be the same, or the network's 1"
            )
        return cls(degrade, smaller, channels=channels, scale=wish.enlarges)

    @cached_property
    def worse(self) -> Degradation:
        """How pictures become worse."""
        return degradation(self.degrade)

    @cached_property
    def pixels(self) -> Form:
        """How pictures become numbers, and numbers pictures."""
        return Form(self.worse, self.channels, self.smaller, self.scale)

    # the network

    @property
    def longest_side(self) -> int:
        """Of a piece, in pixels."""
        return SMALL_PIECE if self.scale > 1 else PIECE

    def fits(self, output: Shape, name: str) -> str:
        """A map for each colour."""
        if len(output) == 3 and output[0] == self.channels:
            return ""
        shape = "x".join("?" if side is None else str(side) for side in output)
        many = f"{self.channels} map{'s' if self.channels > 1 else ''}"
        return f"gives {shape}, and a picture as it reads them has {many}; end the network with {many}"

    def recipe(self, network: Network, opened: Opened) -> Recipe:
        """Values are from 0 to 1, as those that are asked for."""
        channels = self.channels
        piece = (channels, *(int(side or 0) for side in network.input[1:]))
        zeros, ones = (0.0,) * channels, (1.0,) * channels
        return Recipe(piece, piece, "any size", background=zeros, mean=zeros, std=ones, levels=opened.levels)

    def pieces(self, examples: Examples) -> int:
        """As many as cover a good picture; a few of pictures that are read anew for each piece."""
        assert isinstance(examples, Table)
        column = examples.columns[GOOD]
        many = pieces_of(self.sizes(examples), self.tile)
        return many if not isinstance(column, Lazy) or column.held else min(many, FEW_PIECES)

    def sizes(self, examples: Examples) -> list[tuple[int, int]]:
        """(height, width) of what the network reads."""
        return [(height // self.scale, width // self.scale) for height, width in sizes_of(examples, GOOD)]

    # what is made small, and what is measured

    def objective(self, loss: LossName) -> Objective:
        """With a loss of this name, or the mean square."""
        name = loss or MSE
        if callable(name) or name not in LOSSES:
            hint = "" if callable(name) else nearest(name, LOSSES, ALSO)
            raise InputError(f"{self.word} has no loss '{name}'{hint}; there are {', '.join(LOSSES)}")
        return Bound(self, partial(_loss, name))

    def loss_name(self, loss: LossName) -> str:
        """The name of that loss, as a run keeps it."""
        return str(loss or MSE)

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The mean square."""
        return _loss(MSE, outputs, targets)

    def native(self, loss: LossName) -> NativeLoss:
        """The engine has the mean square; PyTorch the others."""
        return NATIVE.get(self.loss_name(loss), GIVEN)

    def through(self, net: Net, inputs: Fields) -> Fields:
        """Restored pictures, and the worse ones at their size."""
        ((_, images),) = inputs.items()
        return {**super().through(net, inputs), BEFORE: as_large(images, self.scale)}

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """PSNR and SSIM (N,) of each picture and of what the network was given, and the middle of it (N, C, 192, 192).

        The restored picture is rounded to 256 levels, as in a file. Of pictures that were made smaller, as many pixels
        at the edges do not count as they are times smaller (as in published figures).
        """
        kept: dict[str, list[Any]] = {name: [] for name in ("psnr", "ssim", "psnr_before", "ssim_before", MADE)}
        border = self.smaller if self.smaller > 1 else 0
        every = (values.cpu() for values in (targets[GOOD], outputs[OUTPUT], outputs[BEFORE]))
        for good, made, before in zip(*every, strict=True):
            rounded = as_bytes(made.numpy())
            true = bordered(good.numpy(), border)
            for name, values in {"": rounded.astype(np.float32) / 255, "_before": before.clamp(0, 1).numpy()}.items():
                kept[f"psnr{name}"].append(psnr(true, bordered(values, border)))
                kept[f"ssim{name}"].append(ssim(true, bordered(values, border)))
            kept[MADE].append(seen(torch.from_numpy(rounded)))
        figures = {name: torch.tensor(values, dtype=torch.float64) for name, values in kept.items() if name != MADE}
        return {**figures, MADE: torch.stack(kept[MADE])}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Means over the pictures."""
        return {name: float(rows[name].mean()) for name in ("psnr", "ssim")}

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How near restored pictures are to good ones."""
        return JudgedPictures(name, examples, rows, figures, self.unit, self.baseline, self.convention)

    @property
    def baseline(self) -> str:
        """What a network has to beat."""
        return "bicubic interpolation" if self.smaller > 1 else "the picture as it is given"

    @property
    def convention(self) -> str:
        """On what the figures are measured."""
        on = UNITS[self.channels]
        if self.smaller > 1:
            edge = f"without {self.smaller} pixels at each edge"
            return f"on {on}{' (BT.601, 16 to 235)' if self.channels == 1 else ''}, {edge}"
        return f"on {on}"

    def meaning(self) -> tuple[Any, ...]:
        """What is undone, and in which colours."""
        return self.degrade, self.smaller, self.channels, self.scale

    def together(self, outputs: Sequence[Fields]) -> Fields:
        """The mean of pictures, of networks or of views (the self-ensemble of Lim et al. 2017)."""
        return super().together(outputs)

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Image files, folders of some, PIL images or arrays, each of its own size."""
        found = asked_images(given, None, bad, 3)
        levels = recipe.levels if recipe else None
        own = [photo(Path(path), levels) if Path(path).is_file() else None for path in found.names]
        plain = [fields[IMAGE][0].numpy() for fields in found.inputs]
        photos = [_grey(one or Photo(image, None)) for one, image in zip(own, plain, strict=True)]
        inputs = [{IMAGE: torch.from_numpy(self.pixels.read(self._coloured(one.picture)))[None]} for one in photos]
        return Photos(found.names, inputs, found.notes, found.left_out, photos)

    def _coloured(self, picture: Picture) -> Picture:
        return picture if self.channels == 1 and not self.pixels.studio else np.repeat(picture, 3 // len(picture), 0)

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Restored]:
        """The restored pictures; what is transparent stays so."""
        assert isinstance(asked, Photos)
        rows = zip(asked.names, asked.photos, outputs[OUTPUT].numpy(), strict=True)
        return [self._answer(*row) for row in rows]

    def _answer(self, path: str, worse: Photo, made: NDArray[np.float32]) -> Restored:
        picture = self.pixels.picture(worse.picture, made)
        size = list(picture.shape[1:])
        opaque = None if worse.opaque is None else enlarged(worse.opaque, self.smaller)[0]
        values = {"size": size, "read": list(worse.picture.shape[1:])}
        return Restored(
            path, f"{'x'.join(map(str, size))} pixels", values, {"": as_png(picture, opaque, worse.top)}, picture
        )


def middles(fields: Mapping[str, torch.Tensor]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Middles (C, 192, 192) of what the network was given and of what is asked for, of the fields of one example."""
    worse, good = fields[IMAGE], fields[GOOD]
    before = as_large(worse, good.shape[-1] // worse.shape[-1])
    return as_bytes(seen(before[0]).numpy()), as_bytes(seen(good[0]).numpy())


def as_large(worse: torch.Tensor, scale: int) -> torch.Tensor:
    """(N, C, H, W), as many times as large, by Pillow's bicubic filter."""
    if scale == 1:
        return worse
    size = [scale * side for side in worse.shape[2:]]
    return F.interpolate(worse, size, mode="bicubic", antialias=True)  # so that its filter is Pillow's


def _opened(task: Restore, root: Path, source: str, found: Pictures, hold_out: bool) -> Opened:
    parts, decided = with_test({part: found.of(part) for part in PARTS}, lambda pair: pair.good, root, hold_out)
    bytes_of_all = sum(8 * task.channels * pair.size[0] * pair.size[1] for pair in found.pairs)
    pixels = dataclasses.replace(task.pixels, levels=found.levels)
    tables = {part: _table(pairs, pixels, bytes_of_all <= lazy.MEMORY) for part, pairs in parts.items() if pairs}
    schema = Schema({IMAGE: Image()}, {GOOD: Image(task.scale)})
    opened = opened_in(root, source, schema, tables, found, decided)
    return dataclasses.replace(opened, levels=found.levels)


def _table(pairs: Sequence[Pair], pixels: Form, hold: bool) -> Table:
    """Worse and good pictures: in memory where all fit, else rendered when they are asked for."""
    paths, shape = tuple(str(pair.good) for pair in pairs), (pixels.channels, 0, 0)
    columns = {
        name: Lazy(paths, work, shape, items=tuple(pairs))
        for name, work in {IMAGE: pixels.worse, GOOD: pixels.good}.items()
    }
    return Table({name: column.hold() if hold else column for name, column in columns.items()}, paths)


def _loss(name: str, outputs: Fields, targets: Fields) -> Fields:
    return {NATIVE.get(name, name): LOSSES[name](outputs[OUTPUT], targets[GOOD])}


def seen(picture: torch.Tensor) -> torch.Tensor:
    """(C, 192, 192): the middle of (C, H, W); a smaller one is reflected beyond its edges."""
    corner = [(side - SEEN) // 2 for side in picture.shape[1:]]
    return at(picture, (corner[0], corner[1]), (SEEN, SEEN))


def _grey(photo: Photo) -> Photo:
    """With one channel, where it has no colour."""
    picture = photo.picture
    return dataclasses.replace(photo, picture=picture[:1]) if (picture == picture[:1]).all() else photo
