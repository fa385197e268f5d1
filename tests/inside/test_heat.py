"""CAM, Grad-CAM and occlusion."""

import itertools

import pytest
import torch
from torch import nn

from striate import inside
from striate.building import build
from striate.errors import InputError
from striate.inside import Class
from striate.notation import read
from tests.inside.models import MODELS, Several, close, drawn, foreign, gap, lenet5, resnet20


@pytest.mark.parametrize("make", [gap, resnet20])
def test_cam_is_grad_cam_up_to_a_positive_factor(make: object) -> None:
    """The mean gradient of a map is the weight over the number of places."""
    model, x = make(), drawn(2, 3, 32, 32)  # type: ignore[operator]
    cam = inside.cam(model, x, 2)
    grad = inside.grad_cam(model, x, 2, layer=cam.layer)
    places = cam.map[0].numel()
    assert close(cam.map.relu() / places, grad.map)
    assert cam.layer == inside.grad_cam(model, x, 2).layer


def test_the_mean_of_a_cam_and_the_bias_are_the_score() -> None:
    model, x = gap(), drawn(3, 3, 16, 16)
    found = inside.cam(model, x)
    best = model(x).argmax(1)
    assert torch.allclose(found.map.mean((1, 2)) + model.get_submodule("fc1").bias[best], model(x).amax(1), atol=1e-5)
    assert found.large.shape == (3, 16, 16)


def test_cam_of_one_of_several_outputs() -> None:
    model = build(read("input 1x8x8 -> conv 4@3 -> relu -> heads[ a: gap -> fc 3 | b: conv 2@1 ]"), seed=0)
    assert inside.cam(model, drawn(2, 1, 8, 8), Class(1, "a")).layer == "relu1"


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (lenet5(), drawn(1, 1, 32, 32)),
        (foreign(), drawn(1, 3, 16, 16)),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), drawn(1, 1, 6, 6)),
        (Several(lambda classes, maps: classes.softmax(1)), drawn(1, 1, 6, 6)),
        (Several(lambda classes, maps: classes), drawn(1, 1, 6, 6)),  # no layer gives the maps after its ReLU
    ],
)
def test_cam_refuses_other_ends(model: nn.Module, x: torch.Tensor) -> None:
    with pytest.raises(InputError, match=r"global average pooling and one fully connected layer.*take Grad-CAM"):
        inside.cam(model, x)


def test_grad_cam_against_its_equations() -> None:
    model, x = foreign(), drawn(2, 3, 16, 16)
    found = inside.grad_cam(model, x, 3, layer="second")
    with torch.enable_grad():
        first = model.first(x).relu()
        maps = model.second(first)
        logits = model.out(model.pool((maps + first).relu()).relu().flatten(1))
        (slopes,) = torch.autograd.grad(logits[:, 3].sum(), maps)
    expected = (slopes.mean((2, 3), keepdim=True) * maps).sum(1).relu()
    assert close(found.map, expected.detach())


@pytest.mark.parametrize(
    ("name", "layer"), [("lenet5", "avgpool2"), ("foreign", "act"), ("gap", "relu2"), ("resnet20", None)]
)
def test_the_last_layer_with_maps_is_picked(name: str, layer: str | None) -> None:
    """Of a ReLU that is used again its last use counts."""
    make, shape = MODELS[name]
    found = inside.grad_cam(make(), drawn(1, *shape), 0)
    assert layer is None or found.layer == layer
    assert max(found.map.shape[1:]) > 1


def test_of_an_output_that_is_a_map_it_is_a_layer_before_the_last_weights() -> None:
    model = build(read("input 1x8x8 -> conv 4@3 pad 1 -> relu -> conv 2@1"), seed=0)
    region = torch.zeros(8, 8)
    region[:4] = 1
    found = inside.grad_cam(model, drawn(1, 1, 8, 8), Class(1, region=region))
    assert found.layer == "relu1"


def test_dropout_gives_nothing_of_its_own_and_an_in_place_relu_does() -> None:
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Dropout(0.5)), nn.Flatten(), nn.Linear(144, 2)
    )
    assert inside.grad_cam(model, drawn(1, 1, 8, 8), 0).layer == "0.1"


def test_layers_without_maps_are_refused() -> None:
    with pytest.raises(InputError, match="layer 'out' has no maps"):
        inside.grad_cam(foreign(), drawn(1, 3, 16, 16), layer="out")
    with pytest.raises(InputError, match="no layer has maps"):
        inside.grad_cam(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), drawn(1, 1, 2, 2))


def test_grad_cam_of_frozen_weights_and_of_sequences() -> None:
    model = build(read("input 2x20 -> conv 4@3 -> relu -> gap -> fc 3"), seed=0)
    expected = inside.grad_cam(model, drawn(2, 2, 20), 1)
    assert expected.map.shape == (2, 18)
    assert expected.large.shape == (2, 20)
    assert torch.equal(inside.grad_cam(model.requires_grad_(False), drawn(2, 2, 20), 1).map, expected.map)


@pytest.mark.parametrize(("window", "stride"), [(4, 2), (5, 4), (16, 16), (3, 5)])
def test_occlusion_against_a_plain_loop(window: int, stride: int) -> None:
    model, x = foreign(), drawn(2, 3, 16, 16)
    found = inside.occlusion(model, x, 1, window=window, stride=stride, value=0.5)
    starts = range(0, 16 - window + stride, stride)
    drops, total, count = torch.zeros(2, len(starts), len(starts)), torch.zeros(2, 16, 16), torch.zeros(16, 16)
    with torch.no_grad():
        for (row, top), (column, left) in itertools.product(enumerate(starts), repeat=2):
            hidden = x.clone()
            hidden[:, :, top : top + window, left : left + window] = 0.5
            drops[:, row, column] = model(x)[:, 1] - model(hidden)[:, 1]
            total[:, top : top + window, left : left + window] += drops[:, row, column].view(2, 1, 1)
            count[top : top + window, left : left + window] += 1
    assert torch.allclose(found.drops, drops, atol=1e-5)
    assert torch.allclose(found.map, total / count.clamp(min=1), atol=1e-5)


def test_occlusion_with_a_colour_and_in_other_dimensions() -> None:
    model, x = foreign(), drawn(1, 3, 16, 16)
    grey = inside.occlusion(model, x, 1, value=0.5)
    assert torch.equal(grey.map, inside.occlusion(model, x, 1, value=torch.full((3,), 0.5)).map)
    deep = build(read("input 1x4x6x8 -> conv 2@3 -> relu -> fc 2"), seed=0)
    assert inside.occlusion(deep, drawn(1, 1, 4, 6, 8), 0, window=2).map.shape == (1, 4, 6, 8)
    with pytest.raises(InputError, match="a window has a side of 1 to 16"):
        inside.occlusion(model, x, window=17)
