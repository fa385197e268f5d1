"""SqueezeNet: fire modules, each a convolution that squeezes before two side by side.

>>> from torch.nn import Conv2d
>>> sides = {f"concat1.branch{number}.conv1": Conv2d(1, 1, 1) for number in (1, 2)}
>>> fire = {"conv2": Conv2d(1, 1, 1), **sides, "conv3": Conv2d(2, 1, 1)}
>>> squeezenet({"conv1": Conv2d(1, 1, 1), **fire})["concat1.branch2.conv1"]
'fire2.conv3x3_2'
>>> torchvision_squeezenet({"conv1": Conv2d(1, 1, 1), **fire})["concat1.branch2.conv1"]
'features.1.expand3x3'
"""

import re
from collections.abc import Iterator

from torch import nn

from striate.weights.layouts.roles import Names, Roles, weighted

EXPANDS = re.compile(r"concat(\d+)\.branch([12])\.conv1")
PARTS = ("squeeze", "expand1x1", "expand3x3")
OWN_PARTS = {"squeeze": "conv1x1_1", "expand1x1": "conv1x1_2", "expand3x3": "conv3x3_2"}


def squeezenet(roles: Roles) -> Names | None:
    """SqueezeNet numbered as in its paper and its published 8-bit weights: `fire2.conv1x1_1`, then two side by side."""
    fires = dict(_fires(roles))
    names = {role: f"fire{number + 1}.{OWN_PARTS[part]}" for role, (number, part) in fires.items()}
    alone = [role for role in weighted(roles) if role not in fires]
    return names | dict(zip(alone, ("conv1", "conv_final"), strict=False)) if fires else None


def torchvision_squeezenet(roles: Roles) -> Names | None:
    """torchvision's SqueezeNet, its fire modules counted as one step each: `features.3.squeeze`, `classifier.1`."""
    fires = dict(_fires(roles))
    names: Names = {}
    steps, squeezed, place = -1, False, ""
    for role, module in roles.items():
        squeezes = role in fires and fires[role][1] == PARTS[0]
        if not role.startswith("concat"):
            steps += not (squeezed and isinstance(module, nn.ReLU))
            squeezed, place = squeezes, f"features.{steps}"
        if module.state_dict():
            names[role] = f"{place}.{fires[role][1]}" if role in fires else place
    last = weighted(roles)[-1:]
    return names | dict.fromkeys(last, "classifier.1") if fires else None


def _fires(roles: Roles) -> Iterator[tuple[str, tuple[int, str]]]:
    """Each convolution of a fire module with the module's number, from 1, and its part in it."""
    before = ""
    for role in weighted(roles):
        if side := EXPANDS.fullmatch(role):
            if side[2] == "1" and before.startswith("conv"):
                yield before, (int(side[1]), PARTS[0])
            yield role, (int(side[1]), PARTS[int(side[2])])
        before = role
