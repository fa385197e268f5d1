"""Small sets of images with joints, in the forms that people have, that tests write to disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (40, 48)  # height and width
JOINTS = ("left_shoulder", "right_hip", "neck")
PARTS = {"train": "train", "validation": "val", "test": "test"}


def drawn(count: int, seed: int = 0) -> list[tuple[Any, list[tuple[float, float]]]]:
    """Images (height, width, 3) with a bright, a dark and a red square on grey, and their middles."""
    chance, found = np.random.default_rng(seed), []
    for _ in range(count):
        pixels = chance.integers(100, 140, (*SIZE, 3), np.uint8)
        left, top = int(chance.integers(4, 20)), int(chance.integers(4, 12))
        places = [(left + 16.0, top + 2.0), (left + 2.0, top + 18.0), (left + 8.0, top + 6.0)]
        for (x, y), colour in zip(places, ((235, 235, 235), (15, 15, 15), (235, 15, 15)), strict=True):
            pixels[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3] = colour
        found.append((pixels, places))
    return found


def table(root: Path, parts: dict[str, int], seed: int = 0) -> Path:
    """images/ and joints.csv."""
    (root / "images").mkdir(parents=True)
    lines = [",".join(["image", "split", *(f"{name}_{axis}" for name in JOINTS for axis in "xy")])]
    number = 0
    for part, count in parts.items():
        for pixels, places in drawn(count, seed + number):
            name = f"im{number:03}.png"
            Image.fromarray(pixels).save(root / "images" / name)
            lines.append(",".join([name, PARTS[part], *(f"{value:g}" for place in places for value in place)]))
            number += 1
    (root / "joints.csv").write_text("\n".join(lines) + "\n")
    return root


def coco(root: Path, parts: dict[str, int], seed: int = 0) -> Path:
    """A folder of images for each part and annotations/person_keypoints_….json."""
    (root / "annotations").mkdir(parents=True)
    category = {"id": 1, "name": "person", "keypoints": list(JOINTS), "skeleton": [[1, 3], [3, 2]]}
    number = 0
    for part, count in parts.items():
        (root / PARTS[part]).mkdir()
        images, annotations = [], []
        for pixels, places in drawn(count, seed + number):
            name = f"im{number:03}.png"
            Image.fromarray(pixels).save(root / PARTS[part] / name)
            images.append({"id": number, "file_name": name, "height": SIZE[0], "width": SIZE[1]})
            keypoints = [value for x, y in places for value in (x, y, 2)]
            (left, top), (right, bottom) = np.min(places, 0), np.max(places, 0)
            box = [float(left), float(top), float(right - left), float(bottom - top)]
            one = {"image_id": number, "category_id": 1, "bbox": box, "keypoints": keypoints, "num_keypoints": 3}
            annotations.append(one | {"id": number, "iscrowd": 0})
            number += 1
        content = {"images": images, "annotations": annotations, "categories": [category]}
        (root / "annotations" / f"person_keypoints_{PARTS[part]}.json").write_text(json.dumps(content))
    return root


FORMS = {"table": table, "coco": coco}
