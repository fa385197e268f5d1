"""Colours of a result: the content's own, or a style whose colours were made the content's (Gatys et al. 2016).

"Preserving color in neural artistic style transfer", arXiv 1606.05897: only luminance is transferred (section 4), or
the style's colours get the mean and the covariance of the content's first (section 3). Chroma is BT.601's, of the full
range, as in JPEG.

>>> picture = torch.rand(3, 4, 4)
>>> kept = with_luminance(torch.full((1, 4, 4), 0.5), picture)
>>> bool((chroma(kept) - chroma(picture)).abs().max() < 1e-6)
True
"""

from __future__ import annotations

import torch
from torch import Tensor

from striate.data.recipe import LUMINANCE
from striate.errors import InputError

LEAST = 1e-5  # variance of a colour, of values from 0 to 1: about that of rounding to 256 levels
BLUE, RED = 2 * (1 - LUMINANCE[2]), 2 * (1 - LUMINANCE[0])  # how much Cb adds to blue, and Cr to red


def luminance(picture: Tensor) -> Tensor:
    """(1, H, W) of (3, H, W)."""
    return (picture * picture.new_tensor(LUMINANCE).view(3, 1, 1)).sum(0, keepdim=True)


def chroma(picture: Tensor) -> Tensor:
    """Cb and Cr (2, H, W), -0.5 to 0.5, of (3, H, W)."""
    light = luminance(picture)
    return torch.cat([(picture[2:] - light) / BLUE, (picture[:1] - light) / RED])


def with_luminance(light: Tensor, picture: Tensor) -> Tensor:
    """The chroma of a picture (3, H, W) at another luminance (1, H, W), as near as colours from 0 to 1 have it."""
    darkest, brightest = luminances(picture)
    return (light.maximum(darkest).minimum(brightest) + picture - luminance(picture)).clamp(0, 1)


def luminances(picture: Tensor) -> tuple[Tensor, Tensor]:
    """The least and the greatest luminance (1, H, W) that colours from 0 to 1 have at the chroma of a picture."""
    colour = picture - luminance(picture)
    return -colour.amin(0, keepdim=True), 1 - colour.amax(0, keepdim=True)


def luminance_like(style: Tensor, content: Tensor) -> Tensor:
    """The luminance (1, h, w) of a style, with the mean and the spread of that of the content."""
    light, wanted = luminance(style), luminance(content)
    scaled = (light - light.mean()) / light.std(correction=0).clamp(min=LEAST**0.5) * wanted.std(correction=0)
    return scaled + wanted.mean()


def colours_like(style: Tensor, content: Tensor) -> Tensor:
    """A style (3, h, w) whose colours have the mean and the covariance of the content's; they may leave 0 to 1.

    The linear map is `content^½ · style^-½` of the covariances.
    """
    mean, _, inverse = _moments(style)
    wanted, wanted_root, _ = _moments(content)
    turned = wanted_root @ inverse @ (style.double().flatten(1) - mean) + wanted
    return turned.to(style.dtype).view_as(style)


def check_varied(picture: Tensor, name: str) -> None:
    """Check that a style picture has more than one colour.

    Raises:
        InputError: It has not.
    """
    if float(picture.flatten(1).amax(1).sub(picture.flatten(1).amin(1)).max()) < 1.5 / 255:
        raise InputError(f"{name} is of one colour, which is no style; take a picture with a texture")


def _moments(picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The mean (3, 1) of colours, the root (3, 3) of their covariance, and its inverse."""
    rows = picture.double().flatten(1)
    values, axes = torch.linalg.eigh(torch.cov(rows, correction=0))
    roots = values.clamp(min=LEAST).sqrt()
    return rows.mean(1, keepdim=True), axes * roots @ axes.T, axes / roots @ axes.T
