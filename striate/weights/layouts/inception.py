"""Networks of branches side by side: GoogLeNet.

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
