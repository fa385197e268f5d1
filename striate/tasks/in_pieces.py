"""Tasks whose images, each of its own size, go through in pieces that overlap, with something said of each pixel."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from striate.augmentation.augment import Augment
from striate.augmentation.chain import chained
from striate.augmentation.cut import Cut
from striate.augmentation.words import AUTO, parsed
from striate.data.examples import Examples, Opened
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.notation import Network
from striate.notation.sizes import Size
from striate.tasks.augmenting import steps_for
from striate.tasks.pictures import asked_images
from striate.tasks.pieces import fitted_in_pieces, in_pieces, pieces_of, scaled_recipe, sizes_of
from striate.tasks.task import Asked, Task
from striate.training.fields import Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.fitting import Fitted

CUT = ("mirror", "turn", "colour", "crop")  # of images and masks; each piece is cut out anywhere already
CHANGES = (*CUT, "rotate", "scale", "shear", "elastic", "noise", "blur", "cutout")


@dataclass(frozen=True, kw_only=True)
class InPieces(Task):
    """A task of images in pieces.

    Attributes:
        channels: Of the images: 1 or 3.
        tile: (height, width) of what the network reads at once, (depth, height, width) of volumes.
        margin: Pixels of a piece that its neighbour answers for, on each side.
        stride: The network's: pieces begin at multiples of it; one number, or one for each axis.
        cut: Pixels that the network, without padding, loses on each side.
        scale: How many times larger what it gives is.
    """

    channels: int
    tile: tuple[int, ...] = (0, 0)
    margin: int = 0
    stride: int | tuple[int, ...] = 1
    cut: int = 0
    scale: int = 1

    axes: ClassVar[int] = 2  # of an example
    shown_as: ClassVar[str] = "images"  # what examples are called where it is said how they go through
    other_axes: ClassVar[str] = "and images have two axes beside their channels; let it begin with `input 3x?x?`"
    blends: ClassVar[bool] = False  # whether pieces fade into each other, instead of meeting
    share_of_margin: ClassVar[float] = 0.25
    changes: ClassVar[tuple[str, ...]] = CHANGES
    may_lose: ClassVar[bool] = True  # whether what it gives may be without a border
    misfit: ClassVar[str] = (
        "maps must be as large as the image, or lose the same border on every side; end it with upsample or upconv"
    )
    unit: ClassVar[str] = "images"

    @property
    def usual_changes(self) -> str:
        """What happens to pieces where nobody says."""
        return "mirror,turn" if self.channels == 1 else "mirror"

    @property
    def longest_side(self) -> int:
        """Of a piece, in pixels, where nobody says."""
        return 256

    def piece_for(self, sizes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """The size of a piece that suits examples of these sizes: as large as the largest."""
        return tuple(map(max, zip(*sizes, strict=True)))

    def recipe(self, network: Network, opened: Opened) -> Recipe:
        """How images become what the network reads."""
        return scaled_recipe(network, opened)

    def pieces(self, examples: Examples) -> int:
        """How many pieces an epoch takes of each image."""
        return pieces_of(self.sizes(examples), self.tile)

    def sizes(self, examples: Examples) -> list[tuple[int, ...]]:
        """The sizes of what the network reads, without channels."""
        return sizes_of(examples)

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that sees images in pieces of the size that it reads."""
        return fitted_in_pieces(network, self, opened, recipe, size)

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> Augment | None:
        """Pieces are cut out anew in every epoch; grey images have no up and down, colour ones no left and right."""
        changes = parsed(self.usual_changes if wanted == AUTO else wanted)
        if strange := [one.word for one in changes if one.word not in self.changes]:
            raise InputError(f"augment '{strange[0]}' is not for {self.word}; there are {', '.join(self.changes)}")
        task, amount = fitted.task, {one.word: one.amount for one in changes}
        assert isinstance(task, InPieces)
        assert fitted.recipe is not None
        cut = Cut(
            task.tile, task.pieces(opened.train), "mirror" in amount, "turn" in amount, amount.get("colour") or 0.0
        )
        piece = dataclasses.replace(fitted.recipe, shape=(self.channels, *task.tile))
        others = [one for one in changes if one.word not in CUT]
        return chained(cut, *(steps_for(others, piece) if others else ()))

    def through(self, net: Net, inputs: Fields) -> Fields:
        """The outputs of whole images, put together from those of pieces."""
        return in_pieces(net, inputs, self)

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Image files, folders of some, PIL images or arrays, each of its own size."""
        return asked_images(given, None, bad, self.channels)
