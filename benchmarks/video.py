"""Super-resolution of video at scale 4: three clips to learn from, the four crops of Vid4 to judge by.

The last 25th of each of the three clips chooses the epoch; Vid4 is used once, at the end: its frames, made smaller by
Pillow's bicubic filter and rounded, go through `predict` as files, and what comes back is compared with them. PSNR in
dB on BT.601's luminance (16 to 235), without eight pixels at each edge as published for Vid4, the mean of each clip's
frames; `test` of the table leaves four out, the scale. The floor is Pillow's bicubic interpolation.

`single` sees one frame; `fused` five as five maps; `tdan` aligns four neighbours with the one in the middle by a
deformable convolution first (Tian et al. 2020). All have about as many parameters and learn alike. What `tdan` tells as
`aligned` and `unaligned` is how far its neighbours are from the frame in the middle, in levels of 256.

The clips are taken from `$STRIATE_DATA/video.tar.xz`.

    python benchmarks/video.py [--rows single,fused,tdan] [--seeds 1] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from archives import SAFE, stored
from PIL import Image
from seeds import Row, table

from striate.data.restoring.degrading import degradation, enlarged
from striate.data.restoring.form import bordered
from striate.data.restoring.luminance import plane
from striate.metrics.pictures import psnr

SCALE, BORDER, LAST = 4, 8, 1 / 25
REST = """
    conv 24@3 pad 1 -> relu -> [residual[ conv 24@3 pad 1 -> relu -> conv 24@3 pad 1 ]]*4
    -> conv 16@3 pad 1 -> layerscale 0.01 -> shuffle 4
"""
SINGLE = f"""
# One frame
input 1x?x?
sum[ {REST} | upsample 4 bilinear ]
"""
FUSED = f"""
# Five frames as five maps
input 5x?x?
sum[ {REST} | maps 2 -> upsample 4 bilinear ]
"""


def unpacked(root: Path) -> Path:
    """The three clips in train/ and val/, the four of Vid4 in test/."""
    with tarfile.open(stored("video.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    for clip in sorted((root / "video" / "clips").iterdir()):
        frames = sorted(clip.iterdir())
        for number, frame in enumerate(frames):
            place = root / "set" / ("train" if number < (1 - LAST) * len(frames) else "val") / clip.name
            place.mkdir(parents=True, exist_ok=True)
            frame.rename(place / frame.name)
    (root / "video" / "vid4-crop").rename(root / "set" / "test")
    return root / "set"


def judged(test: Path, run: Any) -> Mapping[str, float]:
    """The PSNR of each clip as files go through `predict`, and their means, those of bicubic interpolation too."""
    worse, figures = degradation(f"bicubic:{SCALE}"), dict[str, float]()
    for clip in sorted(test.iterdir()):
        good = [_read(path) for path in sorted(clip.iterdir())]
        small = [worse(picture, "") for picture in good]
        with tempfile.TemporaryDirectory() as folder:
            for number, picture in enumerate(small):
                Image.fromarray(picture.transpose(1, 2, 0)).save(Path(folder) / f"{number:03d}.png")
            made = [answer.picture for answer in run.predict(folder)]
        for name, some in (("", made), (" bicubic", [enlarged(picture, SCALE) for picture in small])):
            each = [psnr(_luminance(true), _luminance(one)) for true, one in zip(good, some, strict=True)]
            figures[f"{clip.name}{name}"] = float(np.mean(each))
    clips = [name for name in figures if not name.endswith(" bicubic")]
    figures["mean"] = float(np.mean([figures[name] for name in clips]))
    figures["mean bicubic"] = float(np.mean([figures[f"{name} bicubic"] for name in clips]))
    return {name: round(value, 2) for name, value in figures.items()}


def _read(path: Path) -> Any:
    return np.asarray(Image.open(path).convert("RGB"), np.uint8).transpose(2, 0, 1)


def _luminance(picture: Any) -> Any:
    return bordered(plane(picture, studio=True), BORDER)


def row(net: str, *more: str) -> Row:
    """A network that learns as the others do."""
    how: dict[str, Any] = {"degrade": f"bicubic:{SCALE}", "epochs": 20, "batch": 8, "lr": 0.003}
    how |= {"augment": "mirror,turn", "ema": 0.999}
    alike: dict[str, Any] = {"figure": "psnr", "floor": "psnr_baseline", "more": ("ssim", *more), "times": 1}
    return Row(net, unpacked, wanted=24.72, task="restore", options=how, also=after, **alike)


def after(run: Any) -> Mapping[str, float]:
    """What a trained run gets on Vid4."""
    return judged(Path(run.config["data"]["source"]) / "test", run)


ROWS = {"single": row(SINGLE), "fused": row(FUSED), "tdan": row("tdan", "aligned", "unaligned")}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=1)
