"""A touched network computes as one that is changed by hand in PyTorch; what is impossible is refused and undone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import striate as st
from striate.page.application import Application
from striate.page.live import Live
from striate.page.touching import Changes
from tests.page.test_live import asked, live, picture


def lenet() -> nn.Module:
    """LeNet-5 with biases, which begin as 0."""
    model = st.build("lenet5", seed=0).eval()
    for number, (name, weight) in enumerate(model.named_parameters()):
        if name.endswith("bias"):
            nn.init.normal_(weight, generator=torch.Generator().manual_seed(number))
    return model


def outputs(page: Live) -> torch.Tensor:
    trace = page.look(picture(40, 40), [0]).trace
    return trace.values[trace.outputs[0]]


def touch(page: Live, **changes: Any) -> dict[str, Any]:
    return page.touch(Changes.of_json(json.dumps(changes).encode()))


def off(model: Any) -> None:
    model.conv2.weight[[1, 3]] = 0
    model.conv2.bias[[1, 3]] = 0


def no_biases(model: Any) -> None:
    for layer in model.modules():
        if getattr(layer, "bias", None) is not None:
            layer.bias.zero_()


def noise(model: Any) -> None:
    weight = model.fc1.weight
    weight += 0.5 * weight.std(correction=0) * torch.randn(weight.shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(
    ("changes", "by_hand"),
    [
        ({"layers": {"conv2": {"off": [1, 3]}}}, off),
        ({"biases": False}, no_biases),
        ({"seed": 3, "layers": {"fc1": {"noise": 0.5}}}, noise),
    ],
)
def test_a_touched_network_is_one_changed_by_hand(changes: Any, by_hand: Callable[[Any], None]) -> None:
    model, other = lenet(), lenet()
    page = live(model, 1, 32, 32)
    before = outputs(page)
    touch(page, **changes)
    touched = outputs(page)
    with torch.no_grad():
        by_hand(other)
        torch.testing.assert_close(touched, other(page.read(picture(40, 40))), rtol=1e-5, atol=1e-6)
    assert not torch.equal(before, touched)
    touch(page)
    assert torch.equal(outputs(page), before)


@pytest.mark.parametrize(("what", "value"), [("padding", 0), ("stride", 2)])
def test_padding_and_stride_change_the_network_and_its_cost(what: str, value: int) -> None:
    model, other = st.build("resnet20", seed=0).eval(), st.build("resnet20", seed=0).eval()
    page = live(model, 3, 32, 32)
    first = next(name for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d))
    told = touch(page, layers={first: {what: value}})
    setattr(other.get_submodule(first), what, (value, value))
    torch.testing.assert_close(outputs(page), other(page.read(picture(40, 40))).detach(), rtol=1e-5, atol=1e-6)
    assert told["before"]["macs"] == st.explain("resnet20").measure.total_macs
    assert told["after"]["macs"] < told["before"]["macs"]
    assert told["after"]["parameters"] == told["before"]["parameters"]


def test_the_trained_network_is_measured_once() -> None:
    model, runs = st.build("lenet5", seed=0).eval(), list[nn.Module]()
    model.register_forward_hook(lambda module, given, made: runs.append(module))
    page = live(model, 1, 32, 32)
    runs.clear()
    told = [touch(page, layers={"fc1": {"dropout": rate}}) for rate in (0.1, 0.2)]
    assert told[0]["before"] == told[1]["before"]
    assert sum(module is model for module in runs) == 1


def test_dropout_keeps_a_share_and_scales_the_rest() -> None:
    page = live(st.build("lenet5", seed=0).eval(), 1, 32, 32)
    touch(page, layers={"fc1": {"dropout": 0.25}})
    trace = page.look(picture(40, 40), [0]).trace
    (dropped,) = (call for call in trace.calls if call.kind == "Dropped")
    before, after = trace.values[dropped.reads[0]][0], trace.values[dropped.gives[0]][0]
    kept = after != 0
    torch.testing.assert_close(after[kept], before[kept] / 0.75)
    assert 0.55 < float(kept.float().mean()) < 0.95
    assert any(call["path"] == "fc1" for call in page.graph()["calls"])
    assert torch.equal(outputs(page), outputs(page)), "the same entries each time"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "JSON"),
        ("[" * 100_000, "JSON"),
        ("\ud800", "JSON"),
        ("[]", "nothing else"),
        ('{"noise": 1}', "nothing else"),
        ('{"layers": []}', "names layers"),
        ('{"biases": 0}', "true or false"),
        ('{"seed": 1.5}', "whole"),
        ('{"seed": null}', "whole"),
        ('{"layers": {"conv1": {"noise": 1%s}}}' % ("0" * 400), "number from"),
        ('{"epoch": 7}', "not kept"),
        ('{"layers": {"nothing": {}}}', "no layer"),
        ('{"layers": {"conv1": {"noise": NaN}}}', "number from"),
        ('{"layers": {"conv1": {"noise": true}}}', "number from"),
        ('{"layers": {"conv1": {"noise": "1"}}}', "number from"),
        ('{"layers": {"conv1": {"off": [6]}}}', "6 filters"),
        ('{"layers": {"conv1": {"off": 1}}}', "list"),
        ('{"layers": {"conv1": {"off": [-1]}}}', "whole number"),
        ('{"layers": {"conv1": {"dropout": 1}}}', "0.95"),
        ('{"layers": {"tanh1": {"stride": 2}}}', "no stride"),
        ('{"layers": {"tanh1": {"noise": 1}}}', "no filters"),
        ('{"layers": {"conv1": {"stride": 2}}}', "can't compute"),
        ('{"layers": {"avgpool1": {"padding": 9}}}', "can't compute"),
    ],
)
def test_what_can_not_be_changed_is_refused_in_a_line(text: str, why: str) -> None:
    page = live(st.build("lenet5", seed=0).eval(), 1, 32, 32)
    application, before = Application(page), outputs(page)
    answer = asked(application, "/touch", "POST", text.encode("utf-8", "surrogatepass"))
    assert answer.status == 422
    assert why in json.loads(answer.body)["error"]
    assert "\n" not in json.loads(answer.body)["error"]
    assert torch.equal(outputs(page), before)


def test_padding_that_is_not_of_zeros_is_not_changed() -> None:
    page = live(nn.Sequential(nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect")).eval(), 1, 8, 8)
    answer = asked(Application(page), "/touch", "POST", b'{"layers": {"0": {"padding": 2}}}')
    assert (answer.status, "pads by 'reflect'" in answer.body.decode()) == (422, True)


def test_values_and_links_are_those_of_the_touched_network() -> None:
    page = live(st.build("resnet20", seed=0).eval(), 3, 32, 32)
    first = next(call["name"] for call in page.graph()["calls"] if call["kind"] == "Conv2d")
    old = page.look(picture(40, 40), [0])
    touch(page, layers={first: {"stride": 2, "padding": 0}})
    with pytest.raises(st.InputError, match="changed since"):
        page.map(old.number, 1, 0)
    frame = page.look(picture(40, 40), [0])
    layer = page.model.get_submodule(first)
    made = F.conv2d(page.read(picture(40, 40)), layer.weight, layer.bias, 2, 0)
    torch.testing.assert_close(page.map(frame.number, 1, 3), made[0, 3].detach(), rtol=1e-5, atol=1e-6)
    (link,) = (one for one in page.links(frame.number, 1, (0, 4, 5), [0]) if one["kind"] == "source")
    assert (link["rows"], link["columns"]) == ([8, 11], [10, 13])
