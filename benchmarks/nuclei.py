"""Cell nuclei (Data Science Bowl 2018, 361 images to learn from, 70 for the test): each nucleus by itself.

The epoch is chosen on the validation images (a tenth of those to learn from); the test images are used once, at the
end. AP50: nuclei found, over those found, invented and missed, at an IoU of 0.5; the mean over the images. The floor is
what is brighter than Otsu's threshold and does not touch. Images are taken from `$STRIATE_DATA/nuclei-dsb2018.tar.xz`.

    python benchmarks/nuclei.py [--rows basins] [--seeds 2] [--epochs N] [--json]
"""

from __future__ import annotations

import tarfile
from pathlib import Path

from archives import SAFE, stored
from seeds import Row, table

BASINS = """
# A small U-Net: how deep inside a nucleus, and whether inside one
two(w) = [conv w@3 pad 1 nobias -> bn -> relu]*2
up(w, skip) = upsample 2 -> concat[ from skip | id ] -> two(w)

input 1x128x128
d1: [conv 12@3 pad 1 nobias -> bn -> relu] -> maxpool 2
d2: two(24) -> maxpool 2
d3: two(48) -> maxpool 2
two(64)
up(48, d3) -> up(24, d2)
upsample 2 -> concat[ from d1 | id ] -> conv 16@3 pad 1 nobias -> bn -> relu -> conv 2@1
"""


def unpacked(root: Path) -> Path:
    """The folder as it is shared."""
    with tarfile.open(stored("nuclei-dsb2018.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    return next(root.iterdir())


ROWS = {
    "basins": Row(
        BASINS,
        unpacked,
        "ap50",
        wanted=85,
        floor="otsu_ap50",
        more=("ap",),
        tta=True,
        task="instances",
        options={
            "epochs": 24,
            "batch": 8,
            "lr": 0.004,
            "ema": 0.99,
            "validation": 0.1,
            "augment": "mirror,turn,colour:0.3",
        },
    )
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=2)
