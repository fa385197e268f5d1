"""Mirrors rendered into photographs, found by a network that compares the inside with the outside.

It learns from ten mirrors in each of the photographs of T91 and Set14, of two thirds of Rain100H's clean ones and of a
few frames of video, all cut to 160 x 160 pixels, and is judged once by ten in each of the other third and Set5's five.
The figure is the IoU of the mirror over all pixels. Floors are told beside it: everything is mirror, nothing is (0),
and where most training masks have one. `plain` has a nearer convolution of as many weights in the place of what is
farther around. The photographs are taken from `super-resolution.tar.xz`, `rain100h.tar.xz` and `video.tar.xz` in
`$STRIATE_DATA`.

    python benchmarks/mirrors.py [--rows contrast,plain] [--seeds 1] [--epochs N] [--out FOLDER] [--json]
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from archives import stored
from numpy.typing import NDArray
from PIL import Image, ImageOps
from seeds import Row, table

from striate.data.making import make

ARCHIVES = ("super-resolution.tar.xz", "rain100h.tar.xz", "video.tar.xz")
SIDE = 160
THIRD, APART = 3, 20  # every third clean picture is to judge by; of video every twentieth frame is learned from
TIMES = 10  # mirrors in each photograph

NET = """
# Contextual contrasts (Yang et al. 2019): what is near a place less what is around it, at several distances
classes = 2
see(w) = conv w@3 pad 1 nobias -> bn -> relu
contrast(w, d) = sum[ conv w@3 pad 1 nobias | conv w@3 pad d dilate d nobias ] -> bn -> relu  # the sign is learned
contrasts(w) = concat[ contrast(w, 2) | contrast(w, 4) | contrast(w, 8) | contrast(w, 12) ]
up(w, skip) = upconv w@2 stride 2 -> concat[ from skip | id ] -> see(w)

input 3x160x160
unshuffle 2 -> d1: see(24) -> maxpool 2
see(48) -> d2: contrasts(12) -> maxpool 2
see(80) -> d3: contrasts(24) -> maxpool 2
see(96) -> contrasts(24) -> see(96)
up(64, d3) -> up(32, d2) -> up(24, d1) -> conv 4*classes@3 pad 1 -> shuffle 2
"""
PLAIN = NET.replace("pad d dilate d", "pad 1")


def rendered(root: Path) -> Path:
    """Mirrors in photographs, below train/, val/ and test/."""
    photos = root / "photos"
    for archive in ARCHIVES:
        with tarfile.open(stored(archive)) as packed:
            for member in packed:
                name = PurePosixPath(member.name)
                if not member.isfile() or (part := _part(name)) is None:
                    continue
                content = packed.extractfile(member)
                assert content is not None
                place = photos / part / f"{name.parent.name}-{name.stem}.png"
                place.parent.mkdir(parents=True, exist_ok=True)
                with Image.open(content) as image:
                    ImageOps.fit(image.convert("RGB"), (SIDE, SIDE)).save(place)
    make("mirrors", photos, root / "mirrors", count=TIMES)
    return root / "mirrors"


def _part(name: PurePosixPath) -> str | None:
    """What a photograph is for; None for those that are left out."""
    if name.suffix not in (".bmp", ".png", ".jpg"):
        return None
    if name.parent.name == "Set5":
        return "test"
    if "rain100h" in name.parts[0]:
        return None if name.parent.name == "rain" else "train" if int(name.stem) % THIRD else "test"
    if "video" in name.parts[0]:
        return None if int("".join(filter(str.isdigit, name.stem)) or 0) % APART else "train"
    return "train"


def of_mirrors(run: Any) -> Mapping[str, float]:
    """The IoU of mirrors on the test images, and that of three ways to know nothing of an image."""
    masks = {part: _masks(Path(run.config["data"]["source"]) / part / "masks") for part in ("train", "test")}
    usual = masks["train"].mean(0) > 0.5
    (mirror,) = (one for one in run.test()["per_class"] if one["class"] == "mirror")
    floors = {"all": np.ones_like(usual), "none": np.zeros_like(usual), "where most have one": usual}
    return {"IoU": mirror["iou"], **{f"IoU of {name}": _iou(floor, masks["test"]) for name, floor in floors.items()}}


def _masks(folder: Path) -> NDArray[np.bool_]:
    """(N, H, W)."""
    return np.stack([np.asarray(Image.open(path)) > 0 for path in sorted(folder.iterdir())])


def _iou(said: NDArray[np.bool_], masks: NDArray[np.bool_]) -> float:
    """Of the same mask for all images, over all pixels."""
    return float((masks & said).sum() / (masks | said).sum())


HOW: dict[str, Any] = {"epochs": 6, "batch": 16, "lr": 0.003, "augment": "mirror,colour", "precision": "bf16"}
ROWS = {
    name: Row(net, rendered, "mean_iou", 80, "majority_mean_iou", also=of_mirrors, task="segment", options=HOW)
    for name, net in {"contrast": NET, "plain": PLAIN}.items()
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=1)
