"""A chain in which modules read, or are read, elsewhere than from one to the next.

>>> import torch
>>> class Plus(nn.Module):
...     def forward(self, x, y):
...         return x + y
>>> chain = OrderedDict(a=nn.Identity(), b=nn.Hardtanh(0, 0.5), plus=Plus())
>>> twice = Wired(chain, gives={"a": "a"}, reads={"plus": (X, "a")})
>>> twice(torch.tensor([3.0])).item()
3.5
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.layers.dropout import Draws
from striate.layers.roi import checked
from striate.layers.side import Aux
from striate.notation.graph import BOXES, INPUT

X = ""  # what the module before gave
ROOT = "the network"  # among the values, beside `INPUT` and `BOXES`
MADE = "the heads before"  # among them: what heads have given so far, by the names of the outputs
Values: TypeAlias = dict[str, Any]  # what modules gave that others read, by name
Draw: TypeAlias = Callable[[Tensor], Tensor]  # normal numbers of the shape of a tensor (N, …)
Proposer: TypeAlias = Callable[[Mapping[str, Tensor], Sequence[Tensor], Draw | None], Tensor]  # see `Proposed`


def through(module: nn.Module, x: Any, values: Values | None) -> Any:
    """What a module makes of x; one that is wired is also given the values that others read."""
    return module(x, values) if values is not None and getattr(module, "is_wired", False) else module(x)


class Wired(nn.Sequential):
    """A chain whose modules read what others gave, in it or around it, or with heads on the side.

    With heads on the side (Szegedy et al. 2014, section 5) it gives (output, [each head's]) while training.

    Args:
        modules: In order; each reads what the one before gave.
        gives: For each module that others read, the name of its value.
        reads: For each module that reads others, the names of all that it is called with; `X` is what the one before
            it gave, `BOXES` the boxes.
    """

    is_wired = True

    def __init__(
        self,
        modules: "OrderedDict[str, nn.Module]",
        gives: Mapping[str, str] = {},
        reads: Mapping[str, tuple[str, ...]] = {},
    ) -> None:
        super().__init__(modules)
        self._gives = {name: value for name, value in gives.items() if name in modules}
        self._reads = {name: read for name, read in reads.items() if name in modules}

    def __getitem__(self, index: Any) -> Any:
        """A module by its number, or a slice: a chain that is called with what the module before it gave.

        Raises:
            InputError: A module of the slice reads what another gives that is left out.
        """
        part = super().__getitem__(index)
        if isinstance(index, slice):
            names, (start, *_) = list(self._modules), index.indices(len(self))
            part = Called(OrderedDict(part.named_children()), self._gives, self._reads)
            part.settle({X: self._gives.get(names[start - 1], X) if start else X})
        return part

    def forward(self, x: Any, values: Values | None = None) -> Any:
        """(N, C, …) in, and what modules before it gave."""
        values = {} if values is None else values
        heads = []
        for name, module in self.named_children():
            if self.training and isinstance(module, Aux):
                heads.append(through(module.head, x, values))
            if name in self._reads:
                x = module(*(x if one == X else _value(values, one, name) for one in self._reads[name]))
            else:
                x = through(module, x, values)
            if name in self._gives:
                values[self._gives[name]] = x
        return (x, heads) if heads else x


def _value(values: Values, one: str, reader: str) -> Any:
    if one not in values:
        raise InputError(f"'{reader}' reads what '{one}' gives; call the whole network")
    value = values[one]
    return value.made(values.get(MADE, {})) if isinstance(value, Proposed) else value


class Proposed:
    """Boxes that are made when a layer asks for them.

    Args:
        proposes: Makes boxes (K, 5) of what the heads before give, by name, of the boxes that were made before, one of
            which it may give again, and, while the network is training, of what draws normal numbers.
        draws: Draws them, while it is.
    """

    def __init__(self, proposes: Proposer, draws: Draws | None) -> None:
        self.proposes, self.draws = proposes, draws
        self.every = list[Tensor]()

    def made(self, heads: Mapping[str, Tensor]) -> Tensor:
        """The boxes, from what the heads before give."""
        with torch._C.DisableTorchFunction():  # who follows the network's work sees boxes come, not how they are made
            draw = partial(self.draws.normal, number=len(self.every)) if self.draws else None
            boxes = self.proposes(heads, self.every, draw)
        if not any(boxes is one for one in self.every):
            self.every.append(boxes)
        return boxes


class Called(Wired):
    """A network, or a slice of one, that is called with several inputs or whose modules read each other's values.

    Attributes:
        proposes: Where it is called without boxes, makes them of what the heads before give; all are then among
            the outputs, as `boxes`: (K, 5), or (K, 10) and so on where they were made anew, equally many each time.
        draws: The random numbers that this takes while training.
    """

    proposes: Proposer | None = None

    def settle(self, inputs: Mapping[str, str], images: str = "") -> "Called":
        """Say what it is called with.

        Args:
            inputs: The values that come in, by the names of the inputs, in order; the chain begins with the last.
            images: Which of them boxes are cut from; by default the last.

        Raises:
            InputError: A module reads what nothing gives.
        """
        self._inputs, self._images, self._first_of_boxes = dict(inputs), images, ""
        self.draws = Draws()
        wired = [(path, module) for path, module in self.named_modules() if isinstance(module, Wired)]
        given = {X, BOXES, *inputs.values(), *(one for _, module in wired for one in module._gives.values())}
        for path, module in wired:
            for name, read in module._reads.items():
                if lost := [one for one in read if one not in given]:
                    what = "the input" if lost[0] == INPUT else f"what '{lost[0]}' gives"
                    raise InputError(f"'{name}' reads {what}, which this part of the network leaves out")
                if BOXES in read:
                    self._first_of_boxes = self._first_of_boxes or f"{path}.{name}".lstrip(".")
        for path, module in self.named_modules():
            if isinstance(module, Shared) and module.parts[0].partition(".")[0] not in self._modules:
                raise InputError(f"'{path}' uses '{module.parts[0]}' again, which this part of the network leaves out")
        return self

    @property
    def takes_boxes(self) -> bool:
        """Whether it is called with boxes too."""
        return bool(self._first_of_boxes)

    def forward(self, *given: Any, **named: Any) -> Any:
        """Its inputs in the order of the text, or by name, each (N, C, …).

        With layers that read boxes these come last, (K, 5): image from 0, left, top, right, bottom in pixels.

        Raises:
            InputError: An input is missing or one too many; there are no boxes, or they are not boxes in the images.
        """
        names = [*self._inputs, *(["boxes"] if self.takes_boxes else [])]
        if len(given) > len(names) and len(self._inputs) == 1 and not self.takes_boxes:
            raise InputError("this network has no layer that reads boxes; call it with the images alone")
        inputs = dict(zip(names, given, strict=False))
        if twice := inputs.keys() & named:
            raise InputError(f"'{min(twice)}' is given twice, by its place and by its name")
        inputs |= named
        if len(given) > len(names) or inputs.keys() - {*names} or {*self._inputs} - inputs.keys():
            wanted = ", ".join(name or "x" for name in names)
            raise InputError(f"this network is called model({wanted}). Received: {len(given) + len(named)} values")
        values: Values = {ROOT: self, **{value: inputs[name] for name, value in self._inputs.items()}}
        x = inputs[list(self._inputs)[-1]]
        if not self.takes_boxes:
            return super().forward(x, values)
        if self.proposes and "boxes" not in inputs:
            values[BOXES] = proposed = Proposed(self.proposes, self.draws if self.training else None)
            made = super().forward(x, values)
            return {**made, "boxes": torch.cat(proposed.every, 1)} if isinstance(made, dict) else made
        values[BOXES] = checked(inputs.get("boxes"), values.get(self._images, x), self._first_of_boxes)
        return super().forward(x, values)


class From(nn.Identity):
    """Passes on the value of a label: what stands before it in its chain is not read."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source

    def extra_repr(self) -> str:
        """The label."""
        return self.source


class Shared(nn.Module):
    """Modules of the network once more: they keep their place, so their weights are there once.

    Args:
        parts: Their names in the network, in order.
    """

    is_wired = True

    def __init__(self, *parts: str) -> None:
        super().__init__()
        self.parts = parts

    def forward(self, x: Any, values: Values | None = None) -> Any:
        """(N, C, …) in; what they give out."""
        if values is None or ROOT not in values:
            raise InputError(f"'{self.parts[-1]}' stands elsewhere in its network; call the whole network")
        for part in self.parts:
            x = through(values[ROOT].get_submodule(part), x, dict(values))
        return x

    def extra_repr(self) -> str:
        """The name of what is used again."""
        return self.parts[-1]
