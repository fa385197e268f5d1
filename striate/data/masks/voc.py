"""PASCAL VOC's layout: `JPEGImages/`, `SegmentationClass/`, and lists of names in `ImageSets/Segmentation/`.

CVAT and labelme write it, too, with their own classes in `labelmap.txt` or `class_names.txt`.

>>> VOC.names[:3], VOC.entries[1]
(('background', 'aeroplane', 'bicycle'), ('aeroplane', (128, 0, 0)))
"""

import re
from pathlib import Path

from ..files import sub_folders, walk
from ..left_out import LeftOut
from ..parts import PARTS
from .found import UNMASKED, UNPAIRED, Arranged, Pair
from .lists import listed, with_parts
from .names import Named, names_classes, stated
from .palette import voc_colours

IMAGES, MASKS = "JPEGImages", ("SegmentationClass", "SegmentationClassAug", "SegmentationClassPNG")
LISTS = ("ImageSets/Segmentation", "ImageSets/Main", "")
OWN = re.compile(r"20\d\d_\d{6}")  # the names of VOC's own images
DEEPEST = 3
CLASSES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
VOC = Named((*zip(CLASSES, voc_colours(len(CLASSES)), strict=True), ("void", (224, 224, 192))), "PASCAL VOC")


def arranged(root: Path) -> Arranged | None:
    """The pairs of a folder in VOC's layout, which may be some folders deeper; None for another layout."""
    place = _place(root)
    if place is None:
        return None
    masks = next(place / name for name in MASKS if (place / name).is_dir())
    found, images = walk(masks), {path.stem: path for path in walk(place / IMAGES).images}
    pairs = [Pair(images[mask.stem], mask, "train") for mask in found.images if mask.stem in images]
    lone = [mask for mask in found.images if mask.stem not in images]
    left_out = [*found.left_out, *(LeftOut(str(mask), UNPAIRED, "no image has its name") for mask in lone)]
    masked = {pair.image for pair in pairs}
    left_out += [
        LeftOut(str(image), UNMASKED, "no mask has its name") for image in images.values() if image not in masked
    ]
    parts, lists = listed(place, LISTS)
    pairs, unlisted = with_parts(pairs, parts, lists)
    own = sum(bool(OWN.fullmatch(pair.image.stem)) for pair in pairs) > len(pairs) / 2
    named = stated([place, masks]) or (VOC if own else None)
    pairs = sorted(pairs, key=lambda pair: (PARTS.index(pair.part), pair.image.parts))
    notes = [f"PASCAL VOC's layout: {IMAGES}/ with {masks.name}/"]
    notes += [f"parts are listed in {', '.join(path.name for path in lists)}"] if lists else []
    left_out = [file for file in left_out if not names_classes(Path(file.path).name)]
    return Arranged(tuple(pairs), (*left_out, *unlisted), named, tuple(notes))


def _place(root: Path) -> Path | None:
    """The folder with images and masks in it."""
    waiting = [(root, 0)]
    while waiting:
        place, depth = waiting.pop(0)
        if (place / IMAGES).is_dir() and any((place / name).is_dir() for name in MASKS):
            return place
        if depth < DEEPEST:
            inner = [folder for folder in sub_folders(place) if not folder.is_symlink()]
            waiting += [(folder, depth + 1) for folder in inner]
    return None
