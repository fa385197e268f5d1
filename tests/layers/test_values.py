"""Every layer, all of its options drawn, against its definition: values, shape rule, parameter rule."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume
from hypothesis import strategies as st

from striate.building import MODULES, build
from striate.notation import Network, rules, tree
from striate.notation.errors import RuleError
from striate.notation.tree import Layer
from tests import drawing
from tests.layers.definitions import DEFINITIONS, Weights

BATCH = 4  # results that all happen to be near 0, by which no error can be measured, are then rare

ELSEWHERE: dict[type[Layer], str] = {  # layers that take more than one input: the file that has their values
    tree.Unpool: "test_unpool.py",
    tree.RoIPool: "test_roi.py",
    tree.RoIAlign: "test_roi.py",
}
CASES = drawing.cases(DEFINITIONS)


def test_every_layer_with_a_module_is_tested() -> None:
    assert set(DEFINITIONS) == set(MODULES) - set(ELSEWHERE)


@pytest.mark.parametrize(("layer_class", "dims"), CASES, ids=[f"{layer.word}-{dims}D" for layer, dims in CASES])
def test_a_layer_is_its_definition(layer_class: type[Layer], dims: int, on_examples: Any, assert_near: Any) -> None:
    def check(drawn: tuple[drawing.Sizes, Layer], seed: int) -> None:
        shape, layer = drawn
        generator = torch.Generator().manual_seed(seed)
        model, weights = _with_random_weights(Network(shape, (layer,)), generator)
        x = _input(layer, shape, generator)
        with torch.no_grad():
            y = model(x)
        assert tuple(y.shape[1:]) == rules.output(layer, shape).value
        assert sum(p.numel() for p in model.parameters()) == rules.parameters(layer, shape).value
        assert_near(y, DEFINITIONS[layer_class](layer, x.numpy().astype(np.float64), weights))

    drawn = drawing.fitting(layer_class, drawing.shapes(dims))
    on_examples(
        check, shared=sum(other is layer_class for other, _ in CASES), drawn=drawn, seed=st.integers(0, 2**32 - 1)
    )


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@pytest.mark.parametrize("kind", [tree.MaxPool, tree.AvgPool])
def test_a_pool_is_refused_just_where_a_window_has_no_entry(kind: type[Layer], on_examples: Any) -> None:
    def check(shape: drawing.Sizes, data: st.DataObject) -> None:
        layer = data.draw(drawing.layers(kind, shape))
        try:
            rules.output(layer, shape)
            refused = False
        except RuleError as error:
            refused = "padding alone" in error.headline
            assume(refused)
        y = DEFINITIONS[kind](layer, np.zeros((1, *shape)), {})
        assert refused == (y != 0).any()

    on_examples(check, shape=st.sampled_from([1, 2]).flatmap(lambda dims: drawing.shapes(dims, 1, 4)), data=st.data())


def _with_random_weights(network: Network, generator: torch.Generator) -> tuple[torch.nn.Module, Weights]:
    """The module in evaluation, and its weights in float64 under their short names; sums stay about 1 large."""
    model = build(network).eval()
    for name, tensor in model.state_dict().items():
        if name.endswith("var"):
            tensor.uniform_(0.5, 2, generator=generator)
        elif tensor.ndim:
            tensor.normal_(std=tensor[0].numel() ** -0.5, generator=generator)
    return model, {name.split(".", 1)[-1]: tensor.double().numpy() for name, tensor in model.state_dict().items()}


def _input(layer: Layer, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    if isinstance(layer, tree.Embed):
        return torch.randint(layer.table[0], (BATCH, *shape), generator=generator)
    return torch.randn(BATCH, *shape, generator=generator)
