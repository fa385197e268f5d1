"""From a finished training, or a test, to the report's figures and pictures."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.data import Split
from striate.data.left_out import LeftOut, printable
from striate.notation import Measure, measure, render
from striate.notation.rules.shape import shown
from striate.report import Report, WrongImage
from striate.report import render as render_report
from striate.report.places import inside, shortened
from striate.tasks.command import judges
from striate.tasks.judging import Judged
from striate.tasks.run import Run
from striate.training.history import History


def report(
    run: Run,
    history: History,
    verdict: tuple[str, ...],
    judged: Judged,
    figures: Mapping[str, str],
    splits: Mapping[str, Split],
    left_out: Sequence[LeftOut] = (),
) -> str:
    """The report of a training as one HTML document.

    Args:
        run: The trained network.
        history: All its epochs.
        verdict: What the curves say.
        judged: How the best weights do on the test set, or on the validation set if there is none.
        figures: Facts to list first, by name.
        splits: The images of each part, by its name, to be counted.
        left_out: Files of the data that were not read.
    """
    cost = measure(run.network, run.recipe.shape)
    roots = _roots(run)
    content = Report(
        title=run.name,
        command=shortened(run.config["command"], roots),
        facts=(*figures.items(), *_facts(run, cost)),
        network=render(run.network),
        decisions=tuple(shortened(str(line), roots) for line in run.config["decisions"]),
        verdict=verdict,
        history=tuple({name: value for name, value in row.items() if value is not None} for row in history.to_json()),
        best_epoch=history.best.epoch,
        counts={name: _count(split, len(run.classes)) for name, split in splits.items()},
        filters=first_filters(run.engine.model),
        cost=_cost(cost),
        left_out=tuple((printable(shortened(file.path, roots)), file.said()) for file in left_out),
        **_figures(judged, run.config["data"]["source"]),
    )
    return render_report(content)


def tested(run: Run, judged: Judged, source: str) -> str:
    """The report of a test on other data as one HTML document.

    Args:
        run: The trained network.
        judged: How it does on that data.
        source: The data, as it was named.
    """
    root = str(Path(source).resolve()) if source and os.path.exists(source) else ""
    versions = [fact for fact in _facts(run, measure(run.network, run.recipe.shape)) if fact[0] != "engine, device"]
    content = Report(
        title=f"{run.name}, tested on {judged.name}",
        command=shortened(judges(run.path, source), _roots(run, root)),
        facts=(("loss", f"{judged.loss:.4f}"), *versions),
        **_figures(judged, root),
    )
    return render_report(content)


def _figures(judged: Judged, root: str) -> dict[str, Any]:
    """The parts of a report that any set of labelled images has."""
    return {
        "classes": judged.classes,
        "evaluated": f"{judged.name} ({len(judged.split):,} images)",
        "score": judged.score,
        "confusion": judged.confusion,
        "per_class": judged.per_class,
        "calibration": judged.calibration,
        "most_wrong": _most_wrong(judged, root),
    }


def _roots(run: Run, *others: str) -> dict[str, str]:
    """Folders of this machine, and what a report writes in their place."""
    places = {root: Path(root).name for root in (run.config["data"]["source"], *others) if root}
    return {str(Path.home()): "~", os.getcwd(): ".", **places}


def _facts(run: Run, cost: Measure) -> tuple[tuple[str, str], ...]:
    versions = f"Striate {run.config['striate']}, PyTorch {torch.__version__}, Python {platform.python_version()}"
    return (
        ("parameters", f"{cost.total_parameters:,}"),
        ("MACs for one image", f"{cost.total_macs:,}"),
        ("engine, device", f"{run.config['engine']}, {run.config['device']}"),
        ("versions", versions),
    )


def _count(split: Split, num_classes: int) -> tuple[int, ...]:
    """Images of each class."""
    return tuple(torch.bincount(split.labels, minlength=num_classes).tolist())


def _most_wrong(judged: Judged, root: str) -> tuple[WrongImage, ...]:
    split = judged.split
    if split.images.ndim != 4 or split.images.shape[1] not in (1, 3):
        return ()  # no pictures
    wrong = []
    for row in judged.most_wrong:
        name = inside(split.paths[row], root) if split.paths else f"number {row}"
        image = _picture(split.images[row])
        wrong.append(WrongImage(image, judged.classes[judged.labels[row]], judged.top(row), name))
    return tuple(wrong)


def _picture(image: Tensor) -> NDArray[np.uint8]:
    """(C, H, W) as (H, W) or (H, W, 3) bytes; other numbers are scaled from their minimum to their maximum."""
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
            "name": row.name,
            "layer": row.text,
            "output": shown(row.output.value).replace("x", "×"),
            "parameters": row.parameters.value,
            "macs": row.macs.value,
            "receptive_field": row.receptive_field,
        }
        for row in cost.rows
    )
