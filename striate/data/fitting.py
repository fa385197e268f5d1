"""How the images of a data set must be changed so that a network can read them.

>>> recipe_for(torch.zeros(4, 1, 28, 28, dtype=torch.uint8), (1, 32, 32), "empty").fit
'pad'
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from striate.errors import InputError

from .dataset import Dataset
from .ink import infer_ink
from .levels import Levels
from .recipe import AT_ONCE, Fit, Recipe, channels_fit, floats, with_channels, written

MOST_PADDED = 1.5  # images are padded to a network's size up to this many times theirs; beyond, resized
SAMPLE = 1000  # images used to find the background and the ink


def infer(dataset: Dataset, shape: Sequence[int | None]) -> Recipe:
    """How the images of `dataset` become the input of a network that reads `shape`; as `recipe_for`."""
    images = dataset.train.images
    sample = images if isinstance(images, Tensor) else images.sample()
    return recipe_for(sample, shape, dataset.name, dataset.levels)


def recipe_for(images: Tensor, shape: Sequence[int | None], name: str, levels: Levels | None = None) -> Recipe:
    """How the images of a data set become the input of a network that reads `shape`.

    Args:
        images: (N, C, *spatial), the training images or a sample; they set the mean, the spread and the background.
        shape: (C, *spatial), None for an axis that may have any size.
        name: what the data set is called in errors.
        levels: what is black and white in its image files of more than 8 bits.

    Raises:
        InputError: the network can't read such images.
    """
    source = tuple(images.shape[1:])
    target = _target(source, shape, name)
    sample = images[:: -(-len(images) // SAMPLE)]
    background = _background(sample)
    pixels = images.dtype == torch.uint8 or bool(images.min() >= 0 and images.max() <= 1)
    grey = pixels and len(source) == 3 and source[0] == 1
    mean, std = _moments(images, target[0])
    return Recipe(
        source=source,
        shape=target,
        fit=_fit(source, target),
        background=tuple(with_channels(background[None], target[0]).flatten().tolist()),
        mean=mean,
        std=std,
        ink=infer_ink(floats(sample)[:, 0].numpy(), float(background)) if grey else None,
        pixels=pixels,
        levels=levels,
    )


def _target(source: tuple[int, ...], shape: Sequence[int | None], name: str) -> tuple[int, ...]:
    """The network's input with its free axes filled in."""
    wanted, given = written(shape), written(source)
    advice = f"give the network `input {given}`, or other data"
    if len(shape) != len(source):
        raise InputError(
            f"the network reads {wanted} ({len(shape) - 1}-D) and {name} has {given} ({len(source) - 1}-D); {advice}"
        )
    target = tuple(have if want is None else want for want, have in zip(shape, source, strict=True))
    if len(source) != 3 and target != source:
        raise InputError(f"the network reads {wanted} and {name} has {given}, which is not resized; {advice}")
    if not channels_fit(source, target):
        raise InputError(
            f"the network reads {target[0]} channels and {name} has {source[0]}; only grey and RGB are exchanged; "
            + advice
        )
    return target


def _fit(source: tuple[int, ...], target: tuple[int, ...]) -> Fit:
    if target[1:] == source[1:]:
        return "as is"
    ratios = [big / small for big, small in zip(target[1:], source[1:], strict=True)]
    return "pad" if all(1 <= ratio <= MOST_PADDED for ratio in ratios) else "resize"


def _background(sample: Tensor) -> Tensor:
    """The most common value of each channel's border, (C, 1, …); 0 when it does not fill most of the border."""
    border = torch.ones(sample.shape[2:], dtype=torch.bool)
    border[(slice(1, -1),) * border.dim()] = False
    values = floats(sample[:, :, border]).transpose(0, 1).flatten(1)  # (C, N * border)
    common = values.mode(dim=1).values
    share = (values == common[:, None]).double().mean(1)
    return torch.where(share > 0.5, common, 0.0).view(-1, *(1,) * border.dim())


def _moments(images: Tensor, num_channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of the network, in double precision, over all images."""
    total, squares = torch.zeros(2, num_channels, dtype=torch.float64)
    for batch in torch.split(images, max(1, AT_ONCE // images[0].numel())):
        x = with_channels(floats(batch), num_channels).transpose(0, 1).flatten(1).double()
        total += x.sum(1)
        squares += x.square().sum(1)
    count = images[:, 0].numel()
    mean = total / count
    std = (squares / count - mean.square()).clamp(min=0).sqrt()
    std = torch.where(std > 1e-6, std, 1.0)  # a channel that never changes is only centred
    return tuple(mean.tolist()), tuple(std.tolist())
