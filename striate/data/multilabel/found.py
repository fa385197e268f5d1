"""Images with rows of labels, in the parts to learn from, to choose by and to judge by.

>>> import torch
>>> rarest(torch.tensor([[1, 1], [1, 0], [0, 0]])).tolist()
[1, 0, 2]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from striate.data.amounts import so_many
from striate.data.classes import counted
from striate.data.dataset import TEST_SHARE, Split, held_out
from striate.data.left_out import LeftOut
from striate.data.parts import Part
from striate.errors import InputError, nearest

if TYPE_CHECKING:
    from torch import Tensor

    from striate.data.levels import Levels

MOST_NAMED = 10  # labels named in one line


class NotMultilabelError(InputError):
    """There are no images with several labels; says what is missing."""


@dataclass(frozen=True, eq=False)
class LabelRows:
    """Images with rows of labels.

    Attributes:
        name: Short name for titles.
        source: As it was given.
        parts: The images of each part; their labels are (N, K) uint8, 1 where a label is there.
        labels: The K names.
        notes: One line for each thing to report.
        left_out: Rows and files that were not read.
        levels: What is black and white in image files of more than 8 bits.
    """

    name: str
    source: str
    parts: Mapping[Part, Split]
    labels: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    levels: Levels | None = None

    @property
    def one_each(self) -> bool:
        """Whether every image has exactly one label."""
        return all(bool((part.labels.sum(1) == 1).all()) for part in self.parts.values())

    def like(self, known: Sequence[str]) -> LabelRows:
        """With the labels that a network has learned, in its order.

        Raises:
            InputError: One is not among them.
        """
        import torch

        if unknown := [label for label in self.labels if label not in known]:
            hint = nearest(unknown[0], known) or f"; it knows {', '.join(known[:MOST_NAMED])}"
            raise InputError(f"{self.name} has a label '{unknown[0]}' that the run has not learned{hint}")
        columns = torch.tensor([known.index(label) for label in self.labels], dtype=torch.int64)

        def moved(labels: Tensor) -> Tensor:
            return torch.zeros(len(labels), len(known), dtype=labels.dtype).index_copy(1, columns, labels)

        parts = {part: replace(split, labels=moved(split.labels)) for part, split in self.parts.items()}
        return replace(self, parts=parts, labels=tuple(known))

    def checked(self) -> LabelRows:
        """The set itself, where every label can be learned.

        Raises:
            InputError: No training image has one of them.
        """
        for label, count in zip(self.labels, self.parts["train"].labels.sum(0).tolist(), strict=True):
            if not count:
                raise InputError(f"{self.name}: no training image has the label '{label}'; add some, or leave it out")
        return self

    def check_validation(self) -> None:
        """Makes sure that mean average precision, which chooses the epoch, is a number.

        Raises:
            InputError: No image of the validation part has a label, or none would in a share of the training images.
        """
        import torch

        if "validation" in self.parts:
            some = bool(self.parts["validation"].labels.any())
        else:  # of each group by its rarest label some are taken, where it has two images
            labels = self.parts["train"].labels
            some = bool((torch.bincount(rarest(labels), minlength=labels.shape[1])[: labels.shape[1]] > 1).any())
        if not some:
            rule = "no validation image has a label, and the best epoch is chosen by these"
            raise InputError(f"{self.name}: {rule}; give more images with labels")

    def with_test(self, fraction: float = TEST_SHARE) -> LabelRows:
        """The set itself if it has a test part; else with a share of the training images of each label held out as one.

        Which is decided by the file's name, or its place in an archive, so it is the same part every time.

        Raises:
            InputError: There are too few.
        """
        if "test" in self.parts:
            return self
        train = self.parts["train"]
        keys = [Path(path).name for path in train.paths] or [str(row) for row in range(len(train))]
        chosen = held_out(rarest(train.labels).tolist(), keys, fraction)
        if not chosen:
            raise InputError(f"'{self.source}' has no label with two images; give more, so that some can be the test")
        rest = sorted(set(range(len(train))) - set(chosen))
        parts = {**self.parts, "train": train.take(rest), "test": train.take(chosen)}
        said = f"{self.name}: held out {so_many(len(chosen), 'images')} as test, about {fraction:.0%} of each label's"
        return replace(self, parts=parts, notes=(*self.notes, f"{said} (always the same)"))


def counts_said(parts: Mapping[Part, Split], labels: Sequence[str]) -> str:
    """How many images each label has, and how many have none."""
    counts = [sum(some) for some in zip(*(part.labels.sum(0).tolist() for part in parts.values()), strict=True)]
    none = sum(int((part.labels.sum(1) == 0).sum()) for part in parts.values())
    return counted(labels, counts, "labels") + (f"; {none:,} image{'s' * (none != 1)} without any" if none else "")


def rarest(labels: Tensor) -> Tensor:
    """Of each row (N, K) of 0 and 1 the label that the fewest rows have, and K of a row without any.

    Rows in groups by it are divided evenly for all labels, nearly as by Sechidis et al. 2011, who deal out the rarest
    label first.
    """
    import torch

    counts = labels.sum(0)
    none = int(counts.max()) + 1
    rank = torch.where(labels > 0, counts, none)
    least, place = rank.min(1)
    return place.where(least < none, torch.tensor(labels.shape[1]))
