"""Rain and fog taken off photographs: streaks and fog that are rendered, and the rain of Rain100H's test pairs.

| row | learns from | is judged by | floor |
|---|---|---|---|
| `rain-own` | streaks rendered on T91 and Set14, anew in every epoch | 100 pairs of Rain100H | the rainy picture |
| `rain-pairs` | 80 pairs of Rain100H, and their rain over others | its other 20, every fifth | the rainy picture |
| `fog` | fog rendered on T91 and Set14, anew in every epoch | fog on the clean ones of Rain100H | dark channel |

`rain-pairs` begins with the weights of `rain-own`. The answer is the mean of eight views. The epoch is chosen on a
twentieth of what is learned from; what judges is used once, at the end. PSNR and SSIM are means over whole pictures: on
colour, and (`on Y`, as published for rain) on BT.601's luminance, 16 to 235. The pictures are taken from
`super-resolution.tar.xz` and `rain100h.tar.xz` in `$STRIATE_DATA`.

    python benchmarks/weather.py [--rows rain-own,fog] [--seeds 1] [--epochs N] [--out FOLDER] [--json]
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from archives import SAFE, stored
from numpy.typing import NDArray
from PIL import Image
from seeds import OTHERS, Row, table

from striate.data.restoring.luminance import plane
from striate.metrics.pictures import psnr, ssim

MOVES = 24  # how often the rain of each pair is laid over another photograph
RAIN = """
# A U-Net (Ronneberger et al. 2015) over blocks of 2x2 pixels that says what the rain adds
twice(w)    = conv w@3 pad 1 -> relu -> conv w@3 pad 1 -> relu
up(w, skip) = upconv w@2 stride 2 -> concat[ from skip | id ] -> twice(w)

input 3x96x96
residual[
  unshuffle 2 -> d1: twice(32) -> maxpool 2 -> d2: twice(64) -> maxpool 2 -> d3: twice(96) -> maxpool 2 -> twice(96)
  -> up(96, d3) -> up(64, d2) -> up(32, d1) -> conv 12@3 pad 1 -> shuffle 2
]
"""
FOG = """
# J = I + K·I + B, as fog is one factor and one colour at each place: K and B are seen at a quarter of the resolution
see(w)      = conv w@3 pad 1 nobias -> bn -> relu
far(w, d)   = conv w@3 pad d dilate d nobias -> bn -> relu
up(w, skip) = upconv w@2 stride 2 -> concat[ from skip | id ] -> see(w)
larger(w)   = conv w@3 pad 1 -> upsample 4 bilinear

foggy: input 3x176x176
unshuffle 4 -> d1: [see(32)*2] -> maxpool 2 -> d2: [see(48)*2] -> maxpool 2 -> see(64)
dense[ far(48, 2) -> far(48, 4) ] -> see(64)
up(48, d2) -> up(32, d1) -> seen: see(32)
sum[ from foggy | from foggy -> scale[ from seen -> larger(1) ] | from seen -> larger(3) ]
"""


def photographs(root: Path) -> Path:
    """T91 and Set14 in train/."""
    with tarfile.open(stored("super-resolution.tar.xz")) as packed:
        packed.extractall(root, [one for one in packed if "Set5" not in one.name], **SAFE)
    (root / "train").mkdir()
    for path in sorted(root.rglob("*.bmp")):
        path.rename(root / "train" / path.name)
    return root


def pairs(root: Path) -> Path:
    """All pairs of Rain100H, in rain/ and clean/."""
    with tarfile.open(stored("rain100h.tar.xz")) as packed:
        packed.extractall(root, **SAFE)
    return next(root.iterdir())


def parted(root: Path) -> Path:
    """Of the pairs every fifth in test/, of the others every twentieth in val/ and the rest in train/.

    There the rain of each is also laid over other photographs: over clean ones of train/, of T91 and of Set14.
    """
    whole, places = pairs(root / "all"), root / "parts"
    for number, path in enumerate(sorted((whole / "clean").iterdir())):
        part = "test" if number % 5 == 0 else "val" if number % 20 == 1 else "train"
        for side in ("rain", "clean"):
            (places / part / side).mkdir(parents=True, exist_ok=True)
            (whole / side / path.name).rename(places / part / side / path.name)
    _moved(places / "train", sorted((photographs(root / "others") / "train").iterdir()))
    return places


def _moved(place: Path, others: Sequence[Path]) -> None:
    """Adds pairs with rain of the pairs that are in a folder, mirrored or not, over clean pictures of it and others."""
    chance, rainy = np.random.default_rng(0), sorted((place / "rain").iterdir())
    grounds = [_pixels(path) for path in (*sorted((place / "clean").iterdir()), *others)]
    for number, path in enumerate(rainy * MOVES):
        rain = _pixels(path) - _pixels(place / "clean" / path.name)
        ground = grounds[chance.integers(len(grounds))]
        height, width = (min(sides) for sides in zip(rain.shape[:2], ground.shape[:2], strict=True))
        down, across = (
            int(chance.integers(side - kept + 1)) for side, kept in zip(ground.shape, (height, width), strict=False)
        )
        clean = ground[down : down + height, across : across + width]
        laid = rain[:height, :width][:, :: chance.choice((-1, 1))]
        for side, picture in (("rain", np.clip(clean + laid, 0, 255)), ("clean", clean)):
            Image.fromarray(picture.astype(np.uint8)).save(place / side / f"moved{number:04d}.png")


def _pixels(path: Path) -> NDArray[np.int16]:
    return np.asarray(Image.open(path).convert("RGB"), np.int16)


def foggy(root: Path) -> Path:
    """T91 and Set14 in train/, Rain100H's clean pictures in test/."""
    photographs(root)
    (pairs(root / "all") / "clean").rename(root / "test")
    return root


def on_luminance(run: Any) -> Mapping[str, float]:
    """PSNR and SSIM on BT.601's luminance of what a run makes of the pairs it is judged by, and of the rainy ones."""
    others = run.path.parent / OTHERS / "rain100h"
    root = others if others.is_dir() else Path(run.config["data"]["source"]) / "test"
    worse, good = root / "rain", root / "clean"
    found = {name: list[float]() for name in ("PSNR on Y", "SSIM on Y", "PSNR of the input on Y")}
    for path in sorted(worse.iterdir()):
        true, given = (
            plane(np.asarray(Image.open(one).convert("RGB")).transpose(2, 0, 1), studio=True)
            for one in (good / path.name, path)
        )
        made = plane(run.predict(path, tta=True)[0].picture, studio=True)
        for name, value in zip(found, (psnr(true, made), ssim(true, made), psnr(true, given)), strict=True):
            found[name].append(value)
    return {name: float(np.mean(values)) for name, values in found.items()}


FAST: dict[str, Any] = {"batch": 8, "lr": 0.002, "clip": 1.0, "precision": "bf16"}


def row(net: str, data: Any, degrade: str, wanted: float, epochs: int, **more: Any) -> Row:
    """A network, a way to become worse, and what is aimed at in dB."""
    how = {"degrade": degrade, "augment": "mirror", "epochs": epochs, "validation": 0.05, **FAST}
    alike: dict[str, Any] = {"figure": "psnr", "floor": "psnr_baseline", "more": ("ssim",), "times": 1}
    return Row(net, data, wanted=wanted, task="restore", options=how, **alike, **more)


ROWS = {
    "rain-own": row(RAIN, photographs, "rain", 20, 40, on=pairs, also=on_luminance, tta=True),
    "rain-pairs": row(RAIN, parted, "pairs", 24, 40, begins="rain-own", also=on_luminance, tta=True),
    "fog": row(FOG, foggy, "fog", 24, 70, tta=True),
}

if __name__ == "__main__":
    table(__doc__, ROWS, seeds=1)
