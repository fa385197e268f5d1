"""Which words of a sentence decided for a class: one number per word, positive for words that speak for it.

Two ways. Leaving out: by how much the class's probability falls when the word alone is taken away (Li et al. 2016,
"understanding neural networks through representation erasure"); exact, at the cost of a row per word. Gradient times
input: how the probability changes with the length of the word's vector, to first order; one pass forward and back
(Denil et al. 2014, "extraction of salient sentences from labelled documents").

>>> import torch
>>> def logits(rows):  # word 3 speaks for class 1
...     return torch.stack([(rows == 2).sum(1), 2 * (rows == 3).sum(1)], dim=1).float()
>>> by_leaving_out(logits, torch.tensor([0, 5, 3, 0])).rounded(2)
WordScores(label=1, probability=0.88, scores=(0.0, 0.38))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.layers import Embed

PADDING = 0


@dataclass(frozen=True)
class WordScores:
    """What decided for a class.

    Attributes:
        label: the class's number.
        probability: what the network gives it, 0 to 1.
        scores: one for each word of the sentence, in its order.
    """

    label: int
    probability: float
    scores: tuple[float, ...]

    def rounded(self, digits: int) -> WordScores:
        """With so many digits."""
        return WordScores(
            self.label, round(self.probability, digits), tuple(round(score, digits) + 0.0 for score in self.scores)
        )


def by_leaving_out(logits: Callable[[Tensor], Tensor], numbers: Tensor, label: int | None = None) -> WordScores:
    """The class's probability less what it is with each word replaced by padding, all computed in one batch.

    Where two words say the same, as in "good, so good", the maximum over all places needs neither alone, and both have
    a score near 0.

    Args:
        logits: gives outputs (N, K) before the softmax for rows (N, length): a module, which is put into evaluation
            for this, or a function.
        numbers: (length,) word numbers, 0 for padding.
        label: the class; by default the most probable one.
    """
    places = _places(numbers)
    rows = numbers.repeat(len(places) + 1, 1)
    rows[torch.arange(1, len(rows)), places] = PADDING
    with _evaluated(logits), torch.no_grad():
        probabilities = logits(rows).double().softmax(dim=1)
    label = int(probabilities[0].argmax()) if label is None else label
    whole, *others = probabilities[:, label].tolist()
    return WordScores(label, whole, tuple(whole - other for other in others))


def by_gradient(model: nn.Module, numbers: Tensor, label: int | None = None) -> WordScores:
    """The gradient of the class's probability times the word's vector, summed over the vector.

    Args:
        model: gives outputs (1, K) before the softmax, and begins with tables of word vectors; several are summed.
        numbers: (length,) word numbers, 0 for padding.
        label: the class; by default the most probable one.

    Raises:
        InputError: the network has no table of word vectors.
    """
    with _evaluated(model), _vectors_of(model) as vectors, torch.enable_grad():
        probabilities = model(numbers[None]).double().softmax(dim=1)[0]
        label = int(probabilities.argmax()) if label is None else label
        gradients = torch.autograd.grad(probabilities[label], vectors)
    each = sum((g * v).sum(dim=1)[0] for g, v in zip(gradients, vectors, strict=True))  # over the width: (length,)
    assert isinstance(each, Tensor)
    return WordScores(label, float(probabilities[label].detach()), tuple(each[_places(numbers)].tolist()))


def _places(numbers: Tensor) -> Tensor:
    """Where in a row the words are."""
    assert numbers.ndim == 1, f"one sentence is a row of numbers. Received: shape {tuple(numbers.shape)}"
    return (numbers != PADDING).nonzero()[:, 0]


@contextmanager
def _evaluated(model: Callable[..., Any]) -> Iterator[None]:
    """Inside, the module evaluates: no dropout; afterwards each of its modules is as it was."""
    modules = list(model.modules()) if isinstance(model, nn.Module) else []
    were = [module.training for module in modules]
    for module in modules:
        module.training = False
    try:
        yield
    finally:
        for module, training in zip(modules, were, strict=True):
            module.training = training


@contextmanager
def _vectors_of(model: nn.Module) -> Iterator[list[Tensor]]:
    """Gathers what tables of word vectors give, (N, width, length), cut loose from the tables."""
    tables = [module for module in model.modules() if isinstance(module, Embed)]
    if not tables:
        raise InputError("the network has no word vectors; it begins with a layer such as embed 20000x300")
    vectors: list[Tensor] = []

    def loose(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        vectors.append(output.detach().requires_grad_())
        return vectors[-1]

    hooks = [table.register_forward_hook(loose) for table in tables]
    try:
        yield vectors
    finally:
        for hook in hooks:
            hook.remove()
