"""A hierarchy of classes (Redmon & Farhadi 2017, section 4): siblings are told apart, given what is above them.

    Pr(terrier) = Pr(terrier | dog) · Pr(dog | animal) · Pr(animal)

Each conditional probability is a softmax over siblings. Without a hierarchy all classes are siblings.

>>> tree = ClassTree((-1, 0, 0, -1))  # animal; cat and dog, below it; car
>>> [round(chance, 3) for chance in tree.chances(torch.tensor([2.0, 0.0, 1.0, 0.0])).tolist()]
[0.881, 0.237, 0.644, 0.119]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import torch
from torch import Tensor

SURE = 0.5  # the least probability, given that there is an object, of a class that has another above it


@dataclass(frozen=True)
class ClassTree:
    """Classes and what is above each.

    Attributes:
        parents: For each class the position of the one above it, which stands anywhere; -1 where there is none.
    """

    parents: tuple[int, ...]

    @cached_property
    def siblings(self) -> tuple[tuple[int, ...], ...]:
        """The classes that are told apart by one softmax each, those above before those below."""
        groups: dict[int, list[int]] = {}
        for kind, parent in enumerate(self.parents):
            groups.setdefault(parent, []).append(kind)
        return tuple(tuple(groups[parent]) for parent in sorted(groups, key=lambda one: len(self.path(one))))

    def path(self, kind: int) -> tuple[int, ...]:
        """A class and all above it; () for -1."""
        return () if kind < 0 else (kind, *self.path(self.parents[kind]))

    def logs(self, logits: Tensor) -> Tensor:
        """(…, K): the logarithm of each class's probability, given the one above it."""
        made = torch.empty_like(logits)
        for group in self.siblings:
            made[..., list(group)] = logits[..., list(group)].log_softmax(-1)
        return made

    def loss(self, logits: Tensor, kinds: Tensor) -> Tensor:
        """(B,): the cross-entropy of a class and of all above it, for logits (B, K) and classes (B,)."""
        each = [(row, above) for row, kind in enumerate(kinds.tolist()) for above in self.path(kind)]
        rows, above = torch.tensor(each, dtype=torch.int64, device=logits.device).reshape(-1, 2).unbind(1)
        return -logits.new_zeros(len(kinds)).index_add(0, rows, self.logs(logits)[rows, above])

    def chances(self, logits: Tensor) -> Tensor:
        """(…, K): the probability of each class, given that there is an object."""
        made = self.logs(logits)
        for group in self.siblings:
            if (parent := self.parents[group[0]]) >= 0:
                made[..., list(group)] += made[..., [parent]]
        return made.exp()

    def told(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The probability (…,) of the class that is told, and the class (…,).

        From the top down it is the likeliest sibling, as long as that is likelier than `SURE`; at the top whatever
        that is.
        """
        chances = self.chances(logits)
        best, kinds = _likeliest(chances, self.siblings[0])
        for group in self.siblings[1:]:
            chance, kind = _likeliest(chances, group)
            down = (kinds == self.parents[group[0]]) & (chance >= SURE)
            best, kinds = torch.where(down, chance, best), torch.where(down, kind, kinds)
        return best, kinds


@cache
def tree_of(parents: tuple[int, ...]) -> ClassTree:
    """The hierarchy with these parents, which is made once."""
    return ClassTree(parents)


def _likeliest(chances: Tensor, group: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    best = chances[..., list(group)].max(-1)
    return best.values, torch.tensor(group, device=chances.device)[best.indices]
