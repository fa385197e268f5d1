"""Layouts read roles: whatever a text calls its definitions, and wherever it has labels, foreign weights load."""

import re
from pathlib import Path

import pytest
import torch

import striate as st
from striate import zoo
from striate.layers.earlier import earlier
from striate.notation import parse
from striate.weights import load_weights
from striate.weights.layouts import LAYOUTS, naming
from tests.weights import by_name
from tests.weights.test_weights import checkpoint

NETS = [
    ("vgg-a", "torchvision (features, classifier)"),
    ("vgg-a", "timm (features, pre_logits, head)"),
    ("resnet18", "torchvision and timm (ResNet)"),
    ("resnext50", "torchvision and timm (ResNet)"),
    ("se-resnet50", "torchvision and timm (ResNet)"),
    ("densenet121", "torchvision and timm (DenseNet)"),
    ("googlenet", "torchvision (GoogLeNet)"),
    ("squeezenet", "fire2.conv1x1_1 (SqueezeNet)"),
    ("squeezenet", "torchvision (SqueezeNet)"),
    ("mobilenetv1", "timm (MobileNet, EfficientNet)"),
    ("mobilenetv2", "timm (MobileNet, EfficientNet)"),
    ("mobilenetv2", "torchvision (MobileNetV2)"),
    ("mobilenetv3-large", "torchvision (MobileNetV3)"),
    ("efficientnet-b0", "timm (MobileNet, EfficientNet)"),
    ("efficientnet-b0", "torchvision (EfficientNet)"),
    ("regnety-400mf", "torchvision (RegNet)"),
    ("regnety-400mf", "timm (RegNet)"),
    ("inception-v3", "torchvision and timm (Inception v3)"),
    ("convnext-tiny", "torchvision (ConvNeXt)"),
    ("convnext-tiny", "timm (ConvNeXt)"),
    ("shufflenetv2", "torchvision (ShuffleNetV2)"),
]


def renamed(name: str) -> str:
    """A text of the zoo with every definition renamed, a bracket with a label about the last line and about one use."""
    text = zoo.entry(name).text
    definitions = [one.name for one in parse(text).definitions]
    for number, definition in enumerate(definitions):
        text = re.sub(rf"(?m)\b{definition}(?=\s*([(=*|\]]|->|$))", f"mine{number}x", text)
    *lines, last = text.rstrip().split("\n")
    text = "\n".join([*lines, f"ending: [ {last} ]"])
    return re.sub(r"(?m)^(mine\dx\([^)]*\))(?!.*=)", r"outer: [ \1 ]", text, count=1)


def with_tensors(model: torch.nn.Module) -> list[str]:
    return [path for path, module in model.named_modules() if module._parameters or module._buffers]


@pytest.mark.parametrize(("name", "layout"), NETS)
def test_a_text_with_other_names_has_the_same_foreign_names(name: str, layout: str) -> None:
    with torch.device("meta"):
        model, other = st.build(zoo.net(name)), st.build(zoo.net(renamed(name)))
    assert with_tensors(model) != with_tensors(other)
    ours, theirs = naming(model)[layout], naming(other)[layout]
    assert [ours[path] for path in with_tensors(model)] == [theirs[path] for path in with_tensors(other)]
    assert len(set(ours.values())) == len(with_tensors(model))


@pytest.mark.parametrize("name", ["resnet18", "googlenet"])
def test_foreign_weights_load_into_a_text_with_other_names(name: str, tmp_path: Path) -> None:
    torch.save(checkpoint(name), tmp_path / "w.pth")
    model, other = st.build(name), st.build(renamed(name))
    assert load_weights(other, tmp_path / "w.pth").layout == load_weights(model, tmp_path / "w.pth").layout
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_every_layout_names_a_net_of_the_zoo() -> None:
    assert {*LAYOUTS} == {layout for _, layout in NETS}


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("input 1x8x8 -> conv 2@3 -> a: conv 2@3 -> conv 2@1 -> fc 3", "conv1 a conv2 fc1"),
        ("input 1x8x8 -> conv1: conv 2@3 -> conv 2@3 -> conv 2@1 -> end: fc 3", "conv1 conv2 conv3 end"),
        ("input 1x8x8 -> part: [ a: conv 2@3 -> bn -> conv 2@1 ] -> fc 3", "part.a part.bn1 part.conv1 fc1"),
        ("input 1x8x8 -> r: residual[ a: conv 1@1 -> conv 1@1 ] -> fc 3", "r.body.a r.body.conv1 fc1"),
        ("input 1x8x8 -> conv 2@4 stride 2 pad same -> a: conv 3@4 stride 2 pad same -> fc 3", "conv1 a fc1"),
    ],
)
def test_weights_of_earlier_versions_are_found_by_label(text: str, old: str, tmp_path: Path) -> None:
    model, other = st.build(text), st.build(text)
    names = earlier(model)
    before = {
        f"{names[key.rpartition('.')[0]]}.{key.rpartition('.')[2]}": by_name.tensor_for(key, list(tensor.shape))
        for key, tensor in model.state_dict().items()
    }
    assert list(dict.fromkeys(key.rpartition(".")[0] for key in before)) == old.split()
    torch.save(before, tmp_path / "w.pth")
    load_weights(other, tmp_path / "w.pth")
    for key, tensor in other.state_dict().items():
        assert torch.equal(tensor, by_name.tensor_for(key, list(tensor.shape))), key


def test_lenet5_as_published_has_the_paper_s_names_in_files_of_earlier_versions() -> None:
    layout = naming(st.build("lenet5-1998"))["our own, of earlier versions"]
    assert [name for name in layout.values() if "." not in name] == ["c1", "s2", "s4", "c5", "f6", "rbf1"]
    assert {name.partition(".")[0] for name in layout.values() if "." in name} == {"c3"}
