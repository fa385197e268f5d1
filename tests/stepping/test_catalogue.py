"""Every word of the notation is worked out, and its numbers are PyTorch's."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from striate.errors import InputError
from striate.notation import Network, render, tree
from striate.notation.graph import Added, Concatenated, Join, Scaled
from striate.notation.tree import LAYERS, Layer
from striate.stepping.work import work
from tests import drawing
from tests.layers.test_gradients import NETS
from tests.layers.test_values import CASES
from tests.stepping.oracle import check
from tests.test_tiny import TEXTS

KINDS = [*LAYERS.values(), Added, Concatenated, Scaled]
ONE_ENTRY = "bn takes the mean and the variance over the entries of each map, and here a map has one entry"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_layer_has_a_rule(kind: type[Layer | Join]) -> None:
    assert work.dispatch(kind) is not work.dispatch(object)


@pytest.mark.parametrize("text", dict.fromkeys([*TEXTS.values(), *NETS]))
def test_numbers_are_those_of_pytorch(text: str) -> None:
    """`TEXTS` and `NETS` have every word; other tests say so."""
    if text.endswith("input 3 -> bn"):
        with pytest.raises(InputError, match=ONE_ENTRY):
            check(text, 1)
        return
    for seed in (1, 2):
        check(text, seed)


@pytest.mark.parametrize("text", [text for text in NETS if text.split(" -> ")[1].split(" ")[0] == "bn"])
def test_batch_norm_with_given_statistics(text: str) -> None:
    channels = int(text.split(" ")[1].split("x")[0])
    mean, variance = list(range(channels)), [4, 1, 9, 2][:channels]
    found = check(text, 1, {"running_mean": mean, "running_var": variance})
    assert "mean" not in [part.name for part in found.parts]


DRAWN = [(layer, dims) for layer, dims in CASES if layer not in (tree.RoIPool, tree.RoIAlign)]


@pytest.mark.parametrize(("layer", "dims"), DRAWN, ids=[f"{layer.word}-{dims}D" for layer, dims in DRAWN])
@settings(max_examples=5, deadline=None)
@given(data=some.data(), seed=some.integers(0, 2**16))
def test_drawn_layers(layer: type[Layer], dims: int, data: some.DataObject, seed: int) -> None:
    channels = (1, 2) if layer is tree.Move else (1, 2, 4)  # its entries are sums over up to 81 moves
    sizes = drawing.shapes(dims, 2, 5 - dims // 2 - (dims == 3), channels)
    shape, drawn = data.draw(drawing.fitting(layer, sizes))
    given_to_it = None
    if layer is tree.BatchNorm and math.prod(shape[1:]) == 1:  # which refuses a batch of one entry
        given_to_it = {"running_mean": [1] * shape[0], "running_var": [4] * shape[0]}
    check(render(Network(shape, (drawn,))), seed, given_to_it)
