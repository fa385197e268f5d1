"""Unpooling against a loop that finds each window's winner by itself, in one, two and three dimensions."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from striate.building import build
from striate.notation import measure, read

CASES = [
    ("7", "maxpool 2", 0, 2, 2),
    ("7", "maxpool 3 stride 2 pad 1", 1, 3, 2),
    ("6x5", "maxpool 2", 0, 2, 2),
    ("5x6", "maxpool 3 stride 1", 0, 3, 1),
    ("4x5x4", "maxpool 2", 0, 2, 2),
]


@pytest.mark.parametrize(("size", "pool", "pad", "kernel", "stride"), CASES)
def test_entries_go_back_to_where_they_were_found(size: str, pool: str, pad: int, kernel: int, stride: int) -> None:
    network = read(f"input 3x{size} -> p1: {pool} -> t: tanh -> unpool p1")
    model, shape = build(network), tuple(int(n) for n in size.split("x"))
    x = torch.randn(2, 3, *shape, generator=torch.Generator().manual_seed(4))
    y, inside = model(x), x.numpy()
    expected = np.zeros_like(inside)
    pooled = measure(network).rows[0].output.value
    for place in itertools.product(range(2), range(3), *[range(n or 0) for n in pooled[1:]]):
        starts = [i * stride - pad for i in place[2:]]
        window = itertools.product(*(range(max(0, s), min(n, s + kernel)) for s, n in zip(starts, shape, strict=True)))
        winner: Any = max((place[:2] + at for at in window), key=lambda at: inside[at])
        expected[winner] += np.tanh(inside[winner])
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5)
    assert tuple(y.shape[1:]) == measure(network).output == (3, *shape)


def test_a_chain_with_heads_unpools_too() -> None:
    model = build(read("input 2x4x4 -> p1: maxpool 2 -> aux[ fc 3 ] -> unpool p1 -> fc 3"))
    logits, heads = model.train()(torch.randn(2, 2, 4, 4))
    assert logits.shape == heads[0].shape == (2, 3)
