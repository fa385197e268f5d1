"""Spoken digits (FSDD): the official split, each speaker left out once, and limited weight sharing beside other nets.

The official split has all six speakers on both sides. The rows of speakers are trained on five and tested on all words
of the sixth, with a deeper network whose weights all bands share; the mean of the six is what counts. `lws`, `full` and
`dense` have about as many weights, are trained on four speakers and tested on theo and lucas. The epoch is chosen on a
tenth of the training words. The floor is always saying one digit. The recordings are from `$STRIATE_DATA/fsdd.tar.xz`.

    python benchmarks/digits_spoken.py [--rows official,lws,full,dense] [--seeds 3] [--epochs N] [--json]
"""

from __future__ import annotations

import csv
import tarfile
from functools import partial
from pathlib import Path
from typing import Any

from archives import SAFE, stored
from seeds import Row, table

from striate.rival.others import against
from striate.tasks.saying import silent

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
TWO = ("theo", "lucas")

FULL = """
# As lws-cnn, with filters that all bands share, and so many more of them that the weights are as many
classes = 10
bands = 40
frames = 80
input 3x(bands)x(frames)
conv 24@5x5 pad 2 nobias -> bn -> relu -> maxpool 1x2
conv 67@5x5 pad 2 nobias -> bn -> relu -> maxpool 4x4
dropout 0.3
fc 128 nobias -> bn -> relu -> dropout 0.5
fc classes
"""
DENSE = """
# Without convolution, and with as many weights
classes = 10
bands = 40
frames = 80
input 3x(bands)x(frames)
fc 93 nobias -> bn -> relu -> dropout 0.3
fc 128 nobias -> bn -> relu -> dropout 0.5
fc classes
"""
DEEP = """
# Three pairs of convolutions, shared by all bands: for words of a voice that was never heard
classes = 10
bands = 40
frames = 80
block(w) = conv w@3 pad 1 nobias -> bn -> relu -> conv w@3 pad 1 nobias -> bn -> relu -> maxpool 2
input 3x(bands)x(frames)
block(24) -> block(48) -> block(96)
conv 128@3 pad 1 nobias -> bn -> relu -> gap -> dropout 0.4 -> fc classes
"""


def unpacked(root: Path) -> Path:
    """The folder as it is shared."""
    with tarfile.open(stored("fsdd.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    return next(path for path in root.iterdir() if path.is_dir())


def without(speakers: tuple[str, ...], root: Path) -> Path:
    """A table whose test words are those of these speakers."""
    folder = unpacked(root)
    with (root / "words.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", "split"))
        for path in sorted(folder.rglob("*.wav")):
            digit, speaker, _ = path.stem.split("_")
            writer.writerow((path.relative_to(root), digit, "test" if speaker in speakers else "train"))
    return root / "words.csv"


def rival(run: Any) -> dict[str, float]:
    """What `striate baseline mfcc --classifier rbf` gets."""
    result = against("mfcc", run.config["data"]["source"], "rbf", 0, 0.1, "skip", silent)
    return {"MFCC and SVM": result.accuracy}


ALIKE: dict[str, Any] = {"task": "speech", "figure": "accuracy", "floor": "majority_share", "also": rival}
HOW: dict[str, Any] = {"epochs": 40, "batch": 64, "lr": 0.003}
STRANGE: dict[str, Any] = {
    "epochs": 24,
    "batch": 64,
    "lr": 0.003,
    "ema": 0.99,
    "smoothing": 0.1,
    "augment": "shift:6,cutout:6,stretch:0.25,bands:4,noise:0.3",
}
ROWS = {
    "official": Row("lws-cnn", unpacked, wanted=99, options=HOW, **ALIKE),
    **{
        f"without-{name}": Row(DEEP, partial(without, (name,)), wanted=92, options=STRANGE, **ALIKE)
        for name in SPEAKERS
    },
    "lws": Row("lws-cnn", partial(without, TWO), wanted=92, options=HOW, **ALIKE),
    "full": Row(FULL, partial(without, TWO), wanted=0, options=HOW, **ALIKE),
    "dense": Row(DENSE, partial(without, TWO), wanted=0, options=HOW, **ALIKE),
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=3)
