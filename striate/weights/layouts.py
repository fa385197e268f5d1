"""How other libraries name the layers of networks that the zoo has too.

A layout takes a model's layers in order and gives each layer that has weights its foreign name, or None when the model
is not of that family. Only names are compared here; shapes are compared when the file is read.

>>> from striate.building import build
>>> from striate.zoo import net
>>> names = resnet(leaves(build(net("resnet18"))))
>>> names["first1.residual1.shortcut.conv1"]
'layer2.0.downsample.0'
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from torch import nn

Leaves: TypeAlias = list[tuple[str, nn.Module]]
Names: TypeAlias = dict[str, str]

FEATURES = (nn.MaxPool2d, nn.AvgPool2d)
INCEPTIONS = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")


def leaves(model: nn.Module) -> Leaves:
    """The layers that hold no others, in order, without those that only flatten.

    An identity counts: it stands where a layer was taken out.
    """
    found = [(path, module) for path, module in model.named_modules() if not list(module.children())]
    return [(path, module) for path, module in found if not isinstance(module, nn.Flatten)]


def own(layers: Leaves) -> Names:
    """Our own names."""
    return {path: path for path, module in layers if module.state_dict()}


def sequential(layers: Leaves) -> Names | None:
    """torchvision's AlexNet and VGG: `features.N`, then `classifier.N` after the last pool."""
    pools = [i for i, (_, module) in enumerate(layers) if isinstance(module, FEATURES)]
    if not pools:
        return None
    first = pools[-1] + 1
    names = (f"features.{i}" if i < first else f"classifier.{i - first}" for i in range(len(layers)))
    return {path: name for (path, module), name in zip(layers, names, strict=True) if module.state_dict()}


def timm_vgg(layers: Leaves) -> Names | None:
    """timm's VGG: `features.N`, then `pre_logits.fc1`, `pre_logits.fc2`, `head.fc`."""
    names = sequential(layers)
    if names is None:
        return None
    dense = [path for path, name in names.items() if name.startswith("classifier")]
    return {**names, **dict(zip(dense, ("pre_logits.fc1", "pre_logits.fc2", "head.fc"), strict=False))}


def resnet(layers: Leaves) -> Names | None:
    """ResNet, ResNeXt and SE-ResNet, as torchvision and timm name them: `layer2.0.conv1`, `layer2.0.downsample.0`."""
    names: Names = {}
    stage, block, current = 1, -1, ""
    for path, module in layers:
        group, _, inner = path.partition(".residual1.")
        if inner and group != current:
            new_stage = group.startswith("first") and block >= 0
            stage, block, current = (stage + 1, 0, group) if new_stage else (stage, block + 1, group)
        if module.state_dict():
            foreign = _in_resnet(inner, f"layer{stage}.{block}.") if inner else {"fc1": "fc"}.get(path, path)
            names[path] = foreign
    return names if current else None


def _in_resnet(inner: str, prefix: str) -> str:
    """`body.conv2` → `conv2`, `shortcut.bn1` → `downsample.1`, a gate's `fc1` → `se.fc1`."""
    if inner.startswith("shortcut."):
        return prefix + ("downsample.0" if "conv" in inner else "downsample.1")
    gate = re.search(r"gate\.(fc\d)$", inner)
    return prefix + (f"se.{gate[1]}" if gate else inner.removeprefix("body."))


def densenet(layers: Leaves) -> Names | None:
    """DenseNet, as torchvision and timm name it: `features.denseblock1.denselayer2.conv1`."""
    names: Names = {}
    block, layer, current = 1, 0, ""
    for path, module in layers:
        dense = re.fullmatch(r"(dense\d+)\.body\.\w+\.(bn|conv)(\d)", path)
        between = re.fullmatch(r"(transition(\d+))\.(bn|conv)1", path)
        if dense:
            layer, current = (layer + 1, dense[1]) if dense[1] != current else (layer, current)
            names[path] = f"features.denseblock{block}.denselayer{layer}.{_norm(dense[2])}{dense[3]}"
        elif between:
            names[path] = f"features.transition{between[2]}.{_norm(between[3])}"
            block, layer = int(between[2]) + 1, 0
        elif module.state_dict():
            ends = {"conv1": "features.conv0", "bn1": "features.norm0", "bn2": "features.norm5", "fc1": "classifier"}
            names[path] = ends.get(path, path)
    return names if current else None


def _norm(word: str) -> str:
    return "norm" if word == "bn" else word


def googlenet(layers: Leaves) -> Names | None:
    """torchvision's GoogLeNet: `inception3a.branch2.1.conv`."""
    names: Names = {}
    stem = {"conv1": "conv1.conv", "bn1": "conv1.bn", "fc1": "fc"}
    for path, module in layers:
        if not module.state_dict():
            continue
        part = re.fullmatch(r"inception(\d+)\.concat1\.branch(\d)\.(cbr3_1|cbr1)\.(conv|bn)1", path)
        early = re.fullmatch(r"(cbr3_1|cbr1)\.(conv|bn)1", path)
        if part and int(part[1]) <= len(INCEPTIONS):
            step = {"1": "", "4": "1."}.get(part[2], "1." if part[3] == "cbr3_1" else "0.")
            names[path] = f"inception{INCEPTIONS[int(part[1]) - 1]}.branch{part[2]}.{step}{part[4]}"
        elif early:
            names[path] = f"{'conv3' if early[1] == 'cbr3_1' else 'conv2'}.{early[2]}"
        else:
            names[path] = stem.get(path, path)
    return names if any("inception3a" in name for name in names.values()) else None


def squeezenet(layers: Leaves) -> Names | None:
    """SqueezeNet numbered as in its paper and its published 8-bit weights: `fire2.conv1x1_1`, then two side by side."""
    parts = {"conv1": "conv1x1_1", "concat1.branch1.conv1": "conv1x1_2", "concat1.branch2.conv1": "conv3x3_2"}
    names: Names = {}
    for path, module in layers:
        fire = re.fullmatch(r"fire(\d+)\.(.+)", path)
        if fire and fire[2] in parts:
            names[path] = f"fire{int(fire[1]) + 1}.{parts[fire[2]]}"
        elif module.state_dict():
            names[path] = {"conv2": "conv_final"}.get(path, path)
    return names if "fire2.conv1x1_1" in names.values() else None


LAYOUTS: dict[str, Callable[[Leaves], Names | None]] = {
    "our own": own,
    "torchvision (features, classifier)": sequential,
    "timm (features, pre_logits, head)": timm_vgg,
    "torchvision and timm (ResNet)": resnet,
    "torchvision and timm (DenseNet)": densenet,
    "torchvision (GoogLeNet)": googlenet,
    "fire2.conv1x1_1 (SqueezeNet)": squeezenet,
}
