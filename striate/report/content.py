"""What a report says: the facts and figures of one training run, or of one test, which are computed elsewhere.

>>> Report("lenet5 on mnist", "striate train lenet5 mnist").sections
()
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.metrics.metric import Metric
from striate.report.section import Section


@dataclass(frozen=True, eq=False)
class Report:
    """All that `render` shows. Names and file names are shown as text, whatever characters they hold.

    Attributes that a test on other data lacks (from `network` on) may be left out; their sections are then omitted.

    Attributes:
        title: for example "lenet5 on mnist".
        command: the exact command that repeats the run.
        facts: rows of (name, value): parameters, MACs, epochs, seconds, engine, device, versions.
        headline: the task's first lines, as HTML.
        sections: the task's parts, in order.
        unit: what examples are called.
        network: the network's text.
        picture: the network as papers draw it, as SVG.
        decisions: what defaults decided, one line each.
        verdict: sentences: does it underfit or overfit, and then what to try.
        history: one mapping per epoch with `epoch`, `train_loss`, `validation_loss`, further figures whose names begin
            with `train_` or `validation_`, `first_rate`, `learning_rate` (of its first and its last step), examples
            per second, `seconds`; what was not measured is left out or NaN. Shares are fractions from 0 to 1.
        metrics: what the figures are; the first chose the epoch.
        best_epoch: the epoch whose weights were kept.
        filters: the weights of every convolution by its name, shape (F, C, kh, kw), in order.
        cost: one row per layer with `name`, `layer`, `output`, `parameters`, `macs`, `receptive_field`; no weight is
            in two rows, so the totals are the sums. None stands for what does not apply.
        left_out: (path, kind and reason) of each file that was found among the examples and not read.
    """

    title: str
    command: str
    facts: tuple[tuple[str, str], ...] = ()
    headline: Markup = Markup()
    sections: tuple[Section, ...] = ()
    unit: str = "images"
    network: str = ""
    picture: Markup = Markup()
    decisions: tuple[str, ...] = ()
    verdict: tuple[str, ...] = ()
    history: tuple[Mapping[str, float], ...] = ()
    metrics: tuple[Metric, ...] = ()
    best_epoch: int = 0
    filters: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    cost: tuple[Mapping[str, object], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        assert all(one.ndim == 4 for one in self.filters.values()), "filters must have shape (F, C, kh, kw)"

    @property
    def metric(self) -> Metric | None:
        """What chose the epoch."""
        return self.metrics[0] if self.metrics else None
