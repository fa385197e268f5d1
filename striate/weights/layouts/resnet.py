"""Networks of residuals in stages: ResNet, ResNeXt and SE-ResNet.

>>> from torch.nn import Conv2d
>>> resnet({"residual1.body.conv1": Conv2d(1, 1, 1), "residual2.shortcut.conv1": Conv2d(1, 1, 1)})
{'residual1.body.conv1': 'layer1.0.conv1', 'residual2.shortcut.conv1': 'layer2.0.downsample.0'}
"""

import re
from collections.abc import Iterator

from torch import nn

from striate.weights.layouts.roles import Names, Roles, weighted

RESIDUAL = re.compile(r"(residual\d+)\.(.+)")


def resnet(roles: Roles) -> Names | None:
    """ResNet, ResNeXt and SE-ResNet, as torchvision and timm name them: `layer2.0.conv1`, `layer2.0.downsample.0`."""
    places = dict(stages(roles))
    names: Names = {}
    for role in weighted(roles):
        inside = RESIDUAL.fullmatch(role)
        if inside:
            stage, block = places[inside[1]]
            names[role] = f"layer{stage}.{block}.{_in_block(inside[2])}"
        else:
            names[role] = "fc" if role == "fc1" else role
    return names if places else None


def stages(roles: Roles) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each residual with the number of its stage, from 1, and its number there, from 0.

    A stage begins with a residual, not the first, whose shortcut is more than its input.
    """
    stage, block, current = 1, -1, ""
    changes = {role.partition(".")[0] for role in roles if ".shortcut." in role and not _passes(roles[role])}
    for role in roles:
        inside = RESIDUAL.match(role)
        if inside and inside[1] != current:
            new = inside[1] in changes and bool(current)
            current = inside[1]
            stage, block = (stage + 1, 0) if new else (stage, block + 1)
            yield current, (stage, block)


def _passes(module: nn.Module) -> bool:
    return isinstance(module, nn.Identity)


def _in_block(inner: str) -> str:
    """`body.conv2` → `conv2`, `shortcut.bn1` → `downsample.1`, a gate's `fc1` or 1x1 convolution → `se.fc1`."""
    if inner.startswith("shortcut."):
        return "downsample.0" if "conv" in inner else "downsample.1"
    gate = re.search(r"gate\.(?:fc|conv)(\d)$", inner)
    return f"se.fc{gate[1]}" if gate else inner.removeprefix("body.")
