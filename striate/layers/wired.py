"""A chain in which layers read more than what the layer before gave.

>>> import torch
>>> class Plus(nn.Module):
...     def forward(self, x, y):
...         return x + y
>>> twice = Wired(OrderedDict(a=nn.Identity(), b=nn.Hardtanh(0, 0.5), plus=Plus()), {"plus": ("b", "a")})
>>> twice(torch.tensor([3.0])).item()
3.5
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from striate.errors import InputError
from striate.layers.join import Aux
from striate.layers.roi import BOXES, RoIAlign, RoIPool, checked

X = ""  # what the chain is called with


class Wired(nn.Sequential):
    """A chain in which modules read several values, or with heads on the side (Szegedy et al. 2014, section 5).

    With heads it gives (output, [each head's]) while training; in evaluation the output alone.

    Args:
        modules: In order; each reads what the one before gave.
        reads: For the others the values that they read, by the name of the module that gives each; `X` is what the
            chain is called with, `BOXES` the boxes beside it.
    """

    def __init__(self, modules: "OrderedDict[str, nn.Module]", reads: Mapping[str, tuple[str, ...]] = {}) -> None:
        super().__init__(modules)
        self._wire(reads)

    def _wire(self, reads: Mapping[str, tuple[str, ...]]) -> None:
        self._reads = {name: read for name, read in reads.items() if name in self._modules}
        self._kept = {name for read in self._reads.values() for name in read}

    def __getitem__(self, index: Any) -> Any:
        """A module by its number, or a slice: a chain that is called with what the module before it gave.

        Raises:
            InputError: A module of the slice reads what another gives that is left out.
        """
        part = super().__getitem__(index)
        if isinstance(part, Wired) and isinstance(index, slice):
            names, (start, *_) = list(self._modules), index.indices(len(self))
            given = {name: name for name in (*part._modules, BOXES)} | {names[start - 1] if start else X: X}
            wanted = {name: read for name, read in self._reads.items() if name in part._modules}
            for name, read in wanted.items():
                if lost := [one for one in read if one not in given]:
                    what = f"what '{lost[0]}' gives" if lost[0] else "the input"
                    raise InputError(f"'{name}' reads {what}, which this part of the network leaves out")
            part._wire({name: tuple(given[one] for one in read) for name, read in wanted.items()})
        return part

    def forward(self, x: Tensor, boxes: Tensor | None = None) -> Tensor | tuple[Tensor, list[Tensor]]:
        """(N, C, …) in; for a chain that reads them, boxes (K, 5): image from 0, left, top, right, bottom in pixels.

        Raises:
            InputError: There are no boxes, or they are not boxes in these images.
        """
        if boxes is not None and not self.takes_boxes:
            raise InputError("this network has no layer that reads boxes; call it with the images alone")
        values, heads = {X: x}, []
        if self.takes_boxes:
            values[BOXES] = checked(boxes, x, self._first_of_boxes())
        for name, module in self.named_children():
            if self.training and isinstance(module, Aux):
                heads.append(module.head(x))
            x = module(*(values[read] for read in self._reads[name])) if name in self._reads else module(x)
            if name in self._kept:
                values[name] = x
        return (x, heads) if heads else x

    @property
    def takes_boxes(self) -> bool:
        """Whether it is called with boxes too."""
        return BOXES in self._kept

    def _first_of_boxes(self) -> str:
        return next(name for name, module in self.named_children() if isinstance(module, RoIPool | RoIAlign))
