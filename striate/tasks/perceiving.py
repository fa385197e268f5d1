"""A network's eyes: what some of its layers give for pictures, with gradients, to compare pictures by.

>>> eyes = Eyes(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), (0.5,) * 3, (0.25,) * 3, "small", ("0", "1"))
>>> {name: tuple(values.shape) for name, values in eyes.see(torch.rand(2, 3, 20, 30)).items()}
{'0': (2, 4, 34, 44), '1': (2, 4, 34, 44)}
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.data.recipe import with_channels
from striate.errors import InputError
from striate.inside.probing import passes
from striate.inside.reading import layers_of
from striate.training.fields import Fields
from striate.weights.published import SQUEEZENET, squeezenet_weights, with_weights
from striate.zoo import net

EDGE = 8  # pixels of reflection around a picture, so that a layer without padding sees its edges as often as the rest
STYLE, CONTENT = ("relu1", "fire1", "fire3", "fire5", "fire7"), ("fire5",)  # SqueezeNet's layers
REDUCED = 0.6  # of a side: maps that a layer without padding makes a little smaller are of the same size


@dataclass(frozen=True, eq=False)
class Eyes:
    """A network that looks at pictures.

    Attributes:
        model: Its weights take no gradients.
        mean: Of each channel that it reads, of pixels from 0 to 1; it is subtracted.
        std: Of each channel; what is left is divided by it.
        name: What the network is called.
        layers: What it is asked for, in any order.
        notes: What was decided, a sentence each.
    """

    model: nn.Module
    mean: tuple[float, ...]
    std: tuple[float, ...]
    name: str
    layers: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def see(self, pictures: Tensor) -> Fields:
        """What the layers give for RGB or grey pictures (N, 1 or 3, H, W) of 0 to 1, with a reflected edge around them.

        Raises:
            InputError: The pictures are too small, or the network can't read them.
        """
        x = with_channels(with_edge(pictures), len(self.mean))
        mean, std = (x.new_tensor(values).view(-1, 1, 1) for values in (self.mean, self.std))
        try:
            values = layers_of(self.model, (x - mean) / std, self.layers)
        except InputError as error:
            raise InputError(
                f"{_size(pictures)} pixels are too small for {self.name}, or do not fit it: {error}"
            ) from error
        for name, maps in values.items():
            if maps.dim() != 4 or min(maps.shape[2:]) < 2:
                raise InputError(
                    f"{_size(pictures)} pixels are too small: layer '{name}' gives {'x'.join(map(str, maps.shape[1:]))}"
                    "; take larger pictures, or layers before it"
                )
        return values


def squeezenet(progress: bool = False) -> Eyes:
    """SqueezeNet with the weights that it learned from ImageNet, and its layers for a style and for content.

    Raises:
        WorkError: The weights are nowhere to be had.
    """
    made = with_weights(net(SQUEEZENET), squeezenet_weights(progress))
    model = made.model.requires_grad_(False)
    return Eyes(model, made.mean, made.std, SQUEEZENET, tuple(dict.fromkeys((*STYLE, *CONTENT))), made.notes)


def with_edge(pictures: Tensor) -> Tensor:
    """Pictures (N, C, H, W) and what is reflected at their edges.

    >>> with_edge(torch.zeros(1, 1, 20, 5)).shape
    torch.Size([1, 1, 36, 13])
    """
    down, across = (min(EDGE, side - 1) for side in pictures.shape[2:])
    return F.pad(pictures, (across, across, down, down), mode="reflect")


def before_reductions(model: nn.Module, shape: tuple[int, ...]) -> list[str]:
    """The last layer at each size of maps, as a network makes them smaller: what is before each pooling.

    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 3, 3))
    >>> before_reductions(model, (1, 20, 20))
    ['1']

    Args:
        model: The network.
        shape: An input that it reads, (C, H, W).

    Raises:
        InputError: There is none, or the network reads no pictures.
    """
    maps = [(one.name, min(one.shape[2:])) for one in passes(model, torch.zeros(1, *shape)) if len(one.shape) == 4]
    pairs = itertools.pairwise(maps)
    last = [name for (name, side), (_, after) in pairs if after <= REDUCED * side]
    if not last:
        raise InputError("no layer is followed by smaller maps; say with `layers` which to compare pictures by")
    return last


def _size(pictures: Tensor) -> str:
    return "x".join(map(str, pictures.shape[2:]))
