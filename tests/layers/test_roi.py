"""RoI pooling and RoI align against loops over bins and points, written from their papers; and their gradients."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray

from striate.layers.roi import RoIAlign, RoIPool

Array = NDArray[np.float64]
SIZES = st.tuples(st.integers(1, 3), st.integers(1, 3))
SCALES = st.sampled_from([1.0, 0.5])
SEEDS = st.integers(0, 2**32 - 1)
OFF = np.array([0, 0.013, 0.017, 0.019, 0.023])  # added to boxes: no point lies just on the limit of what is read
HEIGHT, WIDTH = 6, 7


@st.composite
def boxes(draw: st.DrawFn) -> Array:
    """Two to three boxes of two images, some reaching over the edge."""
    rows = []
    for _ in range(draw(st.integers(2, 3))):
        left, top = draw(st.integers(-8, 40)) / 4, draw(st.integers(-8, 32)) / 4
        rows.append([draw(st.integers(0, 1)), left, top, left + draw(st.integers(1, 24)) / 4, top + 2.75])
    return np.array(rows)


def features(seed: int = 6) -> torch.Tensor:
    return torch.randn(2, 3, HEIGHT, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def pooled(x: Array, box: Array, size: tuple[int, int], scale: float) -> Array:
    left, top, right, bottom = (round(float(value) * scale) for value in box[1:])
    high, wide = max(bottom - top + 1, 1), max(right - left + 1, 1)
    y = np.zeros((x.shape[1], *size))
    for i in range(size[0]):
        for j in range(size[1]):
            rows = range(top + math.floor(i * high / size[0]), top + math.ceil((i + 1) * high / size[0]))
            columns = range(left + math.floor(j * wide / size[1]), left + math.ceil((j + 1) * wide / size[1]))
            seen = [x[int(box[0]), :, r, c] for r in rows for c in columns if 0 <= r < HEIGHT and 0 <= c < WIDTH]
            y[:, i, j] = np.max(seen, axis=0) if seen else 0
    return y


def aligned(x: Array, box: Array, size: tuple[int, int], scale: float, points: int) -> Array:
    left, top, right, bottom = box[1:] * scale
    y = np.zeros((x.shape[1], *size))
    for i in range(size[0] * points):
        for j in range(size[1] * points):
            row = top + (bottom - top) * (i + 0.5) / (size[0] * points) - 0.5
            column = left + (right - left) * (j + 0.5) / (size[1] * points) - 0.5
            if -1 <= row <= HEIGHT and -1 <= column <= WIDTH:
                y[:, i // points, j // points] += between(x[int(box[0])], row, column) / points**2
    return y


def between(x: Array, row: float, column: float) -> Array:
    row, column = min(max(row, 0), HEIGHT - 1), min(max(column, 0), WIDTH - 1)
    shares = [max(0, 1 - abs(i - row)) * max(0, 1 - abs(j - column)) for i in range(HEIGHT) for j in range(WIDTH)]
    return x.reshape(len(x), -1) @ np.array(shares)


def test_roi_pooling_is_its_definition(on_examples: Any, assert_near: Any) -> None:
    def check(rows: Array, size: tuple[int, int], scale: float, seed: int) -> None:
        x = features(seed).float()
        y = RoIPool(size, scale)(x, torch.tensor(rows, dtype=torch.float32))
        assert_near(y, np.stack([pooled(x.double().numpy(), box, size, scale) for box in rows]))

    on_examples(check, rows=boxes(), size=SIZES, scale=SCALES, seed=SEEDS)


def test_roi_align_is_its_definition(on_examples: Any, assert_near: Any) -> None:
    def check(rows: Array, size: tuple[int, int], scale: float, points: int, seed: int) -> None:
        x, rows = features(seed).float(), rows + OFF
        y = RoIAlign(size, scale, points)(x, torch.tensor(rows, dtype=torch.float32))
        assert_near(y, np.stack([aligned(x.double().numpy(), box, size, scale, points) for box in rows]))

    on_examples(check, rows=boxes(), size=SIZES, scale=SCALES, points=st.integers(1, 3), seed=SEEDS)


@pytest.mark.parametrize("module", [RoIPool((2, 2)), RoIAlign((2, 2))])
def test_gradients_are_those_of_finite_differences(module: torch.nn.Module) -> None:
    rows = torch.tensor([[1, 0.3, 0.2, 4.1, 3.3], [0, 2.0, 1.0, 6.0, 5.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: module(x, rows), features().requires_grad_())


def test_no_box_gives_nothing() -> None:
    none = torch.zeros(0, 5, dtype=torch.float64)
    assert RoIPool((2, 3))(features(), none).shape == RoIAlign((2, 3))(features(), none).shape == (0, 3, 2, 3)
