"""Elastic distortions: each point of an image moves a little, and its neighbours almost alike (Simard et al. 2003).

>>> bent = Elastic(3.0, (0.0,)).drawn(2, torch.Generator().manual_seed(0))
>>> bent.image(torch.rand(2, 1, 16, 16), torch.tensor([0, 1])).shape
torch.Size([2, 1, 16, 16])
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.augmentation.augment import Augment, pixels
from striate.augmentation.coins import noise
from striate.augmentation.warp import sampled, sampled_masks
from striate.data.kinds import Moved, Size

SMOOTH = 1 / 7  # standard deviation of the smoothing, as a share of the shorter side: 4 entries of 28 (Simard et al.)


@dataclass(frozen=True)
class Elastic(Augment):
    """Moves of up to `most` entries; around an image is `background`, or its reflection."""

    most: float
    background: tuple[float, ...] | None = None

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Bent:
        """A seed for each image of an epoch."""
        return Bent(self, torch.randint(2**32, (count,), generator=generator))

    def written(self) -> str:
        """`elastic` with its size."""
        return f"elastic:{self.most:g}"

    def told(self) -> str:
        """How far."""
        far = pixels(self.most)
        return f"each training image is bent by up to {far}"


@dataclass(frozen=True, eq=False)
class Bent(Moved):
    """An epoch's choices: `seeds` (count,) of each image's field of moves."""

    elastic: Elastic
    seeds: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out, bilinear."""
        return sampled(images, self._places(rows, images.shape[2:]).to(images.device), self.elastic.background)

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        """(N, H, W) in and out, each entry the nearest."""
        beyond = None if self.elastic.background is None else ignored
        return sampled_masks(masks, self._places(rows, masks.shape[1:]).to(masks.device), beyond)

    def points(self, points: Tensor, rows: Tensor, size: Size) -> Tensor:
        """(N, P, 2) in and out: a point goes where the field, which is smooth, takes it from."""
        moves = self._moves(rows, torch.Size(size)).to(points)
        half = (points.new_tensor([size[1], size[0]]) - 1).clamp_min(1) / 2
        found = points
        for _ in range(3):  # p = old - moves(p)
            at = F.grid_sample(moves, (found / half - 1)[:, None], padding_mode="border", align_corners=True)
            found = points - at[:, :, 0].transpose(1, 2)
        return found

    def _places(self, rows: Tensor, size: torch.Size) -> Tensor:
        height, width = size
        half = torch.tensor([max(1, width - 1), max(1, height - 1)]) / 2
        still = torch.eye(2, 3).expand(len(rows), 2, 3)
        grid = F.affine_grid(still, [len(rows), 1, height, width], align_corners=True)
        return grid + self._moves(rows, size).permute(0, 2, 3, 1) / half

    def _moves(self, rows: Tensor, size: torch.Size) -> Tensor:
        """(N, 2, H, W) in entries: right and down."""
        sigma = max(1.0, SMOOTH * min(size))
        field = blurred(2 * noise(self.seeds[rows], (2, *size)) - 1, torch.full((len(rows),), sigma), sigma)
        return self.elastic.most * field / field.abs().amax((2, 3), keepdim=True).clamp_min(1e-12)


def blurred(images: Tensor, sigma: Tensor, most: float) -> Tensor:
    """Images (N, C, H, W), each smoothed by a Gaussian of its own sigma (N,), up to `most` entries; edges reflected."""
    count, channels, *size = images.shape
    x = images.reshape(1, count * channels, *size)
    for axis, length in enumerate(size, start=2):
        reach = min(math.ceil(3 * most), length - 1)
        away = torch.arange(-reach, reach + 1, device=images.device)
        kernel = torch.exp(-0.5 * (away / sigma.to(images.device).clamp_min(1e-3)[:, None]) ** 2)
        each = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0).to(images.dtype)
        shape = [count * channels, 1, *(2 * reach + 1 if place == axis else 1 for place in (2, 3))]
        ends = (0, 0, reach, reach) if axis == 2 else (reach, reach, 0, 0)
        x = F.conv2d(F.pad(x, ends, mode="reflect"), each.view(shape), groups=count * channels)
    return x.view(images.shape)
