"""ShuffleNetV2: units of two branches side by side, stages that begin with a unit whose first branch has weights.

>>> from torch.nn import Conv2d
>>> shufflenet({"conv1": Conv2d(3, 8, 3), "concat1.branch1.conv1": Conv2d(8, 8, 3, groups=8)})
{'conv1': 'conv1.0', 'concat1.branch1.conv1': 'stage2.0.branch1.0'}
"""

import re

from striate.weights.layouts.roles import Names, Roles, weighted

UNIT = re.compile(r"concat(\d+)\.branch([12])\.(conv|bn)(\d)")
STEPS = {  # in a branch of torchvision's, whose activations count as steps
    "1": {"conv1": 0, "bn1": 1, "conv2": 2, "bn2": 3},
    "2": {"conv1": 0, "bn1": 1, "conv2": 3, "bn2": 4, "conv3": 5, "bn3": 6},
}


def shufflenet(roles: Roles) -> Names | None:
    """torchvision's ShuffleNetV2: `stage2.0.branch1.0`, `stage2.1.branch2.3`, `conv5.0`."""
    names: Names = {}
    stage, first = 1, 0
    begins = {int(inside[1]) for role in weighted(roles) if (inside := UNIT.fullmatch(role)) and inside[2] == "1"}
    for role in weighted(roles):
        if not (inside := UNIT.fullmatch(role)):
            word, number = re.fullmatch(r"(.*?)(\d*)", role).groups()  # type: ignore[union-attr]
            place = "conv1" if number == "1" else f"conv{stage + 1}"
            names[role] = "fc" if word == "fc" else f"{place}.{int(word == 'bn')}"
            continue
        unit, branch, layer = int(inside[1]), inside[2], inside[3] + inside[4]
        if unit in begins and unit != first:
            stage, first = stage + 1, unit
        names[role] = f"stage{stage}.{unit - first}.branch{branch}.{STEPS[branch].get(layer, layer)}"
    return names if begins else None
