"""Classes of unequal size made to count alike: by weights of their examples, or by how often each is drawn.

>>> labels = torch.tensor([0, 0, 0, 1])
>>> weights_of(labels, 2).tolist()
[0.6666666865348816, 2.0]
>>> labels[balanced(labels, torch.Generator().manual_seed(0))].bincount().tolist()
[2, 2]
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def weights_of(labels: Tensor, classes: int) -> Tensor:
    """The weight (classes,) of an example of each class: N / (K n) of N examples, n of its class, and K classes.

    The mean weight of an example is 1 (scikit-learn's "balanced", after King & Zeng 2001). A class without examples
    has the weight 0.
    """
    sizes = torch.bincount(labels, minlength=classes)
    share = len(labels) / int((sizes > 0).sum())
    return torch.where(sizes > 0, share / sizes.clamp_min(1), 0.0).float()


def balanced(labels: Tensor, generator: torch.Generator) -> Tensor:
    """As many positions as there are labels (N,), shuffled, of each class equally many, up to one.

    Those of a class are all drawn before one is drawn again.
    """
    classes = torch.unique(labels)
    classes = classes[torch.randperm(len(classes), generator=generator)]
    counts = [len(labels) // len(classes) + (k < len(labels) % len(classes)) for k in range(len(classes))]
    drawn = [
        _rounds((labels == label).nonzero().flatten(), count, generator)
        for label, count in zip(classes, counts, strict=True)
    ]
    return torch.cat(drawn)[torch.randperm(len(labels), generator=generator)]


def _rounds(places: Tensor, count: int, generator: torch.Generator) -> Tensor:
    rounds = [places[torch.randperm(len(places), generator=generator)] for _ in range(-(-count // len(places)))]
    return torch.cat([*rounds, places[:0]])[:count]


def said(labels: Tensor, names: Sequence[str], how: str) -> str:
    """What happens to classes, in one line.

    >>> said(torch.tensor([0, 0, 0, 1]), ("cat", "dog"), "sampling")
    'classes: each epoch draws all alike, 0.667 times (cat, of 3) to 2 times (dog, of 1) each example'
    """
    sizes, weights = torch.bincount(labels, minlength=len(names)), weights_of(labels, len(names))
    there = sizes > 0
    most, least = int(sizes.argmax()), int(torch.where(there, sizes, len(labels) + 1).argmin())
    each = [f"{float(weights[k]):.3g} times ({names[k]}, of {int(sizes[k]):,})" for k in (most, least)]
    verb = "each epoch draws all alike," if how == "sampling" else "all count alike,"
    end = "each example" if how == "sampling" else "the loss of each example"
    return f"classes: {verb} {' to '.join(each)} {end}"
