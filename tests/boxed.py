"""Small sets of images with boxes, in the three forms that people have, that tests write to disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (40, 48)  # height and width
CLASSES = ("bright", "dark")
PARTS = {"train": "train", "validation": "val", "test": "test"}
Object = tuple[int, float, float, float, float]  # class, left, top, right, bottom


def drawn(count: int, seed: int = 0, most: int = 2) -> list[tuple[Any, list[Object]]]:
    """Images (height, width, 3) with bright and dark rectangles on grey, at most so many, and their boxes."""
    chance, found = np.random.default_rng(seed), []
    for _ in range(count):
        pixels = chance.integers(100, 140, (*SIZE, 3), np.uint8)
        objects: list[Object] = []
        for _ in range(int(chance.integers(1, most + 1))):
            kind, (height, width) = int(chance.integers(2)), chance.integers(10, 17, 2)
            top, left = int(chance.integers(0, SIZE[0] - height)), int(chance.integers(0, SIZE[1] - width))
            box = (left, top, left + int(width), top + int(height))
            if any(box[0] < b[3] and b[1] < box[2] and box[1] < b[4] and b[2] < box[3] for b in objects):
                continue
            pixels[box[1] : box[3], box[0] : box[2]] = (230, 20)[kind]
            objects.append((kind, *box))
        found.append((pixels, objects))
    return found


def voc(root: Path, parts: dict[str, int], seed: int = 0, most: int = 2) -> Path:
    """Annotations/, JPEGImages/ (PNG files) and ImageSets/Main/."""
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    number = 0
    for part, count in parts.items():
        names = []
        for pixels, objects in drawn(count, seed + number, most):
            name = f"im{number:03}"
            Image.fromarray(pixels).save(root / "JPEGImages" / f"{name}.png")
            (root / "Annotations" / f"{name}.xml").write_text(xml(f"{name}.png", objects))
            names.append(name)
            number += 1
        (root / "ImageSets" / "Main" / f"{PARTS[part]}.txt").write_text("\n".join(names) + "\n")
    return root


def xml(name: str, objects: Sequence[Object]) -> str:
    """An annotation of VOC's."""
    inner = "".join(
        f"<object><name>{CLASSES[kind]}</name><bndbox><xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax>"
        f"<ymax>{bottom}</ymax></bndbox></object>"
        for kind, left, top, right, bottom in objects
    )
    return f"<annotation><filename>{name}</filename>{inner}</annotation>"


def coco(root: Path, parts: dict[str, int], seed: int = 0) -> Path:
    """A folder of images for each part and annotations/instances_….json."""
    (root / "annotations").mkdir(parents=True)
    number = 0
    for part, count in parts.items():
        (root / PARTS[part]).mkdir()
        images, annotations = [], []
        for pixels, objects in drawn(count, seed + number):
            name = f"im{number:03}.png"
            Image.fromarray(pixels).save(root / PARTS[part] / name)
            images.append({"id": number, "file_name": name, "height": SIZE[0], "width": SIZE[1]})
            for kind, left, top, right, bottom in objects:
                box = [left, top, right - left, bottom - top]
                annotations.append({"image_id": number, "category_id": kind + 1, "bbox": box, "id": len(annotations)})
            number += 1
        categories = [{"id": place, "name": name} for place, name in enumerate(CLASSES, start=1)]
        content = {"images": images, "annotations": annotations, "categories": categories}
        (root / "annotations" / f"instances_{PARTS[part]}.json").write_text(json.dumps(content))
    return root


def yolo(root: Path, parts: dict[str, int], seed: int = 0) -> Path:
    """images/train, labels/train, … and data.yaml."""
    number = 0
    for part, count in parts.items():
        for folder in ("images", "labels"):
            (root / folder / PARTS[part]).mkdir(parents=True)
        for pixels, objects in drawn(count, seed + number):
            name = f"im{number:03}"
            Image.fromarray(pixels).save(root / "images" / PARTS[part] / f"{name}.png")
            lines = [shares(one) for one in objects]
            (root / "labels" / PARTS[part] / f"{name}.txt").write_text("\n".join(lines))
            number += 1
    (root / "data.yaml").write_text(f"train: images/train\nval: images/val\nnames: {json.dumps(list(CLASSES))}\n")
    return root


def shares(one: Object) -> str:
    """A line of YOLO's."""
    kind, left, top, right, bottom = one
    x, y, width, height = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    return f"{kind} {x / SIZE[1]:.6f} {y / SIZE[0]:.6f} {width / SIZE[1]:.6f} {height / SIZE[0]:.6f}"


FORMS = {"voc": voc, "coco": coco, "yolo": yolo}
