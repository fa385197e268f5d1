"""Images turned, sheared, enlarged, mirrored and moved at once, by one resampling: what keeps parallels parallel.

Simard et al. 2003 and LeCun et al. 1998 (section III.E) make new digits in this way.

>>> warp = Warp(rotate=90.0).drawn(1, torch.Generator().manual_seed(0))
>>> image = torch.zeros(1, 1, 5, 5).index_fill(3, torch.tensor([2]), 1.0)  # a line down the middle
>>> round(float(warp.image(image, torch.tensor([0]))[0, 0, 2, 2]), 3)  # turned about its middle
1.0
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.augmentation.augment import Augment, pixels
from striate.augmentation.coins import alternating
from striate.data.kinds import Moved, Size


@dataclass(frozen=True)
class Warp(Augment):
    """What may happen to each image; angles in degrees, both ways.

    Attributes:
        shift: Largest move along an axis, in entries.
        rotate: Largest turn.
        scale: Images are enlarged by up to 1 + scale, or made smaller by as much, axis by axis alike.
        shear: Largest angle by which uprights lean.
        mirror: "never", by "chance" half of them, or "alternate": each in every other epoch.
        background: What lies around an image, one value per channel; without it, its reflection.
    """

    shift: float = 0.0
    rotate: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    mirror: str = "never"
    background: tuple[float, ...] | None = None

    def drawn(self, count: int, generator: torch.Generator, epoch: int = 1) -> Warped:
        """The choices of an epoch; every kind is drawn, used or not, so that one does not affect the others."""
        right, down, turn, lean, size, coin = 2 * torch.rand(6, count, generator=generator, dtype=torch.float64) - 1
        mirrored = alternating(count, epoch) if self.mirror == "alternate" else (coin < 0) & (self.mirror == "chance")
        angle, slant = torch.deg2rad(turn * self.rotate), torch.tan(torch.deg2rad(lean * self.shear))
        zoom = torch.exp(size * math.log1p(self.scale))
        sign = 1 - 2 * mirrored.double()
        cos, sin = angle.cos() / zoom, angle.sin() / zoom
        across = torch.stack([sign * cos, sign * (slant * cos - sin), right * self.shift], 1)
        along = torch.stack([sin, slant * sin + cos, down * self.shift], 1)
        return Warped(self, torch.stack([across, along], 1).float(), mirrored)

    def written(self) -> str:
        """Its parts by their words."""
        mirror = {"never": [], "chance": ["mirror"], "alternate": ["alternate"]}[self.mirror]
        move = "shift" if self.background else "crop"
        numbers = {move: self.shift, "rotate": self.rotate, "scale": self.scale, "shear": self.shear}
        return ",".join([*mirror, *(f"{word}:{number:g}" for word, number in numbers.items() if number)])

    def told(self) -> str:
        """What may happen."""
        steps = {"never": [], "chance": ["mirrored half of the time"], "alternate": ["mirrored in every other epoch"]}
        said = [*steps[self.mirror]]
        said += [f"moved by up to {pixels(self.shift)}"] * bool(self.shift)
        said += [f"turned by up to {self.rotate:g} degrees"] * bool(self.rotate)
        said += [f"enlarged or made smaller by up to {self.scale:.0%}".replace("%", " %")] * bool(self.scale)
        said += [f"sheared by up to {self.shear:g} degrees"] * bool(self.shear)
        return f"each training image is {', '.join(said)}"


@dataclass(frozen=True, eq=False)
class Warped(Moved):
    """An epoch's choices.

    Attributes:
        warp: The settings they were drawn from.
        matrix: (count, 2, 3) float32: where (x, y, 1) of a new image is in the old one, from the middles of both.
        mirrored: (count,) bool.
    """

    warp: Warp
    matrix: Tensor
    mirrored: Tensor

    def image(self, images: Tensor, rows: Tensor) -> Tensor:
        """(N, C, H, W) in and out, bilinear."""
        places = self._places(rows, images.shape[2:]).to(images.device)
        return sampled(images, places, self.warp.background)

    def mask(self, masks: Tensor, rows: Tensor, ignored: int) -> Tensor:
        """(N, H, W) in and out, each entry the nearest."""
        places = self._places(rows, masks.shape[1:]).to(masks.device)
        return sampled_masks(masks, places, None if self.warp.background is None else ignored)

    def points(self, points: Tensor, rows: Tensor, size: Size) -> Tensor:
        """(N, P, 2) in and out."""
        middle = (points.new_tensor([size[1], size[0]]) - 1) / 2
        matrix = self.matrix[rows].to(points)
        offset = points - middle - matrix[:, None, :, 2]
        found: Tensor = torch.linalg.solve(matrix[:, None, :, :2], offset[..., None])[..., 0] + middle
        return found

    def mirrored_now(self, rows: Tensor) -> Tensor:
        """Those that are."""
        return self.mirrored[rows]

    def _places(self, rows: Tensor, size: torch.Size) -> Tensor:
        """(N, H, W, 2): where each entry of the new images is in the old ones, from -1 to 1."""
        height, width = size
        half = torch.tensor([max(1, width - 1), max(1, height - 1)]) / 2
        matrix = self.matrix[rows]
        scaled = torch.cat([matrix[:, :, :2] * half / half[:, None], matrix[:, :, 2:] / half[:, None]], 2)
        places: Tensor = F.affine_grid(scaled, [len(rows), 1, height, width], align_corners=True)
        return places


def sampled(images: Tensor, places: Tensor, background: tuple[float, ...] | None) -> Tensor:
    """Images (N, C, H, W) at places (N, H, W, 2) from -1 to 1, bilinear; beyond the edge background or reflection."""
    if background is None:
        return F.grid_sample(images, places.to(images), padding_mode="reflection", align_corners=True)
    around = images.new_tensor(background).view(1, -1, 1, 1)
    return F.grid_sample(images - around, places.to(images), align_corners=True) + around


def sampled_masks(masks: Tensor, places: Tensor, beyond: int | None) -> Tensor:
    """Masks (N, H, W) at places as for images, each entry the nearest; what is beyond the edge, or its reflection."""
    how = "reflection" if beyond is None else "zeros"
    found = F.grid_sample(masks[:, None].double() + 1, places.double(), "nearest", how, align_corners=True)[:, 0]
    return (found - 1).where(found > 0, beyond if beyond is not None else 0).to(masks.dtype)
