"""What modules were called by earlier versions: a label on a single layer was its name, and it took no number.

`conv -> a: conv -> conv` was `conv1, a, conv2`; it is `conv1, conv2, conv3` now. Files of weights and runs from
before are still read.

>>> chain = nn.Sequential()
>>> for name in ("fc1", "fc2", "fc3"):
...     chain.add_module(name, nn.Linear(2, 2))
>>> chain.fc2.notation_label = "middle"
>>> earlier(chain)
{'fc1': 'fc1', 'fc2': 'middle', 'fc3': 'fc2'}
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from string import digits
from typing import TypeVar

from torch import nn

_T = TypeVar("_T")


def earlier(model: nn.Module) -> dict[str, str]:
    """The earlier name of every module of a network, by its name now."""
    return dict(_walk(model, "", ""))


def named_now(model: nn.Module, tensors: Mapping[str, _T]) -> Mapping[str, _T]:
    """Tensors by the names that they have now; as they are, unless all of them have the names of earlier versions.

    >>> named_now(nn.Sequential(nn.Linear(1, 1)), {"other": 1})
    {'other': 1}
    """
    names, old = list(model.state_dict()), earlier(model)
    before = {name: _moved(name, old) for name in names}
    if tensors.keys() == set(names) or tensors.keys() != set(before.values()):
        return tensors
    return {name: tensors[before[name]] for name in names}


def _moved(name: str, old: Mapping[str, str]) -> str:
    layer, _, key = name.rpartition(".")
    return f"{old[layer]}.{key}" if layer else name


def _walk(module: nn.Module, path: str, before: str) -> Iterator[tuple[str, str]]:
    for (name, child), old in zip(module.named_children(), _names(module), strict=True):
        yield path + name, before + old
        yield from _walk(child, f"{path}{name}.", f"{before}{old}.")


def _names(module: nn.Module) -> Iterator[str]:
    """What the children were called; in a chain, layers and blocks without a label were numbered word by word."""
    labels = {label(child) for child in module.children()} - {""}
    counts: Counter[str] = Counter()
    for name, child in module.named_children():
        word = name.rstrip(digits)
        if not isinstance(module, nn.Sequential) or label(child) or not word or word == name:
            yield label(child) or name
            continue
        counts[word] += 1
        while f"{word}{counts[word]}" in labels:
            counts[word] += 1
        yield f"{word}{counts[word]}"


def label(module: nn.Module) -> str:
    """The label that the text gives a module; empty where it has none."""
    return str(getattr(module, "notation_label", ""))
