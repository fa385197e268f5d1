"""How near joints are: the percentage of correct keypoints (PCK), and of correct parts (PCP).

Joints that are not visible in the truth, which are not numbers, count for nothing.

>>> truth = np.array([[[0.0, 0], [0, 10], [10, 0]]])
>>> found = truth + [[[1.0, 0], [0, 0], [3, 0]]]
>>> pck(found, truth, np.array([10.0]), 0.2), pcp(found, truth, [(0, 1), (0, 2)])
(0.6666666666666666, 1.0)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
OF_ALL = 3.0  # how many torsos a whole person is long


def near(found: NDArray[np.floating], truth: NDArray[np.floating]) -> Floats:
    """(N, J): how far each joint is from where it is, in pixels; not a number where that is not known.

    Args:
        found, truth: (N, J, 2), x and y.
    """
    apart: Floats = np.linalg.norm(found.astype(np.float64) - truth, axis=2)
    return apart


def pck(found: NDArray[np.floating], truth: NDArray[np.floating], sizes: NDArray[np.floating], share: float) -> float:
    """The share of visible joints that are no further off than a share of their person's size.

    Yang & Ramanan 2013, section 6; with the torso for the size it is LSP's PCK@0.2.

    Args:
        found, truth: (N, J, 2).
        sizes: (N,), in pixels; a person without a size, not a number or 0, counts for nothing.
        share: Of the size.

    Returns:
        From 0 to 1; not a number where no joint counts.
    """
    return _share(*_pck(found, truth, sizes, share))


def sizes_of(truth: NDArray[np.floating], torso: tuple[int, int] | None) -> Floats:
    """(N,): each person's size: the distance of the two joints of its torso.

    Where there are no such joints, or no person has both, a third of the longer side of what surrounds all joints.

    Args:
        truth: (N, J, 2).
        torso: The two joints.
    """
    if torso is not None:
        sizes: Floats = np.linalg.norm(truth[:, torso[0]].astype(np.float64) - truth[:, torso[1]], axis=1)
        if np.isfinite(sizes).any():
            return sizes
    low, high = np.where(np.isnan(truth), np.inf, truth).min(1), np.where(np.isnan(truth), -np.inf, truth).max(1)
    whole: Floats = (high - low).max(1).astype(np.float64) / OF_ALL
    return whole


def pck_of_each(
    found: NDArray[np.floating], truth: NDArray[np.floating], sizes: NDArray[np.floating], share: float
) -> Floats:
    """(J,): the same for each joint."""
    right, counts = _pck(found, truth, sizes, share)
    return np.array([_share(right[:, joint], counts[:, joint]) for joint in range(truth.shape[1])])


def pck_of_people(
    found: NDArray[np.floating], truth: NDArray[np.floating], sizes: NDArray[np.floating], share: float
) -> Floats:
    """(N,): the same for each person."""
    right, counts = _pck(found, truth, sizes, share)
    return np.array([_share(*one) for one in zip(right, counts, strict=True)])


def pcp(
    found: NDArray[np.floating], truth: NDArray[np.floating], limbs: Sequence[tuple[int, int]], share: float = 0.5
) -> float:
    """The share of visible limbs both of whose ends are no further off than half of the limb's length.

    Ferrari et al. 2008, strict as in Pishchulin et al. 2012: each end by itself.

    Args:
        found, truth: (N, J, 2).
        limbs: The joints at both ends of each; without any, not a number.
        share: Of the true length.
    """
    if not limbs:
        return float("nan")
    apart = near(found, truth)
    lengths = np.stack([np.linalg.norm(truth[:, a] - truth[:, b], axis=1) for a, b in limbs], 1)
    ends = np.stack([np.maximum(apart[:, a], apart[:, b]) for a, b in limbs], 1)
    counts = np.isfinite(ends) & (lengths > 0)
    return _share(ends <= share * lengths, counts)


def _pck(
    found: NDArray[np.floating], truth: NDArray[np.floating], sizes: NDArray[np.floating], share: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    apart = near(found, truth)
    counts = np.isfinite(apart) & (np.nan_to_num(sizes, nan=0.0) > 0)[:, None]
    return apart <= share * sizes[:, None], counts


def _share(right: NDArray[np.bool_], counts: NDArray[np.bool_]) -> float:
    """Of those that count; not a number where none does."""
    return float((right & counts).sum() / counts.sum()) if counts.any() else float("nan")
