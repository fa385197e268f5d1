"""Interest points drawn on their image: a circle for the scale, a line for the orientation.

>>> from matplotlib.figure import Figure
>>> axes = Figure().subplots()
>>> draw_points(axes, np.zeros((20, 20)), [(10.0, 10.0, 4.0, 0.0)])
>>> len(axes.patches), len(axes.lines)
(1, 1)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from numpy.typing import NDArray


def draw_points(axes: Axes, image: NDArray[Any], points: Iterable[tuple[float, float, float, float]]) -> None:
    """Draws the image (H, W) in grey and over it its points (x, y, radius, angle), pixels and radians."""
    axes.imshow(image, cmap="gray", interpolation="none")
    for x, y, radius, angle in points:
        axes.add_patch(Circle((x, y), radius, fill=False, color="#facc15", linewidth=1))
        axes.plot([x, x + radius * np.cos(angle)], [y, y + radius * np.sin(angle)], color="#facc15", linewidth=1)
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
