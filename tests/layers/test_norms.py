"""Norms, attention and stochastic depth beside PyTorch's own, at their usual settings and while training."""

from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import nn

from striate.building import build
from striate.errors import InputError
from striate.layers import DropPath
from striate.notation import Network, measure, read, tree
from striate.notation.tree import Layer
from tests import drawing
from tests.layers.definitions import DEFINITIONS

MANY = (8, 12, 16)  # channels: the fewer numbers are normalised, the more often float32 can't tell them apart


@pytest.mark.parametrize(
    "layer",
    [tree.LayerNorm(), tree.GroupNorm(1), tree.GroupNorm(2), tree.InstanceNorm(), tree.RMSNorm()],
    ids=["ln", "gn1", "gn2", "in", "rmsnorm"],
)
def test_the_usual_eps_gives_its_definition(layer: Layer, on_examples: Any, assert_near: Any) -> None:
    def check(shape: drawing.Sizes, seed: int) -> None:
        x = torch.randn(3, *shape, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            y = build(Network(shape, (layer,)))(x)
        assert_near(y, DEFINITIONS[type(layer)](layer, x.double().numpy(), {}))

    least = int(isinstance(layer, tree.InstanceNorm))
    shapes = st.integers(least, 3).flatmap(lambda dims: drawing.shapes(dims, channels=MANY))
    on_examples(check, shape=shapes, seed=st.integers(0, 2**32 - 1))


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("ln", nn.LayerNorm(6)),
        ("ln eps 0.1 noaffine", nn.LayerNorm(6, 0.1, elementwise_affine=False)),
        ("rmsnorm eps 0.1", nn.RMSNorm(6, 0.1)),
        ("fc 4 each", nn.Linear(6, 4)),
        ("fc 4 each nobias", nn.Linear(6, 4, bias=False)),
    ],
)
def test_it_is_pytorch_s_own_with_the_channels_last(text: str, module: nn.Module) -> None:
    torch.manual_seed(0)
    model, x = build(read(f"input 6x4x5 -> {text}"))[0], torch.randn(2, 6, 4, 5)
    _fill(module)
    model.load_state_dict(module.state_dict())
    torch.testing.assert_close(model(x), module(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))


def _fill(module: nn.Module) -> None:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("heads", [1, 2, 6])
def test_attention_is_pytorch_s_own(heads: int, bias: bool) -> None:
    torch.manual_seed(0)
    model = build(read(f"input 6x4x5 -> attention {heads}{'' if bias else ' nobias'}")).double()[0]
    _fill(model)
    theirs = nn.MultiheadAttention(6, heads, batch_first=True).double()
    qkv_bias = model.qkv.bias if bias else torch.zeros(18)
    names = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    values = (model.qkv.weight, qkv_bias, model.out.weight, model.out.bias)
    theirs.load_state_dict(dict(zip(names, values, strict=True)))
    x = torch.randn(2, 6, 4, 5, dtype=torch.double)
    rows = x.flatten(2).mT
    torch.testing.assert_close(model(x), theirs(rows, rows, rows)[0].mT.reshape(x.shape))


def test_attention_begins_by_the_rules() -> None:
    model = build(read("input 256x4x4 -> attention 8 -> relu"))
    qkv, out = model.get_parameter("attention1.qkv.weight"), model.get_parameter("attention1.out.weight")
    assert qkv.std().item() == pytest.approx((2 / (4 * 256)) ** 0.5, rel=0.02)  # Glorot
    assert out.std().item() == pytest.approx((2 / 256) ** 0.5, rel=0.02)  # He
    assert not model.get_parameter("attention1.qkv.bias").any()
    assert not model.get_parameter("attention1.out.bias").any()


@pytest.mark.parametrize("bias", [True, False])
def test_attention_to_another_map_is_pytorch_s_own(bias: bool) -> None:
    torch.manual_seed(0)
    text = f"look: input 6x4x5\ninput 6x3\nattention 2 from look{'' if bias else ' nobias'}"
    model = build(read(text)).double()
    layer = model.get_submodule("attention1")
    _fill(layer)
    theirs = nn.MultiheadAttention(6, 2, batch_first=True).double()
    values = (layer.qkv.weight, layer.qkv.bias if bias else torch.zeros(18), layer.out.weight, layer.out.bias)
    names = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    theirs.load_state_dict(dict(zip(names, values, strict=True)))  # type: ignore[arg-type]
    seen, x = torch.randn(2, 6, 4, 5, dtype=torch.double), torch.randn(2, 6, 3, dtype=torch.double)
    made, shares = theirs(x.mT, seen.flatten(2).mT, seen.flatten(2).mT, average_attn_weights=False)
    torch.testing.assert_close(model(seen, x), made.mT)
    torch.testing.assert_close(layer.shares(x, seen), shares)


def test_attention_to_another_map_has_its_own_figures() -> None:
    measured = measure(read("look: input 6x4x5\ninput 6x3\nconv 6@1 -> attention 2 from look"))
    row = measured.rows[1]
    assert row.macs.value == 2 * 6 * 6 * 3 + 2 * 6 * 6 * 20 + 2 * 6 * 3 * 20
    assert row.parameters.value == 4 * 36 + 24
    assert measured.entries("attention1", 1, 0, "the input look") == (0, 3)
    assert measured.entries("attention1", 1) == (1, 1)
    free = measure(read("look: input 6x?x5\ninput 6x3\nattention 2 from look")).rows[0]
    assert free.macs.value is None


def test_an_lstm_sees_what_came_before() -> None:
    measured = measure(read("input 3x8 -> lstm 4"))
    assert [measured.entries("lstm1", place) for place in (0, 3, 7)] == [(0, 0), (0, 3), (0, 7)]


def test_each_gate_of_an_lstm_begins_by_its_own_rule() -> None:
    layer = build(read("input 64x8 -> lstm 32"), seed=0).get_submodule("lstm1")
    gate = layer.weight_ih_l0[:32]
    assert gate.std().item() == pytest.approx((2 / (64 + 32)) ** 0.5, rel=0.1)
    assert not layer.bias_hh_l0.any()


def test_attention_s_figures_while_an_axis_is_free() -> None:
    row = measure(read("input 8x?x4 -> attention 2")).rows[0]
    assert (row.output.value, row.macs.value, row.parameters.value) == ((8, None, 4), None, 4 * 64 + 4 * 8)
    assert row.macs.formula == "4*8*8*?*4 + 2*?*4*8*?*4"
    assert [axis.size for axis in row.field.axes] == [None, 4]


def test_what_sees_all_stays_in_its_place() -> None:
    """Boxes can be cut out of maps after it, at the same scale."""
    for word in ("attention 2", "gn 2", "in"):
        network = read(f"input 8x16x16 -> conv 8@3 stride 2 pad 1 -> {word} -> roialign 2")
        assert build(network).get_submodule("roialign1").scale == 0.5
        assert measure(network).rows[1].receptive_field == 17 - 1 + 1


def test_a_batch_norm_moves_its_statistics_as_pytorch_s() -> None:
    x = torch.randn(5, 3, 4, 4) * 2 + 1
    for momentum in (0.0, 0.3, 1.0):
        ours = build(read(f"input 3x4x4 -> bn eps 0.1 momentum {momentum} noaffine")).train()
        theirs = nn.BatchNorm2d(3, 0.1, momentum, affine=False).train()
        for _ in range(3):
            torch.testing.assert_close(ours(x), theirs(x))
        assert ours[0].state_dict().keys() == theirs.state_dict().keys()
        torch.testing.assert_close(ours[0].running_var, theirs.running_var)
        torch.testing.assert_close(ours[0].running_mean, theirs.running_mean)


def test_layer_scale_begins_at_its_number() -> None:
    model = build(read("input 3x4x4 -> residual[ conv 3@1 -> layerscale ] -> layerscale 0.25"))
    assert model.get_parameter("residual1.body.layerscale1.weight").tolist() == pytest.approx([1e-6] * 3)
    assert model.get_parameter("layerscale1.weight").tolist() == [0.25] * 3


@pytest.mark.parametrize("key", [None, 7])
def test_a_path_is_dropped_for_whole_examples(key: int | None) -> None:
    torch.manual_seed(0)
    layer, x = DropPath(0.25), torch.ones(4000, 2, 3)
    layer.key = key
    y = layer(x)
    kept = y[:, 0, 0] > 0
    assert (y == torch.where(kept, 4 / 3, 0.0)[:, None, None]).all()
    assert kept.double().mean().item() == pytest.approx(0.75, abs=0.03)  # four standard errors
    assert (layer.eval()(x) == x).all()


def test_the_same_key_drops_the_same_examples() -> None:
    layer, x = DropPath(0.5), torch.ones(64, 3)
    layer.key = 1
    first = layer(x)
    assert (layer(x) == first).all()
    layer.key = 2
    assert (layer(x) != first).any()


@pytest.mark.parametrize("text", ["input 6 -> gn 6", "input 1 -> ln", "input 6x1 -> in", "input 6x1x1 -> gn 6"])
def test_a_number_alone_is_not_normalised(text: str) -> None:
    with pytest.raises(ValueError, match="minus its mean it is 0"):
        read(text)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_maps_that_come_as_single_entries_are_refused(axes: int) -> None:
    net = build(f"input 2{'x?' * axes} -> in -> gap -> fc 2").eval()
    assert net(torch.rand(3, 2, *[1] * (axes - 1), 2)).shape == (3, 2)
    with pytest.raises(InputError, match="'in' normalises a single entry of each map"):
        net(torch.rand(3, 2, *[1] * axes))
