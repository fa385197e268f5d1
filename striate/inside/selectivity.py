"""The class that a unit stands for: its mean activation in each class of a labelled data set.

Selectivity is (m - o) / (|m| + |o|), with m the mean in the class that excites it most and o that over the other
classes (Morcos et al. 2018, section 2.3): 0 for a unit that tells nothing, 1 for one that only its class excites.

>>> model, x = nn.Sequential(nn.Linear(2, 2, bias=False)), torch.eye(2)
>>> model[0].weight.data[:] = torch.eye(2)
>>> unit_classes(model, [(x, torch.tensor([1, 0]))], "0").best.tolist()
[1, 0]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.drawn import Drawn
from striate.inside.watching import batches_of, by_example, value_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TINY = 1e-12


@dataclass(frozen=True, eq=False)
class UnitClasses(Drawn):
    """How units answer to classes.

    Attributes:
        layer: The layer's name.
        means: (C, K), the mean activation of each unit in each class; of a map, over its places too.
        counts: (K,), examples of each class; every class has at least one.
        classes: The K names.
    """

    layer: str
    means: Tensor
    counts: Tensor
    classes: tuple[str, ...]

    @property
    def best(self) -> Tensor:
        """(C,): the class in which each unit's mean is largest."""
        return self.means.argmax(1)

    @property
    def selectivity(self) -> Tensor:
        """(C,): 0 to 1."""
        most = self.means.amax(1)
        others = (self.means.sum(1) - most) / (self.means.shape[1] - 1)
        return (most - others) / (most.abs() + others.abs()).clamp_min(TINY)

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        found = zip(self.best.tolist(), self.selectivity.tolist(), self.means.tolist(), strict=True)
        return {
            "layer": self.layer,
            "classes": list(self.classes),
            "units": [{"class": self.classes[best], "selectivity": s, "means": means} for best, s, means in found],
        }

    def picture(self) -> Figure:
        """A row for each unit, by its class and most selective first; a column for each class."""
        from striate.inside.drawing import figure_of_table, short, signed

        order = sorted(range(len(self.means)), key=lambda u: (int(self.best[u]), -float(self.selectivity[u])))
        rows = [f"unit {u}: {short(self.classes[int(self.best[u])])} ({float(self.selectivity[u]):.2f})" for u in order]
        scale = signed(self.means, "mean activation")
        return figure_of_table(self.means[order], rows, self.classes, scale, f"{self.layer}: class (selectivity)")


def unit_classes(
    model: nn.Module, batches: Iterable[Any], layer: str, *, classes: Sequence[str] | None = None
) -> UnitClasses:
    """The mean activation of each unit of a layer in each class.

    Args:
        model: Any module of one input.
        batches: Pairs of inputs (N, …) and labels (N,), from 0.
        layer: The layer's name; its output is (N, C) or (N, C, *spatial).
        classes: The names of the classes; by default their numbers.

    Raises:
        InputError: There is no such layer, an example has no label or an unknown one, or a class has no example.
    """
    sums: dict[int, Tensor] = {}
    counts: dict[int, int] = {}
    for x, labels in batches_of(batches):
        if labels is None or labels.shape != (len(x),) or labels.is_floating_point():
            raise InputError("each batch is a pair: inputs (N, …) and labels (N,), whole numbers from 0")
        with torch.no_grad():
            values = by_example(value_of(model, x, layer=layer), x).double()
        values = values.flatten(2).mean(2) if values.dim() > 2 else values
        for label in sorted(set(labels.tolist())):
            some = values[labels == label]
            sums[label] = sums.get(label, 0) + some.sum(0)
            counts[label] = counts.get(label, 0) + len(some)
    names = tuple(classes) if classes is not None else tuple(map(str, range(max(counts) + 1)))
    if unknown := [label for label in counts if not 0 <= label < len(names)]:
        raise InputError(f"a label is {unknown[0]}, and there are {len(names)} classes, numbered from 0")
    if len(names) < 2 or len(counts) < len(names):
        missing = [name for label, name in enumerate(names) if label not in counts]
        lacking = ", ".join(missing) or "another"
        raise InputError(f"at least 2 classes, each with an example, are compared; there is none of {lacking}")
    means = torch.stack([sums[label] / counts[label] for label in range(len(names))], dim=1)
    return UnitClasses(layer, means, torch.tensor([counts[label] for label in range(len(names))]), names)
