"""Networks of depthwise convolutions: MobileNet 1 to 3 and EfficientNet.

A block is a depthwise convolution with the 1x1 convolution after it and, where one comes between it and a block that
ended without an activation, the 1x1 convolution before it.

>>> from torch.nn import Conv2d, ReLU
>>> deep = {"conv2": Conv2d(8, 8, 3, groups=8), "relu2": ReLU(), "conv3": Conv2d(8, 8, 1), "conv4": Conv2d(8, 9, 1)}
>>> timm_mobile({"conv1": Conv2d(3, 8, 3), "relu1": ReLU(), **deep})
{'conv1': 'conv_stem', 'conv2': 'blocks.0.0.conv_dw', 'conv3': 'blocks.0.0.conv_pw', 'conv4': 'conv_head'}
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import nn

from striate.weights.layouts.roles import Names, Roles

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
QUIET = (*NORMS, nn.Identity, nn.Dropout)


@dataclass
class Unit:
    """A convolution with its norm and the layers of a gate behind it.

    Attributes:
        conv: Its role.
        norm: Its norm's, empty where it has none.
        gate: The roles of the gate's layers with weights.
        deep: Whether it is depthwise.
        steps: Whether it has a stride.
        linear: Whether no activation comes before the next convolution.
    """

    conv: str
    deep: bool
    steps: bool
    norm: str = ""
    gate: list[str] = field(default_factory=list)
    linear: bool = True

    def named(self, conv: str, norm: str) -> Names:
        """The names of its convolution and norm."""
        return {self.conv: conv} | ({self.norm: norm} if self.norm else {})


@dataclass(frozen=True)
class Block:
    """Units that belong together, and whether a stage begins with them; a lone convolution has no depthwise one."""

    units: list[Unit]
    begins: bool = False

    @property
    def deep(self) -> bool:
        """Whether it is a block, and not a lone convolution."""
        return len(self.units) > 1


def units(roles: Roles) -> Iterator[Unit]:
    """The convolutions of a network outside of gates, in order."""
    unit: Unit | None = None
    for role, module in roles.items():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d) and ".gate." not in role:
            if unit:
                yield unit
            steps = max(module.stride) > 1
            unit = Unit(role, deep=1 < module.in_channels == module.groups, steps=steps)
        elif unit and ".gate." in role:
            unit.gate += [role] if module.state_dict() else []
        elif unit and isinstance(module, NORMS):
            unit.norm = unit.norm or role
        elif unit and not isinstance(module, QUIET):
            unit.linear = False
    if unit:
        yield unit


def blocks(roles: Roles) -> list[Block]:
    """A network's convolutions in blocks; none at all where it has no depthwise one."""
    rest, found, linear = list(units(roles)), list[Block](), False
    residuals = any(unit.conv.startswith("residual") for unit in rest)
    while rest:
        deep = [unit.deep for unit in rest[:2]]
        count = 2 if deep[0] else 3 if linear and deep == [False, True] else 1
        taken, rest = rest[:count], rest[count:]
        inside = taken[0].conv.startswith("residual")
        found.append(Block(taken, not inside if residuals else any(unit.steps for unit in taken)))
        linear = taken[-1].linear
    return found if any(block.deep for block in found) else []


def torchvision_mobilenetv2(roles: Roles) -> Names | None:
    """torchvision's MobileNetV2: `features.2.conv.1.0`, the last of a block without a number: `features.2.conv.2`."""
    names: Names = {}
    for number, block in enumerate(blocks(roles)):
        *inner, last = block.units
        place = f"features.{number}"
        for step, unit in enumerate(inner):
            names |= unit.named(f"{place}.conv.{step}.0", f"{place}.conv.{step}.1")
        step = len(inner)
        names |= last.named(*((f"{place}.conv.{step + i}" if inner else f"{place}.{i}") for i in (0, 1)))
    return names | {"fc1": "classifier.1"} if names else None


def torchvision_mobilenetv3(roles: Roles) -> Names | None:
    """torchvision's MobileNetV3: `features.4.block.1.0`, `features.4.block.2.fc1`."""
    names: Names = {}
    for number, block in enumerate(blocks(roles)):
        names |= _in_steps(block, f"features.{number}")
    return names | {"fc1": "classifier.0", "fc2": "classifier.3"} if names else None


def torchvision_efficientnet(roles: Roles) -> Names | None:
    """torchvision's EfficientNet: `features.2.0.block.1.0`, `features.2.0.block.2.fc1`."""
    names: Names = {}
    for block, stage, number in _staged(roles):
        names |= _in_steps(block, f"features.{stage + 1}.{number}" if block.deep else f"features.{stage + 1}")
    return names | {"fc1": "classifier.1"} if names else None


def timm_mobile(roles: Roles) -> Names | None:
    """timm's MobileNet 1 and 2 and EfficientNet: `blocks.1.0.conv_pw`, `blocks.1.0.se.conv_reduce`, `conv_head`."""
    names: Names = {}
    for block, stage, number in _staged(roles):
        if block.deep:
            names |= _in_timm(block, f"blocks.{stage}.{number}")
        else:
            names |= block.units[0].named(*(("conv_head", "bn2") if names else ("conv_stem", "bn1")))
    return names | ({"fc1": "classifier"} if "fc1" in roles else {}) if names else None


def _staged(roles: Roles) -> Iterator[tuple[Block, int, int]]:
    """Each block with its stage's number and its own in the stage; what comes before the first stage has stage -1."""
    stage, number = -1, -1
    for block in blocks(roles):
        first = block.deep and stage < 0
        new = first or not block.deep or block.begins
        stage, number = (stage + (block.deep or stage >= 0), 0) if new else (stage, number + 1)
        yield block, stage, number


def _in_steps(block: Block, place: str) -> Names:
    """A block's names where each convolution and each gate is a step: `block.1.0`, `block.2.fc1`."""
    if not block.deep:
        return block.units[0].named(f"{place}.0", f"{place}.1")
    names: Names = {}
    step = 0
    for unit in block.units:
        names |= unit.named(f"{place}.block.{step}.0", f"{place}.block.{step}.1")
        names |= {role: f"{place}.block.{step + 1}.fc{i}" for i, role in enumerate(unit.gate, start=1)}
        step += 2 if unit.gate else 1
    return names


def _in_timm(block: Block, place: str) -> Names:
    words = ("conv_pw", "conv_dw", "conv_pwl") if len(block.units) > 2 else ("conv_dw", "conv_pw")
    names: Names = {}
    for number, (unit, word) in enumerate(zip(block.units, words, strict=False), start=1):
        names |= unit.named(f"{place}.{word}", f"{place}.bn{number}")
        names |= dict(zip(unit.gate, (f"{place}.se.conv_reduce", f"{place}.se.conv_expand"), strict=False))
    return names
