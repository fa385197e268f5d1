"""How weights begin: the spread of each rule, and which rule the activation that follows asks for."""

import math

import pytest
import torch

from striate.building import build
from striate.errors import InputError
from striate.initial import RULES, initialise, rule_before
from striate.notation import read, tree

FAN_IN, FAN_OUT = 64 * 9, 96 * 9  # of conv 96@3 on 64 maps
DEVIATIONS = {
    "he": math.sqrt(2 / FAN_IN),
    "glorot": math.sqrt(2 / (FAN_IN + FAN_OUT)),
    "lecun": math.sqrt(1 / FAN_IN),
    "normal": 0.01,
    "zeros": 0.0,
}
RECTIFIERS = ["relu", "leaky", "prelu", "elu", "swish", "gelu"]


def _deviation(text: str, name: str, init: str | None = None) -> float:
    torch.manual_seed(0)
    return build(read(text), init).get_parameter(f"{name}.weight").std().item()


def test_every_rule_is_tested() -> None:
    assert set(DEVIATIONS) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_by_name_has_its_formula_s_spread(rule: str) -> None:
    weight = torch.empty(96, 64, 3, 3)
    torch.manual_seed(0)
    initialise(weight, rule)
    assert weight.std().item() == pytest.approx(DEVIATIONS[rule], rel=0.02)
    assert weight.mean().item() == pytest.approx(0, abs=DEVIATIONS[rule] / 50)
    built = _deviation("input 64x5x5 -> conv 96@3 -> relu", "conv1", rule)
    assert built == pytest.approx(DEVIATIONS[rule], rel=0.02)


def test_glorot_is_uniform_and_he_is_normal() -> None:
    torch.manual_seed(0)
    glorot, he = torch.empty(500, 500), torch.empty(500, 500)
    initialise(glorot, "glorot")
    initialise(he, "he")
    assert glorot.abs().max() <= math.sqrt(6 / 1000)
    assert he.abs().max() > 3.5 * math.sqrt(2 / 500)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_the_fan_counts_every_axis_of_the_kernel_and_only_the_group_s_maps(dims: int) -> None:
    maps = 32 if dims == 3 else 128
    text = f"input {maps}{'x4' * dims} -> conv {maps}@3 groups 2 -> relu"
    assert _deviation(text, "conv1") == pytest.approx(math.sqrt(2 / (maps / 2 * 3**dims)), rel=0.03)


def test_a_fully_connected_layer_follows_the_same_formulas() -> None:
    text = "input 300 -> fc 500 -> relu -> fc 400"
    assert _deviation(text, "fc1") == pytest.approx(math.sqrt(2 / 300), rel=0.02)
    assert _deviation(text, "fc2") == pytest.approx(math.sqrt(2 / 900), rel=0.02)


HE, GLOROT = DEVIATIONS["he"], DEVIATIONS["glorot"]
C = "conv 96@3 pad 1"
BEFORE = {  # what follows the first convolution → its spread
    **{f"{C} -> {word}": HE for word in RECTIFIERS},
    **{f"{C} -> {word}": GLOROT for word in ("tanh", "sigmoid", "softmax", "id", "maxpool 2")},
    f"{C} -> bn -> relu": HE,
    f"{C} -> bn -> maxpool 2 -> dropout -> relu": HE,
    f"{C} -> bn -> tanh": GLOROT,
    f"{C} -> {C} -> relu": GLOROT,
    f"{C} -> bn -> fc 4 -> relu": GLOROT,
    f"{C} -> norm: [ bn -> id ] -> relu": HE,
    f"{C} -> norm: [ bn -> tanh ] -> relu": GLOROT,
    f"{C} -> act: [ bn -> relu ] -> tanh": HE,
    f"{C} -> more: [ bn -> {C} ] -> relu": GLOROT,
    f"{C} -> bn -> scale[ gap -> fc c -> sigmoid ] -> relu": HE,
    f"{C} -> aux[ fc 3 -> tanh ] -> relu": HE,
    f"{C} -> residual[ bn -> relu -> {C} ] -> tanh": HE,
    f"{C} -> concat[ {C} -> relu | id ] -> relu": GLOROT,
    f"{C} -> dense[ bn -> relu -> {C} ]": HE,
}


@pytest.mark.parametrize(("text", "deviation"), BEFORE.items())
def test_the_activation_that_follows_chooses_the_rule(text: str, deviation: float) -> None:
    assert _deviation(f"input 64x4x4 -> {text}", "conv1") == pytest.approx(deviation, rel=0.02)


@pytest.mark.parametrize(
    ("text", "name", "deviation"),
    [
        ("residual[ relu -> conv 64@3 pad 1 -> bn ] -> relu", "residual1.body.conv1", math.sqrt(2 / FAN_IN)),
        ("residual[ relu | conv 64@3 pad 1 -> bn ] -> relu", "residual1.shortcut.conv1", math.sqrt(2 / FAN_IN)),
        ("residual[ relu -> conv 64@3 pad 1 -> bn ] -> tanh", "residual1.body.conv1", math.sqrt(1 / FAN_IN)),
        ("concat[ id | conv 64@3 pad 1 ] -> bn -> relu", "concat1.branch2.conv1", math.sqrt(2 / FAN_IN)),
        ("part: [ conv 64@3 pad 1 -> bn ] -> relu", "part.conv1", math.sqrt(2 / FAN_IN)),
        (
            "residual[ sum[ conv 64@3 pad 1 | id ] -> bn ] -> relu",
            "residual1.body.sum1.branch1.conv1",
            math.sqrt(2 / FAN_IN),
        ),
        ("aux[ conv 64@3 ] -> relu", "aux1.head.conv1", math.sqrt(1 / FAN_IN)),
        ("scale[ conv 64@3 pad 1 ] -> relu", "scale1.gate.conv1", math.sqrt(1 / FAN_IN)),
    ],
)
def test_the_end_of_a_branch_looks_behind_its_block(text: str, name: str, deviation: float) -> None:
    assert _deviation(f"input 64x4x4 -> {text}", name) == pytest.approx(deviation, rel=0.02)


def test_every_activation_has_a_rule() -> None:
    kinds = {layer for layer in tree.LAYERS.values() if issubclass(layer, tree.Activation)}
    assert {kind.init for kind in kinds} <= RULES.keys()
    rectifiers = {tree.LAYERS[word] for word in RECTIFIERS}
    assert {kind for kind in kinds if kind.init == "he"} >= {*rectifiers, tree.Maxout}
    assert rule_before(None) == rule_before(tree.Identity()) == rule_before(tree.Tanh()) == "glorot"


def test_biases_begin_at_zero_and_norms_at_one() -> None:
    model = build(read("input 2x4x4 -> conv 4@3 -> bn -> relu -> upconv 3@2 -> fc 5"), "normal")
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any(), name
    assert (model.get_parameter("bn1.weight") == 1).all()


@pytest.mark.parametrize("wrong", ["hee", "HE", "xavier", ""])
def test_an_unknown_rule_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match=f"no initialisation '{wrong}'; there are he, glorot, lecun, normal, zeros"):
        initialise(torch.empty(2, 2), wrong)


def test_an_unknown_rule_for_a_net_tells_the_nearest() -> None:
    with pytest.raises(InputError, match=r"did you mean 'glorot'\?"):
        build(read("input 8 -> fc 2"), "glorott")


ACROSS_CHANNELS = (tree.Maxout, tree.Softmax, tree.Glu)  # no function of one number


@pytest.mark.parametrize(
    "activation",
    [kind for kind in tree.LAYERS.values() if issubclass(kind, tree.Activation) and kind not in ACROSS_CHANNELS],
    ids=lambda kind: kind.word,
)
def test_what_loses_the_negative_half_has_the_rule_that_makes_up_for_it(activation: type[tree.Activation]) -> None:
    """He et al. 2015: twice the variance where numbers below zero are lost and those above pass."""
    low, high = build(read(f"input 1 -> {activation.word}"))(torch.tensor([[-3.0], [3.0]])).flatten().tolist()
    assert (activation.init == "he") == (high > 2 and abs(low) < high / 2)
