"""Series and sounds with their classes: those that can't be read, those in which nothing happens, and copies."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np

from striate.data import series, sounds
from striate.data.sounds import WaveError, read_wave

from .files import below
from .found import Finding
from .survey import DIGEST, Survey


def of_series(path: Path) -> Survey | None:
    """The series at a path; None where there are none."""
    found = series.find(path, hold_out=False)
    if found is None:
        return None
    train = found.parts["train"]
    parts = {part: rows for part, rows in found.parts.items() if part == "train" or rows.values is not train.values}
    rows = [
        (name, label, part, values)
        for part, some in parts.items()
        for name, label, values in zip(some.names, some.labels, some.values, strict=True)
    ]
    findings = [Finding("bad line", one.path, one.reason) for one in found.left_out]
    findings += [Finding("blank", name) for name, _, _, values in rows if bool((values == values[:, :1]).all())]
    digests = np.array([sha256(values.tobytes()).digest()[:16] for *_, values in rows], DIGEST)
    where, labels, names = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    return Survey(found.name, where, labels, names, digests, findings=findings)


def of_sounds(path: Path) -> Survey | None:
    """The sounds at a path; None where there are none."""
    found = sounds.find(path, hold_out=False)
    if found is None:
        return None
    root = str(path if path.is_dir() else path.parent)
    where, labels, parts, digests, findings = list[str](), list[str](), list[str](), list[bytes](), list[Finding]()
    for part, entries in found.parts.items():
        if part != "train" and entries is found.parts["train"]:
            continue
        for one in entries:
            name = below(str(one.path), root)
            try:
                wave = read_wave(one.path)
            except WaveError as error:
                findings.append(Finding("empty file" if "is empty" in error.reason else "damaged", name, error.reason))
                continue
            findings += [Finding("blank", name, "silence")] if wave.silent else []
            where.append(name)
            labels.append(one.label)
            parts.append(part)
            digests.append(sha256(wave.samples.tobytes()).digest()[:16])
    return Survey(found.name, where, labels, parts, np.array(digests, DIGEST), findings=findings)


OF_TASKS: dict[str, Callable[[Path], Survey | None]] = {"series": of_series, "speech": of_sounds}
