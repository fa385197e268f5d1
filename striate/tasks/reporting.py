"""From a finished training to the report's figures and pictures."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate import metrics
from striate.data import Split
from striate.data.left_out import LeftOut, printable
from striate.notation import Measure, measure, render
from striate.notation.rules.shape import shown
from striate.report import ClassScore, Report, WrongImage
from striate.report import render as render_report
from striate.tasks.run import TOP, Run
from striate.training.history import History
from striate.training.verdict import verdict

MOST_WRONG = 24  # images shown


def report(
    run: Run,
    history: History,
    split: Split,
    evaluated: str,
    outputs: Tensor,
    figures: dict[str, str],
    left_out: Sequence[LeftOut] = (),
) -> str:
    """The report as one HTML document.

    Args:
        run: The trained network.
        history: All its epochs.
        split: The images that the figures are on.
        evaluated: What that set is called.
        outputs: (N, K) for those images.
        figures: Facts to list first, by name.
        left_out: What was not read of the data.
    """
    labels, probabilities = split.labels.numpy(), outputs.softmax(1).double().numpy()
    cost = measure(run.network, run.recipe.shape)
    decisions = tuple(str(line) for line in run.config["decisions"])
    content = Report(
        title=run.name,
        command=run.config["command"],
        facts=(*figures.items(), *_facts(run, cost)),
        network=render(run.network),
        decisions=decisions,
        verdict=verdict(history, len(run.classes)),
        history=tuple(history.to_json()),
        best_epoch=history.best.epoch,
        classes=run.classes,
        evaluated=evaluated,
        confusion=metrics.confusion_matrix(labels, probabilities),
        per_class=_scores(run.classes, labels, probabilities),
        calibration=metrics.calibration(labels, probabilities),
        most_wrong=_most_wrong(run.classes, split, labels, probabilities),
        filters=first_filters(run.engine.model),
        cost=_cost(cost),
        left_out=tuple((printable(file.path), file.said()) for file in left_out),
    )
    return render_report(content)


def _facts(run: Run, cost: Measure) -> tuple[tuple[str, str], ...]:
    versions = f"Striate {run.config['striate']}, PyTorch {torch.__version__}, Python {platform.python_version()}"
    return (
        ("parameters", f"{cost.total_parameters:,}"),
        ("MACs for one image", f"{cost.total_macs:,}"),
        ("engine, device", f"{run.config['engine']}, {run.config['device']}"),
        ("versions", versions),
    )


def _scores(classes: tuple[str, ...], labels: NDArray[Any], probabilities: NDArray[Any]) -> tuple[ClassScore, ...]:
    scores = metrics.class_scores(labels, probabilities)
    rows = zip(classes, scores.precision, scores.recall, scores.f1, scores.support, strict=True)
    return tuple(ClassScore(name, float(p), float(r), float(f), int(n)) for name, p, r, f, n in rows)


def _most_wrong(
    classes: tuple[str, ...], split: Split, labels: NDArray[Any], probabilities: NDArray[Any]
) -> tuple[WrongImage, ...]:
    if split.images.ndim != 4 or split.images.shape[1] not in (1, 3):
        return ()  # no pictures
    wrong = []
    for index in metrics.most_wrong(labels, probabilities, MOST_WRONG):
        best = np.argsort(-probabilities[index])[:TOP]
        top = tuple((classes[k], float(probabilities[index, k])) for k in best)
        name = split.paths[index] if split.paths else f"number {index}"
        wrong.append(WrongImage(_picture(split.images[index]), classes[labels[index]], top, name))
    return tuple(wrong)


def _picture(image: Tensor) -> NDArray[np.uint8]:
    """(C, H, W) as (H, W) or (H, W, 3) bytes; numbers that are no bytes are spread from their least to their most."""
    if image.dtype != torch.uint8:
        low, high = image.min(), image.max()
        image = ((image - low) / (high - low).clamp_min(1e-9) * 255).to(torch.uint8)
    picture: NDArray[np.uint8] = image.permute(1, 2, 0).numpy()
    return picture[:, :, 0] if picture.shape[2] == 1 else picture


def first_filters(model: nn.Module) -> NDArray[np.float32] | None:
    """The weights (F, C, kh, kw) of the first two-dimensional convolution, if there is one of more than one entry."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            weight = module.weight.detach().cpu().float()
            return weight.contiguous().numpy() if weight[0, 0].numel() > 1 else None
    return None


def _cost(cost: Measure) -> tuple[dict[str, object], ...]:
    return tuple(
        {
            "layer": row.text,
            "output": shown(row.output.value).replace("x", "×"),
            "parameters": row.parameters.value,
            "macs": row.macs.value,
            "receptive_field": row.receptive_field,
        }
        for row in cost.rows
    )
