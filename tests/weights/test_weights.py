"""Foreign weights: with equal weights our logits are theirs; what does not fit changes nothing; a file runs no code."""

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import striate as st
from striate.errors import InputError
from striate.weights import load_weights
from tests.weights import by_name

HERE = Path(__file__).parent
FOREIGN: dict[str, Any] = json.loads(gzip.decompress((HERE / "foreign.json.gz").read_bytes()))
OURS = {
    "vgg11": "vgg-a",
    "vgg13": "vgg-b",
    "resnext50_32x4d": "resnext50",
    "resnext101_32x8d": "resnext101-32x8d",
    "seresnet50": "se-resnet50",
    "squeezenet1_0": "squeezenet",
    "mobilenetv1_100": "mobilenetv1",
    "mobilenet_v2": "mobilenetv2",
    "mobilenetv2_100": "mobilenetv2",
    "mobilenet_v3_large": "mobilenetv3-large",
    "efficientnet_b0": "efficientnet-b0",
    "regnet_y_400mf": "regnety-400mf",
    "regnety_004": "regnety-400mf",
    "inception_v3": "inception-v3",
    "shufflenet_v2_x1_0": "shufflenetv2",
    "convnext_tiny": "convnext-tiny",
}
QUICK = ("alexnet", "resnet18", "resnet50", "densenet121", "googlenet", "timm/seresnet50", "timm/densenet121")


def checkpoint(name: str) -> dict[str, Tensor]:
    """The foreign checkpoint, made again."""
    return {key: by_name.tensor_for(key, shape) for key, shape in FOREIGN[name]["entries"].items()}


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FOREIGN]
)
def test_with_equal_weights_the_logits_are_theirs(name: str, tmp_path: Path) -> None:
    path = tmp_path / "foreign.pth"
    torch.save(checkpoint(name), path)
    plain = name.removeprefix("timm/")
    model = st.build(st.net(OURS.get(plain, plain))).eval()
    loaded = load_weights(model, path)
    assert ("timm" if "timm/" in name else "torchvision") in loaded.layout
    with torch.inference_mode():
        logits = model(by_name.tensor_for("input", [1, 3, 224, 224])).flatten(1)[0, ::100]
    expected = torch.tensor(FOREIGN[name]["logits"])
    assert float((logits - expected).abs().max()) <= 1e-5 * FOREIGN[name]["largest"]
    heads = [key for key in FOREIGN[name]["entries"] if key.startswith("aux") and "num_batches" not in key]
    assert sorted(loaded.skipped) == sorted(heads)
    assert "heads" in loaded.said() if heads else "heads" not in loaded.said()


def test_our_own_names_from_safetensors(tmp_path: Path) -> None:
    model, other = st.build(st.net("lenet5")), st.build(st.net("lenet5"))
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    assert load_weights(other, tmp_path / "w.safetensors").matched == 10
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_our_own_names_from_a_numpy_archive(tmp_path: Path) -> None:
    model, other = st.build(st.net("lenet5")), st.build(st.net("lenet5"))
    np.savez(tmp_path / "w.npz", **{key: value.numpy() for key, value in model.state_dict().items()})
    assert load_weights(other, tmp_path / "w.npz").matched == 10
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_timm_names_of_vgg_with_its_heads_as_convolutions(tmp_path: Path) -> None:
    model = st.build(st.net("input 3x32x32 -> conv 4@3x3 -> relu -> maxpool 2 -> [fc 6 -> relu -> dropout]*2 -> fc 3"))
    own = model.state_dict()
    names = ("features.0", "pre_logits.fc1", "pre_logits.fc2", "head.fc")
    foreign = {
        f"{name}.{kind}": own[f"{ours}.{kind}"].clone()
        for name, ours in zip(names, ("conv1", "fc1", "fc2", "fc3"), strict=True)
        for kind in ("weight", "bias")
    }
    foreign["pre_logits.fc1.weight"] = foreign["pre_logits.fc1.weight"].reshape(6, 4, 15, 15)
    foreign["pre_logits.fc2.weight"] = foreign["pre_logits.fc2.weight"].reshape(6, 6, 1, 1)
    torch.save({"state_dict": foreign}, tmp_path / "vgg.pth")
    other = st.build(st.net("input 3x32x32 -> conv 4@3x3 -> relu -> maxpool 2 -> [fc 6 -> relu -> dropout]*2 -> fc 3"))
    assert load_weights(other, tmp_path / "vgg.pth").layout.startswith("timm")
    assert all(torch.equal(own[key], value) for key, value in other.state_dict().items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("conv2.weight"), "lacks 'conv2.weight', for the network's 'conv2.weight' of shape 16x6x5x5"),
        (lambda w: w.update({"conv2.weight": torch.zeros(3)}), "has 'conv2.weight' of shape 3, the network's"),
        (lambda w: w.update({"extra.weight": torch.zeros(2, 2)}), "has 'extra.weight' of shape 2x2, for which"),
    ],
)
def test_what_does_not_fit_names_the_first_difference_and_changes_nothing(
    tmp_path: Path, change: Any, message: str
) -> None:
    model = st.build(st.net("lenet5"))
    wrong = {key: value.clone() + 1 for key, value in model.state_dict().items()}
    before = {key: value.clone() for key, value in model.state_dict().items()}
    change(wrong)
    torch.save(wrong, tmp_path / "wrong.pth")
    with pytest.raises(InputError, match=message):
        load_weights(model, tmp_path / "wrong.pth")
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("net", "weights_of", "message"),
    [
        ("lenet5", "lenet1", r"has 'conv1.weight' of shape 4x1x5x5, the network's 'conv1.weight' has 6x1x5x5"),
        ("lenet1", "lenet5", r"has 'conv1.weight' of shape 6x1x5x5, the network's 'conv1.weight' has 4x1x5x5"),
        ("resnet18", "resnet34", r"has 'layer1.2.conv1.weight' of shape 64x64x3x3, for which the network has no place"),
        ("resnet34", "timm/resnet18", r"lacks 'layer1.2.conv1.weight', for the network's 'basic3.residual1.body.conv1"),
    ],
)
def test_weights_of_another_network_are_refused_whole(net: str, weights_of: str, message: str, tmp_path: Path) -> None:
    model = st.build(st.net(net))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    foreign = checkpoint(weights_of) if weights_of in FOREIGN else st.build(st.net(weights_of)).state_dict()
    torch.save(foreign, tmp_path / "other.pth")
    with pytest.raises(InputError, match=message):
        load_weights(model, tmp_path / "other.pth")
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


class Evil:
    """Would write a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_a_malicious_file_runs_no_code(tmp_path: Path) -> None:
    torch.save({"conv1.weight": Evil(tmp_path / "ran")}, tmp_path / "evil.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Evil(tmp_path / "ran")))
    np.savez(tmp_path / "evil.npz", **{"conv1.weight": np.array([Evil(tmp_path / "ran")], dtype=object)})
    (tmp_path / "plain.npz").write_bytes(pickle.dumps(Evil(tmp_path / "ran")))
    for name in ("evil.pth", "plain.pth", "evil.npz", "plain.npz"):
        with pytest.raises(InputError):
            load_weights(nn.Sequential(nn.Linear(1, 1)), tmp_path / name)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name", ["gone.pth", "cut.pth", "text.pth", "cut.safetensors", "cut.npz", "spoilt.npz", "words.npz"]
)
def test_a_file_that_is_no_weights_is_refused_by_name(name: str, tmp_path: Path) -> None:
    model = st.build(st.net("lenet5"))
    path = tmp_path / name
    if name == "text.pth":
        path.write_text("hello")
    elif name == "words.npz":
        np.savez(path, **{"conv1.weight": np.array(["hello"])})
    elif name.endswith("npz"):
        np.savez_compressed(path, **{key: value.numpy() for key, value in model.state_dict().items()})
        content = path.read_bytes()
        path.write_bytes(content[:500] if name == "cut.npz" else content[:200] + bytes(100) + content[300:])
    elif name.startswith("cut"):
        save = save_file if name.endswith("safetensors") else torch.save
        save(model.state_dict(), path)
        path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match=name):
        load_weights(model, path)


@pytest.mark.parametrize(
    "odd",
    [torch.eye(3).to_sparse(), torch.ones(3, device="meta"), torch.ones(3, dtype=torch.complex64)],
    ids=["sparse", "meta", "complex"],
)
def test_tensors_of_another_kind_are_refused_before_anything_changes(odd: torch.Tensor, tmp_path: Path) -> None:
    model = st.build(st.net("lenet5"))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.save({**before, "fc2.weight": odd}, tmp_path / "odd.pth")
    with pytest.raises(InputError, match=r"odd.pth has 'fc2.weight', which is no plain tensor of real numbers"):
        load_weights(model, tmp_path / "odd.pth")
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("content", [b"hello", b"# A heading", b"\x89PNG\r\n", bytes(64), b""])
def test_a_file_that_torch_did_not_write_is_told_so(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(content)
    rule = "it is neither a zip archive nor a pickle, as torch.save writes them"
    with pytest.raises(InputError, match=rf"w\.pth is no file of weights: {rule}$"):
        load_weights(st.build("lenet5"), tmp_path / "w.pth")


@pytest.mark.filterwarnings("error")
def test_a_pickle_of_a_protocol_that_torch_warns_of_is_refused_alone(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(pickle.dumps({"a": Path("b")}, protocol=5))
    with pytest.raises(InputError, match=r"w\.pth holds more than tensors \(pathlib\.PosixPath\); "):
        load_weights(st.build("lenet5"), tmp_path / "w.pth")


def test_a_folder_is_told_with_the_weights_in_it(tmp_path: Path) -> None:
    model = st.build("lenet5")
    with pytest.raises(InputError, match=rf"^{tmp_path} is a folder; name the file in it$"):
        load_weights(model, tmp_path)
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(InputError, match=rf"^{tmp_path} is a folder; its weights are {tmp_path}/model.safetensors$"):
        load_weights(model, tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["conv1.weight", "bn1.running_var"])
def test_weights_that_are_no_finite_numbers_are_refused(value: float, name: str, tmp_path: Path) -> None:
    model = st.build("input 1x8x8 -> conv 2@3 -> bn -> gap -> fc 2")
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    spoilt = {key: tensor.clone() for key, tensor in before.items()}
    spoilt[name].view(-1)[1] = value
    torch.save(spoilt, tmp_path / "w.pth")
    with pytest.raises(InputError, match=f"has '{name}' with values that are no finite numbers"):
        load_weights(model, tmp_path / "w.pth")
    assert all(torch.equal(before[key], tensor) for key, tensor in model.state_dict().items())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("lenet5", "w.pth"), r"^weights go into a module, as in st\.build\('lenet5'\)\. Received: str$"),
        ((nn.Linear(1, 1), None), r"^weights come from a file, given by its path\. Received: NoneType$"),
    ],
)
def test_what_is_no_module_or_no_path_is_refused(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_weights(*given)
