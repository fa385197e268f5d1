"""How the images of a data set become a network's input: channels, size, scale.

Kept with the trained network as JSON, and applied to whatever it is shown later.

>>> recipe = Recipe((1, 2, 2), (1, 3, 3), "pad", background=(0.0,), mean=(0.5,), std=(0.5,))
>>> recipe(torch.tensor([[[[0, 0], [255, 255]]]], dtype=torch.uint8))[0, 0].tolist()
[[-1.0, -1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, -1.0]]
>>> recipe.said()
'input: 1x2x2 grey, padded to 3x3, scaled by mean 0.5 and spread 0.5'
"""

import math
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.errors import InputError

from .ink import Ink
from .levels import Levels

Fit = Literal["as is", "pad", "resize", "any size"]

AT_ONCE = 1 << 18  # values processed together: they fit a core's cache, so that each step over them costs little
LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601, as image files use it


@dataclass(frozen=True)
class Recipe:
    """How images become a network's input.

    Attributes:
        source: (C, *spatial) of the data set's own images.
        shape: (C, *spatial) of the network's input.
        fit: "as is"; "pad" with background, centred; "resize", bilinear with antialiasing; or "any size" for networks
            that are shown an image in pieces.
        background: the value of an empty border, for each channel of the network; pixels are 0..1.
        mean: of the training images, for each channel of the network.
        std: their standard deviation, above 0.
        ink: how drawings are placed in the images, when the data set is of drawings centred as in MNIST.
        pixels: whether the values are pixels, so that an image file can be read in their place.
        levels: what is black and white in image files of more than 8 bits, when the data set had some.
    """

    source: tuple[int, ...]
    shape: tuple[int, ...]
    fit: Fit
    background: tuple[float, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    ink: Ink | None = None
    pixels: bool = True
    levels: Levels | None = None

    @property
    def of_pictures(self) -> bool:
        """Whether an image file can be read in place of the data set's own: they are pixels, grey or RGB."""
        return self.pixels and len(self.source) == 3 and self.source[0] in (1, 3)

    def __call__(self, images: Tensor) -> Tensor:
        """The network's input, float32 (N, *shape), from `images` (N, C, *spatial), uint8 or float.

        Images of two spatial axes may have another size: they are resized to that of `source` first; for a network
        that sees pieces all may, and stay as they are. Images may also be grey instead of RGB, or RGB instead of grey.

        Raises:
            InputError: the images have other axes or channels than the network can read.
        """
        same_axes = images.dim() == len(self.source) + 1
        free = self.fit == "any size" or images.dim() == 4
        if not same_axes or (not free and images.shape[2:] != self.source[1:]):
            raise InputError(f"the network learned from images {written(self.source)}; got {written(images.shape[1:])}")
        x = with_channels(floats(images), self.shape[0])
        if x.shape[2:] != self.source[1:] and self.fit != "any size":
            x = _resized(x, self.source)
        if self.fit == "resize":
            x = _resized(x, self.shape)
        elif self.fit == "pad":
            x = self._padded(x)
        column = (-1,) + (1,) * (x.dim() - 2)  # one value per channel
        return x.sub(x.new_tensor(self.mean).view(column)).div_(x.new_tensor(self.std).view(column))

    def _padded(self, x: Tensor) -> Tensor:
        top, left = ((big - small) // 2 for big, small in zip(self.shape[1:], self.source[1:], strict=True))
        field = x.new_tensor(self.background).view(-1, 1, 1).repeat(len(x), 1, *self.shape[1:])
        field[:, :, top : top + x.shape[2], left : left + x.shape[3]] = x
        return field

    def said(self) -> str:
        """One line for the user."""
        colour = {1: " grey", 3: " RGB"}.get(self.source[0], "") if self.pixels and len(self.source) == 3 else ""
        steps = [f"input: {written(self.source)}{colour}"]
        if self.shape[0] != self.source[0]:
            steps.append("made RGB" if self.shape[0] == 3 else "made grey")
        if self.fit in ("pad", "resize"):
            steps.append(f"{'padded' if self.fit == 'pad' else 'resized'} to {written(self.shape[1:])}")
        steps.append(f"scaled by mean {_figures(self.mean)} and spread {_figures(self.std)}")
        return ", ".join(steps) + ("; centred by its ink as in MNIST" if self.ink else "")

    def to_json(self) -> dict[str, Any]:
        """A JSON object, which `from_json` reads."""
        return asdict(self)

    @staticmethod
    def from_json(value: object) -> "Recipe":
        """The recipe in the JSON object `value`; fields of another version are passed over.

        Raises:
            InputError: it is not one that `to_json` could have made.
        """
        try:
            return _checked(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"no recipe for the network's input: {error}; train again to make one") from error


def floats(images: Tensor) -> Tensor:
    """float32; bytes become 0..1."""
    return images.float() / 255 if images.dtype == torch.uint8 else images.float()


def channels_fit(source: Sequence[int], shape: Sequence[int]) -> bool:
    """Whether the channels of `source` are those of `shape`, or can become so by conversion between grey and RGB."""
    return source[0] == shape[0] or (len(source) == 3 and {source[0], shape[0]} == {1, 3})


def with_channels(x: Tensor, num_channels: int) -> Tensor:
    """`x` (N, C, …) with grey repeated as RGB, or RGB as its luminance."""
    if x.shape[1] == num_channels:
        return x
    if x.dim() == 4 and (x.shape[1], num_channels) == (1, 3):
        return x.expand(-1, 3, -1, -1)
    if x.dim() == 4 and (x.shape[1], num_channels) == (3, 1):
        return (x * x.new_tensor(LUMINANCE).view(3, 1, 1)).sum(1, keepdim=True)
    raise InputError(f"the network reads {num_channels} channels; got {x.shape[1]}")


def _resized(x: Tensor, shape: Sequence[int]) -> Tensor:
    return F.interpolate(x, size=list(shape[1:]), mode="bilinear", align_corners=False, antialias=True)


def written(shape: Sequence[int | None]) -> str:
    """`shape` as the notation writes it: "3x?x?"."""
    return "x".join("?" if side is None else str(side) for side in shape)


def _figures(values: Sequence[float]) -> str:
    return " ".join(f"{value:.3g}" for value in values)


def _checked(value: object) -> Recipe:
    """`value` as a recipe; a ValueError or TypeError says what is wrong with it."""
    defaults = {field.name: field.default for field in fields(Recipe)}
    needed = [name for name, default in defaults.items() if default is MISSING]
    if not isinstance(value, dict) or not value.keys() >= set(needed):
        raise ValueError(f"it must have {', '.join(needed)}")
    value = defaults | value
    source, shape = _sizes(value, "source"), _sizes(value, "shape")
    background, mean, std = (_reals(value, key, shape[0]) for key in ("background", "mean", "std"))
    if min(std) <= 0:
        raise ValueError(f"std must be above 0; got {list(std)}")
    if not isinstance(value["pixels"], bool):
        raise ValueError(f"pixels must be true or false; got {value['pixels']!r}")
    fit = next((fit for fit in get_args(Fit) if fit == value["fit"]), None)
    if fit is None or not _leads(source, shape, fit):
        raise ValueError(f"fit {value['fit']!r} does not lead from {written(source)} to {written(shape)}")
    ink, levels = _ink(value["ink"], source), value["levels"]
    levels = None if levels is None else Levels.from_json(levels)
    return Recipe(source, shape, fit, background, mean, std, ink, value["pixels"], levels)


def _leads(source: tuple[int, ...], shape: tuple[int, ...], fit: Fit) -> bool:
    """Whether `fit` can bring images `source` to `shape`."""
    if len(source) != len(shape) or not channels_fit(source, shape):
        return False
    larger = all(big >= small for big, small in zip(shape[1:], source[1:], strict=True))
    return source[1:] == shape[1:] if fit in ("as is", "any size") else len(source) == 3 and (larger or fit == "resize")


def _sizes(value: dict[str, Any], key: str) -> tuple[int, ...]:
    sizes = value[key]
    if not isinstance(sizes, list | tuple) or len(sizes) < 2 or not all(type(n) is int and n > 0 for n in sizes):
        raise ValueError(f"{key} must be two or more whole numbers above 0; got {sizes!r}")
    return tuple(sizes)


def _reals(value: dict[str, Any], key: str, count: int) -> tuple[float, ...]:
    reals = value[key]
    if not isinstance(reals, list | tuple) or len(reals) != count or not all(map(_is_real, reals)):
        raise ValueError(f"{key} must be {count} finite numbers, one per channel; got {reals!r}")
    return tuple(map(float, reals))


def _is_real(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _ink(value: object, source: tuple[int, ...]) -> Ink | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"box", "centre"} or len(source) != 3 or source[0] != 1:
        raise ValueError(f"ink must be null or a box and a centre, for grey images; got {value!r}")
    box, centre = value["box"], _reals(value, "centre", 2)
    if type(box) is not int or not 0 < box <= max(source[1:]):
        raise ValueError(f"ink's box must be a whole number up to {max(source[1:])}; got {box!r}")
    if not all(0 <= at < side for at, side in zip(centre, source[1:], strict=True)):
        raise ValueError(f"ink's centre must be in the image; got {list(centre)}")
    return Ink(box, (centre[0], centre[1]))
