"""How a file names its tensors: which of its tables to take, without which prefix, in which library's layout.

Wrappers prefix every name (`module.` DistributedDataParallel, `_orig_mod.` torch.compile, `model.` Lightning) and
put dictionaries around the table (`state_dict`, `model_ema`). These are not listed here, except where
one breaks a tie: each table is tried as it is and without the words that all its names begin with, in each layout, and
the choice with the most tensors that fit by name and shape wins.

>>> from striate.building import build
>>> model = build("input 1x4x4 -> fc 2")
>>> wrapped = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
>>> match(model, [Table("state_dict", wrapped)]).theirs("fc1", "weight")
'fc1.weight'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from striate.weights.formats import Table
from striate.weights.layouts import Names, Whole, leaves, naming

INSIDE = ("_orig_mod", "module")  # words that wrappers put into the middle of a name where only a part is wrapped
AVERAGED = "ema"  # in the name of the table to prefer when two fit equally well


@dataclass(frozen=True)
class Match:
    """One table of a file, read in one layout.

    Attributes:
        layout: Whose naming the table uses.
        table: The table's key in the file.
        tensors: By name, without wrappers' prefixes.
        names: The foreign name of each of our layers with tensors.
    """

    layout: str
    table: str
    tensors: Mapping[str, Tensor]
    names: Names

    def theirs(self, layer: str, key: str) -> str:
        """The file's name for a tensor of ours."""
        name = self.names[layer]
        return name if isinstance(name, Whole) else f"{name}.{key}" if name else key

    def said(self) -> str:
        """`torchvision names, from its 'state_dict'`."""
        return f"{self.layout} names" + (f", from its '{self.table}'" if self.table else "")


def match(model: nn.Module, tables: list[Table]) -> Match:
    """The table, spelling and layout by which the most tensors of the model are in the file."""
    layouts = naming(model)
    own = {leaf.path: leaf.module.state_dict() for leaf in leaves(model) if leaf.module.state_dict()}
    matches = [
        Match(label, table.name, tensors, names)
        for table in sorted(tables, key=lambda table: AVERAGED not in table.name.lower())
        for tensors in spellings(table.tensors)
        for label, names in layouts.items()
    ]
    return max(matches, key=lambda found: _hits(found, own))


def _hits(found: Match, own: Mapping[str, Mapping[str, Tensor]]) -> tuple[int, int]:
    """How many of the model's tensors match by name and shape, and how many by name."""
    wanted = [(found.theirs(path, key), tensor) for path, tensors in own.items() for key, tensor in tensors.items()]
    there = [(found.tensors[name], tensor) for name, tensor in wanted if name in found.tensors and tensor.ndim]
    return sum(shaped(theirs, ours) is not None for theirs, ours in there), len(there)


def spellings(tensors: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """The table as it is, then without each word that all names begin with, then without wrappers' words inside."""
    plain = dict(tensors)
    inside = {".".join(word for word in name.split(".") if word not in INSIDE): t for name, t in plain.items()}
    for spelled in (plain, inside) if len(inside) == len(plain) else (plain,):
        while True:
            yield spelled
            words = {name.partition(".")[0] for name, tensor in spelled.items() if not is_counter(tensor)}
            if len(words) != 1:
                break
            prefix = f"{words.pop()}."
            shorter = {name.removeprefix(prefix): tensor for name, tensor in spelled.items()}
            if shorter.keys() == spelled.keys() or len(shorter) < len(spelled):
                break
            spelled = shorter


def is_counter(tensor: Tensor) -> bool:
    """Whether it counts steps or batches; nothing is computed from such counters here."""
    return tensor.ndim == 0 and not tensor.is_floating_point()


def shaped(theirs: Tensor, ours: Tensor) -> Tensor | None:
    """The file's tensor in the shape of ours.

    A 1x1 convolution and a matrix are the same numbers, and so are factors of channels with axes of size 1 and without.
    """
    if not is_plain(theirs):
        return None
    flat = theirs.flatten(1) if ours.ndim == 2 and theirs.ndim == 4 else theirs
    flat = flat.flatten() if ours.ndim == 1 and flat.numel() == len(flat) else flat
    return flat if flat.shape == ours.shape else None


def is_plain(tensor: Tensor) -> bool:
    """Whether it is an ordinary tensor of real numbers."""
    odd = tensor.is_quantized or tensor.is_complex() or tensor.is_meta or tensor.is_nested
    return not odd and tensor.layout == torch.strided
