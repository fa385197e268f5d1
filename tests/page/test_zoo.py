"""Every network of the zoo opens on the page: its graph, a frame, and the arithmetic of a value of several layers."""

import gc
from dataclasses import replace

import pytest
import torch
from torch import Tensor

import striate as st
from striate.notation import measure
from striate.notation.sizes import resized
from striate.page.live import Live
from striate.zoo import names
from tests.page.looking import Seen, check_values
from tests.zoo.small import OF_SENTENCES

FAST = (
    "all-cnn",
    "kim-cnn",
    "lenet1",
    "lenet300",
    "lenet300-conv",
    "lenet300-conv2",
    "lenet5",
    "lenet5-1998",
    "resnet20",
)
SEVERAL = 5  # layers whose arithmetic is asked for, the last among them
SMALLER = {
    "unet": 188,
    "fcn8s": 147,
    "segnet": 96,
    "deeplab": 96,
}  # sides at which their maps take less memory and time
NETS = [
    name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in names() if name not in OF_SENTENCES
]


def live(name: str) -> Live:
    """The page of a network with random weights."""
    net = resized(st.net(name), SMALLER[name]) if name in SMALLER else st.net(name)
    shape = tuple(side or 64 for side in net.input)
    random = torch.Generator().manual_seed(0)

    def read(given: object) -> Tensor:
        if len(shape) == 1:
            return torch.randint(1, 100, (1, *shape), generator=random).float()
        return torch.rand(1, *shape, generator=random)

    return Live(name, st.build(net, seed=0).eval(), read, lambda outputs: [], shape)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["googlenet", "se-resnet50", "densenet121", "unet", "kim-cnn"])
def test_every_value_is_pytorchs(name: str) -> None:
    page = live(name)
    given = page.read(None)
    check_values(replace(page, read=lambda image: given), None, page.model)


@pytest.mark.parametrize("name", NETS)
def test_it_opens(name: str) -> None:
    page = live(name)
    graph = page.graph()
    calls = graph["calls"]
    assert sum(call["parameters"] for call in calls) <= measure(st.net(name)).total_parameters
    shown = [0, *(card["gives"][-1] for card in graph["cards"])]
    frame = page.look(None, shown)
    sent = frame.as_bytes()
    assert len(sent) < 4_000_000
    assert set(Seen.of(sent).values) == set(shown)
    for number in {round(place * (len(calls) - 1) / (SEVERAL - 1)) for place in range(SEVERAL)}:
        place = tuple(size // 2 for size in calls[number]["shape"])
        work = page.work(frame.number, number, place)
        value = float(frame.trace.values[calls[number]["gives"][0]][(0, *place)])
        assert work["value"] == value
        if work["how"] == "sum" and work["count"] == len(work["terms"]):
            total = sum(term["value"] * term["times"] for term in work["terms"]) + (work["bias"] or 0)
            assert total == pytest.approx(value, rel=1e-3, abs=1e-4)
    del page, frame
    gc.collect()
