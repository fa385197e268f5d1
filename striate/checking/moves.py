"""The moves of a planner: files that are damaged, and moves of which it says nothing because all actions are alike."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np

from striate.data.games.store import ABOUT, read_all
from striate.errors import InputError

from .files import below
from .found import Finding
from .survey import DIGEST, Survey


def surveyed(root: Path) -> Survey | None:
    """The moves of a folder; None where it has none.

    Raises:
        InputError: What is known of all of them is damaged, or none can be read.
    """
    if not (root / ABOUT).is_file():
        return None
    found = read_all(root)
    findings = [Finding("damaged", below(str(path), str(root)), why) for path, why in found.damaged.items()]
    if not found.moves and not findings:
        raise InputError(f"'{root}' holds no moves; gather some with `striate play`")
    where, digests = list[str](), list[bytes]()
    for path, moves in zip(found.paths, found.moves, strict=True):
        name = below(str(path), str(root))
        where += [f"{name}[{row}]" for row in range(len(moves))]
        digests += [sha256(f"{name} {row}".encode()).digest()[:16] for row in range(len(moves))]
        if not np.ptp(moves.values, axis=1).any():
            findings.append(Finding("alike", name, f"{len(moves)} moves"))
    none = [""] * len(where)
    return Survey(
        root.resolve().name, where, none, none, np.array(digests, DIGEST), findings=findings, of_classes=False
    )
