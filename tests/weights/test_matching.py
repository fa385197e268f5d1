"""Prefixes, dictionaries and layouts are found by what fits; weights that fit are kept, the rest is reported."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

import striate
from striate.errors import InputError
from striate.weights import Table, keep_fitting, load_weights
from striate.weights.matching import match, spellings
from tests.weights import by_name

NET = "input 1x6x6 -> conv 2@3 -> bn -> relu -> fc 5 -> relu -> fc 3"
FORMATS: dict[str, Callable[[dict[str, Tensor], Path], None]] = {
    "w.pth": torch.save,
    "w.npz": lambda tensors, path: np.savez(path, **{name: t.numpy() for name, t in tensors.items()}),
    "w.safetensors": save_file,
}


def own(net: str = NET) -> dict[str, Tensor]:
    """The network's tensors with values that their names decide."""
    shapes = {name: list(tensor.shape) for name, tensor in striate.build(net).state_dict().items()}
    return {name: by_name.tensor_for(name, shape) for name, shape in shapes.items()}


def equal(model: nn.Module, tensors: dict[str, Tensor]) -> bool:
    return all(torch.equal(tensor, tensors[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "prefix", ["", "module.", "_orig_mod.", "model.", "net.", "module._orig_mod.", "_orig_mod.module.model.", "x.y.z."]
)
def test_what_stands_before_every_name_is_taken_off(prefix: str, name: str, tmp_path: Path) -> None:
    FORMATS[name]({prefix + key: tensor for key, tensor in own().items()}, tmp_path / name)
    model = striate.build(NET)
    assert load_weights(model, tmp_path / name).matched == len(own())
    assert equal(model, own())


@settings(max_examples=15, deadline=None)
@given(st.lists(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), max_size=4), st.booleans())
def test_any_words_before_every_name(words: list[str], counted: bool) -> None:
    tensors = {".".join([*words, key]): tensor for key, tensor in own().items()}
    if counted:  # as AveragedModel has it beside the others, without their prefix
        tensors["n_averaged"] = torch.tensor(7)
    found = match(striate.build(NET), [Table("", tensors)])
    assert all(torch.equal(found.tensors[key], tensor) for key, tensor in own().items())


def test_a_part_that_was_wrapped_by_itself(tmp_path: Path) -> None:
    net = "block() = conv 2@3 -> relu -> conv 2@3\ninput 1x8x8\nblock()\nfc 3"
    tensors = own(net)
    wrapped = {key.replace("block1.", "block1._orig_mod."): tensor for key, tensor in tensors.items()}
    assert wrapped.keys() != tensors.keys()
    torch.save(wrapped, tmp_path / "w.pth")
    model = striate.build(net)
    load_weights(model, tmp_path / "w.pth")
    assert equal(model, tensors)


def test_a_word_that_is_the_network_s_own_stays(tmp_path: Path) -> None:
    net = "input 1x6x6 -> model: [conv 2@3 -> relu -> fc 3]*1"
    assert all(name.startswith("model.") for name in own(net))
    save_file(own(net), tmp_path / "w.safetensors")
    model = striate.build(net)
    load_weights(model, tmp_path / "w.safetensors")
    assert equal(model, own(net))


def test_a_prefix_that_not_all_names_have_stays() -> None:
    names = {"model.conv1.weight": torch.zeros(1), "head.weight": torch.zeros(1)}
    assert [list(spelled) for spelled in spellings(names)] == [list(names)] * 2
    assert len(list(spellings({"weight": torch.zeros(1)}))) == 2, "a name without dots is no prefix"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: {"state_dict": w, "epoch": 3},
        lambda w: {"model": w},
        lambda w: {"model_state_dict": w, "optimizer_state_dict": {"state": {0: {"conv1.weight": torch.zeros(9)}}}},
        lambda w: {"checkpoint": {"weights": {"network": w}}},
        lambda w: {"state_dict": {f"net.{key}": tensor for key, tensor in w.items()}, "hyper_parameters": {"lr": 1}},
        lambda w: {"state_dict": {key: tensor + 1 for key, tensor in w.items()}, "state_dict_ema": w},
        lambda w: {"model_ema": {f"module.{key}": t for key, t in w.items()} | {"n_averaged": torch.tensor(3)}},
        lambda w: {**w, "epoch": 3, "best": "0.93"},
    ],
)
def test_whatever_is_round_the_table(wrap: Callable[[dict[str, Tensor]], object], tmp_path: Path) -> None:
    torch.save(wrap(own()), tmp_path / "w.pth")
    model = striate.build(NET)
    load_weights(model, tmp_path / "w.pth")
    assert equal(model, own())


# keeping what fits


def kept(net: str, tensors: dict[str, Tensor], fresh: tuple[str, ...] = ()) -> tuple[nn.Module, dict[str, Tensor], str]:
    """The model with what fits, its tensors before, and the line."""
    model = striate.build(net)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return model, before, keep_fitting(model, [Table("", tensors)], "w.pth", fresh).said("w.pth")


def test_another_number_of_classes_is_a_new_head() -> None:
    model, before, said = kept(NET.replace("fc 3", "fc 4"), own())
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name] if name.startswith("fc2") else own()[name]), name
    assert said == "weights: kept 9 of 11 tensors from w.pth (our own names); new: fc2 (4 classes for 3)"


def test_a_layer_is_kept_whole_or_not_at_all() -> None:
    """A bias that fits is no use without its weights."""
    model, before, said = kept(NET.replace("conv 2@3", "conv 2@3 stride 2 pad 1"), own())
    after = model.state_dict()
    assert torch.equal(after["conv1.weight"], own()["conv1.weight"])
    assert torch.equal(after["fc1.bias"], before["fc1.bias"])
    assert "kept 9 of 11" in said
    assert "new: fc1 (5x18 for 5x32)" in said


def test_layers_that_the_file_lacks_and_tensors_without_a_place_are_told() -> None:
    net = "input 1x6x6 -> conv 2@3 -> bn -> relu -> conv 7@1 -> conv 7@1 -> conv 7@1 -> conv 7@1 -> fc 3"
    _, _, said = kept(net, own())
    assert "kept 7 of 17" in said
    assert "new: conv2 (not in the file), conv3 (not in the file), conv4 (not in the file) and 2 more" in said
    assert said.endswith("; 2 of the file's have no place, such as fc2.weight")


def test_what_begins_afresh_does_so_whatever_fits() -> None:
    model, before, said = kept(NET, own(), fresh=("fc2",))
    assert torch.equal(model.state_dict()["fc2.weight"], before["fc2.weight"])
    assert said.endswith("new: fc2 (of other classes)")


@pytest.mark.parametrize("net", ["input 1x6x6 -> conv 3@5 -> fc 9", "input 1x6x6 -> fc 9"])
def test_weights_of_which_nothing_fits(net: str) -> None:
    model = striate.build(net)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(
        InputError, match=r"^nothing of w\.pth fits the network: it has 'conv1\.weight' of shape 2x1x3x"
    ):
        keep_fitting(model, [Table("", own())], "w.pth")
    assert equal(model, before)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 7.5e35, -1e30])
def test_values_that_no_network_computes_with(value: float) -> None:
    tensors = own()
    tensors["fc1.weight"][2, 3] = value
    model = striate.build(NET)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(InputError, match=r"'fc1\.weight' with (values that are no finite numbers|a value of)"):
        keep_fitting(model, [Table("", tensors)], "w.pth")
    assert equal(model, before)


def test_torchvision_names_into_a_network_of_other_classes() -> None:
    model = striate.build("resnet18")
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    names = match(model, [Table("", {"layer1.0.conv1.weight": torch.zeros(64, 64, 3, 3)})]).names
    foreign = {}
    for name, shape in shapes.items():
        layer, _, key = name.rpartition(".")
        foreign[f"{names[layer]}.{key}"] = by_name.tensor_for(f"{names[layer]}.{key}", shape)
    fine = striate.build(striate.net("resnet18", classes=7))
    found = keep_fitting(fine, [Table("state_dict", foreign)], "w.pth")
    assert len(found.kept) == 120
    assert found.said("w.pth") == (
        "weights: kept 120 of 122 tensors from w.pth (torchvision and timm (ResNet) names, from its 'state_dict'); "
        "new: fc1 (7 classes for 1,000)"
    )
    state = fine.state_dict()
    for ours in found.kept:
        layer, _, key = ours.rpartition(".")
        assert torch.equal(state[ours], foreign[f"{names[layer]}.{key}"]), ours
