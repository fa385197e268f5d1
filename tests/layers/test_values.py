"""Every layer, all of its options drawn, against its definition: values, shape rule, parameter rule."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume
from hypothesis import strategies as st

from striate.building import build
from striate.modules import MODULES
from striate.notation import Network, measure, read, rules, tree
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
            y = model(x) if layer_class is not tree.Deform else model.double()(x.double()).float()  # places are rounded
        assert tuple(y.shape[1:]) == rules.output(layer, shape).value
        assert sum(p.numel() for p in model.parameters()) == rules.parameters(layer, shape).value
        assert_near(y, DEFINITIONS[layer_class](layer, x.numpy().astype(np.float64), weights))

    drawn = drawing.fitting(layer_class, drawing.shapes(dims))
    on_examples(
        check, shared=sum(other is layer_class for other, _ in CASES), drawn=drawn, seed=st.integers(0, 2**32 - 1)
    )


@pytest.mark.parametrize(
    ("layer", "x", "y"),
    [
        ("avgpool 2 stride 1 pad same", [0, 4, 8], [2, 6, 8]),  # as Keras has it
        ("avgpool 3 stride 1 pad 1 uncounted", [0, 4, 8], [2, 4, 6]),  # as ONNX has it
        ("avgpool 3 stride 1 pad 1", [0, 3, 9], [1, 4, 4]),
        ("avgpool 2 stride 2 pad 1 ceil", [2, 4, 8, 6], [1, 6, 3]),  # the last one's second entry is padding
        ("avgpool 2 stride 3 ceil", [2, 4, 8, 6], [3, 6]),  # the last one's second entry is none
        ("avgpool 2 pad 3", [2, 4], [0, 1, 2, 0]),
        ("maxpool 3 stride 2 pad 2", [2, 4], [2, 4]),
        ("avgpool to 3", [0, 2, 4, 8, 6], [1, 14 / 3, 7]),
        ("upsample to 3", [1, 2, 3, 4], [1, 2, 3]),
        ("upsample 2 bilinear", [0, 4], [0, 1, 3, 4]),
        ("upsample 2 bilinear corners", [0, 3], [0, 1, 2, 3]),
        ("pad circular (2,1)", [1, 2, 3], [2, 3, 1, 2, 3, 1]),
        ("crop (1,0)", [1, 2, 3], [2, 3]),
    ],
)
def test_known_numbers(layer: str, x: list[float], y: list[float]) -> None:
    seen = build(read(f"input 1x{len(x)} -> {layer}"))(torch.tensor([[x]], dtype=torch.float64))
    torch.testing.assert_close(seen, torch.tensor([[y]], dtype=torch.float64))


def test_extra_entries_give_sizes_that_a_stride_skips() -> None:
    """Keras' transposed convolution of 7x7 and stride 16 makes 224 of 14."""
    assert read_output("input 3x14x14 -> upconv 8@7 stride 16 extra 9") == (8, 224, 224)
    assert read_output("input 3x14x14 -> upconv 8@3 stride 2 pad 1 extra 1") == (8, 28, 28)


@pytest.mark.parametrize("pad", ["1", "(0,1)", "(1,0)"])
def test_extra_entries_are_those_of_an_output_padding(pad: str) -> None:
    model = build(read(f"input 2x5 -> upconv 3@4 stride 3 dilate 2 extra 2 pad {pad}"), seed=0)
    x, conv = torch.randn(1, 2, 5), torch.nn.ConvTranspose1d(2, 3, 4, 3, dilation=2, output_padding=2)
    conv.load_state_dict({name.removeprefix("upconv1."): value for name, value in model.state_dict().items()})
    before, after = (int(pad[1]), int(pad[3])) if "," in pad else (int(pad), int(pad))
    whole = conv(x)
    torch.testing.assert_close(model(x), whole[..., before : whole.shape[-1] - after])


def read_output(text: str) -> tree.Shape:
    """The shape that a network gives."""
    return measure(read(text)).output


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
