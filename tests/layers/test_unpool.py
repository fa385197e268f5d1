"""Unpooling against a loop that finds each window's winner by itself, in one, two and three dimensions, any padding."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from striate.building import build
from striate.errors import InputError
from striate.notation import measure, read, tree
from striate.notation.errors import NotationError
from striate.notation.render import node_text
from striate.notation.rules.window import Window, windows
from tests import drawing


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_entries_go_back_to_where_they_were_found(dims: int, on_examples: Any, assert_near: Any) -> None:
    """And each output sees what the field rule says of the input at most."""

    def check(drawn: tuple[drawing.Sizes, tree.MaxPool], label: str, seed: int) -> None:
        shape, pool = drawn
        size = "x".join(map(str, shape))
        network = read(f"input {size} -> {label}: {node_text(pool)} -> t: tanh -> unpool {label}")
        x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(seed), requires_grad=True)
        y, inside = build(network)(x), x.detach().double().numpy()
        expected = np.zeros_like(inside)
        measured = measure(network)
        first, _, last = measured.rows
        for place in itertools.product(range(2), range(shape[0]), *[range(n or 0) for n in first.output.value[1:]]):
            window = itertools.product(*map(under, windows(pool), shape[1:], place[2:]))
            winner: Any = max((place[:2] + at for at in window), key=lambda at: inside[at])
            expected[winner] += np.tanh(inside[winner])
        assert_near(y.detach(), expected)
        assert tuple(y.shape[1:]) == last.output.value == shape
        position = tuple(n - 1 for n in shape[1:])
        (slope,) = torch.autograd.grad(y[(slice(None), slice(None), *position)].sum(), x)
        for axis, seen in enumerate((slope != 0).nonzero()[:, 2:].T.tolist()):
            least, most = measured.entries(last.name, position[axis], axis) or (0, -1)
            assert all(least <= entry <= most for entry in seen)

    on_examples(
        check,
        shared=3,
        drawn=drawing.fitting(tree.MaxPool, drawing.shapes(dims, channels=(1, 3))),
        label=st.sampled_from(["p1", "top"]),
        seed=st.integers(0, 2**32 - 1),
    )


def under(window: Window, n: int, position: int) -> list[int]:
    """The entries of an axis of n that a window sees."""
    start = position * window.stride - window.padding(n)[0]
    return [entry for entry in range(start, start + window.reach, window.dilation) if 0 <= entry < n]


def test_what_was_found_nowhere_is_refused() -> None:
    with pytest.raises(NotationError, match=r"(?s)a window of maxpool 2 .* sees padding alone.*use dilate 1 or less"):
        read("input 1x1 -> p1: maxpool 2 pad 1 dilate 2 -> unpool p1")
    read("input 1x2 -> p1: maxpool 2 pad 1 dilate 2 -> unpool p1")


CASES = [  # the sizes, the pool; what it pads before each axis, its kernel, stride and dilation
    ("7", "maxpool 2", 0, 2, 2, 1),
    ("7", "maxpool 3 stride 2 pad 1", 1, 3, 2, 1),
    ("7", "maxpool 3 stride 2 pad (0,1)", 0, 3, 2, 1),
    ("8", "maxpool 2 dilate 3 stride 1", 0, 2, 1, 3),
    ("6x5", "maxpool 2", 0, 2, 2, 1),
    ("6x5", "maxpool 2 ceil", 0, 2, 2, 1),
    ("5x6", "maxpool 3 stride 1", 0, 3, 1, 1),
    ("5x7", "maxpool 3 stride 1 pad same", 1, 3, 1, 1),
    ("6x6", "maxpool 3 stride 2 pad same", 0, 3, 2, 1),
    ("5x6", "maxpool 3 stride 2 pad (1,0) ceil", 1, 3, 2, 1),
    ("4x5x4", "maxpool 2", 0, 2, 2, 1),
    ("4x5x3", "maxpool 2 pad same stride 1", 0, 2, 1, 1),
]


@pytest.mark.parametrize("free", [False, True], ids=["fixed", "free"])
@pytest.mark.parametrize(("size", "pool", "pad", "kernel", "stride", "dilation"), CASES)
def test_entries_go_back_under_any_padding(
    size: str, pool: str, pad: int, kernel: int, stride: int, dilation: int, free: bool
) -> None:
    shape = tuple(int(n) for n in size.split("x"))
    sizes = "x".join("?" for _ in shape) if free else size
    network = read(f"input 3x{sizes} -> p1: {pool} -> t: tanh -> unpool p1")
    model = build(network)
    x = torch.randn(2, 3, *shape, generator=torch.Generator().manual_seed(4))
    y, inside = model(x), x.numpy()
    expected = np.zeros_like(inside)
    measured = measure(network, (3, *shape))
    pooled = measured.rows[0].output.value
    for place in itertools.product(range(2), range(3), *[range(n or 0) for n in pooled[1:]]):
        starts = [i * stride - pad for i in place[2:]]
        spans = [range(start, start + kernel * dilation, dilation) for start in starts]
        window = itertools.product(*([i for i in span if 0 <= i < n] for span, n in zip(spans, shape, strict=True)))
        winner: Any = max((place[:2] + at for at in window), key=lambda at: inside[at])
        expected[winner] += np.tanh(inside[winner])
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5)
    assert tuple(y.shape[1:]) == measured.output == (3, *shape)


def test_a_chain_with_heads_unpools_too() -> None:
    model = build(read("input 2x4x4 -> p1: maxpool 2 -> aux[ fc 3 ] -> unpool p1 -> fc 3"))
    logits, heads = model.train()(torch.randn(2, 2, 4, 4))
    assert logits.shape == heads[0].shape == (2, 3)


def test_an_unpool_sees_what_its_pool_saw() -> None:
    """With "same" padding the field of the first entry begins where the pool's window does."""
    measured = measure(read("input 1x8 -> p1: maxpool 3 stride 2 pad same -> unpool p1"))
    assert [row.receptive_field for row in measured.rows] == [3, 5]
    assert [measured.entries("unpool1", place) for place in (4, 5)] == [(2, 6), (4, 6)]


def test_an_unpooling_net_is_exported() -> None:
    model = build(read("input 1x8x8 -> p1: maxpool 3 stride 2 pad same -> tanh -> unpool p1")).eval()
    x = torch.randn(2, 1, 8, 8)
    torch.testing.assert_close(torch.export.export(model, (x,)).module()(x), model(x))


@pytest.mark.parametrize(
    ("text", "size", "said"),
    [
        ("p1: maxpool 2 -> upconv 1@2 stride 2 -> unpool p1", 4, r"gets maps \(1, 4, 4\), and p1 found entries for"),
        ("p1: maxpool 2 -> conv 1@2 -> unpool p1", 6, r"gets maps \(1, 2, 2\), and p1 found entries for \(1, 3, 3\)"),
    ],
)
def test_on_open_axes_maps_of_another_size_are_refused(text: str, size: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        build(read(f"input 1x?x? -> {text}"))(torch.randn(1, 1, size, size))
