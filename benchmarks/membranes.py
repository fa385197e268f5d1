"""ISBI 2012: cell membranes under the electron microscope, a small U-Net on the first 24 images, judged on the last 6.

The floor is saying the more frequent class everywhere. Pixel error is the share of pixels that are wrong, at the
threshold of a half. The images are taken from `$STRIATE_DATA/isbi2012-membrane.tar.xz`.

    python benchmarks/membranes.py [--seeds 3] [--epochs 40] [--json]
"""

import argparse
import json
import statistics
import sys
import tarfile
import tempfile
import time
from pathlib import Path, PurePosixPath

import numpy as np
from archives import stored
from PIL import Image

import striate as st

TRAIN = 24  # images to learn from; the others are for the test
UNET = """
# A small U-Net
classes = 2
twice(w) = [conv w@3 pad 1 nobias -> bn -> relu]*2
up(w, skip) = upconv w@2 stride 2 -> concat[ from skip | id ] -> twice(w)

input 1x?x?
d1: [conv 12@3 pad 1 nobias -> bn -> relu] -> maxpool 2
d2: twice(32) -> maxpool 2
d3: twice(48) -> maxpool 2
d4: twice(64) -> maxpool 2
twice(96) -> dropout 0.3
up(64, d4) -> up(48, d3) -> up(32, d2)
upconv 16@2 stride 2 -> concat[ from d1 | id ] -> conv 16@3 pad 1 nobias -> bn -> relu -> conv classes@1
"""


def unpack(folder: Path) -> None:
    """Writes images and masks below `train` and `test`."""
    archive = stored("isbi2012-membrane.tar.xz")
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            path = PurePosixPath(member.name)
            kind = {"image": "images", "label": "masks"}.get(path.parent.name)
            if path.suffix != ".png" or kind is None or path.parts[-3] != "train":
                continue
            part = "train" if int(path.stem) < TRAIN else "test"
            place = folder / part / kind / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            content = packed.extractfile(member)
            assert content is not None
            place.write_bytes(content.read())


def floor_of(folder: Path) -> float:
    """The pixel error of the more frequent class on the test masks, %."""
    masks = [np.asarray(Image.open(path).convert("L")) > 127 for path in sorted((folder / "test" / "masks").iterdir())]
    share = float(np.mean(masks))
    return 100 * min(share, 1 - share)


def main() -> None:
    """One row a seed."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--epochs", type=int, default=40)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "membranes"
        unpack(folder)
        for seed in range(given.seeds):
            began = time.perf_counter()
            run = st.train(
                UNET, folder, out=Path(place) / f"run-{seed}", epochs=given.epochs, batch=4, seed=seed, quiet=True
            )
            minutes, result = (time.perf_counter() - began) / 60, run.test()
            rows.append(
                {
                    "seed": seed,
                    "pixel_error": round(100 * (1 - result["pixel_accuracy"]), 2),
                    "mean_iou": round(100 * result["mean_iou"], 1),
                    "epoch": run.history.best.epoch,
                    "minutes": round(minutes, 1),
                    "engine": run.config["engine"],
                }
            )
            print(rows[-1], file=sys.stderr)
        floor = floor_of(folder)
    if given.json:
        print(json.dumps({"floor": round(floor, 2), "rows": rows}))
        return
    print(f"floor (one class everywhere): {floor:.1f} % of the pixels wrong")
    print("| seed | pixel error, % | mean IoU, % | epoch kept | minutes | engine |\n|---|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(map(str, row.values())) + " |")
    print(f"pixel error: {statistics.mean(row['pixel_error'] for row in rows):.2f} % on average")


if __name__ == "__main__":
    main()
