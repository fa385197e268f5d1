"""What names say: which files are masks, which image a mask belongs to, and which part of the data both are in.

>>> told(("dataset", "train", "images")), told(("train_masks",))
(Told(mask=False, image=True, part='train', rest=()), Told(mask=True, image=False, part='train', rest=()))
>>> bare("0001TP_006690_L", MASK_ENDS), bare("mask-17", MASK_ENDS), bare("17", MASK_ENDS)
('0001TP_006690', '17', None)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..parts import WORD, Part, part_of

MASK_FOLDERS = {"mask", "masks", "label", "labels", "lbl", "lbls", "annotation", "annotations", "annot", "annots"}
MASK_FOLDERS |= {"anno", "gt", "gts", "groundtruth", "groundtruths", "truth", "trimap", "trimaps", "segmentation"}
IMAGE_FOLDERS = {"image", "images", "img", "imgs", "jpeg", "photo", "photos", "picture", "pictures", "frame", "frames"}
IMAGE_FOLDERS |= {"input", "inputs", "rgb", "raw", "original", "originals", "jpegimages"}
FILLERS = {"data", "dataset", "datasets", "ground", "class", "png", "jpg", "tif", "tiff", "folder", "the"}
MASK_ENDS = "masks?|labels?|lbl|lab|l|labelids|gt|ground_?truth|seg|segmentation|annotations?|anno|manual1|trimap|matte"
IMAGE_ENDS = "images?|img|sat|rgb|leftimg8bit|training|test|input|raw|orig|original"
JOINED = re.compile(r"^(train|val|valid|test)(annots?|masks?|labels?)$", re.IGNORECASE)  # SegNet's CamVid: trainannot


@dataclass(frozen=True)
class Told:
    """What the folders around a file say.

    Attributes:
        mask: whether it is a mask.
        image: whether it is an image, by the name of a folder.
        part: the part of the data; None if no folder tells.
        rest: what else they are called: of an image and its mask, the same.
    """

    mask: bool
    image: bool
    part: Part | None
    rest: tuple[str, ...]


def told(folders: Sequence[str]) -> Told:
    """What the names of the folders around a file, from the data's root, say."""
    parts: list[Part] = []
    seen: set[str] = set()
    rest = []
    for folder in folders:
        name = JOINED.sub(r"\1_\2", folder)
        found = part_of(name)
        words = found[1].split("_") if found else [word.lower() for word in WORD.findall(name)]
        parts += [found[0]] if found else []
        seen.update(words)
        left = "_".join(word for word in words if word not in MASK_FOLDERS | IMAGE_FOLDERS | FILLERS)
        rest += [left] if left else []
    mask = bool(seen & MASK_FOLDERS)
    return Told(mask, not mask and bool(seen & IMAGE_FOLDERS), parts[-1] if parts else None, tuple(rest))


def bare(stem: str, ends: str) -> str | None:
    """A file's name without the word, first or last, that says what it is; None where there is no such word."""
    first, last = rf"(?:{ends})[-_. ](?P<after>.+)", rf"(?P<before>.+?)(?:[-_. ](?:{ends}))+"
    found = re.fullmatch(f"{first}|{last}", stem, re.IGNORECASE)
    return (found["after"] or found["before"]) if found else None
