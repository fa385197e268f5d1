"""SURF's detector: blobs, where the determinant of the Hessian is largest over place and scale, made of boxes.

H. Bay, T. Tuytelaars and L. Van Gool, "SURF: speeded up robust features", ECCV 2006, section 3. A mask of L pixels
stands for a Gaussian of scale 1.2·L/9; its second derivatives are a few boxes of an integral image, so that a larger
scale costs no more. Every octave visits every pixel; the paper skips pixels for speed, but these images are small.

>>> y, x = np.mgrid[:60, :60]
>>> blob = np.exp(-((x - 30) ** 2 + (y - 24) ** 2) / (2 * 4.0**2))
>>> [(round(p.x), round(p.y)) for p in detect(blob)]
[(30, 24)]
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .integral import Floats, box, integral

OCTAVES = ((9, 15, 21, 27), (15, 27, 39, 51), (27, 51, 75, 99))  # the masks' sides in pixels
SCALE = 1.2 / 9  # of the Gaussian, for each pixel of the mask
WEIGHT = 0.9  # of Dxy: boxes for Gaussians change the balance of the determinant
SAME_SCALE = 1.35  # points at one place are distinct only if their scales differ by more
THRESHOLD = 4e-4  # of the determinant, for pixels of 0..1


@dataclass(frozen=True)
class Point:
    """An interest point.

    Attributes:
        x, y: Its place in pixels, (0, 0) the middle of the first one.
        scale: The scale s of the paper, in pixels.
        strength: The determinant there.
    """

    x: float
    y: float
    scale: float
    strength: float


def detect(image: NDArray[np.floating]) -> list[Point]:
    """The interest points of an image (H, W) of pixels 0..1, strongest first."""
    table = integral(image)
    fits = [[side for side in octave if side + 2 <= min(image.shape)] for octave in OCTAVES]
    maps = {side: determinant(table, side) for side in {side for octave in fits for side in octave}}
    found: list[Point] = []
    for sides in fits:
        if len(sides) >= 3:
            found += _peaks(np.stack([maps[side] for side in sides]), sides)
    return _once(found)


def determinant(table: Floats, side: int) -> Floats:
    """The determinant (H, W) of the Hessian by masks of `side` pixels (9, 15, 21, …); 0 where they reach outside."""
    height, width = table.shape[0] - 1, table.shape[1] - 1
    lobe, half = side // 3, side // 2
    y, x = np.mgrid[half : height - half, half : width - half]
    thick, middle = lobe - 1, lobe // 2  # a lobe's half length across, its half thickness

    def strip(top: int, left: int, bottom: int, right: int) -> Floats:
        """The sum of a box whose first and last rows and columns are given relative to the middle."""
        return box(table, y + top, x + left, y + bottom + 1, x + right + 1)

    dyy = strip(-half, -thick, half, thick) - 3 * strip(-middle, -thick, middle, thick)
    dxx = strip(-thick, -half, thick, half) - 3 * strip(-thick, -middle, thick, middle)
    dxy = strip(-lobe, -lobe, -1, -1) + strip(1, 1, lobe, lobe) - strip(-lobe, 1, -1, lobe) - strip(1, -lobe, lobe, -1)
    area = side * side
    result = np.zeros((height, width))
    result[half : height - half, half : width - half] = (dxx * dyy - (WEIGHT * dxy) ** 2) / area**2
    return result


def _peaks(stack: Floats, sides: list[int]) -> list[Point]:
    """Places of the stack (S, H, W) above all 26 neighbours in place and scale, to a fraction of a pixel."""
    inner = stack[1:-1, 1:-1, 1:-1]
    best = inner > THRESHOLD
    for shift in np.ndindex(3, 3, 3):
        if shift != (1, 1, 1):
            window = tuple(slice(s, s + n) for s, n in zip(shift, inner.shape, strict=True))
            best &= inner > stack[window]
    points = []
    for s, y, x in np.argwhere(best) + 1:
        point = _refined(stack[s - 1 : s + 2, y - 1 : y + 2, x - 1 : x + 2])
        if point is not None:
            step = sides[s + 1] - sides[s] if point[0] > 0 else sides[s] - sides[s - 1]
            side = sides[s] + point[0] * step
            points.append(Point(x + point[2], y + point[1], SCALE * side, float(stack[s, y, x])))
    return points


def _once(points: list[Point]) -> list[Point]:
    """Strongest first, and only the stronger of a point that two overlapping octaves found."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: -point.strength):
        near = (p for p in kept if abs(p.x - point.x) < 2 and abs(p.y - point.y) < 2)
        if all(max(p.scale / point.scale, point.scale / p.scale) > SAME_SCALE for p in near):
            kept.append(point)
    return kept


def _refined(cube: Floats) -> Floats | None:
    """Where the parabola through 3×3×3 values has its top, from the middle (M. Brown and D. Lowe, 2002)."""
    centre = (1, 1, 1)
    gradient, hessian = np.zeros(3), np.zeros((3, 3))
    unit = np.eye(3, dtype=int)
    for i in range(3):
        up, down = tuple(centre + unit[i]), tuple(centre - unit[i])
        gradient[i] = (cube[up] - cube[down]) / 2
        hessian[i, i] = cube[up] - 2 * cube[centre] + cube[down]
        for j in range(i):
            corners = [cube[tuple(centre + a * unit[i] + b * unit[j])] * a * b for a in (-1, 1) for b in (-1, 1)]
            hessian[i, j] = hessian[j, i] = sum(corners) / 4
    try:
        offset = -np.linalg.solve(hessian, gradient)
    except np.linalg.LinAlgError:  # flat in some direction: no definite top
        return None
    return np.asarray(offset, dtype=np.float64) if np.abs(offset).max() <= 1 else None
