"""A data set as points in the plane: the features of a layer by PCA, t-SNE or UMAP.

>>> points = embedding(nn.Sequential(nn.Flatten()), [torch.rand(5, 1, 3, 3)], "0")
>>> points.points.shape, points.method
(torch.Size([5, 2]), 'pca')
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from striate.errors import InputError, WorkError, nearest
from striate.inside.drawn import Drawn
from striate.inside.probing import last_features
from striate.inside.watching import batches_of, by_example, value_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW = 4  # examples that t-SNE and UMAP need at least
PERPLEXITY = 30.0


@dataclass(frozen=True, eq=False)
class Embedding(Drawn):
    """The examples as points.

    Attributes:
        layer: The layer's name.
        method: pca, tsne or umap.
        points: (N, 2).
        labels: (N,); None where they are not known.
        classes: Their names; may be empty.
        note: What else there is to say: the share of the variance that PCA keeps.
    """

    layer: str
    method: str
    points: Tensor
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()
    note: str = ""

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        labels = None if self.labels is None else self.labels.tolist()
        return {
            "layer": self.layer,
            "method": self.method,
            "points": self.points.tolist(),
            "labels": labels,
            "note": self.note,
        }

    def picture(self) -> Figure:
        """The points, in a colour for each class with its name."""
        from striate.inside.drawing import figure_of_points

        title = f"{self.layer} by {self.method}" + (f"; {self.note}" if self.note else "")
        return figure_of_points(self.points, self.labels, self.classes, title)


def embedding(
    model: nn.Module,
    batches: Iterable[Any],
    layer: str = "",
    *,
    method: str = "pca",
    classes: Sequence[str] = (),
    seed: int = 0,
) -> Embedding:
    """The features of a layer, all its numbers for an example, brought to two dimensions.

    Where examples of several sizes give maps of several sizes, the features are the maps' means.

    Args:
        model: Any module of one input.
        batches: Inputs (N, …), or pairs of them and labels (N,).
        layer: The layer's name; by default the one before the last with weights.
        method: `pca`, which keeps the two directions of most variance; `tsne` (scikit-learn); `umap` (umap-learn).
        classes: The names of the labels.
        seed: Of t-SNE and UMAP.

    Raises:
        InputError: There is no such layer or method, or there are too few examples.
        WorkError: A package is missing.
    """
    if method not in METHODS:
        raise InputError(f"no method '{method}'{nearest(method, METHODS, ALSO)}; there are {', '.join(METHODS)}")
    features, labels = [], []
    for x, label in batches_of(batches):
        layer = layer or last_features(model, x[:1])
        with torch.no_grad():
            features.append(by_example(value_of(model, x, layer=layer), x).double().cpu())
        labels += [label.cpu()] if label is not None and label.dim() == 1 else []  # masks are no classes of examples
    rows, means = _rows(features)
    known = torch.cat(labels) if sum(map(len, labels)) == len(rows) else None
    if len(rows) < (least := 2 if method == "pca" else FEW):
        raise InputError(f"{method} needs at least {least} examples. Received: {len(rows)}")
    points, note = METHODS[method](rows, seed)
    return Embedding(layer, method, points, known, tuple(classes), note + means)


def _rows(features: Sequence[Tensor]) -> tuple[Tensor, str]:
    """What a layer gave as a row of numbers for each example, and what there is to say of it."""
    if len({one.shape[1:] for one in features}) == 1:
        return torch.cat([one.flatten(1) for one in features]), ""
    if len({one.shape[1] for one in features}) > 1 or any(one.dim() < 3 for one in features):
        raise InputError("examples of several sizes give another number of features each; say another layer")
    return torch.cat([one.flatten(2).mean(2) for one in features]), "; means of maps of several sizes"


def pca(rows: Tensor, seed: int = 0) -> tuple[Tensor, str]:
    """The two directions of most variance, each turned so that its largest entry is positive (Pearson 1901)."""
    centred = rows - rows.mean(0)
    _, sizes, directions = torch.linalg.svd(centred, full_matrices=False)
    directions = directions[:2]
    signs = directions.gather(1, directions.abs().argmax(1, keepdim=True)).sign()
    points = centred @ (directions * signs).T
    points = torch.cat([points, points.new_zeros(len(points), 2 - points.shape[1])], dim=1)
    share = float((sizes[:2] ** 2).sum() / (sizes**2).sum().clamp_min(1e-30))
    return points, f"{share:.0%} of the variance"


def _tsne(rows: Tensor, seed: int) -> tuple[Tensor, str]:
    made = _package("sklearn.manifold", "scikit-learn").TSNE(
        2, perplexity=min(PERPLEXITY, (len(rows) - 1) / 3), init="pca", random_state=seed
    )
    return _points(made, rows), f"perplexity {made.perplexity:.3g}"


def _umap(rows: Tensor, seed: int) -> tuple[Tensor, str]:
    made = _package("umap", "umap-learn").UMAP(n_neighbors=min(15, len(rows) - 1), random_state=seed)
    return _points(made, rows), f"{made.n_neighbors} neighbours"


def _points(made: Any, rows: Tensor) -> Tensor:
    return torch.from_numpy(np.asarray(made.fit_transform(rows.numpy().astype(np.float32)), np.float64))


def _package(module: str, name: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise WorkError(f"{name} is not installed; `pip install {name}`, or take pca") from None


METHODS: dict[str, Callable[[Tensor, int], tuple[Tensor, str]]] = {"pca": pca, "tsne": _tsne, "umap": _umap}
ALSO = {"pca": ("svd", "principal"), "tsne": ("sne",)}
