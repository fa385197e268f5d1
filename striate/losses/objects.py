"""Objects that are found in an image, whatever the network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Objects = NDArray[np.int32]  # (h, w), numbered from 1; 0 where none is


@dataclass(frozen=True)
class Known:
    """What is known of an object beside where it is.

    Attributes:
        kind: Its class.
        chance: How sure the network is of it, 0 to 1.
    """

    kind: int
    chance: float
