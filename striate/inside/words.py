"""What each word has to do with a score: gradient times vector, for networks that read numbers of words.

>>> model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 2))
>>> word_scores(model, torch.tensor([[1, 5, 0]]), 1).values.shape
torch.Size([1, 3])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside import gradients
from striate.inside.aims import Aim, settled
from striate.inside.drawn import Drawn
from striate.inside.watching import Hook, hooked
from striate.layers.embed import Embed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class WordScores(Drawn):
    """A value for each word.

    Attributes:
        words: (N, L), the numbers.
        values: (N, L), above 0 for what speaks for the class: to first order, the score less that without the word.
        scores: (N,), what is explained.
        explained: What that is, in words, for each example.
        written: What stands for each number, for each example, "" for padding; may be empty.
    """

    words: Tensor
    values: Tensor
    scores: Tensor
    explained: tuple[str, ...]
    written: tuple[tuple[str, ...], ...] = ()

    def of(self, row: int) -> list[tuple[str, float]]:
        """Words and values of an example, in order; without the padding where words are written."""
        words = self.written[row] if self.written else tuple(map(str, self.words[row].tolist()))
        return [(word, value) for word, value in zip(words, self.values[row].tolist(), strict=True) if word]

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        rows = range(len(self.words))
        return {
            "method": "gradient times vector",
            "explained": list(self.explained),
            "score": self.scores.tolist(),
            "words": [[{"word": word, "value": value} for word, value in self.of(row)] for row in rows],
        }

    def picture(self) -> Figure:
        """The words of each example in order, in red those that speak for the class, in blue those against."""
        from striate.inside.drawing import figure_of_words, signed

        titles = [f"{name}: {score:.3g}" for name, score in zip(self.explained, self.scores.tolist(), strict=True)]
        rows = [(title, self.of(row)) for row, title in enumerate(titles)]
        return figure_of_words(rows, signed(self.values, "gradient times vector"))


def word_scores(
    model: nn.Module, words: Tensor, aim: Aim = None, *, written: Sequence[Sequence[str]] = ()
) -> WordScores:
    """The gradient with respect to a word's vector times that vector, summed over its entries and over all tables.

    Args:
        model: Any module that reads words (N, L) with an `nn.Embedding` or an `embed` of the notation.
        words: Their numbers.
        aim: As for `saliency`.
        written: What stands for each number, N rows of L words, "" for padding.

    Raises:
        InputError: No table of the model reads these words, or there is no such class or unit.
    """
    if words.dim() != 2 or not words.numel():
        raise InputError(f"words are (N, L), with at least one. Received: {tuple(words.shape)}")
    sight, found = settled(model, words, aim), list[tuple[nn.Module, Tensor]]()

    def note(module: nn.Module, args: tuple[Any, ...], given: Tensor) -> Tensor | None:
        if args[0].shape != words.shape or not torch.equal(args[0].long(), words.long()):
            return None  # such as a table of positions
        found.append((module, given.detach().clone().requires_grad_()))
        return found[-1][1].clone()

    tables: list[tuple[nn.Module, Hook]] = [(one, note) for one in model.modules() if isinstance(one, nn.Embedding)]
    with gradients.recording(), hooked(tables):
        scores = sight.scores(words)
    if not found:
        raise InputError("no table of word vectors (`nn.Embedding`) of this model reads these numbers")
    values = torch.zeros(words.shape, dtype=scores.dtype, device=scores.device)
    for module, vectors in found:
        axis = 1 if isinstance(module, Embed) else 2  # the notation's has its width where channels are
        values += (gradients.of(scores, vectors) * vectors.detach()).sum(axis)
    return WordScores(words, values, scores.detach(), sight.explained, tuple(map(tuple, written)))
