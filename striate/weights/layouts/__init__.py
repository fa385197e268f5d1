"""How other libraries name the layers of networks that the zoo has too.

A layout takes a network's layers by role (`roles.py`) and gives each that has weights its foreign name, or None when
the network is not of that family. What a text calls its definitions and labels does not matter. Only names are compared
here; shapes are compared when the file is read.

>>> from striate.building import build
>>> naming(build("resnet18"))["torchvision and timm (ResNet)"]["first1.residual1.shortcut.conv1"]
'layer2.0.downsample.0'
"""

from collections.abc import Callable

from torch import nn

from striate.layers.earlier import earlier
from striate.weights.layouts.convnext import timm_convnext, torchvision_convnext
from striate.weights.layouts.densenet import densenet
from striate.weights.layouts.inception import googlenet, inception_v3
from striate.weights.layouts.mobile import (
    timm_mobile,
    torchvision_efficientnet,
    torchvision_mobilenetv2,
    torchvision_mobilenetv3,
)
from striate.weights.layouts.regnet import timm_regnet, torchvision_regnet
from striate.weights.layouts.resnet import resnet
from striate.weights.layouts.roles import Leaf, Names, Roles, Whole, leaves
from striate.weights.layouts.shufflenet import shufflenet
from striate.weights.layouts.squeezenet import squeezenet, torchvision_squeezenet
from striate.weights.layouts.vgg import sequential, timm_vgg

__all__ = ["LAYOUTS", "Leaf", "Names", "Whole", "leaves", "naming"]

LAYOUTS: dict[str, Callable[[Roles], Names | None]] = {
    "torchvision (features, classifier)": sequential,
    "timm (features, pre_logits, head)": timm_vgg,
    "torchvision and timm (ResNet)": resnet,
    "torchvision and timm (DenseNet)": densenet,
    "torchvision (GoogLeNet)": googlenet,
    "fire2.conv1x1_1 (SqueezeNet)": squeezenet,
    "torchvision (SqueezeNet)": torchvision_squeezenet,
    "torchvision (MobileNetV2)": torchvision_mobilenetv2,
    "torchvision (MobileNetV3)": torchvision_mobilenetv3,
    "torchvision (EfficientNet)": torchvision_efficientnet,
    "timm (MobileNet, EfficientNet)": timm_mobile,
    "torchvision (RegNet)": torchvision_regnet,
    "timm (RegNet)": timm_regnet,
    "torchvision and timm (Inception v3)": inception_v3,
    "torchvision (ConvNeXt)": torchvision_convnext,
    "timm (ConvNeXt)": timm_convnext,
    "torchvision (ShuffleNetV2)": shufflenet,
}


def naming(model: nn.Module) -> dict[str, Names]:
    """For each layout of a family that the network may be of, the foreign name of each layer with tensors."""
    found = leaves(model)
    own = {leaf.path: leaf.path for leaf in found if leaf.module.state_dict()}
    old = earlier(model)
    roles = {leaf.role: leaf.module for leaf in found}
    foreign = {label: layout(roles) for label, layout in LAYOUTS.items()}
    with_tensors = [leaf for leaf in found if leaf.path in own]
    by_path = {
        label: {leaf.path: names.get(leaf.role, leaf.path) for leaf in with_tensors}
        for label, names in foreign.items()
        if names
    }
    before = {path: old.get(path, path) for path in own}
    earlier_own = {"our own, of earlier versions": before} if before != own else {}
    return {"our own": own, **earlier_own, **by_path}
