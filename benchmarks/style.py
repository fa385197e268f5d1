"""Style transfer by optimisation: how long it takes, how near it gets, masks, colours that stay.

Photographs are of `$STRIATE_DATA/super-resolution.tar.xz`, the network is SqueezeNet with its real weights. Beside each
distance to a style (the mean over its layers of |G - A|² / |A|², G and A Gram matrices) stands that of the content
itself, which is what doing nothing gets. `--out` keeps the pictures.

`feed-forward` trains Johnson's net with a quarter of its channels, on the 91 pictures of T91, and judges it on Set14.

    python benchmarks/style.py [--rows 256,512,masks,keep,match,feed-forward] [--threads 2] [--epochs 7] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from archives import SAFE, stored
from PIL import Image

import striate as st
from striate.benchmark import machine
from striate.losses.style import apart, gram
from striate.styling import Styled
from striate.styling.colours import chroma
from striate.styling.opening import chosen

TEST, TRAIN = "super_resolution/Test", "super_resolution/Train"
CONTENT, STYLE, OTHER = f"{TEST}/Set14/lenna.bmp", f"{TEST}/Set5/butterfly_GT.bmp", f"{TRAIN}/tt9.bmp"
ROWS = ("256", "512", "masks", "keep", "match", "feed-forward")
LEARNS = {"letters": {"width": 8}, "size": 96, "batch": 4, "lr": 3e-3, "validation": 0.1, "quiet": True}
ROUNDS = 5  # of which the median is told


def pixels(image: Image.Image) -> torch.Tensor:
    """(3, H, W), 0 to 1."""
    return torch.from_numpy(np.asarray(image.convert("RGB"), np.float64).transpose(2, 0, 1) / 255)


def picture(place: Path, side: int) -> Image.Image:
    """A photograph with a longer side of so many pixels."""
    image = Image.open(place).convert("RGB")
    size = [max(1, round(length * side / max(image.size))) for length in image.size]
    return image.resize(size, Image.Resampling.BICUBIC)


def distance(image: Image.Image, style: Image.Image) -> float:
    """Of a picture to a style, measured from the pixels that a file has."""
    with torch.no_grad():
        seen, wanted = (EYES.eyes.see(pixels(one)[None].float()) for one in (image, style))
    return float(np.mean([float(apart(gram(seen[name]), gram(wanted[name]))) for name in EYES.style]))


def timed(root: Path, side: int, threads: int, keep: Path) -> str:
    """How long a picture of this size takes."""
    content, style = (picture(root / name, side) for name in (CONTENT, STYLE))
    began = time.process_time()
    made = st.style(content, style, size=side, threads=threads, quiet=True)
    used = time.process_time() - began
    made.save(keep / f"{side}.png")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    near = f"distance {distance(made.image, style):.3f}, the content's own {distance(content, style):.2f}"
    return f"| {side} pixels | {made.seconds:.0f} s, {used:.0f} s of processors | {near}; {memory:.1f} GiB |"


def masked(root: Path, threads: int, keep: Path) -> str:
    """Whether each half is nearer to its own style, measured on the half alone."""
    content = picture(root / CONTENT, 256)
    styles = [picture(root / name, 256) for name in (STYLE, OTHER)]
    width, height = content.size
    halves = [(0, 0, width // 2, height), (width // 2, 0, width, height)]
    masks = [Image.new("L", content.size, 0) for _ in halves]
    for mask, half in zip(masks, halves, strict=True):
        mask.paste(255, half)
    made = st.style(content, *styles, masks=masks, threads=threads, quiet=True)
    made.save(keep / "masks.png")
    sides = [made.image.crop(half) for half in halves]
    own = [distance(side, style) for side, style in zip(sides, styles, strict=True)]
    other = [distance(side, style) for side, style in zip(sides, reversed(styles), strict=True)]
    said = "; ".join(
        f"{one:.3f} to its own style, {two:.3f} to the other's" for one, two in zip(own, other, strict=True)
    )
    return f"| two styles, a mask each | {made.seconds:.0f} s | left {said.replace('; ', '; right ')} |"


def coloured(root: Path, colour: str, threads: int, keep: Path) -> str:
    """What becomes of the content's colours."""
    content, style = picture(root / CONTENT, 256), picture(root / STYLE, 256)
    made: Styled = st.style(content, style, colour=colour, threads=threads, quiet=True)
    made.save(keep / f"{colour}.png")
    moved = 255 * (chroma(pixels(made.image)) - chroma(pixels(content))).abs()
    means = 255 * (pixels(made.image).mean((1, 2)) - pixels(content).mean((1, 2))).abs()
    figures = f"chroma moves by {float(moved.max()):.2f} of 255 levels at most, {float(moved.mean()):.2f} in the mean"
    return f"| colour {colour} | {made.seconds:.0f} s | {figures}; means of colours by {float(means.max()):.1f} |"


def learned(root: Path, threads: int, epochs: int, keep: Path) -> str:
    """How near a network of one pass gets, and how long that takes."""
    photos = root / "photos"
    shutil.copytree(root / TRAIN, photos / "train")
    shutil.copytree(root / TEST / "Set14", photos / "test")
    began, style = time.perf_counter(), root / STYLE
    run = st.train("johnson", photos, style=style, epochs=epochs, threads=threads, out=keep / "run", **LEARNS)
    took = time.perf_counter() - began
    judged = run.test()
    near = f"distance {judged['style_distance']:.3f}, the photographs' own {judged['style_before']:.2f}"
    near += f"; to the content {judged['content_distance']:.2f}"
    times = ", ".join(f"{side} pixels {milliseconds(run, picture(root / CONTENT, side)):.0f} ms" for side in (256, 512))
    answer = run.predict(picture(root / CONTENT, 256))[0]
    (keep / "feed-forward.png").write_bytes(answer.pictures[""])
    return f"| feed-forward, {epochs} epochs | {took / 60:.0f} min to learn; {times} | {near} |"


def milliseconds(run: st.Run, image: Image.Image) -> float:
    """How long the network takes for a picture, the median of several."""
    model, x = run.model(), pixels(image)[None].float()
    times = list[float]()
    with torch.inference_mode():
        for _ in range(ROUNDS):
            began = time.perf_counter()
            model(x)
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def rows(root: Path, wanted: list[str], threads: int, epochs: int, keep: Path) -> Iterator[str]:
    """The rows of the table."""
    for row in wanted:
        if row == "feed-forward":
            yield learned(root, threads, epochs, keep)
        elif row == "masks":
            yield masked(root, threads, keep)
        elif row in ("keep", "match"):
            yield coloured(root, row, threads, keep)
        else:
            yield timed(root, int(row), threads, keep)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    EYES = chosen()
    print(machine())
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(stored("super-resolution.tar.xz")) as packed:
            packed.extractall(place, **SAFE)
        keep = asked.out or Path(place)
        keep.mkdir(parents=True, exist_ok=True)
        for line in rows(Path(place), asked.rows.split(","), asked.threads, asked.epochs, keep):
            print(line, flush=True)
