"""A report as one HTML document that opens from disk: no network, no other file, no script."""

import math

import numpy as np
from markupsafe import Markup

from striate.report.content import Report
from striate.report.images import MOST_LAYERS, filter_sheet, kernel_sheet
from striate.report.pictures import curves, learning_rate_curve
from striate.report.section import environment

AFTER = {"first_rate": "{:.3g}", "learning_rate": "{:.3g}", "seconds": "{:.1f}"}  # how the columns are written
HISTORY_NAMES = {"first_rate": "rate at start", "learning_rate": "rate at end"}


def render(report: Report) -> str:
    """The report as one self-contained HTML document; equal reports give equal text."""
    text = (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            title=report.title,
            history_table=_history_table(report),
            filters=_filters(report),
            totals={column: _total(report, column) for column in ("parameters", "macs")},
            curves=_curves(report) if report.history else (),
            sections=_sections(report),
            **_words(report),
        )
    )
    # A file name that is not valid UTF-8 holds lone surrogates, which no page can be written with.
    return text.encode("utf-8", "replace").decode("utf-8")


def _sections(report: Report) -> dict[str, str]:
    """The page's sections in order, as its contents name them; empty sections are left out."""
    parts: dict[str, tuple[str, object]] = {
        "repeat": ("How to repeat", True),
        "verdict": ("Verdict", report.verdict),
        "decisions": ("Decisions", report.decisions or report.left_out),
        "curves": ("Learning curves", report.history),
        **{section.anchor: (section.name, True) for section in report.sections},
        "cost": ("Cost", report.cost),
        "filters": ("Filters", report.filters),
        "network": ("Network", report.network),
    }
    return {anchor: name for anchor, (name, content) in parts.items() if content}


def _filters(report: Report) -> dict[str, object]:
    """The first layer's filters where they are more than single numbers, and those of the layers after it."""
    layers = list(report.filters.items())
    first = layers[:1] if layers and layers[0][1][0, 0].size > 1 else []
    deeper = layers[len(first) :]
    sheets = {name: kernel_sheet(weights) for name, weights in deeper[:MOST_LAYERS]}
    return {"first": filter_sheet(first[0][1]) if first else None, "deeper": sheets, "count": len(deeper)}


def _words(report: Report) -> dict[str, str]:
    """What the figures of the curves are, and which epoch was kept."""
    metric = report.metric
    if metric is None:
        return {"metric_words": "", "kept_words": "the last"}
    right = f"; {metric.words} is the fraction of {report.unit} that are right" if metric.counted else ""
    high = "highest" if metric.up else "lowest"
    kept = f"the last whose validation {metric.words} is within one standard error of the {high}"
    return {
        "metric_words": right,
        "kept_words": kept if metric.counted or metric.wavers else f"its {metric.words} is the {high}",
    }


def _curves(report: Report) -> tuple[Markup, ...]:
    loss = curves(report.history, report.best_epoch, "loss")
    chosen = (
        [curves(report.history, report.best_epoch, report.metric.name, report.metric.share)] if report.metric else []
    )
    return (loss, *chosen, learning_rate_curve(report.history))


def _history_table(report: Report) -> tuple[tuple[str, ...], ...]:
    """A row of column names, then a row per epoch; columns that were never measured are left out."""
    names = dict.fromkeys(name for row in report.history for name in row)
    figures = [name for name in names if name.startswith(("train_", "validation_")) and not name.endswith(report.unit)]
    figures.sort(key=lambda name: not name.endswith("_loss"))
    speed = f"{report.unit}_per_second"
    columns = [name for name in ("epoch", *figures, "first_rate", "learning_rate", speed, "seconds") if name in names]
    rows = [
        tuple(
            _form(column, report).format(row[column]) if math.isfinite(row.get(column, math.nan)) else "–"
            for column in columns
        )
        for row in report.history
    ]
    return (tuple(HISTORY_NAMES.get(column, column.replace("_", " ")) for column in columns), *rows)


def _form(column: str, report: Report) -> str:
    """How the figures of a column are written."""
    shares = {part + metric.name for metric in report.metrics if metric.share for part in ("train_", "validation_")}
    whole = "{:.0f}" if column == "epoch" else "{:,.0f}" if column.endswith("_per_second") else "{:.4f}"
    return AFTER.get(column) or ("{:.2%}" if column in shares else whole)


def _total(report: Report, column: str) -> int:
    values = [row.get(column) for row in report.cost]
    return sum(int(value) for value in values if isinstance(value, (int, np.integer)))
