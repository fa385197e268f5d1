"""Heartbeats of the MIT-BIH arrhythmia records, trained on the patients of DS1 and tested on those of DS2.

The split is de Chazal's (2004), so no patient is in both. Four records of DS1 choose the epoch, and have chosen that a
beat of S counts twelve times. Three of four beats of S in DS2 are those of one record, 232, so that seeds differ. A
beat comes with its record's median beat as a second channel, and with four numbers: the time since the beat before in
seconds, and the logarithms of it and of the time to the next one over the mean of the ten times before, and of it over
the record's mean. Neither needs a label. The floor is always saying N. The beats are taken from
`$STRIATE_DATA/mitbih-beats.tar.xz`.

    python benchmarks/heartbeats.py [--rows beats,beats-alone] [--seeds 3] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from archives import SAFE, stored
from numpy.typing import NDArray
from seeds import Row, table
from torch import Tensor
from torch.nn import functional as F

DS1 = (101, 106, 108, 109, 112, 114, 115, 116, 118, 119, 122, 124, 201, 203, 205, 207, 208, 209, 215, 220, 223, 230)
VALIDATION = (116, 118, 220, 223)
CLASSES = np.array(["N", "S", "V", "F", "Q"])
HERTZ, BEFORE = 360, 10
SCARCE = sorted(CLASSES).index("S")  # the classes of a run are in the order of the alphabet

BEATS = """
# A beat and four numbers of its rhythm, joined before the classifier
classes = 5
channels = 2
length = 128
beside = 4
part(w, k) = conv w@k pad same nobias -> bn -> relu

side: input beside
series: input (channels)x(length)
part(16, 7) -> maxpool 2 -> part(32, 5) -> maxpool 2 -> part(48, 5) -> maxpool 2 -> part(64, 3)
gap -> dropout 0.3 -> fc 32 -> relu
concat[ id | from side -> fc 32 -> relu ] -> fc 32 -> relu -> dropout 0.3 -> fc classes
"""
ALONE = """
# A beat without its rhythm
classes = 5
channels = 2
length = 128
part(w, k) = conv w@k pad same nobias -> bn -> relu

input (channels)x(length)
part(16, 7) -> maxpool 2 -> part(32, 5) -> maxpool 2 -> part(48, 5) -> maxpool 2 -> part(64, 3) -> gap -> dropout 0.3
fc 32 -> relu -> dropout 0.3 -> fc classes
"""


def weighted(outputs: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy in which a beat of S counts twelve times: of the five classes it is the one that is missed."""
    weight = outputs.new_ones(outputs.shape[1])
    weight[SCARCE] = 12
    return F.cross_entropy(outputs, labels, weight)


def written(root: Path) -> Path:
    """The archive of the three parts."""
    with tarfile.open(stored("mitbih-beats.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    beats, label, record, times = (
        np.load(next(root.rglob(f"{name}.npy")), allow_pickle=False)
        for name in ("beats_int16", "label", "record", "rr_samples360")
    )
    x, side = with_medians(beats, record), rhythm(times, record)
    held = np.isin(record, VALIDATION)
    parts = {"train": np.isin(record, DS1) & ~held, "val": held, "test": ~np.isin(record, DS1)}
    arrays = {f"{key}_{part}": values[rows] for part, rows in parts.items() for key, values in
              (("x", x), ("y", CLASSES[label]), ("side", side))}  # fmt: skip
    np.savez(root / "mitbih.npz", **arrays)
    return root / "mitbih.npz"


def with_medians(beats: NDArray[np.int16], record: NDArray[np.uint16]) -> NDArray[np.float32]:
    """(N, 2, 128): each beat and its record's median beat, by the record's spread."""
    made = np.zeros((len(beats), 2, beats.shape[1]), np.float32)
    for one in np.unique(record):
        mine = beats[record == one].astype(np.float32)
        middle = np.median(mine, axis=0)
        made[record == one] = np.stack([mine, np.broadcast_to(middle, mine.shape)], 1) / (middle.std() + 1)
    return made


def rhythm(times: NDArray[np.uint16], record: NDArray[np.uint16]) -> NDArray[np.float32]:
    """(N, 4): how long since the beat before, and in comparison with the beats around it and with the record."""
    before, after = np.clip(times.astype(np.float32) / HERTZ, 0.15, 3).T
    made = np.zeros((len(times), 4), np.float32)
    for one in np.unique(record):
        rows = np.flatnonzero(record == one)
        sums = np.concatenate([[0], np.cumsum(before[rows])])
        starts = np.maximum(0, np.arange(len(rows)) - BEFORE)
        count = np.maximum(1, np.arange(len(rows)) - starts)
        usual = (sums[np.arange(len(rows))] - sums[starts]) / count
        usual[0] = before[rows[0]]
        ratios = (before[rows] / usual, after[rows] / usual, before[rows] / before[rows].mean())
        made[rows] = np.stack([before[rows], *map(np.log, ratios)], 1)
    return made


def of_classes(run: Any) -> dict[str, float]:
    """F1 of V, the sensitivity of S, and both of each."""
    found = {one.name: one for one in run.test().per_class}
    return {
        "F1 of V": found["V"].f1,
        "sensitivity of S": found["S"].recall,
        "precision of S": found["S"].precision,
        "sensitivity of V": found["V"].recall,
    }


ALIKE: dict[str, Any] = {"task": "series", "figure": "accuracy", "floor": "majority_share", "also": of_classes}
HOW = {"epochs": 8, "batch": 256, "lr": 0.003, "ema": 0.99, "loss": weighted}
ROWS = {
    "beats": Row(BEATS, written, wanted=93, options=HOW, **ALIKE),
    "beats-alone": Row(ALONE, written, wanted=93, options=HOW, **ALIKE),
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=3)
