"""Images that are packed in a few large files, as a data set whose images stay there.

Their form is decided by a sample: a million headers would take minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from striate.errors import InputError

from .classes import counted
from .dataset import ALL, Dataset, Split, parted_for_test
from .entries import Wanted, enough
from .image import decode
from .lazy import SAMPLED, Compact, Lazy
from .left_out import LeftOut
from .many import NOT_TRIED
from .parts import PARTS, Part
from .pictures import Form, formed
from .worker import Answer
from .workers import Workers


@dataclass(frozen=True, eq=False)
class Packed:
    """The images of a part: what opens, how they are called, and their labels (N,), positions among the classes."""

    items: Compact
    names: Compact
    labels: torch.Tensor


def dataset_of(
    name: str,
    source: str,
    parts: Mapping[Part, Packed],
    classes: Sequence[str],
    notes: Sequence[str],
    wanted: Wanted,
    left_out: Sequence[LeftOut] = (),
) -> Dataset:
    """The data set of images with their names and labels (N,), by part.

    Raises:
        InputError: There is nothing to learn from, or a class to judge by is not among those to learn.
    """
    if "train" not in parts:
        raise InputError(f"'{source}' has nothing to train on; a part called train holds that")
    present = {classes[label] for label in set(parts["train"].labels.tolist())}
    if not enough(present, wanted.known):
        raise InputError(f"'{source}' has only one class, '{next(iter(present))}'; give images of at least two")
    keep = tuple(label for label in classes if label in present)
    form, lazy = _formed(parts["train"].items, wanted, source)
    splits = {part: _split(lazy, parts[part], classes, keep, source) for part in PARTS if part in parts}
    decided = _with_test(splits, wanted.hold_out, source)
    every = torch.cat([one.labels for one in parts.values()]).bincount(minlength=len(classes))
    counts = [int(every[place]) for place, label in enumerate(classes) if label in present]
    total = sum(len(one.labels) for one in parts.values())
    shape = "x".join(map(str, lazy.shape))
    lines = [f"{total:,} images of {len(keep)} classes, {shape}{form.said}; they are read from it in every epoch"]
    lines += [counted(keep, counts), *notes, *decided, *form.notes]
    train, validation, test = (splits.get(part) for part in PARTS)
    assert train
    said = tuple(f"{name}: {line}" for line in lines)
    return Dataset(name, source, train, test, keep, said, form.levels, validation, tuple(left_out))


class _Sample:
    """Some of the images, looked at without being kept in the cache."""

    def __init__(self, items: Compact, workers: Workers) -> None:
        self.paths = [items[row] for row in range(0, len(items), -(-len(items) // SAMPLED))]
        self.workers = workers

    def facts(self, what: str, work: "partial[Any]", areas: Sequence[int] | None = None) -> list[Answer]:
        """The result of `work` for each that has an area."""
        wanted = [row for row in range(len(self.paths)) if areas is None or areas[row]]
        answers: list[Answer] = [(None, NOT_TRIED)] * len(self.paths)
        for row, answer in zip(wanted, self.workers.each(work, [self.paths[row] for row in wanted]), strict=True):
            answers[row] = answer
        return answers


def _formed(items: Compact, wanted: Wanted, source: str) -> tuple[Form, Lazy]:
    """What images are decoded to, and an example of them left where they are."""
    with Workers(0) as workers:
        form = formed(_Sample(items, workers), wanted.shape, wanted.levels)
    if all(form.reasons):
        raise InputError(f"no image in '{source}' can be read ({form.reasons[0]})")
    work = partial(decode, channels=form.channels, size=form.size, levels=form.levels)
    lazy = Lazy(items, work, (form.channels, *form.size), items)
    if form.channels == 3 and not any((image != image[:1]).any() for image in lazy.sample().numpy()):
        lazy = Lazy(items, partial(work, channels=1), (1, *form.size), items)
    return form, lazy


def _split(lazy: Lazy, packed: Packed, classes: Sequence[str], kept: Sequence[str], source: str) -> Split:
    places = torch.tensor([kept.index(label) if label in kept else -1 for label in classes])
    labels = places[packed.labels]
    if len(strange := (labels < 0).nonzero()):
        label = classes[int(packed.labels[strange[0, 0]])]
        raise InputError(f"'{source}' has a class '{label}' in another part that no training image has")
    return Split(replace(lazy, paths=packed.names, items=packed.items), labels, packed.names)


def _with_test(splits: dict[Part, Split], hold_out: bool, source: str) -> list[str]:
    """Makes a test part where there is none, and says how."""
    if "test" in splits:
        return []
    if not hold_out:
        splits["test"] = splits.get("validation", splits["train"])
        return ["it has no test part, so its validation images are judged" if "validation" in splits else ALL]
    train = splits["train"]
    numbers = map(str, range(len(train)))
    rest, chosen, said = parted_for_test(train.labels.tolist(), numbers, source, "images", "chosen by their numbers")
    splits["train"], splits["test"] = train.take(rest), train.take(chosen)
    return [said]
