"""The MAC rule against a count: a layer's definition runs on weights that count their own products with values.

Padding is a value like any other, as in every published table; biases are added, not multiplied, and reading between
the entries of a map is no product of a weight.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from striate.building import build
from striate.notation import Network, rules, tree
from striate.notation.errors import RuleError
from striate.notation.tree import LAYERS, Layer
from tests.layers import test_values as suite

COUNTED = (tree.Conv, tree.Local, tree.Deform, tree.UpConv, tree.Subsample, tree.FullyConnected, tree.RBF)
CASES = [(layer, dims) for layer, dims in suite.CASES if layer in COUNTED]


class Weight:
    """A weight: it counts its products, and the differences that an RBF unit squares."""

    products = 0

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value

    def __mul__(self, value: float) -> float:
        Weight.products += 1
        return self.value * value

    def __rsub__(self, value: float) -> float:
        Weight.products += 1
        return value - self.value

    def __add__(self, value: float) -> float:
        return self.value + value

    __rmul__, __radd__ = __mul__, __add__


@pytest.mark.parametrize(("layer_class", "dims"), CASES, ids=[f"{layer.word}-{dims}D" for layer, dims in CASES])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_products_of_weights_with_values_are_counted(
    layer_class: type[Layer], dims: int, data: st.DataObject
) -> None:
    shape = (data.draw(st.sampled_from([1, 2, 4])), *data.draw(suite.per_axis(dims, 2, 5 - (dims == 3))))
    layer = data.draw(suite.DRAWN[layer_class](shape), label="layer")
    try:
        rules.output(layer, shape)
    except RuleError:
        assume(False)
    expected = rules.macs(layer, shape).value
    assume(expected < 20_000)
    state = build(Network(shape, (layer,))).state_dict()
    weights = {name.split(".", 1)[1]: _weights(tensor.double().numpy()) for name, tensor in state.items()}
    x = np.random.default_rng(0).normal(size=(suite.BATCH, *shape))
    Weight.products = 0
    suite.DEFINITIONS[layer_class](layer, x, weights)
    assert Weight.products == suite.BATCH * expected


_weights = np.vectorize(Weight, otypes=[object])


def test_all_other_layers_have_none() -> None:
    for layer in set(LAYERS.values()) - set(COUNTED):
        assert rules.macs.dispatch(layer) is rules.macs.dispatch(Layer)
