"""How branches join: every block against its paper's equation, written again in NumPy, for vectors and for maps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray

from striate.building import JOINS as MODULES
from striate.building import build
from striate.notation import measure, read, tree
from striate.notation.graph import FORMS, Join
from striate.notation.tree import Layer
from tests.shapes import after

Array = NDArray[np.float64]
BATCH = 2
SEEDS = st.integers(0, 2**32 - 1)


def tanh(x: Array) -> Array:
    return np.tanh(x)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def behind(*maps: Array) -> Array:
    return np.concatenate(maps, axis=1)


def spatial(x: Array) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


JOINS: dict[str, Callable[[Array], Array]] = {
    "residual[ tanh ]": lambda x: tanh(x) + x,
    "residual[ tanh | sigmoid ]": lambda x: tanh(x) + sigmoid(x),
    "dense[ tanh ]": lambda x: behind(x, tanh(x)),
    "dense[ zeropad 5 -> tanh ]": lambda x: behind(x, tanh(x), np.zeros_like(x[:, :1])),
    "concat[ id | tanh | sigmoid ]": lambda x: behind(x, tanh(x), sigmoid(x)),
    "concat[ tanh ]": tanh,
    "sum[ id | tanh | sigmoid ]": lambda x: x + tanh(x) + sigmoid(x),
    "sum[ tanh ]": tanh,
    "scale[ sigmoid ]": lambda x: x * sigmoid(x),
    "aux[ fc 3 ]": lambda x: x,
    "part: [ tanh -> sigmoid ]": lambda x: sigmoid(tanh(x)),
    "residual[ dense[ tanh ] | concat[ id | sigmoid ] ]": lambda x: behind(x + x, tanh(x) + sigmoid(x)),
}
JOINS_OF_MAPS: dict[str, Callable[[Array], Array]] = {
    "scale[ gap -> sigmoid ]": lambda x: x * sigmoid(x.mean(axis=spatial(x), keepdims=True)),
    "scale[ gmp ]": lambda x: x * x.max(axis=spatial(x), keepdims=True),
    "scale[ channelmean -> sigmoid ]": lambda x: x * sigmoid(x.mean(axis=1, keepdims=True)),
    "scale[ channelmax -> tanh ]": lambda x: x * tanh(x.max(axis=1, keepdims=True)),
}


def test_every_block_is_tested() -> None:
    kinds = {text.split("[")[0].split(":")[-1].strip() for text in (*JOINS, *JOINS_OF_MAPS)}
    assert kinds == {block.kind for block in (*FORMS, tree.Group)} - {"heads"}
    assert {*tree.BLOCKS.values()} == {*FORMS}
    assert {*MODULES} == {*Join.__subclasses__()}


@pytest.mark.parametrize("text", [*JOINS, *JOINS_OF_MAPS])
def test_a_join_is_its_definition(text: str, on_examples: Any, assert_near: Any) -> None:
    def check(sizes: list[int], seed: int) -> None:
        shape = (4, *sizes)
        network = read(f"input {_written(shape)} -> {text}")
        model, x = build(network).eval(), _random(shape, seed)
        with torch.no_grad():
            y = model(x)
        assert_near(y, {**JOINS, **JOINS_OF_MAPS}[text](x.double().numpy()))
        assert tuple(y.shape[1:]) == after(network.layers[0], shape)

    sizes = st.lists(st.integers(1, 5), min_size=int(text in JOINS_OF_MAPS), max_size=3)
    on_examples(check, sizes=sizes, seed=SEEDS)


def _written(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _random(shape: tuple[int, ...], seed: int = 2) -> torch.Tensor:
    return torch.randn(BATCH, *shape, generator=torch.Generator().manual_seed(seed))


def test_a_gate_of_one_value_a_channel_scales_whole_maps(on_examples: Any, assert_near: Any) -> None:
    def check(sizes: list[int], seed: int) -> None:
        shape = (4, *sizes)
        model, x = build(read(f"input {_written(shape)} -> scale[ fc c -> sigmoid ]")), _random(shape, seed)
        weight, bias = (p.detach().double().numpy() for p in model.get_submodule("scale1.gate.fc1").parameters())
        factor = sigmoid(x.double().numpy().reshape(BATCH, -1) @ weight.T + bias)
        with torch.no_grad():
            assert_near(model(x), x.double().numpy() * factor.reshape(BATCH, 4, *[1] * len(sizes)))

    on_examples(check, sizes=st.lists(st.integers(1, 5), min_size=1, max_size=3), seed=SEEDS)


BODIES = [
    "concat[ conv {a}@3 pad same | conv {b}@1 nobias -> bn -> relu | maxpool 3 stride 1 pad 1 ]",
    "sum[ conv {a}@3 pad 1 | conv {a}@1 | zeropad 9 -> conv {a}@2 pad same ]",
    "residual[ conv {a}@3 stride 2 pad 1 -> prelu -> conv {b}@3 pad 1 | conv {b}@1 stride 2 ]",
    "residual[ conv {a}@3 pad 1 -> relu -> conv 3@1 | id ] -> residual[ conv 3@1 ]",
    "[dense[ bn -> relu -> conv {a}@3 pad same ]]*3",
    "scale[ gap -> fc {a} -> relu -> fc 3 -> sigmoid ] -> conv {b}@2",
    "scale[ concat[ channelmean | channelmax ] -> conv 1@3 pad 1 nobias -> bn -> sigmoid ] -> conv {b}@2",
    "residual[ attention 1 -> layerscale -> droppath ] -> residual[ ln -> fc {a} each -> gelu -> fc 3 each ]",
    "part: [ conv {a}@2 -> inner: [ relu -> conv {b}@2 ]*2 ]",
    "aux[ gap -> fc {a} ] -> conv {b}@1 -> aux[ fc {a} ] -> relu",
    "residual[ concat[ conv {a}@1 | dense[ conv {b}@1 ] ] | conv {a}+{b}+3@1 ]",
]


@pytest.mark.parametrize("body", BODIES)
def test_shapes_counts_and_names_are_those_of_the_rules(body: str, on_examples: Any) -> None:
    def check(a: int, b: int, sizes: list[int]) -> None:
        network = read(f"input {_written((3, *sizes))} -> {body.format(a=a, b=b)}")
        model, shapes = build(network), {}
        for name, module in model.named_modules():
            module.register_forward_hook(lambda _m, _x, y, name=name: shapes.update({name: y}))
        model(_random((3, *sizes)))
        for row in measure(network).rows:
            assert tuple(shapes[row.name].shape[1:]) == row.output.value, row.name
            if isinstance(row.node, Layer):
                count = sum(p.numel() for p in model.get_submodule(row.name).parameters())
                assert count == row.parameters.value, row.name
        assert sum(p.numel() for p in model.parameters()) == measure(network).total_parameters

    few = st.integers(1, 5)
    on_examples(check, a=few, b=few, sizes=st.lists(st.integers(4, 6), min_size=1, max_size=3))
