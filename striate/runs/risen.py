"""The loss while the learning rate rises, and the rate that it suggests (Smith 2015, section 3.3).

>>> rates = tuple(10 ** (number / 20 - 5) for number in range(101))
>>> curve = Risen("a net", "some data", rates, tuple(2.3 / (1 + 300 * rate) + 50 * rate**2 for rate in rates), 0.003)
>>> [float(f"{rate:.1g}") for rate in (curve.steepest, curve.lowest, curve.suggested)]
[0.003, 0.03, 0.02]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.inside.drawn import Drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMOOTH = 5.0  # steps on each side over which the loss is smoothed: the spread of a Gaussian
FIRST = 10  # steps whose highest loss is the most that a loss counts: one that has blown up would outweigh the rest
NEAR = 0.1  # share of the fall above the lowest loss up to which a rate still trains well
BELOW = 3.0  # the highest of these rates, over the rate that is suggested
WIDE, HIGH = 64, 10  # characters of the sketch
TOP = 1.3  # of the first loss, up to which the curve is drawn


@dataclass(frozen=True, eq=False)
class Risen(Drawn):
    """The loss of a training whose learning rate rises with every step.

    Attributes:
        net: The network's name.
        data: The data's.
        rates: The learning rate of each step, rising.
        losses: The loss of its batch.
        usual: The highest rate that a training takes without being told.
    """

    net: str
    data: str
    rates: Sequence[float]
    losses: Sequence[float]
    usual: float

    @cached_property
    def smoothed(self) -> NDArray[np.float64]:
        """The losses, each the mean over its neighbours: as many on both sides count, so that nothing is late."""
        steps = np.arange(len(self.losses))
        weights = np.exp(-0.5 * ((steps[:, None] - steps) / SMOOTH) ** 2)
        losses = np.minimum(self.losses, max(self.losses[:FIRST]))
        smoothed: NDArray[np.float64] = weights @ losses / weights.sum(1)
        return smoothed

    @cached_property
    def _bottom(self) -> int:
        return int(self.smoothed.argmin())

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss is lowest."""
        return self.rates[self._bottom]

    @property
    def edge(self) -> float:
        """The highest rate, from there on, up to which the smoothed loss stays near its lowest."""
        smoothed, at = self.smoothed, self._bottom
        high = smoothed > smoothed[at] + NEAR * (smoothed[0] - smoothed[at])
        beyond = [step for step in range(at, len(smoothed)) if high[step]]
        return self.rates[beyond[0] - 1 if beyond else -1]

    @property
    def steepest(self) -> float:
        """The rate, below that, at which the smoothed loss falls fastest over the logarithm of the rate."""
        return self.rates[int(np.gradient(self.smoothed)[: self._bottom + 1].argmin()) if self.fell else 0]

    @property
    def fell(self) -> bool:
        """Whether the loss fell at all, by more than the losses of batches differ."""
        if self._bottom < 2:
            return False
        apart = np.asarray(self.losses)[: self._bottom] - self.smoothed[: self._bottom]
        return bool(self.smoothed[0] - self.smoothed[self._bottom] > apart.std())

    @property
    def suggested(self) -> float | None:
        """The highest rate for a training whose rate falls in the end; None where the loss never fell."""
        return self.edge / BELOW if self.fell else None

    def said(self) -> str:
        """The suggestion and why, in one sentence."""
        tried = f"over {len(self.rates)} steps from {self.rates[0]:.2g} to {self.rates[-1]:.2g}"
        if self.suggested is None:
            return f"no rate to suggest: {tried} the loss never fell by more than batches differ; try another range"
        open_end = ", and has not left it: try a larger `high`" if self.edge == self.rates[-1] else ""
        why = f"a third of {self.edge:.2g}, up to which the loss stays near its lowest {tried}{open_end}"
        fastest = f"it fell fastest at {self.steepest:.2g} and was lowest at {self.lowest:.2g}"
        return f"learning rate {self.suggested:.2g}, {why}; {fastest}; without `lr` a training takes {self.usual:g}"

    def facts(self) -> dict[str, Any]:
        """The contract of `striate rate --json`."""
        return {
            "net": self.net,
            "data": self.data,
            "suggested": self.suggested,
            "steepest": self.steepest if self.fell else None,
            "lowest": self.lowest if self.fell else None,
            "edge": self.edge if self.fell else None,
            "usual": self.usual,
            "why": self.said(),
            "rates": list(self.rates),
            "losses": list(self.losses),
            "smoothed": self.smoothed.tolist(),
        }

    def sketch(self) -> list[str]:
        """The smoothed loss over the logarithm of the rate, in characters; the suggested rate is the upright line."""
        across = np.linspace(0, len(self.rates) - 1, WIDE)
        top, bottom = self._ceiling, float(self.smoothed.min())
        heights = np.interp(across, np.arange(len(self.rates)), np.minimum(self.smoothed, top))
        rows = ((top - heights) / max(top - bottom, 1e-12) * (HIGH - 1)).round().astype(int)
        column = (
            None
            if self.suggested is None
            else int(np.searchsorted(np.interp(across, np.arange(len(self.rates)), self.rates), self.suggested))
        )
        lines = [
            "".join("•" if rows[x] == y else "│" if x == column else " " for x in range(WIDE)) for y in range(HIGH)
        ]
        ends = {0: f"{top:8.3g}", HIGH - 1: f"{bottom:8.3g}"}
        drawn = [f"{ends.get(y, ' ' * 8)} ┤{line}".rstrip() for y, line in enumerate(lines)]
        return ["    loss", *drawn, f"{'rate':>8}  {self.rates[0]:<{WIDE - 8}.2g}{self.rates[-1]:>8.2g}"]

    @property
    def _ceiling(self) -> float:
        return min(float(self.smoothed.max()), TOP * float(self.smoothed[0]))

    def picture(self) -> Figure:
        """The losses of the batches, the smoothed loss, and the rates that matter."""
        import matplotlib.style
        from matplotlib.figure import Figure

        from striate.report.svg import MARK, STYLE, TRAIN, VALIDATION

        with matplotlib.style.context(STYLE, after_reset=True):
            figure = Figure(figsize=(6, 4), layout="constrained")
            axes = figure.subplots()
            axes.scatter(self.rates, self.losses, s=6, color=MARK, alpha=0.5, label="a batch")
            axes.plot(self.rates, self.smoothed, color=TRAIN, label="smoothed")
            if self.suggested is not None:
                axes.axvline(self.steepest, color=MARK, linestyle=":", label=f"steepest: {self.steepest:.2g}")
                axes.axvline(self.suggested, color=VALIDATION, label=f"suggested: {self.suggested:.2g}")
            axes.set_xscale("log")
            low, high = float(self.smoothed.min()), self._ceiling
            axes.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
            axes.set_xlabel("learning rate")
            axes.set_ylabel("loss")
            axes.set_title(f"{self.net} on {self.data}")
            axes.legend()
            return figure
