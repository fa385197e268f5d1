"""LeNet-5's output units: the distance of the input to each class's fixed prototype (LeCun et al. 1998, equation 7).

The paper's prototypes are stylised 7x12 bitmaps of the characters, drawn with +1 (ink) and -1: similar characters then
have similar codes. Those here are drawn after its figure 3, not copied from it.

>>> import torch
>>> units = RBF(84, 10)
>>> units(units.prototypes[3:4]).argmax()  # the three is at distance 0 from its own prototype
tensor(3)
"""

import numpy as np
import torch
from torch import Tensor, nn

WIDTH, HEIGHT = 7, 12
DIGITS = """
..###.. ...##.. .#####. ####### ....##.
.##.##. ..###.. ##...## .....## ...###.
.#...#. .####.. ##...## ....##. ..####.
##...## ...##.. .....## ...##.. ..#.##.
##...## ...##.. .....## ..####. .##.##.
##...## ...##.. ....##. .....## .#..##.
##...## ...##.. ...##.. .....## ##..##.
##...## ...##.. ..##... .....## #######
##...## ...##.. .##.... .....## ....##.
.#...#. ...##.. ##..... ##...## ....##.
.##.##. ...##.. ##..... ##...## ....##.
..###.. .###### ####### .#####. ....##.

####### ..####. ####### ..###.. ..###..
##..... .##.... ##...## .##.##. .##.##.
##..... ##..... .....## ##...## ##...##
##..... ##..... ....##. ##...## ##...##
######. ##.###. ....##. .##.##. ##...##
##...## ###..## ...##.. ..###.. ##..###
.....## ##...## ...##.. .##.##. .###.##
.....## ##...## ...##.. ##...## .....##
.....## ##...## ..##... ##...## .....##
##...## ##...## ..##... ##...## .....##
##...## .##.##. ..##... .##.##. ....##.
.#####. ..###.. ..##... ..###.. .####..
"""
SEED = 1998  # of prototypes that are not drawn


class RBF(nn.Module):
    """y_i = -Σ over j of (x_j - prototype_ij)²: *minus* the squared distance, so the largest is the nearest.

    The paper's y is the distance itself. With the sign reversed, argmax, softmax and every loss read these outputs as
    they read logits, and softmax gives the posterior of the paper's Gaussians.

    Args:
        features: Entries that come in.
        units: Classes. Ten of 84 features get the bitmaps of the digits, all others random prototypes of +1 and -1,
            the same each time. None is trained.
    """

    prototypes: Tensor

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        drawn = (features, units) == (WIDTH * HEIGHT, 10)
        self.register_buffer("prototypes", torch.tensor(digit_codes() if drawn else random_codes(features, units)))

    def forward(self, x: Tensor) -> Tensor:
        """(N, features) in, (N, units) out, none above 0."""
        return -(x[:, None] - self.prototypes).square().sum(dim=2)


def digit_codes() -> list[list[float]]:
    """The ten digits, row by row of their bitmaps: +1 where there is ink, -1 elsewhere."""
    codes: list[list[float]] = []
    for half in DIGITS.strip().split("\n\n"):
        rows = [row.split(" ") for row in half.split("\n")]
        codes += [
            [1.0 if sign == "#" else -1.0 for part in digit for sign in part] for digit in zip(*rows, strict=True)
        ]
    return codes


def random_codes(features: int, units: int) -> list[list[float]]:
    """`units` rows of +1 and -1, drawn by a fixed seed."""
    codes: list[list[float]] = np.random.default_rng(SEED).choice([-1.0, 1.0], (units, features)).tolist()
    return codes
