"""What reaches what in a module: the entries of every earlier value that can change an entry, and those it can change.

It goes from call to call, so that nothing fades on a long way: each call computes once with positive numbers in place
of its weights and of what it reads, and cuts nothing off (`opening`). `field` says the same of the input alone.

>>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2))
>>> reach = Reach(net, (1, 8, 8))
>>> reach.sources(3, (0, 1, 0))[0].nonzero().amin(0).tolist(), int(reach.sources(3, (0, 1, 0))[0].sum())
([0, 2, 0], 16)
>>> reach.targets(0, (0, 0, 0))[1].nonzero().tolist()
[[0, 0, 0], [1, 0, 0]]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from striate.inside import gradients
from striate.inside.aims import checked_place
from striate.inside.opening import Open
from striate.inside.tracing import Call, traced
from striate.layers.embed import Embed

MOMENTS = {"running_mean": 0.0, "running_var": 1.0}
CHANGE = 8.0  # of an entry, so that it is seen among very many


class Reach:
    """The calls of a module, to be asked which entries of their values depend on which.

    Args:
        model: Any module of one input.
        shape: (C, *spatial) of the input.
        seed: Of the positive numbers; PyTorch's own state is left unchanged.

    Raises:
        InputError: The model reads no such input.
    """

    def __init__(self, model: nn.Module, shape: Sequence[int], seed: int = 0) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self.trace = traced(_positive(model), torch.ones(1, *shape))

    def sources(self, value: int, at: Sequence[int]) -> Mapping[int, Tensor]:
        """For each value on the way, by number, a mask (without the axis of examples): which entries can change it.

        Args:
            value: The number of a value, as in a `Trace`.
            at: An entry's place in it, without the axis of examples.

        Raises:
            InputError: There is no such place.
        """
        masks = {value: self._one(value, at)}
        for call in reversed(self.trace.calls):
            if not masks.keys() & set(call.gives):
                continue
            leaves = [self._numbers(number).requires_grad_() for number in call.reads]
            with gradients.recording(), Open():
                made = _redone(call, [leaf.clone() for leaf in leaves])  # a layer may write over what it reads
                parts = [
                    (one[0] * masks[number] * self._numbers(number)[0]).sum()
                    for number, one in zip(call.gives, made, strict=True)
                    if number in masks
                ]
                total = torch.stack(parts).sum()
                slopes = torch.autograd.grad(total, leaves, allow_unused=True) if total.requires_grad else ()
            for number, slope in zip(call.reads, slopes, strict=False):
                if slope is not None:
                    masks[number] = masks.get(number, torch.zeros(())).bool() | (slope[0] != 0)
        return masks

    def targets(self, value: int, at: Sequence[int]) -> Mapping[int, Tensor]:
        """For each value that is made directly from this one, a mask: which of its entries this entry can change.

        Arguments and errors as for `sources`.
        """
        one, masks = self._one(value, at), dict[int, Tensor]()
        for call in self.trace.calls:
            if value not in call.reads:
                continue
            before = [self._numbers(number) for number in call.reads]
            after = [
                x + CHANGE * one if number == value else x.clone() for number, x in zip(call.reads, before, strict=True)
            ]
            with torch.no_grad(), Open():
                pairs = zip(_redone(call, before), _redone(call, after), strict=True)
                masks |= {number: x[0] != y[0] for number, (x, y) in zip(call.gives, pairs, strict=True)}
        return masks

    def _one(self, value: int, at: Sequence[int]) -> Tensor:
        mask = torch.zeros(self.trace.values[value].shape[1:], dtype=torch.bool)
        mask[checked_place(tuple(at), mask.shape)] = True
        return mask

    def _numbers(self, value: int) -> Tensor:
        like = self.trace.values[value]
        return (torch.rand(like.shape, generator=self._generator) + 0.5).to(like)


def _redone(call: Call, reads: Sequence[Tensor]) -> Sequence[Tensor]:
    """What a call gives; a table of vectors gives each number in the place of its vector, for it looks up in steps."""
    made = call.redone(reads)
    return [reads[0].unsqueeze(1).expand_as(one) for one in made] if isinstance(call.layer, Embed) else made


def _positive(model: nn.Module) -> nn.Module:
    """A copy with one positive number in each weight, and neutral moments; it takes no memory for them."""
    memo: dict[int, object] = {}
    for weight in model.parameters():
        share = 1 / (weight[0].numel() if weight.dim() > 1 else 1)
        memo[id(weight)] = nn.Parameter(weight.new_full((), share).expand(weight.shape), requires_grad=False)
    for name, buffer in model.named_buffers():
        if (moment := MOMENTS.get(name.rpartition(".")[2])) is not None:
            memo[id(buffer)] = torch.full_like(buffer, moment)
    return deepcopy(model, memo)
