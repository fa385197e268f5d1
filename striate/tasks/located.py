"""How good boxes are: the figures, the floor, the worst images, wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from striate.boxes import paired_iou
from striate.data.boxes.found import CROWD, HARD
from striate.metrics.detection import Detections, DetectionScores, Objects, coco, iou_of, voc
from striate.tasks.figures import known, no_better, percent
from striate.tasks.task import Judged
from striate.training.fields import Fields

if TYPE_CHECKING:
    from striate.data.examples import Examples
    from striate.data.masks import Colour
    from striate.report.section import Section

BOXES, KINDS, FOUND = "boxes", "kinds", "found"
ASIDE = "aside"  # which objects count neither as found nor as missed
WHOLE = "whole"  # the class of an image that has one and no box; -1 for others
MOST_DRAWN, MOST_PRINTED = 12, 5
SURE, MEETS = 0.25, 0.5  # the least probability of a box that is told, as in most detectors; IoU with an object


@dataclass(frozen=True, eq=False)
class JudgedBoxes(Judged):
    """A network's boxes beside those that are there; its rows are what is found (N, 300, 6), `boxes` and `kinds`.

    Attributes:
        classes: The K names.
        colours: How they are drawn.
    """

    classes: tuple[str, ...]
    colours: tuple[Colour, ...]

    @cached_property
    def both(self) -> tuple[list[Detections], list[Objects]]:
        """What is found and what is there, image by image."""
        return detections_of(self.rows)

    @cached_property
    def counted(self) -> list[Objects]:
        """What is to be found, image by image."""
        return [one.counted for one in self.both[1]]

    @cached_property
    def scores(self) -> DetectionScores:
        """Average precision by COCO's rules."""
        return coco(*self.both, len(self.classes))

    @cached_property
    def objects(self) -> list[int]:
        """How many there are of each class."""
        counts = np.sum([np.bincount(one.classes, minlength=len(self.classes)) for one in self.counted], 0)
        return [int(count) for count in counts]

    @cached_property
    def voc50(self) -> NDArray[np.float64]:
        """(K,): average precision by VOC's rules since 2010, at an IoU of 0.5."""
        return voc(*self.both, len(self.classes))

    @cached_property
    def floor(self) -> float:
        """mAP50 of always saying the mean box of each class."""
        truth = self.both[1]
        there = self.counted
        every = [np.concatenate([one.boxes[one.classes == kind] for one in there]) for kind in range(len(self.classes))]
        kinds = np.array([kind for kind, some in enumerate(every) if len(some)])
        means = np.array([every[kind].mean(0) for kind in kinds]).reshape(-1, 4)
        constant = Detections(means, kinds, np.ones(len(kinds)))
        return coco([constant] * len(truth), truth, len(self.classes), (0.5,)).map50

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """(K + 1, K + 1): row = what is there, column = what is found; the last of both is the background."""
        count = len(self.classes)
        made = np.zeros((count + 1, count + 1), np.int64)
        for found, truth in zip(self.both[0], self.counted, strict=True):
            sure = found.scores >= SURE
            boxes, kinds = found.boxes[sure], found.classes[sure]
            iou = iou_of(boxes, truth.boxes)
            pairs = sorted(zip(*np.nonzero(iou >= MEETS), strict=True), key=lambda pair: -iou[pair])
            ours, theirs = set[int](), set[int]()
            for a, b in pairs:
                if a not in ours and b not in theirs:
                    ours.add(int(a))
                    theirs.add(int(b))
                    made[truth.classes[b], kinds[a]] += 1
            for b in set(range(len(truth.boxes))) - theirs:
                made[truth.classes[b], count] += 1
            for a in set(range(len(boxes))) - ours:
                made[count, kinds[a]] += 1
        return made

    @cached_property
    def each(self) -> list[float]:
        """The F1 of each image's sure boxes, whatever their class; 1 where nothing is there and nothing is found."""
        return [_f1(found, truth) for found, truth in zip(self.both[0], self.counted, strict=True)]

    def columns(self) -> Mapping[str, Sequence[float]]:
        """The F1 of each image."""
        return {"f1": self.each}

    @property
    def worst(self) -> list[int]:
        """The positions of the images, the worst first."""
        return [int(row) for row in np.argsort(self.each, kind="stable")]

    @property
    def guessing(self) -> str:
        """Whether no sure box is found in any image."""
        if any((found.scores >= SURE).any() for found in self.both[0]):
            return ""
        return f"No box is found with a probability of {SURE:g} or more: the network has learned too little."

    def said(self) -> str:
        """The figures in words."""
        rest = f"mAP {percent(self.scores.map)} over IoU 0.5 to 0.95"
        floor = f"always saying each class's mean box gets {percent(self.floor)}"
        return f"mAP50 {percent(self.scores.map50)} on {self.amount} ({rest}); {floor}"

    def in_short(self) -> str:
        """mAP50."""
        return percent(self.scores.map50)

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        per_class = [
            {
                "class": name,
                "ap50": known(row[0]),
                "ap": known(row.mean()),
                "voc_ap50": known(area),
                "objects": n,
            }
            for name, row, area, n in zip(self.classes, self.scores.each, self.voc50, self.objects, strict=True)
        ]
        areas = self.voc50[~np.isnan(self.voc50)]
        return {
            "map50": known(self.scores.map50),
            "map": known(self.scores.map),
            "voc_map50": known(areas.mean() if areas.size else np.nan),
            "mean_box_map50": known(self.floor),
            "loss": self.figures["loss"],
            "examples": len(self.examples),
            "classes": list(self.classes),
            "per_class": per_class,
            "confusion": self.confusion.tolist(),
            "worst": [{"image": self.examples.name(row), "f1": self.each[row]} for row in self.worst[:MOST_DRAWN]],
        }

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield f"loss {self.figures['loss']:.4f}"
        yield from self.advice()
        yield self._table()
        for row in self.worst[:MOST_PRINTED]:
            yield f"worst: {self.examples.name(row)}: F1 {self.each[row]:.2%}"

    def rows_of_classes(self) -> list[tuple[str, int, str, str]]:
        """Name, objects, AP50 and AP of each class."""
        return [
            (name, count, percent(row[0]), percent(row.mean()))
            for name, count, row in zip(self.classes, self.objects, self.scores.each, strict=True)
        ]

    def _table(self) -> Any:
        from rich import box
        from rich.markup import escape
        from rich.table import Table

        table = Table(title="class by class", box=box.SIMPLE_HEAD, title_justify="left")
        for title in ("class", "objects", "AP50", "AP"):
            table.add_column(title, justify="left" if title == "class" else "right")
        for name, count, *figures in self.rows_of_classes():
            table.add_row(escape(name), f"{count:,}", *figures)
        return table

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import boxed

        map50, whole, floor = map(percent, (self.scores.map50, self.scores.map, self.floor))
        return boxed.headline(map50, whole, floor, self._evaluated)

    @property
    def _evaluated(self) -> str:
        return f"{self.name} ({self.amount})"

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """Class by class, what is taken for what, and the worst images with truth and answer side by side."""
        from striate.report import boxed

        yield boxed.table(self.rows_of_classes(), self.colours, self._evaluated)
        yield boxed.curves(self.scores.curves, self.classes)
        yield boxed.confusion(self.confusion, self.classes, SURE)
        yield self.worst_section(root)

    def worst_section(self, root: str) -> Section:
        """The worst images, what is there beside what is found."""
        from striate.report import boxed
        from striate.report.places import inside

        drawn = []
        for row in self.worst[:MOST_DRAWN]:
            image = self.examples.take([row])["image"][0].numpy()
            found, truth = self.both[0][row], self.both[1][row]
            name = inside(self.examples.name(row), root)
            drawn.append(boxed.Drawn(image, truth, found, name, self.each[row]))
        return boxed.worst(drawn, self.classes, self.colours, SURE)


def detections_of(rows: Fields) -> tuple[list[Detections], list[Objects]]:
    """What is found and what is there, image by image."""
    found, truth = [], []
    aside = rows[ASIDE] if ASIDE in rows else torch.zeros_like(rows[KINDS])
    each = (rows[FOUND], rows[BOXES], rows[KINDS], aside)
    for one, places, kinds, marks in zip(*(values.numpy() for values in each), strict=True):
        one, there = one[one[:, 5] >= 0], kinds >= 0
        found.append(Detections(one[:, :4], one[:, 5].astype(int), one[:, 4]))
        truth.append(Objects(places[there], kinds[there], marks[there] == HARD, marks[there] == CROWD))
    return found, truth


def _f1(found: Detections, truth: Objects) -> float:
    sure = found.scores >= SURE
    boxes, kinds = found.boxes[sure], found.classes[sure]
    if not len(boxes) and not len(truth.boxes):
        return 1.0
    iou = np.where(kinds[:, None] == truth.classes[None], iou_of(boxes, truth.boxes), 0.0)
    right, taken = 0, np.zeros(len(truth.boxes), bool)
    for row in np.argsort(-found.scores[sure], kind="stable") if iou.size else ():
        free = np.where(taken, 0.0, iou[row])
        if free.max() >= MEETS:
            taken[free.argmax()] = True
            right += 1
    return 2 * right / (len(boxes) + len(truth.boxes))


@dataclass(frozen=True, eq=False)
class JudgedPlaces(Judged):
    """A network's class and box of each image beside the true ones; its rows are those of `Localize`.

    Attributes:
        classes: The K names.
        colours: How they are drawn.
    """

    classes: tuple[str, ...]
    colours: tuple[Colour, ...]

    @cached_property
    def each(self) -> list[float]:
        """The IoU of each image's box, 0 where the class is wrong."""
        right = self.rows["chances"].argmax(1) == self.rows[KINDS]
        return [float(iou) for iou in paired_iou(self.rows["places"], self.rows[BOXES]) * right]

    @cached_property
    def floor(self) -> tuple[float, str, float]:
        """The mean IoU of always saying the mean box; the most common class and its share."""
        truth, counts = self.rows[BOXES], self.rows[KINDS].bincount(minlength=len(self.classes))
        iou = paired_iou(truth.mean(0, keepdim=True).expand_as(truth), truth)
        return float(iou.mean()), self.classes[int(counts.argmax())], float(counts.max() / len(truth))

    @property
    def guessing(self) -> str:
        """Whether its boxes are no better than the mean box."""
        return no_better(self.rows["places"].numpy(), "box", self.figures["box_iou"], self.floor[0])

    def columns(self) -> Mapping[str, Sequence[float]]:
        """The IoU of each image."""
        return {"box_iou": self.each}

    @property
    def worst(self) -> list[int]:
        """The positions of the images, the worst first."""
        return [int(row) for row in np.argsort(self.each, kind="stable")]

    def said(self) -> str:
        """The figures in words."""
        iou, most, share = self.floor
        rest = f"{self.figures['localized']:.2%} localized, {self.figures['accuracy']:.2%} of the classes right"
        guess = f"always saying the mean box gets {iou:.2%}, '{most}' {share:.2%}"
        return f"box IoU {self.figures['box_iou']:.2%} on {self.amount} ({rest}); {guess}"

    def in_short(self) -> str:
        """The mean IoU."""
        return f"{self.figures['box_iou']:.2%}"

    def to_json(self) -> dict[str, Any]:
        """The contract of `striate test --json`."""
        iou, most, share = self.floor
        floor = {"mean_box_iou": iou, "majority_class": most, "majority_accuracy": share}
        worst = [{"image": self.examples.name(row), "box_iou": self.each[row]} for row in self.worst[:MOST_DRAWN]]
        whole = {**self.figures, "examples": len(self.examples), **floor}
        return whole | {"classes": list(self.classes), "worst": worst}

    def printed(self) -> Iterator[Any]:
        """What `striate test` prints."""
        yield self.said()
        yield f"loss {self.figures['loss']:.4f}"
        yield from self.advice()
        for row in self.worst[:MOST_PRINTED]:
            yield f"worst: {self.examples.name(row)}: IoU {self.each[row]:.2%}"

    def headline(self) -> str:
        """The first lines of the report."""
        from striate.report import boxed

        return boxed.localized(self.figures, self.floor, f"{self.name} ({self.amount})")

    def sections(self, root: str, counts: Mapping[str, Examples]) -> Iterator[Section]:
        """The worst images."""
        yield self.worst_section(root)

    def worst_section(self, root: str) -> Section:
        """The worst images, what is there beside what is found."""
        from striate.report import boxed
        from striate.report.places import inside

        drawn = []
        for row in self.worst[:MOST_DRAWN]:
            image, chances = self.examples.take([row])["image"][0].numpy(), self.rows["chances"][row].numpy()
            truth = Objects(self.rows[BOXES][row : row + 1].numpy(), self.rows[KINDS][row : row + 1].numpy())
            kind = np.array([chances.argmax()])
            found = Detections(self.rows["places"][row : row + 1].numpy(), kind, chances[kind])
            drawn.append(boxed.Drawn(image, truth, found, inside(self.examples.name(row), root), self.each[row]))
        return boxed.worst(drawn, self.classes, self.colours, 0.0, "IoU")
