"""Networks of branches side by side: GoogLeNet and Inception v3.

>>> from torch.nn import Conv2d
>>> googlenet({"concat1.branch4.conv1": Conv2d(1, 1, 1)})
{'concat1.branch4.conv1': 'inception3a.branch4.1.conv'}
"""

import re
from collections.abc import Iterator

from striate.weights.layouts.roles import Names, Roles, weighted

INCEPTIONS = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
BRANCH = re.compile(r"concat(\d+)\.branch(\d)\.(conv|bn)(\d)")
STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")
FIVE = "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool"
SEVEN = "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool"
LAST = "1x1 3x3_1 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3a 3x3dbl_3b _pool"
MIXED = {
    **dict.fromkeys(("5b", "5c", "5d"), FIVE),
    "6a": "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3",
    **dict.fromkeys(("6b", "6c", "6d", "6e"), SEVEN),
    "7a": "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4",
    **dict.fromkeys(("7b", "7c"), LAST),
}
HEAD = {"conv1": "conv0.conv", "bn1": "conv0.bn", "conv2": "conv1.conv", "bn2": "conv1.bn", "fc1": "fc"}


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


def inception_v3(roles: Roles) -> Names | None:
    """Inception v3, as torchvision and timm name it: `Mixed_5b.branch3x3dbl_2.conv`, `AuxLogits.conv0.conv`."""
    if not any(role.startswith("concat") for role in roles):
        return None
    names: Names = {}
    for word in ("conv", "bn"):
        ours = [role for role in weighted(roles) if re.search(rf"\b{word}\d+$", role) and not role.startswith("aux")]
        names |= {role: f"{name}.{word}" for role, name in zip(ours, _in_order(), strict=False)}
    head = "aux1.head."
    heads = {head + ours: f"AuxLogits.{name}" for ours, name in HEAD.items() if head + ours in roles}
    return names | heads | {"fc1": "fc"}


def _in_order() -> Iterator[str]:
    """Every convolution of Inception v3 in the order of its text."""
    yield from STEM
    for block, branches in MIXED.items():
        yield from (f"Mixed_{block}.branch{branch}" for branch in branches.split())
