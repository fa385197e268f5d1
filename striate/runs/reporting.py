"""From a finished training, or a test, to the report's figures and pictures."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from markupsafe import Markup
from numpy.typing import NDArray
from torch import nn

from striate.data.amounts import single
from striate.data.left_out import printable
from striate.notation import Measure, measure, render
from striate.notation.rules.shape import shown
from striate.picture import picture
from striate.report import Report, Section
from striate.report import render as render_report
from striate.report.images import planes
from striate.report.places import shortened
from striate.runs.command import judges
from striate.runs.plan import Parts
from striate.runs.run import Run
from striate.training.history import History


def report(
    run: Run,
    history: History,
    verdict: tuple[str, ...],
    judged: Any,
    figures: Mapping[str, str],
    parts: Parts,
    hints: Sequence[Section] = (),
) -> str:
    """The report of a training as one HTML document.

    Args:
        run: The trained network.
        history: All its epochs.
        verdict: What the curves say.
        judged: How the best weights do on the test set, or on the validation set if there is none.
        figures: Facts to list first, by name.
        parts: The examples.
        hints: Parts on what may be wrong with the data.
    """
    cost = measure(run.network, run.shape)
    roots = _roots(run)
    content = Report(
        title=run.name,
        command=shortened(run.config["command"], roots),
        facts=(*figures.items(), *_facts(run, cost)),
        headline=_headline(judged),
        sections=(*judged.sections(run.config["data"]["source"], parts.each), *hints),
        unit=history.unit,
        network=render(run.network),
        picture=Markup(picture(cost).inline),
        decisions=tuple(shortened(str(line), roots) for line in run.config["decisions"]),
        verdict=verdict,
        history=tuple({name: value for name, value in row.items() if value is not None} for row in history.to_json()),
        metrics=history.metrics or (history.metric,),
        best_epoch=history.best.epoch,
        filters=convolutions(run.model()),
        cost=_cost(cost),
        left_out=tuple((printable(shortened(file.path, roots)), file.said()) for file in parts.left_out),
    )
    return render_report(content)


def tested(run: Run, judged: Any, source: str) -> str:
    """The report of a test on other data as one HTML document.

    Args:
        run: The trained network.
        judged: How it does on that data.
        source: The data, as it was named.
    """
    root = str(Path(source).resolve()) if source and os.path.exists(source) else ""
    versions = [fact for fact in _facts(run, measure(run.network, run.shape)) if fact[0] != "engine, device"]
    content = Report(
        title=f"{run.name}, tested on {judged.name}",
        command=shortened(judges(run.path, source), _roots(run, root)),
        facts=(("loss", f"{judged.figures['loss']:.4f}"), *versions),
        headline=_headline(judged),
        sections=tuple(judged.sections(root, {})),
        unit=judged.unit,
    )
    return render_report(content)


def _headline(judged: Any) -> Markup:
    """The task's first lines, or the figure that counts."""
    said = judged.headline() or Markup('<p class="headline"><span class="number">{}</span></p>').format(judged.said())
    return said + Markup("<p><strong>{}</strong></p>\n").format(judged.guessing) if judged.guessing else said


def _roots(run: Run, *others: str) -> dict[str, str]:
    """Folders of this machine, and what a report writes in their place."""
    places = {root: Path(root).name for root in (run.config["data"]["source"], *others) if root}
    return {str(Path.home()): "~", os.getcwd(): ".", **places}


def _facts(run: Run, cost: Measure) -> tuple[tuple[str, str], ...]:
    versions = f"Striate {run.config['striate']}, PyTorch {torch.__version__}, Python {platform.python_version()}"
    return (
        ("parameters", f"{cost.total_parameters:,}"),
        (f"MACs for one {single(run.task.unit)}", f"{cost.total_macs:,}"),
        ("engine, device", f"{run.config['engine']}, {run.config['device']}"),
        ("versions", versions),
    )


def convolutions(model: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The weights (F, C, kh, kw) of each convolution by name."""
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    found = {name: one.weight.detach().cpu().float() for name, one in model.named_modules() if isinstance(one, kinds)}
    return {name: planes(weight.contiguous().numpy()) for name, weight in found.items()}


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
