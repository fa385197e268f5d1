"""Networks of branches side by side: GoogLeNet and SqueezeNet.

>>> from torch.nn import Conv2d
>>> googlenet({"concat1.branch4.conv1": Conv2d(1, 1, 1)})
{'concat1.branch4.conv1': 'inception3a.branch4.1.conv'}
"""

import re

from striate.weights.layouts.roles import Names, Roles, weighted

INCEPTIONS = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
BRANCH = re.compile(r"concat(\d+)\.branch(\d)\.(conv|bn)(\d)")


def googlenet(roles: Roles) -> Names | None:
    """torchvision's GoogLeNet: `inception3a.branch2.1.conv`."""
    names: Names = {}
    for role in weighted(roles):
        part, stem = BRANCH.fullmatch(role), re.fullmatch(r"(conv|bn)(\d)", role)
        if part and int(part[1]) <= len(INCEPTIONS):
            step = {"1": "", "4": "1."}.get(part[2], f"{int(part[4]) - 1}.")
            names[role] = f"inception{INCEPTIONS[int(part[1]) - 1]}.branch{part[2]}.{step}{part[3]}"
        else:
            names[role] = f"conv{stem[2]}.{stem[1]}" if stem else {"fc1": "fc"}.get(role, role)
    return names if any(name.startswith("inception3a") for name in names.values()) else None


def squeezenet(roles: Roles) -> Names | None:
    """SqueezeNet numbered as in its paper and its published 8-bit weights: `fire2.conv1x1_1`, then two side by side."""
    parts = {"1": "conv1x1_2", "2": "conv3x3_2"}
    names: Names = {}
    fires = 0  # met so far; the convolution before each counts with it
    for role in reversed(weighted(roles)):
        side = re.fullmatch(r"concat(\d+)\.branch([12])\.conv1", role)
        alone = re.fullmatch(r"conv(\d+)", role)
        if side:
            fires = max(fires, int(side[1]))
            names[role] = f"fire{int(side[1]) + 1}.{parts[side[2]]}"
        elif alone and 1 < int(alone[1]) <= fires + 1:
            names[role] = f"fire{alone[1]}.conv1x1_1"
        else:
            names[role] = "conv_final" if alone and int(alone[1]) > 1 else role
    return names if fires else None
