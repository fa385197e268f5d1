"""Every gradient against PyTorch's, over drawn shapes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from striate.building import build
from striate.notation import read
from striate.stepping import Step, step

Drawn = Callable[[tuple[int, ...]], NDArray[Any]]


@some.composite
def spatials(draw: some.DrawFn) -> tuple[int, ...]:
    dims = draw(some.integers(1, 3))
    return tuple(draw(some.integers(3, 6 if dims < 3 else 4)) for _ in range(dims))


def whole(seed: int) -> Drawn:
    random = np.random.default_rng(seed)
    return lambda shape: random.integers(-5, 6, shape)


def maps(seed: int, channels: int, spatial: tuple[int, ...]) -> NDArray[Any]:
    """Drawn maps; of one axis only one, as several can be given in text alone."""
    return whole(seed)((channels if len(spatial) > 1 else 1, *spatial))


def tensor(values: Any) -> Tensor:
    return torch.tensor(np.asarray(values, dtype=float), dtype=torch.float64)


def cross(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes))


def close(found: Step, name: str, expected: Tensor | None) -> None:
    assert expected is not None
    values: Any = found[name].values
    np.testing.assert_allclose(values.astype(float), expected.detach().numpy().reshape(values.shape), atol=1e-12)


def check(layer: str, x: NDArray[Any], seed: int) -> None:
    """A layer of the notation against the module that it builds."""
    draw = whole(seed)
    module: Any = build(read(f"input {cross(x.shape)} -> {layer}")).double()
    values = tensor(x)[None].requires_grad_()
    weighted = [part for part in module.modules() if isinstance(part, nn.modules.conv._ConvNd | nn.Linear)]
    given_weights: dict[str, Any] = {}
    for part in weighted:
        given_weights = {"weights": draw(tuple(part.weight.shape)), "bias": draw(tuple(part.bias.shape))}
        part.weight.data, part.bias.data = tensor(given_weights["weights"]), tensor(given_weights["bias"])
    expected = module(values)
    upstream = draw(tuple(expected.shape[1:]))
    expected.backward(tensor(upstream)[None])
    flat = x.ndim == 2  # lists of numbers: a matrix has two axes, a row one
    found = step(layer, x[0] if flat else x, upstream=upstream, **given_weights)
    close(found, "O", expected)
    close(found, "dE/dX", values.grad)
    for part in weighted:
        close(found, "dE/dW", part.weight.grad)
        close(found, "dE/db", part.bias.grad)


@settings(max_examples=40, deadline=None)
@given(some.data(), spatials(), some.integers(0, 10**6))
def test_convolution(data: some.DataObject, spatial: tuple[int, ...], seed: int) -> None:
    channels, filters = (data.draw(some.integers(1, 3)) for _ in range(2))
    kernel, stride = (tuple(data.draw(some.integers(1, 3)) for _ in spatial) for _ in range(2))
    dilation = data.draw(some.sampled_from([1, 2])) if max(kernel) < 3 else 1
    pad = data.draw(some.sampled_from(["0", "1", "2", "same"]))
    flip = data.draw(some.sampled_from(["", " flip"]))
    layer = f"conv {filters}@{cross(kernel)} stride {cross(stride)} pad {pad} dilate {dilation}{flip}"
    check(layer, maps(seed, channels, spatial), seed)


@settings(max_examples=25, deadline=None)
@given(some.data(), some.integers(0, 10**6))
def test_the_pictures_of_the_full_convolution_give_the_gradient(data: some.DataObject, seed: int) -> None:
    channels, filters, k, s, d = (data.draw(some.integers(1, most)) for most in (2, 2, 3, 3, 2))
    pad, draw = data.draw(some.integers(0, 2)), whole(seed)
    flip = data.draw(some.sampled_from(["", " flip"]))
    layer = f"conv {filters}@{k}x{k} stride {s} pad {pad} dilate {d}{flip}"
    x, weights = draw((channels, 5, 6)), draw((filters, channels, k, k))
    sizes = tuple((n + 2 * pad - d * (k - 1) - 1) // s + 1 for n in (5, 6))
    found = step(layer, x, weights=weights, upstream=draw((filters, *sizes)))
    wide, flipped = (tensor(picture.cells.astype(float)) for picture in found["dE/dX"].pictures)
    full = F.conv2d(wide[None], flipped.transpose(0, 1))
    close(found, "dE/dX", full[..., pad : pad + 5, pad : pad + 6])


@settings(max_examples=40, deadline=None)
@given(some.data(), spatials(), some.integers(0, 10**6))
def test_pooling(data: some.DataObject, spatial: tuple[int, ...], seed: int) -> None:
    word = data.draw(some.sampled_from(["maxpool", "avgpool"]))
    kernel = tuple(data.draw(some.integers(1, 3)) for _ in spatial)
    stride = tuple(data.draw(some.integers(1, 3)) for _ in spatial)
    ceil = data.draw(some.sampled_from(["", " ceil"]))
    pad = data.draw(some.sampled_from([cross(tuple(k // 2 for k in kernel)), "0", *(["same"] if not ceil else [])]))
    counts = data.draw(some.sampled_from(["", " uncounted" if word == "avgpool" else ""]))
    layer = f"{word} {cross(kernel)} stride {cross(stride)} pad {pad}{ceil}{counts}"
    check(layer, maps(seed, data.draw(some.integers(1, 3)), spatial), seed)


@settings(max_examples=20, deadline=None)
@given(some.sampled_from(["relu", "sigmoid", "tanh"]), spatials(), some.integers(0, 10**6))
def test_activations(layer: str, spatial: tuple[int, ...], seed: int) -> None:
    check(layer, maps(seed, 2, spatial), seed)


@settings(max_examples=20, deadline=None)
@given(some.integers(1, 4), spatials(), some.integers(0, 10**6))
def test_fully_connected(units: int, spatial: tuple[int, ...], seed: int) -> None:
    check(f"fc {units}", maps(seed, 2, spatial), seed)


@settings(max_examples=20, deadline=None)
@given(some.integers(1, 8), some.integers(0, 10**6), some.booleans())
def test_softmax(size: int, seed: int, targeted: bool) -> None:
    draw = whole(seed)
    scores, upstream, target = draw((size,)) * 100, draw((size,)), seed % size
    x = tensor(scores).requires_grad_()
    if targeted:
        loss = F.cross_entropy(x, torch.tensor(target))
        loss.backward()
        found = step("softmax", scores, target=target)
        close(found, "E", loss)
    else:
        torch.softmax(x, 0).backward(tensor(upstream))
        found = step("softmax", scores, upstream=upstream)
    close(found, "O", torch.softmax(x, 0))
    close(found, "dE/dX", x.grad)


@settings(max_examples=20, deadline=None)
@given(some.data(), some.integers(0, 10**6))
def test_im2col_is_the_convolution(data: some.DataObject, seed: int) -> None:
    stride, pad = (data.draw(some.integers(least, 2)) for least in (1, 0))
    draw = whole(seed)
    found = step(
        f"conv 2@3x2 stride {stride} pad {pad}",
        draw((2, 4, 5)),
        weights=draw((2, 2, 3, 2)),
        bias=draw((2,)),
        im2col=True,
    )
    values: Any = found["O"].values
    assert found.im2col
    assert (found.im2col.product.reshape(values.shape) == values).all()


def test_several_maps_of_one_axis() -> None:
    x, weights = tensor([[1, 2, 3, 4], [5, 6, 7, 9]]).requires_grad_(), tensor([[[1, -1], [2, 3]]])
    F.conv1d(x[None], weights).backward(tensor([[[1, 2, 3]]]))
    found = step("conv 1@2", "1 2 3 4 | 5 6 7 9", weights="1 -1 | 2 3", upstream="1 2 3")
    close(found, "dE/dX", x.grad)
