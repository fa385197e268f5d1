import dataclasses
import json
from dataclasses import replace
from math import prod
from typing import Any

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from striate.data import Recipe
from striate.data.ink import Ink
from striate.errors import InputError

MNIST = Recipe((1, 28, 28), (1, 32, 32), "pad", (0.0,), (0.1307,), (0.3081,), Ink(20, (14.0, 14.0)))
PLAIN = Recipe((1, 4, 6), (1, 4, 6), "as is", (0.0,), (0.0,), (1.0,))
COLOUR = Recipe((3, 4, 4), (3, 4, 4), "as is", (0.0,) * 3, (0.5, 0.25, 0.0), (0.5, 0.25, 1.0))


def test_bytes_become_0_to_1_and_are_normalised() -> None:
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 3, 4, 4)
    x = COLOUR(images)
    assert x.dtype == torch.float32
    assert x.shape == (3, 3, 4, 4)
    expected = torch.tensor([[-1, -1, 0], [-0.6, -0.2, 0.2], [1, 3, 1]])
    assert torch.allclose(x[:, :, 2, 3], expected, atol=1e-6)


def test_floats_are_taken_as_they_are_and_are_left_alone() -> None:
    images = torch.rand(2, 3, 4, 4)
    before = images.clone()
    x = COLOUR(images)
    assert torch.equal(images, before)
    assert torch.allclose(x[:, 1], (before[:, 1] - 0.25) / 0.25, atol=1e-6)


def test_padding_is_centred_and_has_the_backgrounds_value() -> None:
    recipe = Recipe((1, 2, 3), (1, 5, 4), "pad", (0.2,), (0.0,), (1.0,))
    x = recipe(torch.ones(2, 1, 2, 3))
    expected = torch.tensor([[0.2] * 4, [1, 1, 1, 0.2], [1, 1, 1, 0.2], [0.2] * 4, [0.2] * 4])
    assert torch.equal(x, expected.expand(2, 1, 5, 4))


def test_mnist_in_lenet5_is_padded_by_two() -> None:
    images = torch.randint(0, 256, (3, 1, 28, 28), dtype=torch.uint8)
    x = MNIST(images)
    assert torch.allclose(x[:, :, 2:30, 2:30] * 0.3081 + 0.1307, images / 255, atol=1e-6)
    border = x.clone()
    border[:, :, 2:30, 2:30] = -0.1307 / 0.3081
    assert torch.allclose(border, torch.tensor(-0.1307 / 0.3081))


def test_resizing_keeps_the_mean_and_antialiases() -> None:
    recipe = Recipe((1, 32, 32), (1, 8, 8), "resize", (0.0,), (0.0,), (1.0,))
    checks = torch.zeros(1, 1, 32, 32)
    checks[..., ::2] = 1  # stripes of one pixel, which plain bilinear sampling would keep or lose
    x = recipe(checks)
    assert x.shape == (1, 1, 8, 8)
    assert (x[..., 1:-1] - 0.5).abs().max() < 0.05


def test_grey_is_repeated_as_rgb_and_rgb_becomes_luminance() -> None:
    images = torch.randint(0, 256, (2, 1, 4, 4), dtype=torch.uint8)
    to_rgb = Recipe((1, 4, 4), (3, 4, 4), "as is", (0.0,) * 3, (0.0,) * 3, (1.0,) * 3)
    assert torch.equal(to_rgb(images), (images / 255).expand(2, 3, 4, 4))
    to_grey = Recipe((3, 4, 4), (1, 4, 4), "as is", (0.0,), (0.0,), (1.0,))
    red = torch.zeros(1, 3, 4, 4)
    red[:, 0] = 1
    assert torch.allclose(to_grey(red), torch.tensor(0.299))
    assert torch.allclose(to_grey(torch.ones(1, 3, 4, 4)), torch.tensor(1.0))


def test_images_of_another_set_are_brought_to_the_size() -> None:
    assert MNIST(torch.zeros(2, 3, 64, 40, dtype=torch.uint8)).shape == (2, 1, 32, 32)
    assert PLAIN(torch.rand(2, 1, 8, 12)).shape == (2, 1, 4, 6)


def test_other_axes_and_channels_are_refused() -> None:
    signal = Recipe((2, 100), (2, 100), "as is", (0.0,) * 2, (0.0,) * 2, (1.0,) * 2)
    assert signal(torch.zeros(3, 2, 100)).shape == (3, 2, 100)
    for recipe, images in (
        (signal, torch.zeros(3, 2, 99)),
        (signal, torch.zeros(3, 1, 100)),
        (signal, torch.zeros(3, 2, 10, 10)),
        (PLAIN, torch.zeros(3, 4, 6)),
        (PLAIN, torch.zeros(3, 4, 4, 6)),
        (PLAIN, torch.zeros(3, 1, 4, 6, 2)),
    ):
        with pytest.raises(InputError, match=r"the network (learned from images|reads) .*; got"):
            recipe(images)


def test_one_image_or_many_make_no_difference() -> None:
    recipe = replace(MNIST, shape=(1, 20, 36), fit="resize")
    images = torch.randint(0, 256, (9, 1, 28, 28), dtype=torch.uint8)
    assert torch.equal(recipe(images)[4:5], recipe(images[4:5]))


def test_said() -> None:
    assert MNIST.said() == (
        "input: 1x28x28 grey, padded to 32x32, scaled by mean 0.131 and spread 0.308; centred by its ink as in MNIST"
    )
    cifar = Recipe((3, 32, 32), (3, 32, 32), "as is", (0.0,) * 3, (0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.262))
    assert cifar.said() == "input: 3x32x32 RGB, scaled by mean 0.491 0.482 0.447 and spread 0.247 0.243 0.262"
    signal = Recipe((1, 16000), (1, 16000), "as is", (0.0,), (0.0,), (1.0,), pixels=False)
    assert signal.said() == "input: 1x16000, scaled by mean 0 and spread 1"
    rgb = Recipe((1, 8, 8), (3, 32, 32), "resize", (0.0,) * 3, (0.1,) * 3, (1.0,) * 3)
    assert rgb.said().startswith("input: 1x8x8 grey, made RGB, resized to 32x32, scaled by")


@pytest.mark.parametrize("recipe", [MNIST, PLAIN, COLOUR, replace(PLAIN, pixels=False)])
def test_json_round_trip(recipe: Recipe) -> None:
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source", [1]),
        ("source", [1, 28]),
        ("source", [1, 28, 0]),
        ("source", [1, 28, 28.0]),
        ("source", [True, 28, 28]),
        ("source", "1x28x28"),
        ("source", [2, 28, 28]),
        ("source", [1, 40, 40]),
        ("shape", None),
        ("shape", [1, 32, 32, 32]),
        ("fit", "stretch"),
        ("fit", "as is"),
        ("fit", ["pad"]),
        ("background", [0.0, 0.0]),
        ("background", 0.0),
        ("mean", ["0.1"]),
        ("mean", [float("nan")]),
        ("mean", [True]),
        ("std", [0.0]),
        ("std", [-1.0]),
        ("std", [float("inf")]),
        ("std", [10**400]),
        ("pixels", 1),
        ("ink", 20),
        ("ink", {"box": 20}),
        ("ink", {"box": 20, "centre": [14]}),
        ("ink", {"box": 20.5, "centre": [14, 14]}),
        ("ink", {"box": 29, "centre": [14, 14]}),
        ("ink", {"box": 20, "centre": [14, 28]}),
        ("ink", {"box": 20, "centre": [-1, 14]}),
    ],
)
def test_json_that_is_nonsense_is_refused(key: str, value: object) -> None:
    good: dict[str, Any] = json.loads(json.dumps(MNIST.to_json()))
    assert Recipe.from_json(good) == MNIST
    with pytest.raises(InputError, match="no recipe for the network's input: "):
        Recipe.from_json({**good, key: value})


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"source": [1, 2, 3]}])
def test_json_of_another_form_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="must have source, shape"):
        Recipe.from_json(value)


def test_a_field_more_or_less_is_another_version_s() -> None:
    value = MNIST.to_json()
    assert Recipe.from_json({**value, "more": 1}) == MNIST
    for field in dataclasses.fields(Recipe):
        less = {name: entry for name, entry in value.items() if name != field.name}
        if field.default is dataclasses.MISSING:
            with pytest.raises(InputError, match=f"must have .*{field.name}"):
                Recipe.from_json(less)
        else:
            assert Recipe.from_json(less) == dataclasses.replace(MNIST, **{field.name: field.default})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(sorted(MNIST.to_json())), JSON)
def test_any_json_is_a_recipe_or_an_input_error(key: str, value: object) -> None:
    try:
        recipe = Recipe.from_json({**MNIST.to_json(), key: value})
    except InputError:
        return
    assume(prod((*recipe.source, *recipe.shape)) < 10**8)
    assert recipe(torch.zeros(1, *recipe.source)).shape == (1, *recipe.shape)
