"""The operations of AutoAugment's descendants, on batches: pixels from 0 to 1, a strength from -1 to 1 for each image.

Their ranges are those of Müller & Hutter 2021, table 1 ("wide" is theirs; these are the narrower ones of RandAugment).

>>> solarized = solarize(torch.full((1, 1, 2, 2), 0.75), torch.ones(1), torch.zeros(1))
>>> solarized[0, 0, 0].tolist()
[0.25, 0.25]
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

SHEAR, TURN, MOVE, FACTOR = 0.3, 30.0, 10 / 32, 0.9  # the most: a slope, degrees, a share of the side, a factor from 1
LEVELS, FEWEST = 256, 4  # grey levels; bits that posterizing keeps at least
LUMINANCE = (0.299, 0.587, 0.114)

Operation = Callable[[Tensor, Tensor, Tensor], Tensor]


def identity(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Nothing."""
    return x


def _affine(x: Tensor, mean: Tensor, matrix: Tensor) -> Tensor:
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False)
    around = mean.view(1, -1, 1, 1)
    return F.grid_sample(x - around, grid, align_corners=False) + around


def _matrix(x: Tensor, *entries: Tensor | float) -> Tensor:
    each = [torch.as_tensor(one, device=x.device).expand(len(x)).float() for one in entries]
    return torch.stack(each, 1).view(-1, 2, 3)


def shear_x(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Rows slide along."""
    return _affine(x, mean, _matrix(x, 1.0, SHEAR * strength, 0.0, 0.0, 1.0, 0.0))


def shear_y(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Columns slide along."""
    return _affine(x, mean, _matrix(x, 1.0, 0.0, 0.0, SHEAR * strength, 1.0, 0.0))


def translate_x(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Sideways."""
    return _affine(x, mean, _matrix(x, 1.0, 0.0, 2 * MOVE * strength, 0.0, 1.0, 0.0))


def translate_y(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Up and down."""
    return _affine(x, mean, _matrix(x, 1.0, 0.0, 0.0, 0.0, 1.0, 2 * MOVE * strength))


def rotate(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """About the middle."""
    angle = torch.deg2rad(TURN * strength)
    tall = x.shape[2] / x.shape[3]
    return _affine(x, mean, _matrix(x, angle.cos(), -angle.sin() * tall, 0.0, angle.sin() / tall, angle.cos(), 0.0))


def _blended(x: Tensor, other: Tensor, strength: Tensor) -> Tensor:
    """Away from `other`, or, with a negative strength, towards it."""
    return (other + (1 + FACTOR * strength).view(-1, 1, 1, 1) * (x - other)).clamp(0, 1)


def _grey(x: Tensor) -> Tensor:
    """(N, 1, H, W)."""
    return (x * x.new_tensor(LUMINANCE).view(1, 3, 1, 1)).sum(1, keepdim=True) if x.shape[1] == 3 else x[:, :1]


def brightness(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Lighter or darker."""
    return _blended(x, torch.zeros_like(x), strength)


def colour(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """More or less saturated."""
    return _blended(x, _grey(x).expand_as(x), strength)


def contrast(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Further from or nearer to the mean grey."""
    return _blended(x, _grey(x).mean((1, 2, 3), keepdim=True).expand_as(x), strength)


def sharpness(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Sharper or softer, but for the outermost entries."""
    if min(x.shape[2:]) < 3:
        return x
    kernel = x.new_tensor([[1, 1, 1], [1, 5, 1], [1, 1, 1]]).div(13).expand(x.shape[1], 1, 3, 3)
    soft = x.clone()
    soft[:, :, 1:-1, 1:-1] = F.conv2d(x, kernel, groups=x.shape[1])
    return _blended(x, soft, strength)


def posterize(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Fewer levels: 8 bits to 4."""
    steps = 2.0 ** (8 - (strength.abs() * (8 - FEWEST)).round()).view(-1, 1, 1, 1)
    width = LEVELS / steps
    return (x * (LEVELS - 1)).round().div(width).floor().mul(width) / (LEVELS - 1)


def solarize(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """What is lighter than a threshold is turned round."""
    return torch.where(x >= (1 - strength.abs()).view(-1, 1, 1, 1), 1 - x, x)


def autocontrast(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Each channel from black to white."""
    low, high = x.amin((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
    return torch.where(high > low, (x - low) / (high - low).clamp_min(1e-6), x)


def equalize(x: Tensor, strength: Tensor, mean: Tensor) -> Tensor:
    """Each channel's levels spread as evenly as they can be."""
    level = (x * (LEVELS - 1)).round().long().flatten(2)
    counts = torch.zeros(*x.shape[:2], LEVELS, device=x.device).scatter_add_(2, level, torch.ones_like(level).float())
    below = counts.cumsum(2)
    lowest = torch.where(counts > 0, below, torch.inf).amin(2, keepdim=True)
    spread = ((below - lowest) / (level.shape[2] - lowest).clamp_min(1)).clamp_min(0)
    flat = lowest == level.shape[2]
    return torch.where(flat, x.flatten(2), spread.gather(2, level)).view_as(x)


OPERATIONS: tuple[Operation, ...] = (
    identity,
    shear_x,
    shear_y,
    translate_x,
    translate_y,
    rotate,
    brightness,
    colour,
    contrast,
    sharpness,
    posterize,
    solarize,
    autocontrast,
    equalize,
)
