"""RegNet, residuals in stages.

>>> from torch.nn import Conv2d
>>> timm_regnet({"residual1.body.conv1": Conv2d(1, 1, 1)})
{'residual1.body.conv1': 's1.b1.conv1.conv'}
"""

import re

from striate.weights.layouts.resnet import RESIDUAL, stages
from striate.weights.layouts.roles import Names, Roles, weighted

STEPS = {"1": "a", "2": "b", "3": "c"}


def torchvision_regnet(roles: Roles) -> Names | None:
    """torchvision's RegNet: `trunk_output.block2.block2-0.f.a.0`, `…proj.0`, `…f.se.fc1`."""
    places = dict(stages(roles))
    names: Names = {}
    for role in weighted(roles):
        word, number = _layer(role)
        layer = "0" if word == "conv" else "1"
        if inside := RESIDUAL.fullmatch(role):
            stage, block = places[inside[1]]
            part = "proj" if "shortcut" in role else "f.se" if ".gate." in role else f"f.{STEPS.get(number, number)}"
            last = f"fc{number}" if ".gate." in role else layer
            names[role] = f"trunk_output.block{stage}.block{stage}-{block}.{part}.{last}"
        else:
            names[role] = "fc" if word == "fc" else f"stem.{layer}"
    return names if places else None


def timm_regnet(roles: Roles) -> Names | None:
    """timm's RegNet: `s2.b1.conv1.conv`, `s2.b1.downsample.bn`, `s2.b1.se.fc1`."""
    places = dict(stages(roles))
    names: Names = {}
    for role in weighted(roles):
        word, number = _layer(role)
        if inside := RESIDUAL.fullmatch(role):
            stage, block = places[inside[1]]
            part = "downsample" if "shortcut" in role else "se" if ".gate." in role else f"conv{number}"
            names[role] = f"s{stage}.b{block + 1}.{part}.{f'fc{number}' if '.gate.' in role else word}"
        else:
            names[role] = "head.fc" if word == "fc" else f"stem.{word}"
    return names if places else None


def _layer(role: str) -> tuple[str, str]:
    """The word and the number that a role ends with."""
    found = re.search(r"([a-z_]+)(\d*)$", role)
    return (found[1], found[2]) if found else ("", "")
