"""How near pictures are to a style and to the photographs that they show, beside the photographs themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.data.examples import Examples
from striate.tasks.task import Judged

if TYPE_CHECKING:
    from striate.report.section import Section

STYLE_BEFORE, MADE = "style_before", "made"
MOST_DRAWN = 12


@dataclass(frozen=True, eq=False)
class JudgedStyle(Judged):
    """Pictures in a style; its rows are distances (N,) and middles of pictures.

    Attributes:
        style: The style, (3, H, W).
        style_name: The name of its file.
    """

    style: NDArray[np.uint8]
    style_name: str

    @property
    def before(self) -> float:
        """The photographs' own distance to the style, which is what doing nothing gets."""
        return float(self.rows[STYLE_BEFORE].mean())

    @property
    def guessing(self) -> str:
        """Whether doing nothing is as near to the style."""
        if self.figures["style_distance"] < self.before:
            return ""
        return f"No nearer to the style than the photographs themselves, whose distance is {self.before:.3f}."

    def columns(self) -> Mapping[str, Sequence[float]]:
        """The distances of each picture."""
        names = ("style_distance", "content_distance", STYLE_BEFORE)
        return {name: self.rows[name].tolist() for name in names}

    def said(self) -> str:
        """The figures in words."""
        style, content = self.figures["style_distance"], self.figures["content_distance"]
        return (
            f"distance to the style {style:.3f}, to the content {content:.3f} on {self.amount} "
            f"(shares of their squares); the photographs themselves have {self.before:.3f} and 0"
        )

    def in_short(self) -> str:
        """The distance to the style."""
        return f"{self.figures['style_distance']:.3f}"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        return {**self.figures, STYLE_BEFORE: self.before, "examples": len(self.examples)}

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield from self.advice()

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import styled

        return styled.headline(self.figures, self.before, f"{self.name} ({self.amount})")

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """Photographs before and after, beside the style."""
        yield self.worst_section(root)

    def worst_section(self, root: str) -> Section:
        """Those that are farthest from the style, before and after."""
        from striate.report import styled
        from striate.report.places import inside
        from striate.tasks.stylize import middle

        order = np.argsort(-self.rows["style_distance"].numpy(), kind="stable")[:MOST_DRAWN]
        drawn = [
            styled.Drawn(
                middle(self.examples.take([int(row)])),
                self.rows[MADE][int(row)].numpy(),
                inside(self.examples.name(int(row)), root),
                float(self.rows["style_distance"][int(row)]),
            )
            for row in order
        ]
        return styled.compared(drawn, self.style, self.style_name)
