"""Small images: their own size and a small stem instead of 224x224, said; the size that is asked for goes before."""

from math import prod

import pytest
import torch
from torch import nn

from striate import building, data, zoo
from striate.errors import InputError
from striate.notation import measure, read
from striate.tasks.classify import Classify
from striate.tasks.fitting import from_resolved, input_shape, resolved
from striate.tasks.small import small_stem, suited
from tests.learning import fitted

FOUR = Classify(tuple("abcd"))
LARGE = "input 3x128x128 -> conv 8@7 stride 2 pad 3 -> bn -> relu -> maxpool 3 stride 2 pad 1"


def dataset(*shape: int, classes: int = 4) -> data.Dataset:
    labels = torch.arange(20) % classes
    images = torch.rand(20, *shape, generator=torch.Generator().manual_seed(0))
    return data.Dataset("made-up", "", data.Split(images, labels), None, tuple("abcdefgh"[:classes]))


@pytest.mark.parametrize(
    "name", ["resnet18", "resnet50", "densenet121", "googlenet", "squeezenet", "zfnet", "alexnet", "vgg16"]
)
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28), (3, 20, 36), (3, 64, 64), (3, 100, 80)])
def test_networks_for_photographs_take_small_images(name: str, shape: tuple[int, ...]) -> None:
    found = fitted(name, dataset(*shape))
    sides = [side or 0 for side in found.network.input[1:]]
    assert all(have <= side <= 1.5 * max(shape[1:]) for have, side in zip(shape[1:], sides, strict=True))
    assert prod(side or 0 for side in measure(found.network).output) == 4
    assert any(f"input 3x{sides[0]}x{sides[1]}" in note and "instead of 3x22" in note for note in found.notes)
    assert from_resolved(resolved(found.network), name).layers == found.network.layers


def test_what_is_said() -> None:
    notes = fitted("resnet18", dataset(3, 32, 32)).notes
    assert notes[:2] == (
        "network: resnet18 with 4 classes, those of made-up",
        "network: input 3x32x32, the images' own size, instead of 3x224x224; "
        "stem: conv 64@3x3 pad 1 nobias instead of conv 64@7x7 stride 2 pad 3 nobias -> maxpool 3 stride 2 pad 1; "
        "`size=224` keeps the network as its text has it",
    )
    assert (
        fitted("vgg16", dataset(1, 28, 28))
        .notes[1]
        .startswith(
            "network: input 3x32x32, the next to the images' 28x28 at which it fits, instead of 3x224x224; `size=224`"
        )
    )


@pytest.mark.parametrize("size", [224, (224, 224)])
def test_the_size_of_the_text_keeps_the_network(size: int | tuple[int, int]) -> None:
    found = fitted("resnet18", dataset(3, 32, 32), size=size)
    assert found.network.layers == zoo.net("resnet18", classes=4).layers
    assert "resized to 224x224" in found.notes[-1]


def test_a_size_that_is_asked_for_is_the_text_s_own_network() -> None:
    found = fitted("resnet18", dataset(3, 32, 32), size=64)
    assert found.network.layers == zoo.net("resnet18", classes=4).layers
    assert found.notes[1] == "network: input 3x64x64, as asked for, instead of 3x224x224"
    assert found.recipe.shape == (3, 64, 64)
    with pytest.raises(InputError, match=r"vgg16 does not fit an input of 3x16x16: .*; the next size that does is 32$"):
        fitted("vgg16", dataset(3, 32, 32), size=16)


@pytest.mark.parametrize(("size", "shape"), [(None, (1, 8, 8)), (16, (1, 16, 16)), ((16, 9), (1, 16, 9))])
def test_a_bare_input_takes_the_size(size: int | tuple[int, int] | None, shape: tuple[int, ...]) -> None:
    network = read("INPUT -> CONV -> RELU -> FC")
    assert fitted(network, dataset(1, 8, 8), size=size).network.input == shape
    assert input_shape(network, size) == (None if size is None else (None, *shape[1:]))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("lenet5", (1, 8, 8)),  # cheap to resize to, and too small for its convolutions
        ("resnet20", (3, 8, 8)),
        ("resnet18", (3, 128, 128)),  # not much smaller
        ("input 3x?x? -> conv 4@3 -> gap -> FC", (3, 20, 20)),
        ("input 1x200 -> conv 4@3 -> gap -> FC", (1, 200)),
        (f"{LARGE} -> conv classes@32", (3, 16, 16)),  # one output at its own size alone
    ],
)
def test_other_networks_stay(text: str, shape: tuple[int, ...]) -> None:
    network = zoo.find(text, {"classes": 4})
    assert suited(network, shape, FOUR) == (network, "")


# the stem


def stem_of(text: str) -> str | None:
    found = small_stem(read(text))
    return found[1] if found else None


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        (f"{LARGE} -> conv 8@3 -> gap -> fc 4", "conv 8@3x3 pad 1 instead of conv 8@7x7 stride 2 pad 3 -> maxpool 3"),
        ("input 3x99x99 -> conv 8@11 stride 4 -> gap -> fc 4", "conv 8@3x3 pad 1 instead of conv 8@11x11 stride 4"),
        ("input 3x99x99 -> conv 8@7 stride 2 nobias -> lrn 5 -> avgpool 2 -> fc 4", "nobias instead of"),
        (
            "stem() = conv 8@7 stride 2 -> bn -> relu\ninput 3x99x99 -> stem() -> maxpool 2 -> gap -> fc 4",
            "-> maxpool 2",
        ),
        ("input 3x99x99 -> s: [ c: conv 8@7 stride 2 -> p: maxpool 2 ]*1 -> gap -> fc 4", "-> maxpool 2"),
    ],
)
def test_a_large_stem_is_found_wherever_it_is_written(text: str, stem: str) -> None:
    said = stem_of(text)
    assert said is not None
    assert stem in said


@pytest.mark.parametrize(
    "text",
    [
        "input 3x99x99 -> conv 8@3 stride 2 -> relu -> maxpool 2 -> gap -> fc 4",  # a small convolution already
        "input 3x99x99 -> conv 8@7 stride 2 -> relu -> conv 8@3 -> maxpool 2 -> gap -> fc 4",  # reduces by 2
        "input 3x99x99 -> conv 8@7 -> relu -> maxpool 2 -> gap -> fc 4",
        "input 3x99x99 -> maxpool 2 -> conv 8@7 stride 2 -> maxpool 2 -> gap -> fc 4",
        "input 3x99x99 -> concat[ conv 8@7 stride 2 | conv 4@7 stride 2 ] -> maxpool 2 -> gap -> fc 4",
        "input 3x99x99 -> conv 8@7 stride 2 -> concat[ maxpool 2 | avgpool 2 ] -> gap -> fc 4",
        "input 3x99 -> conv 8@7 stride 2 -> maxpool 2 -> gap -> fc 4",
        "input 3x99x99 -> fc 4",
    ],
)
def test_other_beginnings_are_no_large_stem(text: str) -> None:
    assert stem_of(text) is None


def test_a_pool_that_is_unpooled_later_stays() -> None:
    text = "input 3x128x128 -> conv 8@7 stride 2 pad 3 -> p: maxpool 2 -> conv 8@3 pad 1 -> unpool p -> gap -> fc 4"
    found, said = suited(read(text), (3, 32, 32), FOUR)
    assert found.layers == read(text.replace("128", "32")).layers
    assert "stem" not in said


def test_the_network_with_a_small_stem_is_the_customary_one() -> None:
    """As `model.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False); model.maxpool = nn.Identity()` makes it."""
    model = building.build(fitted("resnet18", dataset(3, 32, 32)).network)
    published = building.build(zoo.net("resnet18", classes=4))
    assert isinstance(model.id1, nn.Identity)
    shapes = {name: tuple(tensor.shape) for name, tensor in published.state_dict().items()}
    assert {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()} == {
        **shapes,
        "conv1.weight": (64, 3, 3, 3),
    }
    maps: list[tuple[int, ...]] = []
    for layer in model:
        layer.register_forward_hook(lambda module, given, made: maps.append(tuple(made.shape[2:])))
    model.eval()(torch.zeros(1, 3, 32, 32))
    sides = [shape[0] for shape in maps if shape]
    assert [sides.count(side) for side in (32, 16, 8, 4)] == [6, 2, 2, 2]
