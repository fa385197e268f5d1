"""Classifiers of a network's features, each example judged by one that did not learn from it.

A network that learned wrong labels by heart still puts an example among those that look like it, in the features that
its last layer reads. Logistic regression on these, with strong regularisation, can't learn single examples by heart.

>>> rows = torch.tensor([0.0, 9.0]).repeat_interleave(10)[:, None]
>>> crossed(rows, (rows[:, 0] > 0).long(), classes=2).argmax(1).tolist()
[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from striate.draws import derived_seed
from striate.inside.probing import passes
from striate.inside.watching import value_of

FOLDS = 5
STRENGTH = 0.1  # scikit-learn's C of standardised features: the inverse of the penalty
MOST = 20_000  # examples that one classifier learns from
STEPS = 300


def features_layer(model: nn.Module, x: Tensor) -> str:
    """The layer whose values the last layer with weights reads; "" where that reads the input itself."""
    found = passes(model, x)
    return next((one.name for one, after in reversed([*pairwise(found)]) if after.weighted), "")


def features_of(model: nn.Module, x: Tensor, layer: str) -> Tensor:
    """(N, D): the values of a layer, maps by their means."""
    values = value_of(model, x, layer=layer) if layer else x
    return (values.flatten(2).mean(2) if values.dim() > 2 and layer else values.flatten(1)).float()


def crossed(rows: Tensor, labels: Tensor, classes: int, seed: int = 0) -> Tensor:
    """(N, K): the probability of each class of each example, by a classifier that did not learn from it.

    Where that has seen no other example of its class, nothing can be said: its own class has probability 1.

    Args:
        rows: (N, D), features.
        labels: (N,).
        classes: K.
        seed: Which examples are together.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fold_of = dealt(labels, FOLDS, seed).numpy()
    x, y = rows.numpy(), labels.numpy()
    chances = np.zeros((len(y), classes), np.float32)
    for fold in range(FOLDS):
        inside, rest = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        if len(inside) and len(np.unique(y[rest])) > 1:
            some = rest[:: -(-len(rest) // MOST)]
            model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=STEPS))
            model.fit(x[some], y[some])
            chances[np.ix_(inside, model.classes_)] = model.predict_proba(x[inside])
            unseen = inside[~np.isin(y[inside], model.classes_)]
            chances[unseen] = np.eye(classes, dtype=np.float32)[y[unseen]]
    return torch.from_numpy(chances)


def dealt(labels: Tensor, folds: int, seed: int) -> Tensor:
    """(N,): the fold of each example; every fold has its share of each class."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(derived_seed(seed, "folds")))
    by_class = order[labels[order].argsort(stable=True)]
    fold_of = torch.empty(len(labels), dtype=torch.int64)
    fold_of[by_class] = torch.arange(len(labels)) % folds
    return fold_of
