"""The files of a folder of classes, of a table, or of images with masks, with their labels and parts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from striate.data import boxes, captions, clips, joints, masks, restoring
from striate.data.boxes.found import NO_OBJECT, SECOND, UNBOXED
from striate.data.captions.found import EMPTY, LONG, WORDLESS
from striate.data.files import walk
from striate.data.joints.found import DAMAGED, ROWLESS, UNPOSED, UNSEEN
from striate.data.layout import layout
from striate.data.left_out import IMAGELESS, MISSING, NAMED_TWICE, LeftOut
from striate.data.masks.found import UNMASKED, UNPAIRED, MaskSet
from striate.data.masks.looking import UNFIT, UNKNOWN
from striate.data.multilabel.places import located
from striate.data.multilabel.rows import NO_FILE, Tables
from striate.data.parts import PARTS
from striate.errors import InputError

from .counting import out_of_range
from .files import below, left_out
from .found import Finding
from .survey import Listed

BOXES = {UNBOXED: "no boxes", MISSING: "missing", NAMED_TWICE: "bad line", SECOND: "bad line", NO_OBJECT: "bad line"}
CAPTIONS = {WORDLESS: "no captions", MISSING: "missing", EMPTY: "bad line", LONG: "bad line"}
JOINTS = {UNPOSED: "no joints", ROWLESS: "missing", DAMAGED: "bad line", NAMED_TWICE: "bad line", UNSEEN: "no joints"}
KINDS = {UNMASKED: "no mask", UNPAIRED: "no mask", UNFIT: "no mask", UNKNOWN: "label out of range"}


def of_classes(root: Path) -> Listed:
    """The images in the class folders of `root`."""
    try:
        place = layout(root)
    except InputError as error:
        every = walk(root)
        said = (Finding("unusable", ".", str(error)), *left_out(every.left_out, str(root)))
        return Listed(root.resolve().name, str(root), every.images, _none(every.images), _none(every.images), said)
    items, labels, parts = list[Path](), list[str](), list[str]()
    findings = list[Finding]()
    for part in PARTS:
        for label, folder in place.folders.get(part, ()):
            found = walk(folder)
            items += found.images
            labels += [label] * len(found.images)
            parts += [part] * len(found.images)
            findings += left_out(found.left_out, str(root))
    findings += _outside(place.outside(root), root)
    if not items:
        findings.append(Finding("unusable", ".", "no image in a folder of its class"))
    return Listed(root.resolve().name, str(root), items, labels, parts, tuple(findings))


def _outside(found: list[LeftOut], root: Path) -> Iterator[Finding]:
    """What is in no class folder; a folder without images is an empty class."""
    for one in found:
        if one.kind == IMAGELESS and not os.path.basename(one.path.rstrip("/")).startswith("."):
            yield Finding("empty class", below(one.path, str(root)), one.reason)
        else:
            yield from left_out([one], str(root))


def _none(items: tuple[Path, ...]) -> list[str]:
    return [""] * len(items)


def of_table(path: Path) -> Listed | None:
    """The images that a table, or a folder's tables, list with labels; None where there are none.

    Raises:
        InputError: A table is damaged as a whole.
    """
    place = located(path, named=False)
    if place is None:
        return None
    reader = Tables(place, refuses=False)
    rows = reader.rows()
    one_each = all(len(row.labels) == 1 for row in rows)
    findings = [
        Finding("missing" if one.kind == NO_FILE else "bad line", one.path, one.reason) for one in reader.left_out
    ]
    labels = [", ".join(row.labels) for row in rows]
    name = path.stem if path.is_file() else path.resolve().name
    items, parts = [row.path for row in rows], [row.part for row in rows]
    return Listed(name, str(place.folder), items, labels, parts, tuple(findings), one_each)


def of_masks(root: Path, progress: bool = False) -> Listed | None:
    """The images of a folder that have masks; None where it has none.

    Raises:
        InputError: There are masks, and they can't be read as classes.
    """
    found = masks.find(root, progress=progress)
    if found is None:
        return None
    findings = list(_aside(found.left_out, KINDS, root))
    findings += _slips(found, str(root))
    items, parts = [pair.image for pair in found.pairs], [pair.part for pair in found.pairs]
    return _without_classes(root, items, parts, findings)


def of_boxes(root: Path) -> Listed | None:
    """The images of a folder that have boxes; None where it has none.

    Raises:
        InputError: There are annotations, and they can't be read.
    """
    found = boxes.find(root, sure=False)
    if found is None or not found.classes:
        return None
    findings = list[Finding]()
    for path, wrong in found.faults.items():
        said = ", ".join(f"{count:,} {kind}" for kind, count in wrong.items())
        findings.append(Finding("bad box", path, said))
    findings += [
        Finding("unknown class", path, ", ".join(dict.fromkeys(labels))) for path, labels in found.unknown.items()
    ]
    findings += _aside(found.left_out, BOXES, root)
    items, parts = [one.image for one in found.images], [one.part for one in found.images]
    return _without_classes(root, items, parts, findings)


def of_joints(root: Path) -> Listed | None:
    """The images of a folder that have joints; None where it has none.

    Raises:
        InputError: There are annotations, and they can't be read.
    """
    found = joints.find(root, kinds=(joints.TABLE,), sure=False)
    if found is None:
        return None
    findings = list(_aside(found.left_out, JOINTS, root))
    items, parts = [one.image for one in found.people], [one.part for one in found.people]
    return _without_classes(root, items, parts, findings)


def of_captions(root: Path) -> Listed | None:
    """The pictures of a folder that have captions; None where it has none.

    Raises:
        InputError: There are captions, and none can be used.
    """
    found = captions.find(root)
    if found is None:
        return None
    findings = list(_aside(found.left_out, CAPTIONS, root))
    items, parts = [one.image for one in found.images], [one.part for one in found.images]
    return _without_classes(root, items, parts, findings)


def of_pictures(root: Path) -> Listed | None:
    """The pictures of a folder that has no classes.

    Raises:
        InputError: There are none.
    """
    found = restoring.find(root, paired=restoring.are_pairs(root))
    items, parts = [pair.good for pair in found.pairs], [pair.part for pair in found.pairs]
    return _without_classes(root, items, parts, _aside(found.left_out, {}, root))


def of_clips(root: Path) -> Listed | None:
    """The frames of folders and the videos, without a look for copies: frames that follow each other are alike.

    Raises:
        InputError: There are none.
    """
    found = clips.find(root, hold_out=False)
    folders = [clip for clip in found.clips if not clip.held]
    frames = [
        (Path(name), clip.part) for clip in folders for name, size in zip(clip.names, clip.sizes, strict=True) if size
    ]
    items, parts = [path for path, _ in frames], [part for _, part in frames]
    listed = _without_classes(root, items, parts, _aside(found.left_out, {}, root))
    return replace(listed, in_order=True)


def _aside(every: Iterable[LeftOut], kinds: Mapping[str, str], root: Path) -> Iterator[Finding]:
    """What was left out, as the kinds of findings that it is."""
    for one in every:
        kind = kinds.get(one.kind)
        yield from [Finding(kind, one.path, one.reason)] if kind else left_out([one], str(root))


def _without_classes(root: Path, items: list[Path], parts: Sequence[str], findings: Iterable[Finding]) -> Listed:
    """Images of which no class is known."""
    labels = [""] * len(items)
    return Listed(root.resolve().name, str(root), items, labels, [*parts], tuple(findings), of_classes=False)


def _slips(found: MaskSet, root: str) -> Iterator[Finding]:
    """Values of a few masks that are far from the others', and were taken for classes."""
    if found.coding.how not in ("number", "shade"):
        return
    holds = found.counts > 0
    values = [str(value) for value in found.coding.values]
    outside = out_of_range(Counter(dict(zip(values, holds.sum(0).tolist(), strict=True))))
    for column, value in enumerate(values):
        for row in holds[:, column].nonzero()[0].tolist() if value in outside else ():
            yield Finding("label out of range", below(found.pairs[row].where, root), f"the value {value}")
