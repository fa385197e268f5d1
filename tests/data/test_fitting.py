from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from striate.data import Dataset, Split, infer, load
from striate.errors import InputError


def dataset(images: torch.Tensor) -> Dataset:
    labels = torch.arange(len(images)) % 2
    return Dataset("mine", "mine", Split(images, labels), None, ("a", "b"))


def noise(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, np.uint8))


@pytest.mark.parametrize(
    ("source", "network", "shape", "fit"),
    [
        ((1, 28, 28), (1, 28, 28), (1, 28, 28), "as is"),
        ((1, 28, 28), (1, 32, 32), (1, 32, 32), "pad"),
        ((1, 28, 28), (1, 28, 29), (1, 28, 29), "pad"),
        ((1, 28, 28), (1, 42, 42), (1, 42, 42), "pad"),
        ((1, 28, 28), (1, 43, 43), (1, 43, 43), "resize"),
        ((1, 28, 28), (1, 32, 27), (1, 32, 27), "resize"),
        ((1, 8, 8), (1, 32, 32), (1, 32, 32), "resize"),
        ((3, 32, 32), (3, 16, 16), (3, 16, 16), "resize"),
        ((1, 28, 28), (3, 28, 28), (3, 28, 28), "as is"),
        ((3, 28, 28), (1, 28, 28), (1, 28, 28), "as is"),
        ((4, 8, 8), (4, 8, 8), (4, 8, 8), "as is"),
        ((3, 20, 30), (3, None, None), (3, 20, 30), "as is"),
        ((1, 20, 30), (3, None, 30), (3, 20, 30), "as is"),
        ((3, 20, 30), (None, None, None), (3, 20, 30), "as is"),
        ((2, 50), (2, 50), (2, 50), "as is"),
        ((2, 50), (2, None), (2, 50), "as is"),
        ((1, 4, 5, 6), (1, 4, 5, 6), (1, 4, 5, 6), "as is"),
        ((1, 4, 5, 6), (1, None, None, None), (1, 4, 5, 6), "as is"),
    ],
)
def test_what_is_done(
    source: tuple[int, ...], network: tuple[int | None, ...], shape: tuple[int, ...], fit: str
) -> None:
    data = dataset(noise(6, *source))
    recipe = infer(data, network)
    assert (recipe.source, recipe.shape, recipe.fit) == (source, shape, fit)
    assert recipe(data.train.images).shape == (6, *shape)


@pytest.mark.parametrize(
    ("source", "network", "message"),
    [
        ((1, 28, 28), (1, 784), r"reads 1x784 \(1-D\) and mine has 1x28x28 \(2-D\); give the network `input 1x28x28`"),
        ((1, 28, 28), (1, 8, 28, 28), r"\(3-D\)"),
        ((1, 100), (1, 10, 10), r"\(2-D\) and mine has 1x100 \(1-D\)"),
        ((1, 100), (1, 101), "reads 1x101 and mine has 1x100, which is not resized"),
        ((1, 100), (3, 100), "not resized"),
        ((3, 100), (1, None), "reads 1x. and mine has 3x100"),
        ((1, 4, 4, 4), (1, 4, 4, 5), "not resized"),
        ((4, 8, 8), (3, 8, 8), "reads 3 channels and mine has 4"),
        ((3, 8, 8), (2, 8, 8), "reads 2 channels and mine has 3"),
    ],
)
def test_what_does_not_fit(source: tuple[int, ...], network: tuple[int | None, ...], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        infer(dataset(noise(4, *source)), network)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "images", [noise(50, 3, 7, 5), noise(50, 1, 7, 5), torch.rand(50, 2, 9), torch.randn(5, 1, 3, 4, 5)]
)
def test_mean_and_spread_are_those_of_each_channel(images: torch.Tensor) -> None:
    recipe = infer(dataset(images), tuple(images.shape[1:]))
    x = recipe(images).double().transpose(0, 1).flatten(1)
    assert torch.allclose(x.mean(1), torch.zeros(len(x), dtype=torch.float64), atol=1e-5)
    assert torch.allclose(x.std(1, correction=0), torch.ones(len(x), dtype=torch.float64), atol=1e-5)


def test_batches_do_not_change_the_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    data = dataset(noise(30, 3, 4, 4))
    whole = infer(data, (1, 4, 4))
    monkeypatch.setattr("striate.data.fitting.AT_ONCE", 100)
    pieces = infer(data, (1, 4, 4))
    assert pieces.mean == pytest.approx(whole.mean, rel=1e-7)
    assert pieces.std == pytest.approx(whole.std, rel=1e-7)


def test_a_channel_that_never_changes_is_only_centred() -> None:
    recipe = infer(dataset(torch.full((4, 1, 3, 3), 51, dtype=torch.uint8)), (1, 3, 3))
    assert recipe.std == (1.0,)
    assert recipe.mean == pytest.approx((0.2,))


def test_the_background_is_the_value_of_the_border() -> None:
    images = noise(20, 3, 9, 9)
    border = torch.ones(9, 9, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    for channel, value in enumerate((255, 51, 0)):
        images[:15, channel, border] = value
    assert infer(dataset(images), (3, 12, 12)).background == pytest.approx((1.0, 0.2, 0.0))
    assert infer(dataset(images[:, :1]), (3, 12, 12)).background == pytest.approx((1.0, 1.0, 1.0))
    assert infer(dataset(images), (1, 12, 12)).background == pytest.approx((0.299 + 0.2 * 0.587,))
    assert infer(dataset(noise(20, 3, 9, 9)), (3, 12, 12)).background == (0.0, 0.0, 0.0)


def test_what_counts_as_pixels() -> None:
    for images, pixels in (
        (noise(4, 1, 5, 5), True),
        (torch.rand(4, 1, 5, 5), True),
        (torch.rand(4, 1, 5, 5) * 2, False),
        (torch.rand(4, 1, 5, 5) - 0.5, False),
    ):
        assert infer(dataset(images), (1, 5, 5)).pixels is pixels


def test_the_named_sets() -> None:
    recipe = infer(load("digits"), (1, 32, 32))
    assert recipe.fit == "resize"
    assert recipe.ink is not None
    assert recipe.ink.box == 8


def test_real_mnist(real_data: Path) -> None:
    recipe = infer(load("mnist"), (1, 32, 32))
    assert recipe.fit == "pad"
    assert recipe.mean == pytest.approx((0.1307,), abs=1e-4)
    assert recipe.std == pytest.approx((0.3081,), abs=1e-4)
    assert recipe.background == (0.0,)
    assert recipe.ink is not None
    assert recipe.ink.box == 20
    assert recipe.ink.centre == pytest.approx((14.0, 14.0), abs=0.05)


def test_real_clothes_are_not_centred_by_ink(real_data: Path) -> None:
    assert infer(load("fashion-mnist"), (1, 28, 28)).ink is None


def test_a_folder(classes: Path, draw: Callable[..., Path]) -> None:
    found = load(classes, shape=(3, 16, 16))
    recipe = infer(found, (3, 16, 16))
    assert recipe.fit == "resize"  # 10x12: wider than half more than its height
    assert recipe(found.train.images).shape == (len(found.train), 3, 16, 16)
