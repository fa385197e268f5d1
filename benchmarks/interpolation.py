"""Frames between frames: three clips to learn from, every other frame of four clips of Vid4 to judge by.

Of each clip to learn from the last tenth chooses the epoch; the crops of Vid4 are used once, at the end. The floor is
the mean of the two neighbours. PSNR in dB on RGB, rounded to 256 levels: for each odd frame i of a clip the network is
shown i - 1 and i + 1, mirrored and turned too: the answer is the mean of eight views. The clips are taken from
`$STRIATE_DATA/video.tar.xz`.

    python benchmarks/interpolation.py [--rows between,plain] [--seeds 1] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import Any

from archives import SAFE, stored
from seeds import Row, table

PLAIN = """
# A U-Net of the same size that says what the mean of the neighbours lacks, and is told nothing of moves
twice(w)    = conv w@3 pad 1 -> relu -> conv w@3 pad 1 -> relu
up(w, skip) = upsample 2 bilinear -> concat[ id | from skip ] -> twice(w)
input 6x64x64
frames: id
unshuffle 2
d1: twice(48) -> avgpool 2
d2: twice(48) -> avgpool 2
twice(64) -> up(48, d2) -> up(48, d1) -> conv 12@3 pad 1 -> layerscale 0.1 -> shuffle 2
sum[ id | from frames -> [ sum[ maps 0 1 2 | maps 3 4 5 ] -> layerscale 0.5 ] ]
"""


def unpacked(root: Path) -> Path:
    """The clips in train/ and the crops of Vid4 in test/."""
    with tarfile.open(stored("video.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    video = next(root.iterdir())
    (video / "clips").rename(video / "train")
    (video / "vid4-crop").rename(video / "test")
    return video


def by_clip(run: Any) -> dict[str, float]:
    """The figures of each clip, and the floor's."""
    found = defaultdict[str, list[tuple[float, float]]](list)
    for one in run.test(quiet=True, tta=True)["each"]:
        found[Path(one["image"]).parent.name].append((one["psnr"], one["psnr_baseline"]))
    means = {clip: [mean(column) for column in zip(*some, strict=True)] for clip, some in found.items()}
    return {
        f"{clip}{what}": value for clip, pair in means.items() for what, value in zip(("", " floor"), pair, strict=True)
    }


def row(net: str, wanted: float, **options: Any) -> Row:
    """A network."""
    how = {"augment": "mirror,turn", "loss": "l1", "batch": 8, "lr": 0.001, "ema": 0.998, "clip": 1.0, **options}
    alike: dict[str, Any] = {"figure": "psnr", "floor": "psnr_baseline", "more": ("ssim",), "times": 1, "tta": True}
    return Row(net, unpacked, wanted=wanted, task="interpolate", options=how, also=by_clip, **alike)


ROWS = {"between": row("between", 27.4, epochs=4), "plain": row(PLAIN, 27.4, epochs=4)}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=1)
