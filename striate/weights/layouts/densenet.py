"""DenseNet: dense joins, with a transition after each block of them but the last.

>>> from torch.nn import Conv2d
>>> densenet({"conv1": Conv2d(1, 1, 1), "dense1.body.conv1": Conv2d(1, 1, 1), "conv2": Conv2d(2, 1, 1)})["conv2"]
'features.transition1.conv'
"""

import re

from striate.weights.layouts.roles import Names, Roles, weighted

LAYER = re.compile(r"dense(\d+)\.body\.(bn|conv)(\d)")
BETWEEN = re.compile(r"(bn|conv)(\d+)")


def densenet(roles: Roles) -> Names | None:
    """DenseNet, as torchvision and timm name it: `features.denseblock1.denselayer2.conv1`."""
    names: Names = {}
    blocks, layers, before = 0, 0, 0  # of dense layers: blocks begun, layers so far, layers before this block
    last = sum(bool(re.fullmatch(r"conv\d+", role)) for role in weighted(roles)) + 1
    for role in weighted(roles):
        dense, between = LAYER.fullmatch(role), BETWEEN.fullmatch(role)
        if dense:
            layers = int(dense[1])
            names[role] = f"features.denseblock{blocks}.denselayer{layers - before}.{_norm(dense[2])}{dense[3]}"
        elif between:
            number, word = int(between[2]), _norm(between[1])
            names[role] = f"features.transition{number - 1}.{word}" if 1 < number < last else _end(number, word)
            blocks, before = (number, layers) if word == "conv" else (blocks, before)
        else:
            names[role] = "classifier" if role == "fc1" else role
    return names if layers else None


def _end(number: int, word: str) -> str:
    """The layers before the first block and after the last: `features.conv0`, `features.norm0`, `features.norm5`."""
    return f"features.{word}{0 if number == 1 else number}"


def _norm(word: str) -> str:
    return "norm" if word == "bn" else word
