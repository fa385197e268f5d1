"""How good the classes of an image's pixels are: as of other examples, with a map of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.data.examples import Examples
from striate.data.masks import distinct_colours
from striate.report.images import data_uri
from striate.report.section import Section, part
from striate.tasks.judging import JudgedLabels, TestResult

PLACE = re.compile(r"\[(\d+),(\d+)\]$")


@dataclass(frozen=True)
class PixelResult(TestResult):
    """As of other examples, with what is usual for images of many bands.

    Attributes:
        average_accuracy: The mean share of each class that is right.
        kappa: Cohen's, agreement beyond chance: 1 is all right, 0 chance.
        split: How the labelled pixels were divided.
    """

    average_accuracy: float = 0.0
    kappa: float = 0.0
    split: str = ""

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        more = {"average_accuracy": self.average_accuracy, "kappa": self.kappa, "split": self.split}
        return {**super().to_json(), **more}


@dataclass(frozen=True, eq=False)
class JudgedPixels(JudgedLabels):
    """A network's answers on labelled pixels.

    Attributes:
        split: How they were chosen, in words.
    """

    split: str = ""

    def result(self) -> PixelResult:
        """All figures as plain numbers."""
        base = super().result()
        facts = {one.name: getattr(base, one.name) for one in dataclasses.fields(base)}
        return PixelResult(**facts, average_accuracy=self.average, kappa=kappa(self.confusion), split=self.split)

    @property
    def average(self) -> float:
        """The mean share of each class that is right."""
        true = self.confusion.sum(1)
        return float((self.confusion.diagonal()[true > 0] / true[true > 0]).mean())

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield from super().printed()
        yield f"average accuracy {self.average:.2%}, kappa {kappa(self.confusion):.4f}, split {self.split}"

    @cached_property
    def maps(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """(H, W, 3): the true classes of the pixels in colours, and what they are called; black elsewhere."""
        found = [PLACE.search(self.examples.name(row)) for row in range(len(self.examples))]
        places = np.array([[int(one[1]), int(one[2])] for one in found if one]).reshape(-1, 2)
        size = (places.max(0) + 1) if len(places) else (1, 1)
        colours = np.array(distinct_colours(len(self.classes) + 1), np.uint8)
        sheets = []
        for classes in (self.labels, self.probabilities.argmax(1)):
            sheet = np.zeros((*size, 3), np.uint8)
            sheet[places[:, 0], places[:, 1]] = colours[classes[: len(places)] + 1]
            sheets.append(sheet)
        return sheets[0], sheets[1]

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """The maps, and all that there is of other examples."""
        true, called = (data_uri(one.repeat(times := _times(one), 0).repeat(times, 1), 640) for one in self.maps)
        colours = distinct_colours(len(self.classes) + 1)[1:]
        legend = [(f"rgb{colour}", name) for colour, name in zip(colours, self.classes, strict=True)]
        body = part("mapped.html", "maps", real=true, called=called, legend=legend, evaluated=self._evaluated())
        yield Section("map", "Map", body)
        yield from super().sections(root, counts)


def _times(sheet: NDArray[np.uint8]) -> int:
    """How many times as large a map is drawn, so that its pixels are seen."""
    return max(1, 300 // int(max(sheet.shape[:2])))


def kappa(confusion: NDArray[np.int64]) -> float:
    """Cohen's kappa (1960) of counts (K, K).

    >>> kappa(np.array([[5, 0], [0, 5]])), kappa(np.array([[5, 5], [5, 5]]))
    (1.0, 0.0)
    """
    total = confusion.sum()
    agree = confusion.diagonal().sum() / total
    chance = float((confusion.sum(0) * confusion.sum(1)).sum()) / float(total) ** 2
    return float((agree - chance) / (1 - chance)) if chance < 1 else 1.0
