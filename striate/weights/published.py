"""A network with weights of others, which reads RGB pictures of 0 to 1 once they are scaled as those weights expect."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from striate.building import build
from striate.data import fetch
from striate.data.fetch import Remote
from striate.errors import WorkError
from striate.notation import Network
from striate.weights.layouts import leaves
from striate.weights.loading import load_weights
from striate.weights.scaling import scaling_of

UNSCALED = "pixels go in as 0 to 1: the file does not say how images were scaled for its weights"
SQUEEZENET = "squeezenet"
STORED = "squeezenet/squeezenet-v1.0.npz"  # its 8-bit weights as a NumPy archive
TORCHVISION = Remote(SQUEEZENET, "squeezenet1_0-b66bff10.pth", "b66bff10")


@dataclass(frozen=True, eq=False)
class Published:
    """A network with a file's weights.

    Attributes:
        model: In evaluation mode; it reads the channels in the order red, green, blue.
        mean: Of each channel, of pixels from 0 to 1; it is subtracted.
        std: Of each channel; what is left is divided by it.
        notes: What was decided, a sentence each.
    """

    model: nn.Module
    mean: tuple[float, ...]
    std: tuple[float, ...]
    notes: tuple[str, ...]


def with_weights(text: Network, weights: Path) -> Published:
    """A network that reads one picture, with the weights of a file.

    Raises:
        InputError: As for `load_weights`.
    """
    model = build(text, "zeros")
    loaded = load_weights(model, weights)
    channels = text.input[0] or 3
    scaling = scaling_of(loaded.layout) if channels == 3 else None
    if scaling and scaling.bgr:
        turn_channels(next(leaf.module for leaf in leaves(model) if leaf.module.state_dict()))
    mean, std = (scaling.mean, scaling.std) if scaling else ((0.0,) * channels, (1.0,) * channels)
    scaled = f"images are scaled for them: {scaling.said()}" if scaling else UNSCALED
    return Published(model.eval(), mean, std, (f"weights: {loaded.said()}", scaled))


def squeezenet_weights(progress: bool = False) -> Path:
    """A file of SqueezeNet's weights, trained on ImageNet: found under $STRIATE_DATA or in the cache, or downloaded.

    Raises:
        WorkError: It is nowhere and can't be downloaded; says where to get it.
    """
    if there := fetch.find(STORED):
        return there
    try:
        return fetch.obtain([TORCHVISION], progress)[0]
    except WorkError as error:
        raise WorkError(f"{error}; or give a file of its weights with `weights`") from None


def turn_channels(layer: nn.Module) -> None:
    """Let a convolution that reads blue, green and red read red, green and blue."""
    weight = layer.get_parameter("weight")
    weight.data = weight.data.flip(1).contiguous()
