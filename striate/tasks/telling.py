"""Finding a sentence word by word: the likeliest beginnings are kept, and each goes on by its likeliest words.

A network gives the scores of the next word for the words so far (beam search, as in Sutskever et al. 2014).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

END, UNKNOWN = 0, 1  # the end of a sentence, which also stands before its first word; a word that is not known
NEVER = float("-inf")
Next: TypeAlias = Callable[[Tensor, Tensor], Tensor]  # rows (M,) and their words so far (M, T): scores (M, words)


def told(following: Next, count: int, beam: int, length: int, power: float) -> Tensor:
    """The likeliest sentence for each of `count` pictures.

    Args:
        following: The scores of the words that may follow.
        count: How many pictures.
        beam: How many beginnings of each are kept.
        length: Words of a sentence at most.
        power: Sentences are compared by their log probability over their length to this power, the end counted.

    Returns:
        (count, length) numbers of words, `END` after the last.

    >>> table = torch.tensor([[0.0, 0, 3, 2], [0, 0, 0, 0], [1, 0, 0, 2], [5, 0, 0, 0]])  # of the next, by the last
    >>> told(lambda rows, words: table[words[:, -1]], 1, 2, 4, 1.0).tolist()
    [[2, 3, 0, 0]]
    """
    words = torch.zeros(count, beam, 1, dtype=torch.int64)
    total = torch.full((count, beam), NEVER)
    total[:, 0] = 0.0
    lengths, done = torch.zeros(count, beam), torch.zeros(count, beam, dtype=torch.bool)
    for place in range(length):
        if done.all():
            break
        rows = torch.arange(count)[:, None].expand(-1, beam)
        live = (~done & (total > NEVER)).nonzero(as_tuple=True)
        scores = following(rows[live], words[live]).cpu().float().clone()
        scores[:, [UNKNOWN, END] if not place else [UNKNOWN]] = NEVER  # a sentence has one word at least
        logs = torch.full((count, beam, scores.shape[1]), NEVER)
        logs[live] = scores.log_softmax(1)
        logs[..., END] = logs[..., END].where(~done, torch.zeros(()))  # a sentence that has ended stays as it is
        sums = total[:, :, None] + logs
        long = (lengths + ~done)[:, :, None]
        best = (sums / long.clamp_min(1) ** power).flatten(1).topk(beam, 1).indices  # (count, beam)
        before, word = best // logs.shape[2], best % logs.shape[2]
        total = sums.flatten(1).gather(1, best)
        words = torch.cat([words.gather(1, before[..., None].expand(-1, -1, words.shape[2])), word[..., None]], 2)
        lengths = (lengths + ~done).gather(1, before)
        done = done.gather(1, before) | (word == END)
    first = words[:, 0, 1:]
    return torch.nn.functional.pad(first, (0, length - first.shape[1]))
