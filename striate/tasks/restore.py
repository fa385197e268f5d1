"""Restoring pictures: larger ones from small ones, clean ones from noisy or blurred ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from striate.data.examples import Examples, Opened, Table
from striate.data.lazy import Lazy
from striate.data.recipe import Recipe
from striate.data.restoring import are_pairs, find
from striate.data.restoring.degrading import PAIRS, WAYS, Degradation, degradation, enlarged
from striate.data.restoring.form import Form
from striate.data.restoring.luminance import Picture
from striate.data.restoring.photo import Photo, as_png
from striate.errors import InputError
from striate.native.losses import GIVEN
from striate.native.losses import Loss as NativeLoss
from striate.notation import Network, measure
from striate.notation.sizes import Size
from striate.notation.tree import Shape
from striate.tasks import aligned, windows
from striate.tasks.made import GOOD, MakesPictures
from striate.tasks.photos import Photos, of_windows, photos
from striate.tasks.pieces import pieces_of, sizes_of
from striate.tasks.restored import NEAR
from striate.tasks.restoring import frames_under, opened_for
from striate.tasks.task import Answer, Asked, LossName, Wish, folder_at
from striate.tasks.wider import with_larger_pieces
from striate.tiling import at
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted

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

    def light(self) -> Self:
        """It without its picture."""
        return dataclasses.replace(super().light(), picture=self.picture[:, :0, :0].copy())


@dataclass(frozen=True)
class Restore(MakesPictures):
    """A good picture of a worse one.

    Attributes:
        degrade: How pictures become worse, in words.
        smaller: How many times smaller the worse ones are.
        frames: How many frames of a video the network reads at once, of which it restores the one in the middle; 1 for
            pictures.
        aligns: Whether it also gives them aligned with the one in the middle.
    """

    degrade: str
    smaller: int = 1
    frames: int = 1
    aligns: bool = False

    word: ClassVar[str] = "restore"
    reads: ClassVar[str] = (
        "a folder of good pictures, maybe below train/, val/ and test/, and `degrade`, which says how they become "
        f"worse ({', '.join(WAYS)}); or worse ones in input/ and good ones of the same names in target/. For a network "
        "that reads several frames, folders of frames or videos"
    )
    unit: ClassVar[str] = "images"
    plainest: ClassVar[str] = "input 3x?x? -> conv 3@3 pad 1"
    share_of_margin: ClassVar[float] = 1 / 3
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
        root = folder_at(source)
        if root is None:
            return None
        if like and not wish.hold_out and are_pairs(root):  # others to judge by, with worse pictures of their own
            degrade = PAIRS
        worse = degradation(degrade)
        bad: Literal["skip", "refuse"] = "refuse" if wish.bad == "refuse" else "skip"
        channels, frames = (like.channels, like.frames) if like else cls._read(wish)
        look = find if frames == 1 else frames_under
        found = look(root, not worse.steps, bad, wish.progress, worse.scale, wish.levels)
        smaller = worse.scale if worse.steps else found.scale
        if like and smaller != like.smaller:
            raise InputError(f"the worse pictures of {root} are {smaller} times smaller; the run's, {like.smaller}")
        if smaller % wish.enlarges:
            raise InputError(
                f"the network makes pictures {wish.enlarges} times as large, and {worse} makes them {smaller} times "
                "smaller; let both be the same, or the network's 1"
            )
        task = like or cls(str(worse), smaller, frames, channels=channels, scale=wish.enlarges)
        return task, opened_for(task, root, str(source), found, wish.hold_out)

    @staticmethod
    def _read(wish: Wish) -> tuple[int, int]:
        """The channels of a picture, and how many frames a network reads that reads and gives what is wished for."""
        read = (wish.shape or (3,))[0] or 3
        channels = wish.maps if wish.maps in UNITS and wish.maps < read else read
        frames, rest = divmod(read, channels)
        if channels not in UNITS or rest or not frames % 2 or len(wish.shape or (0, 0, 0)) != 3:
            raise InputError(
                "a network that restores pictures reads 1 channel or 3: `input 1x?x?`, `input 3x?x?`; one of videos "
                "reads those of an odd number of frames, as 5 of luminance, `input 5x?x?`, and gives those of one"
            )
        return channels, frames

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

    def pieces(self, examples: Examples) -> int:
        """As many as cover a good picture; a few of pictures that are read anew for each piece."""
        assert isinstance(examples, Table)
        column = examples.columns[GOOD]
        many = pieces_of(self.sizes(examples), self.tile)
        return many if not isinstance(column, Lazy) or column.held else min(many, FEW_PIECES)

    def sizes(self, examples: Examples) -> list[tuple[int, ...]]:
        """(height, width) of what the network reads."""
        return [tuple(side // self.scale for side in size) for size in sizes_of(examples, GOOD)]

    # the frames of a video

    def fits_all(self, outputs: Mapping[str, Shape], name: str) -> str:
        """The picture; beside it maybe the frames that it was made from, aligned."""
        if outputs.keys() != {OUTPUT, aligned.ALIGNED}:
            return super().fits_all(outputs, name)
        size = [None if side is None else side // self.scale for side in outputs[OUTPUT][1:]]
        wanted = (self.frames * self.channels, *size)
        if outputs[aligned.ALIGNED] != wanted:
            got, shape = ("x".join(map(str, one)) for one in (outputs[aligned.ALIGNED], wanted))
            return f"gives frames of {got} as {aligned.ALIGNED}, and it reads {shape}; give as many of that size"
        return self.fits(outputs[OUTPUT], name)

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """As other networks that see images in pieces; whether it gives frames aligned is kept, too."""
        fitted = super().fit(network, opened, recipe, size)
        assert isinstance(fitted.task, Restore)
        aligns = aligned.ALIGNED in measure(fitted.network).outputs
        told = (
            f"network: reads {self.frames} frames of {UNITS[self.channels]} at once, and restores the one in the middle"
        )
        lines = (*fitted.notes, told) if self.frames > 1 else fitted.notes
        return dataclasses.replace(fitted, task=dataclasses.replace(fitted.task, aligns=aligns), notes=lines)

    def _aligned(self, net: Net, inputs: Fields) -> Fields:
        """How far neighbours are from the frame in the middle, aligned and before that, (N, 2); in a piece of each."""
        if not self.aligns:
            return {}
        ((name, frames),) = inputs.items()
        corner = [(have - want) // 2 for have, want in zip(frames.shape[2:], self.tile, strict=True)]
        piece = at(frames, (corner[0], corner[1]), self.tile)
        made, true = net({name: piece})[aligned.ALIGNED], aligned.middle(piece, self.frames)
        figures = (aligned.apart(made, self.frames, true), aligned.apart(piece, self.frames))
        return {NEAR: torch.stack(figures, 1)}

    def through(self, net: Net, inputs: Fields) -> Fields:
        """What the network makes, what the baseline does, and how near neighbours come."""
        return {**super().through(net, inputs), **self._aligned(net, inputs)}

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """Figures of each picture; of frames also how near neighbours come, (N, 2)."""
        near = {NEAR: outputs[NEAR].cpu()} if self.aligns else {}
        return {**super().rows(outputs, targets), **near}

    def loss_of(self, name: str, outputs: Fields, targets: Fields) -> Fields:
        """That of what is restored, and of frames that are aligned."""
        parts = super().loss_of(name, outputs, targets)
        if aligned.ALIGNED not in outputs:
            return parts
        return {**parts, aligned.ALIGNED: aligned.WEIGHT * aligned.loss(outputs[aligned.ALIGNED], self.frames)}

    def native(self, loss: LossName) -> NativeLoss:
        """PyTorch computes what asks for aligned frames."""
        return GIVEN if self.aligns else super().native(loss)

    # what is told

    @property
    def border(self) -> int:
        """Of pictures that were made smaller, as many pixels as they are times smaller, as in published figures."""
        return self.smaller if self.smaller > 1 else 0

    def given(self, inputs: torch.Tensor) -> torch.Tensor:
        """The worse ones, or the frame in the middle, at the size of the good one."""
        return as_large(aligned.middle(inputs, self.frames), self.scale)

    def before(self, inputs: torch.Tensor) -> torch.Tensor:
        """What they are without learning: the worse ones at their size, or what undoes them."""
        given = self.given(inputs)
        if not self.worse.undone:
            return given
        _, undo = self.worse.undone
        return torch.stack([torch.from_numpy(undo(one.numpy())) for one in given.cpu()])

    @property
    def baseline(self) -> str:
        """What a network has to beat."""
        if self.worse.undone:
            return self.worse.undone[0]
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

    def parts(self, given: Sequence[Any], tell: windows.Tell, recipe: Recipe | None = None) -> Iterator[list[Any]]:
        """Pictures as they are; frames with their neighbours, a few at a time."""
        if self.frames == 1:
            return super().parts(given, tell, recipe)
        return windows.in_parts(given, self.frames, tell, recipe.levels if recipe else None)

    def for_size(self, network: Network, size: tuple[int, ...]) -> Self:
        """With larger pieces than it learned from."""
        return with_larger_pieces(self, network, (size[0], size[1]))

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Pictures, or windows of frames, or what `parts` makes into some."""
        if self.frames == 1:
            return photos(given, self.pixels, recipe.levels if recipe else None, bad)
        notes = list[str]()
        if not all(isinstance(one, windows.Window) for one in given):
            given = [window for part in self.parts(given, notes.append, recipe) for window in part]
        return of_windows(given, self.pixels, notes)

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Restored]:
        """The restored pictures; what is transparent stays so."""
        assert isinstance(asked, Photos)
        rows = zip(asked.names, asked.photos, outputs[OUTPUT].numpy(), strict=True)
        answers = [self._answer(*row) for row in rows]
        return [dataclasses.replace(one, seconds=when) for one, when in zip(answers, asked.seconds, strict=True)]

    def _answer(self, path: str, worse: Photo, made: NDArray[np.float32]) -> Restored:
        picture = self.pixels.picture(worse.picture, made)
        size = list(picture.shape[1:])
        opaque = None if worse.opaque is None else enlarged(worse.opaque, self.smaller)[0]
        values = {"size": size, "read": list(worse.picture.shape[1:])}
        return Restored(
            path, f"{'x'.join(map(str, size))} pixels", values, {"": as_png(picture, opaque, worse.top)}, picture
        )


def as_large(worse: torch.Tensor, scale: int) -> torch.Tensor:
    """(N, C, H, W), as many times as large, by Pillow's bicubic filter."""
    if scale == 1:
        return worse
    size = [scale * side for side in worse.shape[2:]]
    return F.interpolate(worse, size, mode="bicubic", antialias=True)  # so that its filter is Pillow's
