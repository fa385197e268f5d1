"""Larger pieces for predictions: the same answers within rounding, and little is computed twice."""

from typing import Any

import pytest
import torch

from striate.building import build
from striate.notation import Network, read
from striate.notation.sizes import resized
from striate.tasks.restore import Restore
from striate.tasks.wider import LARGEST, with_larger_pieces

DEEP = "input 1x24x24 -> conv 8@5 pad 2 -> relu -> conv 8@5 pad 2 -> relu -> conv 1@5 pad 2"
LARGER = "input 1x24x24 -> conv 8@5 pad 2 -> relu -> conv 4@3 pad 1 -> shuffle 2"
HALVED = "input 1x24x24 -> conv 8@3 pad 1 -> conv 8@2 stride 2 -> relu -> upconv 4@2 stride 2 -> conv 1@3 pad 1"
WHOLE = "input 1x24x24 -> conv 4@3 pad 1 -> scale[ gap -> fc 4 -> sigmoid ] -> conv 1@3 pad 1"
POSITIONS = "input 1x24x24 -> conv 4@3 pad 1 -> local 1@1"
NORMED = "input 1x24x24 -> conv 4@3 pad 1 -> in -> conv 1@3 pad 1"
SIZES = [(200, 300), (24, 70), (10, 30), (61, 47), (257, 258)]


def task(margin: int, stride: int = 1, scale: int = 1) -> Restore:
    return Restore("noise:5", channels=1, tile=(24, 24), margin=margin, stride=stride, scale=scale)


def network_of(text: str) -> Network:
    return read(text)


def asked(task: Restore, model: torch.nn.Module, image: torch.Tensor) -> tuple[torch.Tensor, int]:
    """What a network makes of an image, and how many pixels it has read for that."""
    pixels = 0

    def net(inputs: Any) -> Any:
        nonlocal pixels
        pixels += inputs["image"].numel()
        return {"output": model(inputs["image"])}

    with torch.no_grad():
        return task.through(net, {"image": image})["output"], pixels


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("text", "how"), [(DEEP, (6,)), (LARGER, (3, 1, 2)), (HALVED, (4, 2))])
def test_answers_are_the_same_and_little_is_computed_twice(text: str, how: Any, size: tuple[int, int]) -> None:
    small, network = task(*how), network_of(text)
    model = build(network).eval()
    large = with_larger_pieces(small, network, size)
    assert all(side <= LARGEST + small.stride for side in large.tile)
    image = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(0))
    before, many = asked(small, model, image)
    after, few = asked(large, model, image)
    torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-4)
    assert few <= many
    if size == (200, 300):
        assert few < 1.8 * image.numel()


def test_where_the_image_is_one_piece_nothing_is_computed_twice() -> None:
    large = with_larger_pieces(task(6), network_of(DEEP), (200, 250))
    assert (large.tile, large.margin) == ((200, 250), 6)
    _, pixels = asked(large, build(network_of(DEEP)).eval(), torch.rand(1, 1, 200, 250))
    assert pixels == 200 * 250


def test_of_large_images_less_than_a_third_is_computed_twice() -> None:
    large = with_larger_pieces(task(6), network_of(DEEP), (2000, 3000))
    assert (large.tile[0] / (large.tile[0] - 2 * large.margin)) ** 2 < 1.3


def test_margins_that_were_too_small_become_those_of_the_network() -> None:
    text = "input 1x24x24" + " -> conv 4@5 pad 2 -> relu" * 8 + " -> conv 1@5 pad 2"
    large = with_larger_pieces(task(8), network_of(text), (400, 400))
    assert large.margin == 18
    model = build(network_of(text)).eval()
    image = torch.rand(1, 1, 300, 280)
    with torch.no_grad():
        torch.testing.assert_close(asked(large, model, image)[0], model(image), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("text", [WHOLE, POSITIONS, NORMED])
def test_networks_that_see_a_whole_piece_keep_its_size(text: str) -> None:
    assert with_larger_pieces(task(2), network_of(text), (200, 200)) == task(2)
    assert resized(network_of(text), 48)  # though their text can be read at others
