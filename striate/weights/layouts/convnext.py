"""ConvNeXt: stages of residuals, each after the first behind a norm and a convolution that halves the map.

>>> from torch.nn import Conv2d, Linear
>>> torchvision_convnext({"conv1": Conv2d(1, 1, 4), "residual1.body.fc1": Linear(1, 4)})
{'conv1': 'features.0.0', 'residual1.body.fc1': 'features.1.0.block.3'}
"""

import re
from collections.abc import Iterator

from striate.weights.layouts.roles import Names, Roles, Whole, weighted

BLOCK = re.compile(r"residual(\d+)\.body\.(\w+)")
ALONE = re.compile(r"(conv|ln)(\d+)")
TORCHVISION = {"conv1": "block.0", "ln1": "block.2", "fc1": "block.3", "fc2": "block.5", "layerscale1": "layer_scale"}
TIMM = {"conv1": "conv_dw", "ln1": "norm", "fc1": "mlp.fc1", "fc2": "mlp.fc2", "layerscale1": "gamma"}


def torchvision_convnext(roles: Roles) -> Names | None:
    """torchvision's ConvNeXt: `features.3.0.block.5`, `features.3.0.layer_scale`, `features.2.0`, `classifier.2`."""
    ends = {"ln": "classifier.0", "fc1": "classifier.2"}
    return _named(roles, TORCHVISION, "features.{odd}.{block}", "features.{even}.{step}", ends)


def timm_convnext(roles: Roles) -> Names | None:
    """timm's ConvNeXt: `stages.1.blocks.0.mlp.fc2`, `stages.1.blocks.0.gamma`, `stages.1.downsample.0`, `head.fc`."""
    ends = {"ln": "head.norm", "fc1": "head.fc"}
    names = _named(roles, TIMM, "stages.{stage}.blocks.{block}", "stages.{stage}.downsample.{step}", ends)
    before = "stages.0.downsample"
    return names and {role: name.replace(before, "stem") if before in name else name for role, name in names.items()}


def _named(roles: Roles, parts: dict[str, str], block: str, between: str, ends: dict[str, str]) -> Names | None:
    """The names of a block's layers, of those between stages and of those at the end."""
    names: Names = {}
    stages = sum(role.startswith("conv") for role in weighted(roles))
    for role, stage, number in _staged(roles):
        inside, alone = BLOCK.fullmatch(role), ALONE.fullmatch(role)
        if inside and inside[2] in parts:
            place = block.format(stage=stage, odd=2 * stage + 1, block=number)
            name = f"{place}.{parts[inside[2]]}"
            names[role] = Whole(name) if inside[2].startswith("layerscale") else name
        elif alone and int(alone[2]) <= stages:
            at = int(alone[2]) - 1
            step = int((alone[1] == "conv") == (at > 0))  # the norm comes before the convolution, but in the stem
            names[role] = between.format(stage=at, even=2 * at, step=step)
        else:
            names[role] = ends.get("ln" if alone else role, role)
    return names if stages and any(BLOCK.fullmatch(role) for role in names) else None


def _staged(roles: Roles) -> Iterator[tuple[str, int, int]]:
    """Each layer with its stage and the number of its block there, both from 0."""
    stage, first, last = -1, 1, 0
    for role in weighted(roles):
        if role.startswith("conv"):
            stage, first = stage + 1, last + 1
        elif inside := BLOCK.fullmatch(role):
            last = int(inside[1])
        yield role, stage, last - first
