"""Which volume's voxels a file of labels names, by the names of files and folders.

`images/7.nii.gz` with `labels/7.nii.gz`, also as `imagesTr/` and `labelsTr/` of the Medical Segmentation Decathlon and
of nnU-Net, whose images end in `_0000`; `7_image.npy` with `7_label.npy` beside it.

>>> placed(("labelsTr",), "7"), placed((), "7_label"), placed(("test", "images"), "7_0000"), placed((), "7")
((True, '7', 'train'), (True, '7', 'train'), (False, '7', 'test'), (False, '7', 'train'))
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from striate.errors import InputError

from ..parts import Part, part_around, part_of
from .reading import is_volume, stem_of

LABELS = ("labels", "label", "masks", "mask", "segmentations", "segmentation", "seg", "gt", "annotations")
IMAGES = ("images", "image", "imgs", "img", "volumes", "volume", "scans", "scan")
ROLE = re.compile(rf"(?i)[-_. ]({'|'.join((*LABELS, *IMAGES))})$")
CHANNEL = re.compile(r"_0000$")
MSD: dict[str, Part] = {"tr": "train", "ts": "test"}
SPLIT, NAMES = "split.csv", "dataset.json"


def placed(folders: Sequence[str], stem: str) -> tuple[bool, str, Part]:
    """Whether a file in these folders holds labels, what it and its partner are called, and the part it is in."""
    part, labels = part_around(folders), False
    for name in folders:
        role, end = _role(name)
        labels = labels or role in LABELS
        part = MSD.get(end, part)
    ending = ROLE.search(stem)
    if ending:
        return labels or ending[1].lower() in LABELS, stem[: ending.start()], part
    return labels, CHANNEL.sub("", stem), part


def apart(folders: Sequence[str]) -> str:
    """The folders that tell files of equal names apart: what is in them beside roles and parts, such as patients.

    >>> apart(("test", "p1", "images")), apart(("labelsTr",)), apart(("test_01",))
    ('p1/', '', '01/')
    """
    own = (part[1] if (part := part_of(name)) else name for name in folders if _role(name)[0] not in (*LABELS, *IMAGES))
    return "".join(f"{name}/" for name in own if name)


def called(name: str) -> str:
    """A volume's name as a table has it, which may be that of its file.

    >>> called("7"), called("7_0000.nii.gz"), called("p1/7_image.npy"), called("7.5")
    ('7', '7', 'p1/7', '7.5')
    """
    *folders, file = Path(name).parts or ("",)
    return apart(folders) + placed(folders, stem_of(file) if is_volume(file) else file)[1]


def _role(name: str) -> tuple[str, str]:
    """The name of a folder in small letters, and the part at its end in the Decathlon's spelling."""
    name = name.lower()
    return (name[:-2], name[-2:]) if name[:-2] in (*LABELS, *IMAGES) else (name, "")


def split_at(root: Path) -> dict[str, Part]:
    """The part of each volume by what it is `called`, of a table `split.csv` of name and split; {} without one.

    Raises:
        InputError: It is no such table.
    """
    path = root / SPLIT
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = list(csv.reader(file))
    header = [one.strip().lower() for one in rows[0]] if rows else []
    if not {"name", "split"} <= set(header):
        raise InputError(f"'{path}' must have the columns name and split; it has {', '.join(header) or 'none'}")
    name, split = header.index("name"), header.index("split")
    found: dict[str, Part] = {}
    for row in rows[1:]:
        if len(row) > max(name, split):
            part = part_of(row[split].strip())
            if part is None:
                raise InputError(f"'{path}' puts {row[name]} in '{row[split]}'; the parts are train, val and test")
            found[called(row[name].strip())] = part[0]
    return found


def names_at(root: Path) -> dict[int, str]:
    """The name of each label, of a `dataset.json` as the Decathlon or nnU-Net writes it; {} without one.

    Raises:
        InputError: It is damaged.
    """
    path = root / NAMES
    if not path.is_file():
        return {}
    try:
        labels: Any = json.loads(path.read_text(encoding="utf-8")).get("labels", {})
        pairs = [(value, key) if str(value).lstrip("-").isdigit() else (key, value) for key, value in labels.items()]
        return {int(number): str(name) for number, name in pairs}
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"'{path}' names no labels ({error}); remove or mend it") from None
