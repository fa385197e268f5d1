"""Looking at the image files of a data set, one after the other: what is wrong with each, and what is unlike the rest.

>>> [one.kind for one in named("pets", ["pets/cat/é.png", "pets/cat/1.png", "pets/cat/A.png", "pets/cat/a.png"])]
['name', 'name', 'name']
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from unicodedata import is_normalized

import numpy as np

from striate.data.image import decode
from striate.data.left_out import BROKEN, HIDDEN, LINKED, SYSTEM, UNREADABLE, LeftOut
from striate.data.progress import bar
from striate.data.workers import Workers

from .found import Finding
from .looking import LONGEST, Look, look
from .survey import DIGEST, Listed, Survey

if TYPE_CHECKING:
    from torch import Tensor

FAR = 4.0  # times as large or as long as the median image
KINDS_OF_LEFT_OUT = {LINKED: "link", BROKEN: "link", HIDDEN: "hidden", SYSTEM: "hidden"}


def surveyed(listed: Listed, show: bool) -> Survey:
    """Looks at all files, each once.

    Args:
        listed: The files.
        show: Whether to draw progress.
    """
    where = [below(str(item), listed.root) for item in listed.items]
    findings = [*listed.findings, *named(listed.root, [str(item) for item in listed.items])]
    looks = list[tuple[int, Look]]()
    with Workers(len(where)) as workers, bar(f"{listed.name}: files", len(where), show=show) as advance:
        for row, (seen, reason) in enumerate(workers.each(look, listed.items)):
            seen = seen or Look("damaged", str(reason))
            findings += [Finding(seen.fault, where[row], seen.reason)] if seen.fault else []
            findings += [Finding(kind, where[row], said) for kind, said in seen.odd if kind == "blank"]
            looks += [] if seen.fault else [(row, seen)]
            advance(1)
    rows = [row for row, _ in looks]
    findings += unlike([where[row] for row in rows], [seen for _, seen in looks])
    small = np.stack([seen.small for _, seen in looks]) if looks else np.zeros((0, 64), np.float16)
    digests = np.array([seen.digest for _, seen in looks], DIGEST)
    labels, parts = ([values[row] for row in rows] for values in (listed.labels, listed.parts))
    items = [listed.items[row] for row in rows]
    return Survey(
        listed.name,
        [where[row] for row in rows],
        labels,
        parts,
        digests,
        small,
        lambda row: _picture(items[row]),
        findings,
        listed.of_classes,
        listed.in_order,
    )


def _picture(item: Any) -> Tensor:
    import torch

    return torch.from_numpy(decode(item, channels=3, longest=LONGEST))


def unlike(where: Sequence[str], looks: Sequence[Look]) -> Iterator[Finding]:
    """What most others of a set are not: of another mode, or of a quite different size."""
    counts = Counter(kind for seen in looks for kind, _ in seen.odd)
    greys = sum(seen.grey for seen in looks)
    sizes = np.array([seen.size for seen in looks], np.float64).reshape(-1, 2)
    median = np.median(sizes, axis=0) if len(sizes) else sizes
    for path, seen, size in zip(where, looks, sizes, strict=True):
        few = [(kind, said) for kind, said in seen.odd if kind != "blank" and 2 * counts[kind] <= len(looks)]
        yield from (Finding(kind, path, said) for kind, said in few)
        if seen.grey and 2 * greys < len(looks):
            yield Finding("grey", path)
        if not seen.grey and 2 * greys > len(looks):
            yield Finding("colour", path)
        if _far(size, median):
            height, width = seen.size
            yield Finding("size", path, f"{height}x{width}, where the median is {median[0]:.0f}x{median[1]:.0f}")


def _far(size: Any, median: Any) -> bool:
    """Whether a size or its proportions are far from the median's."""
    ratios = np.array([*(size / median), (size[0] / size[1]) / (median[0] / median[1])])
    return bool((np.maximum(ratios, 1 / ratios) >= FAR).any())


def named(root: str, paths: Sequence[str]) -> Iterator[Finding]:
    """Names that other systems may spell in another way, or take for one another."""
    shown = [below(path, root) for path in paths]
    folded = Counter(name.casefold() for name in shown)
    for name in shown:
        if (said := _spelling(name)) or folded[name.casefold()] > 1:
            yield Finding("name", name, said or "another differs from it only in capitals")


def _spelling(name: str) -> str:
    if name.isascii() and name.isprintable():
        return ""
    if any("\ud800" <= sign <= "\udfff" for sign in name):
        return "its bytes are no UTF-8"
    if not name.isprintable():
        return "it holds signs that can't be printed"
    return "letters beyond ASCII" if is_normalized("NFC", name) else "letters with marks of their own (not NFC)"


def left_out(found: Sequence[LeftOut], root: str) -> Iterator[Finding]:
    """Findings of what was found beside the examples and not read."""
    for one in found:
        kind = KINDS_OF_LEFT_OUT.get(one.kind, "damaged" if one.kind.startswith(UNREADABLE) else "not used")
        yield Finding(kind, below(one.path, root), one.reason)


def below(path: str, root: str) -> str:
    """A path as seen from the root, where it is under it."""
    inside = path.startswith(root.rstrip(os.sep) + os.sep)
    return path[len(root.rstrip(os.sep)) + 1 :] if inside else path
