"""The MAC rule against a count: a layer's definition runs on weights that count their own products with values.

Padding is a value like any other, as in every published table; biases are added, not multiplied, and reading between
the entries of a map is no product of a weight. Attention multiplies values with values too: keys and values count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from striate.building import build
from striate.notation import Network, rules, tree
from striate.notation.tree import LAYERS, Layer
from tests import drawing
from tests.layers.definitions import DEFINITIONS

COUNTED = (
    *(tree.Conv, tree.Local, tree.Deform, tree.UpConv, tree.Subsample, tree.FullyConnected, tree.RBF),
    tree.Attention,
    *(tree.Lws, tree.LSTM),
)
CASES = drawing.cases(COUNTED)
BATCH = 2


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
def test_the_products_of_weights_with_values_are_counted(layer_class: type[Layer], dims: int, on_examples: Any) -> None:
    drawn = drawing.fitting(layer_class, drawing.shapes(dims, 2, 5 - (dims == 3)))
    shared = sum(other is layer_class for other, _ in CASES)
    on_examples(_check, shared, drawn=drawn, seed=st.integers(0, 2**32 - 1))


def _check(drawn: tuple[drawing.Sizes, Layer], seed: int) -> None:
    shape, layer = drawn
    expected = rules.macs(layer, shape).value
    assume(expected is not None and expected < 10_000)
    state = build(Network(shape, (layer,))).state_dict()
    weights = {name.split(".", 1)[1]: _weights(tensor.double().numpy()) for name, tensor in state.items()}
    x = np.random.default_rng(seed).normal(size=(BATCH, *shape))
    Weight.products = 0
    DEFINITIONS[type(layer)](layer, x, weights)
    assert Weight.products == BATCH * expected


_weights = np.vectorize(Weight, otypes=[object])


def test_all_other_layers_have_none() -> None:
    for layer in set(LAYERS.values()) - set(COUNTED):
        assert rules.macs.dispatch(layer) is rules.macs.dispatch(Layer)
