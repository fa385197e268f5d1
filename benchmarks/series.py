"""Time series with the splits of their archives: Wang's FCN, its published accuracies, and nearest neighbours by DTW.

Ten runs of the FCN were published for each set (hfawaz/dl-4-tsc), of which the mean is aimed at within a point. The
epoch is chosen on a tenth of the training series; the test series are used once, at the end. The floor is always saying
one class. The sets are taken from `$STRIATE_DATA/timeseries.tar.xz`.

    python benchmarks/series.py [--rows coffee,gunpoint] [--seeds 3] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
from functools import partial
from pathlib import Path
from typing import Any

from archives import SAFE, stored
from seeds import Row, table

from striate.rival.others import against
from striate.tasks.saying import silent

PUBLISHED = {
    "ArrowHead": 84.3,
    "Coffee": 100,
    "GunPoint": 100,
    "ItalyPowerDemand": 96.1,
    "OSULeaf": 97.7,
    "JapaneseVowels": 99.3,
}
EPOCHS = {
    "ArrowHead": 150,
    "Coffee": 100,
    "GunPoint": 150,
    "ItalyPowerDemand": 100,
    "OSULeaf": 60,
    "JapaneseVowels": 60,
}


def unpacked(name: str, root: Path) -> Path:
    """The archive of a set."""
    with tarfile.open(stored("timeseries.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    return next(root.rglob(f"{name}.npz"))


def rival(run: Any) -> dict[str, float]:
    """What `striate baseline dtw` gets."""
    result = against("dtw", run.config["data"]["source"], "linear", 0, 0.1, "skip", silent)
    return {"DTW": result.accuracy}


ALIKE: dict[str, Any] = {"task": "series", "figure": "accuracy", "floor": "majority_share", "also": rival}
ROWS = {
    name.lower(): Row("fcn-1d", partial(unpacked, name), wanted=wanted, options={"epochs": EPOCHS[name]}, **ALIKE)
    for name, wanted in PUBLISHED.items()
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=3)
