"""Super-resolution: T91 to learn from, Set5 to judge by, on luminance as published; two networks, three scales.

The epoch is chosen on a tenth of the 91 pictures; the five of Set5 are used once, at the end. The floor is Pillow's
bicubic interpolation. PSNR in dB on BT.601's luminance (16 to 235), without as many pixels at each edge as the scale.
The pictures are taken from `$STRIATE_DATA/super-resolution.tar.xz`.

    python benchmarks/super_resolution.py [--rows fsrcnn-2,residual-3] [--seeds 2] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

from archives import SAFE, stored
from seeds import Row, table

RESIDUAL = """
# Ten layers that say what bicubic interpolation lacks, after VDSR (Kim, Lee & Lee 2016)
input 1x?x?
residual[ conv 32@3 pad 1 -> relu -> [conv 32@3 pad 1 -> relu]*8 -> conv 1@3 pad 1 ]
"""


def unpacked(root: Path) -> Path:
    """T91 in train/ and Set5 in test/."""
    with tarfile.open(stored("super-resolution.tar.xz")) as packed:
        packed.extractall(root, [one for one in packed if "Set14" not in one.name], **SAFE)
    return next(root.iterdir())


FAST_NET = """
# FSRCNN (Dong, Loy & Tang 2016) that says what bilinear interpolation lacks
d = 56
s = 12
input 1x24x24
residual[
    conv d@5 pad 2 -> prelu -> conv s@1 -> prelu -> [conv s@3 pad 1 -> prelu]*4 -> conv d@1 -> prelu
    -> upconv 1@9 stride SCALE pad 4 extra SCALE-1
  | upsample SCALE bilinear
]
"""


def fsrcnn(scale: int) -> str:
    """The text for a scale."""
    return FAST_NET.replace("SCALE", str(scale))


def row(net: str, scale: int, wanted: float, **options: Any) -> Row:
    """A network at a scale."""
    how = {"degrade": f"bicubic:{scale}", "augment": "mirror,turn", "ema": 0.999, **options}
    alike: dict[str, Any] = {"figure": "psnr", "floor": "psnr_baseline", "more": ("ssim",), "times": 1}
    return Row(net, unpacked, wanted=wanted, task="restore", options=how, **alike)


FAST: dict[str, Any] = {"epochs": 300, "batch": 16, "lr": 0.003}
DEEP: dict[str, Any] = {"epochs": 100, "batch": 8, "lr": 0.002, "clip": 0.1}
ROWS = {f"fsrcnn-{scale}": row(fsrcnn(scale), scale, aim, **FAST) for scale, aim in {2: 36.9, 3: 33.0, 4: 30.5}.items()}
ROWS |= {f"residual-{scale}": row(RESIDUAL, scale, aim, **DEEP) for scale, aim in {2: 37.2, 3: 33.3, 4: 30.9}.items()}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=2)
