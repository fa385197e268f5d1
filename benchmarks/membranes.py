"""ISBI 2012: cell membranes under the electron microscope, a small U-Net on the first 24 images, judged on the last 6.

The floor is saying the more frequent class everywhere. Pixel error is the share of pixels that are wrong, at the
threshold of a half; Rand F says how well what membranes part agrees with the true cells. The images are taken from
`$STRIATE_DATA/isbi2012-membrane.tar.xz`.

    python benchmarks/membranes.py [--seeds 3] [--epochs N] [--json]
"""

import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from archives import stored
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import label
from seeds import Row, table

from striate.data.image import decode
from striate.metrics.instances import rand_f

TRAIN = 24  # images to learn from; the others are for the test
INSIDE = 1  # the class of cells
CHANCES = (0.5, 0.4, 0.3, 0.2, 0.1)  # from which a pixel may be taken for a membrane
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


def unpacked(folder: Path) -> Path:
    """Images and masks below `train` and `test`."""
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
    return folder


def rand_of(run: Any) -> dict[str, float]:
    """Foreground-restricted Rand F-score on the test images: cells are what membranes part.

    How likely a membrane must be is chosen on the training images.
    """
    trained = list(_answers(run, "train"))
    chosen = max(CHANCES, key=lambda chance: _rand(trained, chance))
    return {"rand F": _rand(list(_answers(run, "test")), chosen)}


def _answers(run: Any, part: str) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """How likely each pixel is inside a cell, and whether it is; of each image."""
    folder = Path(run.config["data"]["source"]) / part
    for path in sorted((folder / "images").iterdir()):
        image = {"image": torch.from_numpy(decode(path, channels=1))[None]}
        outputs = run.outputs_by_name(image, run.engine)["output"]
        yield (
            outputs.softmax(1)[0, INSIDE].numpy(),
            np.asarray(Image.open(folder / "masks" / path.name).convert("L")) > 127,
        )


def _rand(answers: Sequence[tuple[NDArray[np.float32], NDArray[np.bool_]]], chance: float) -> float:
    return float(np.mean([rand_f(label(inside > 1 - chance)[0], label(truth)[0]) for inside, truth in answers]))


ROWS = {
    "u-net": Row(
        UNET,
        unpacked,
        "pixel_accuracy",
        wanted=7,
        floor="majority_pixel_accuracy",
        wrong=True,
        more=("mean_iou",),
        options={"epochs": 40, "batch": 4},
        also=rand_of,
    )
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=3)
