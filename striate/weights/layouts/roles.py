"""Where a layer stands in a network, whatever its parts are called: its role.

A role is the name that a layer would have in a text without labels and definitions: the joins around it with their
parts, then its word, each numbered in order. Layouts of other libraries' names read roles only.

>>> from striate.building import build
>>> model = build("twice(w) = conv w@3 -> residual[ conv w@1 ]\\ninput 1x8x8 -> twice(4) -> end: [ twice(4) ]")
>>> [(leaf.role, leaf.path) for leaf in leaves(model) if leaf.module.state_dict()][2:]
[('conv2', 'end.twice1.conv1'), ('residual2.body.conv1', 'end.twice1.residual1.body.conv1')]
"""

from collections import Counter
from collections.abc import Iterator
from string import digits
from typing import NamedTuple, TypeAlias

from torch import nn

Roles: TypeAlias = dict[str, nn.Module]  # the layers of a network by role, in order
Names: TypeAlias = dict[str, str]


class Whole(str):
    """The full name of a layer's only tensor, where the library has no layer for it."""

    __slots__ = ()


class Leaf(NamedTuple):
    """A layer that holds no others: its name in the network, its role, its module."""

    path: str
    role: str
    module: nn.Module


def leaves(model: nn.Module) -> list[Leaf]:
    """The layers that hold no others, in order, without those that only flatten.

    An identity counts: it stands where a layer was taken out.
    """
    found = _leaves("", "", model, Counter())
    return [leaf for leaf in found if not isinstance(leaf.module, nn.Flatten)]


def weighted(roles: Roles) -> list[str]:
    """The roles of layers that have tensors."""
    return [role for role, module in roles.items() if module.state_dict()]


def _leaves(path: str, role: str, module: nn.Module, counts: Counter[str]) -> Iterator[Leaf]:
    """The leaves of a chain, of a part of a join, or the one that a part is."""
    if not list(module.children()):
        yield Leaf(path, role, module)
        return
    for name, child in module.named_children():
        inner = f"{path}.{name}".lstrip(".")
        if isinstance(child, nn.Sequential) and isinstance(module, nn.Sequential):
            yield from _leaves(inner, role, child, counts)
            continue
        numbered = _numbered(name, child, counts) if isinstance(module, nn.Sequential) else name
        yield from _leaves(inner, f"{role}.{numbered}".lstrip("."), child, Counter())


def _numbered(name: str, module: nn.Module, counts: Counter[str]) -> str:
    """The module's word and number in its chain; a join's word is that of its class, whatever its label."""
    word = getattr(module, "kind", type(module).__name__.lower()) if list(module.children()) else name.rstrip(digits)
    counts[word] += 1
    return f"{word}{counts[word]}"
