"""How near restored pictures are to good ones: the figures, those of doing nothing, the worst pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.data.examples import Examples
from striate.tasks.task import Judged

if TYPE_CHECKING:
    from striate.report.section import Section

BEFORE, MADE, NEAR = "before", "made", "near"  # in rows; the last, of frames that were aligned, is (N, 2)
MOST_DRAWN, MOST_PRINTED = 12, 5


@dataclass(frozen=True, eq=False)
class JudgedPictures(Judged):
    """Restored pictures beside good ones; its rows are figures (N,) and middles of pictures.

    Attributes:
        baseline: What the network has to beat, in words.
        convention: On what the figures are measured, in words.
        middles: Of the fields of one example, middles (C, H, W) of what was there before and of the good one.
    """

    baseline: str
    convention: str
    middles: Callable[[Mapping[str, Any]], tuple[NDArray[np.uint8], NDArray[np.uint8]]]

    @property
    def before(self) -> Mapping[str, float]:
        """The figures of the baseline."""
        return {name: float(self.rows[f"{name}_before"].mean()) for name in ("psnr", "ssim")}

    @property
    def near(self) -> Mapping[str, float]:
        """How far neighbours are from the frame in the middle, in levels of 256, where a network aligns them."""
        if NEAR not in self.rows:
            return {}
        aligned, unaligned = 255 * self.rows[NEAR].double().mean(0)
        return {"aligned": float(aligned), "unaligned": float(unaligned)}

    @property
    def worst(self) -> list[int]:
        """The positions of the pictures, the one that gained least over the baseline first."""
        gained = self.rows["psnr"] - self.rows["psnr_before"]
        return [int(row) for row in np.argsort(gained.numpy(), kind="stable")]

    @property
    def guessing(self) -> str:
        """Whether the baseline is as good."""
        if self.figures["psnr"] > self.before["psnr"]:
            return ""
        return f"No better than {self.baseline}, which gets {self.before['psnr']:.2f} dB."

    def columns(self) -> Mapping[str, Sequence[float]]:
        """The figures of each picture, and the baseline's."""
        names = {"psnr": "psnr", "psnr_baseline": "psnr_before", "ssim": "ssim", "ssim_baseline": "ssim_before"}
        return {name: self.rows[row].tolist() for name, row in names.items()}

    def said(self) -> str:
        """The figures in words."""
        now, then = self.figures, self.before
        figures = f"PSNR {now['psnr']:.2f} dB, SSIM {now['ssim']:.4f} on {self.amount}"
        return f"{figures} ({self.convention}); {self.baseline} gets {then['psnr']:.2f} dB, {then['ssim']:.4f}"

    def in_short(self) -> str:
        """The PSNR."""
        return f"{self.figures['psnr']:.2f} dB"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        then, columns = self.before, self.columns()
        return {
            **self.figures,
            "psnr_baseline": then["psnr"],
            "ssim_baseline": then["ssim"],
            **self.near,
            "examples": len(self.examples),
            "each": [
                {"image": self.examples.name(row), **{name: values[row] for name, values in columns.items()}}
                for row in range(len(self.examples))
            ],
        }

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield from self.advice()
        if near := self.near:
            yield (
                f"neighbours are {near['aligned']:.2f} of 256 levels from the frame in the middle once they are "
                f"aligned, {near['unaligned']:.2f} before"
            )
        for row in self.worst[:MOST_PRINTED]:
            psnr, before = (float(self.rows[name][row]) for name in ("psnr", "psnr_before"))
            yield f"gained least: {self.examples.name(row)}: {psnr:.2f} dB, {psnr - before:+.2f}"

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import restored

        evaluated = f"{self.name} ({self.amount})"
        return restored.headline(self.figures, self.before, self.baseline, f"{evaluated}, {self.convention}")

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """The pictures that gained least, before and after."""
        yield self.worst_section(root)

    def worst_section(self, root: str) -> Section:
        """The pictures that gained least, before and after."""
        from striate.report import restored
        from striate.report.places import inside

        drawn = []
        for row in self.worst[:MOST_DRAWN]:
            before, good = self.middles(self.examples.take([row]))
            psnr, then = (float(self.rows[name][row]) for name in ("psnr", "psnr_before"))
            name = inside(self.examples.name(row), root)
            drawn.append(restored.Drawn(before, self.rows[MADE][row].numpy(), good, name, psnr, then))
        return restored.compared(drawn, self.baseline)
