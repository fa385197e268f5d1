"""Learning one style: a network that gives a photograph in it at once (Johnson, Alahi & Li 2016).

What it gives is compared with the photograph and with the style by what SqueezeNet sees of them, as `striate style`
compares; those pixels are not optimised, but the network that makes them.
"""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from torch import Tensor
from torch.nn import functional as F

from striate.data import lazy
from striate.data.dataset import with_test
from striate.data.examples import Opened, Schema, Table, opened_in
from striate.data.image import decode
from striate.data.kinds import Image
from striate.data.lazy import Lazy
from striate.data.levels import Levels
from striate.data.parts import PARTS
from striate.data.recipe import Recipe
from striate.data.restoring import Pair, find
from striate.data.restoring.luminance import as_bytes, white
from striate.data.restoring.photo import Photo, as_png, photo
from striate.errors import InputError
from striate.losses.style import apart, gram, total_variation
from striate.metrics.metric import Metric
from striate.notation import Network
from striate.notation.tree import Shape
from striate.tasks.in_pieces import InPieces
from striate.tasks.made import seen
from striate.tasks.perceiving import CONTENT, STYLE, Eyes, squeezenet
from striate.tasks.photos import Photos
from striate.tasks.pictures import IMAGE, asked_images
from striate.tasks.restore import Restored
from striate.tasks.stylized import MADE, STYLE_BEFORE, JudgedStyle
from striate.tasks.task import Asked, Wish, folder_at
from striate.tiling import along
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net

if TYPE_CHECKING:
    from striate.tasks.task import Judged

PHOTO = "photo"
WEIGHT, SMOOTH = 1.0, 0.5  # how much the style and smoothness count beside the content
SIDE, QUALITY = 256, 95  # pixels of the longer side of the style, and as what JPEG it is kept
EDGE = 32  # pixels of reflection around a photograph, which the network sees and which are cut off again
NAMES = ("style.png", "style.jpg", "style.jpeg")  # of a style that is in the folder of the photographs


@dataclass(frozen=True)
class Stylize(InPieces):
    """A photograph in one style.

    Attributes:
        style: The name of the style's file.
        drawn: The style, a JPEG file in base64: a run needs the file no more.
    """

    style: str
    drawn: str

    word: ClassVar[str] = "stylize"
    reads: ClassVar[str] = (
        "a folder of photographs, maybe below train/, val/ and test/, and `style`, the picture whose style is learned; "
        "or that picture as style.png in the folder"
    )
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("distance", up=False, share=False),
        Metric("style_distance", up=False, share=False),
        Metric("content_distance", up=False, share=False),
    )
    places: ClassVar[bool] = True
    any_size: ClassVar[bool] = True
    plainest: ClassVar[str] = "input 3x?x? -> conv 3@3 pad 1"
    changes: ClassVar[tuple[str, ...]] = ("mirror", "turn", "crop")
    may_lose: ClassVar[bool] = False

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Photographs, and the style beside them or elsewhere."""
        root = folder_at(source)
        if root is None or not (like or wish.named or wish.style):
            return None
        beside = [root / name for name in NAMES if (root / name).is_file()]
        given = Path(wish.style) if wish.style else beside[0] if beside else None
        task = like or (cls.from_facts(wish.before) if wish.before else cls._of(given, root))
        bad: Literal["skip", "refuse"] = "refuse" if wish.bad == "refuse" else "skip"
        found = find(root, False, bad, wish.progress, levels=wish.levels)
        pairs = [pair for pair in found.pairs if pair.good not in beside]
        if not pairs:
            raise InputError(f"'{root}' holds no photograph beside the style")
        parts = {part: [pair for pair in pairs if pair.part == part] for part in PARTS}
        split, decided = with_test(parts, lambda pair: pair.good, root, wish.hold_out)
        hold = sum(12 * pair.size[0] * pair.size[1] for pair in pairs) <= lazy.MEMORY
        tables = {part: _table(some, found.levels, hold) for part, some in split.items() if some}
        schema = Schema({IMAGE: Image()}, {PHOTO: Image()})
        opened = opened_in(root, str(source), schema, tables, found, decided)
        return task, dataclasses.replace(opened, levels=found.levels)

    @classmethod
    def _of(cls, path: Path | None, root: Path) -> Self:
        """For a style.

        Raises:
            InputError: There is none, it can't be read, or it is of one colour.
        """
        if path is None:
            raise InputError(f"which style? Give a picture with `style`, or put it into '{root}' as style.png")
        pixels = decode(path, channels=3)
        if int((pixels.max((1, 2)) - pixels.min((1, 2))).max()) < 2:
            raise InputError(f"style {path} is of one colour, which is no style; take a picture with a texture")
        image, file = Pillow.fromarray(pixels.transpose(1, 2, 0)), io.BytesIO()
        image.thumbnail((SIDE, SIDE))
        image.save(file, "JPEG", quality=QUALITY)
        return cls(path.name, base64.b64encode(file.getvalue()).decode(), channels=3)

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The style, (3, H, W)."""
        return decode(Path(self.style), channels=3, data=base64.b64decode(self.drawn))

    @cached_property
    def eyes(self) -> Eyes:
        """What compares pictures."""
        return squeezenet()

    @cached_property
    def grams(self) -> dict[str, Tensor]:
        """The style's Gram matrices."""
        with torch.no_grad():
            there = next(self.eyes.model.parameters()).device
            values = self.eyes.see(torch.from_numpy(self.picture)[None].to(there).float() / 255)
        return {name: gram(values[name]) for name in STYLE}

    # the network

    @property
    def longest_side(self) -> int:
        """Of a piece, in pixels, where the network's text leaves it open."""
        return 128

    def fits(self, output: Shape, name: str) -> str:
        """A map for each colour."""
        if len(output) == 3 and output[0] == 3:
            return ""
        shape = "x".join("?" if side is None else str(side) for side in output)
        return f"gives {shape}, and a picture has 3 maps; end the network with 3 maps"

    def recipe(self, network: Network, opened: Opened) -> Recipe:
        """Values are from 0 to 1, as those of what is made."""
        if network.input[0] != 3:
            raise InputError(f"{network.name} reads {network.input[0]} channels; a style has colours: `input 3x?x?`")
        piece = (3, *(int(side or 0) for side in network.input[1:]))
        zeros, ones = (0.0,) * 3, (1.0,) * 3
        return Recipe(piece, piece, "any size", background=zeros, mean=zeros, std=ones, levels=opened.levels)

    def through(self, net: Net, inputs: Fields) -> Fields:
        """Whole photographs: an instance norm looks at all of one, so that pieces would not fit together."""
        ((name, images),) = inputs.items()
        return {OUTPUT: inner(net({name: padded(images, self.stride)})[OUTPUT], images.shape[2:])}

    # what is made small, and what is measured

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The distances to the photographs and to the style, and the total variation of what is made."""
        made = outputs[OUTPUT]
        content, style = self._apart(made, targets[PHOTO])
        smooth = SMOOTH * total_variation(made)
        return {"content": content.mean(), "style": WEIGHT * style.mean(), "smooth": smooth}

    def _apart(self, made: Tensor, photos: Tensor) -> tuple[Tensor, Tensor]:
        """The distances (N,) of pictures to photographs (N, 3, H, W), and to the style."""
        self.eyes.model.to(made.device)
        with torch.no_grad():
            wanted = self.eyes.see(photos)
        found = self.eyes.see(made)
        content = torch.stack([apart(found[name], wanted[name]) for name in CONTENT]).mean(0)
        each = [apart(gram(found[name]), self.grams[name].to(made.device)) for name in STYLE]
        return content, torch.stack(each).mean(0)

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """Distances (N,) of what is made, cut to 0..1, and of the photographs; middles (N, 3, 192, 192)."""
        made = outputs[OUTPUT].detach().clamp(0, 1)
        with torch.no_grad():
            content, style = self._apart(made, targets[PHOTO])
            _, before = self._apart(targets[PHOTO], targets[PHOTO])
        middles = torch.stack([seen(torch.from_numpy(as_bytes(one.cpu().numpy()))) for one in made])
        return {"content_distance": content, "style_distance": style, STYLE_BEFORE: before, MADE: middles}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Means over the photographs; the distance is that to the content and, weighted, to the style."""
        each = {name: float(rows[name].mean()) for name in ("style_distance", "content_distance")}
        return {"distance": each["content_distance"] + WEIGHT * each["style_distance"], **each}

    # what is told

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How near pictures are to the style, and to what they show."""
        return JudgedStyle(name, examples, rows, figures, self.unit, self.picture, self.style)

    def meaning(self) -> tuple[Any, ...]:
        """Which style it is."""
        return (self.drawn,)

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Image files, folders of some, PIL images or arrays, each of its own size."""
        found = asked_images(given, None, bad, 3)
        levels = recipe.levels if recipe else None
        own = [photo(Path(path), levels) if Path(path).is_file() else None for path in found.names]
        plain = [fields[IMAGE][0].numpy() for fields in found.inputs]
        photos = [one or Photo(image, None) for one, image in zip(own, plain, strict=True)]
        inputs = [{IMAGE: _floats(one.picture).expand(3, -1, -1)[None]} for one in photos]
        return Photos(found.names, inputs, found.notes, found.left_out, photos, [None] * len(photos))

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Restored]:
        """The pictures; what is transparent stays so."""
        assert isinstance(asked, Photos)
        rows = zip(asked.names, asked.photos, outputs[OUTPUT].cpu().numpy(), strict=True)
        return [self._answer(*row) for row in rows]

    def _answer(self, path: str, photo: Photo, made: NDArray[np.float32]) -> Restored:
        picture = as_bytes(made)
        size = list(picture.shape[1:])
        png = as_png(picture, None if photo.opaque is None else as_bytes(photo.opaque[0] / white(photo.opaque.dtype)))
        return Restored(path, f"{'x'.join(map(str, size))} pixels", {"size": size}, {"": png}, picture)


def middle(fields: Mapping[str, Tensor]) -> NDArray[np.uint8]:
    """The middle (3, 192, 192) of the photograph among the fields of one example."""
    return as_bytes(seen(fields[PHOTO][0]).numpy())


def padded(images: Tensor, multiple: int | tuple[int, ...]) -> Tensor:
    """Pictures with an edge around them, of sides that are multiples of the network's stride.

    >>> padded(torch.zeros(1, 3, 50, 9), 4).shape, padded(torch.zeros(1, 3, 50, 9), (1, 4)).shape
    (torch.Size([1, 3, 116, 76]), torch.Size([1, 3, 114, 76]))
    """
    sides = zip(images.shape[2:], along(multiple, 2), strict=True)
    down, across = (EDGE + -(side + 2 * EDGE) % step for side, step in sides)
    mode = "reflect" if min(images.shape[2:]) > max(down, across) else "replicate"
    return F.pad(images, (EDGE, across, EDGE, down), mode=mode)


def inner(made: Tensor, size: Sequence[int]) -> Tensor:
    """What is made of padded pictures of a size, (height, width), without the edge."""
    height, width = size
    return made[..., EDGE : EDGE + height, EDGE : EDGE + width]


def _table(pairs: Sequence[Pair], levels: Levels | None, hold: bool) -> Table:
    """Photographs: in memory where all fit, else read when they are asked for."""
    paths = tuple(str(pair.good) for pair in pairs)
    column = Lazy(paths, partial(_photo, levels=levels), (3, 0, 0), items=tuple(pairs))
    column = column.hold() if hold else column
    return Table({IMAGE: column, PHOTO: column}, paths)


def _photo(pair: Pair, levels: Levels | None) -> NDArray[np.float32]:
    """(3, H, W), 0 to 1."""
    return np.asarray(decode(pair.good, channels=3, levels=levels), np.float32) / np.float32(255)


def _floats(pixels: NDArray[Any]) -> Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / white(pixels.dtype))
