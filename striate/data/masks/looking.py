"""A first look at every image and mask of a set: sizes, values, and why a pair cannot be used.

>>> image_facts(Path("nowhere.png"))
Traceback (most recent call last):
striate.data.opening.ImageError: cannot read the image 'nowhere.png' (no such file or directory)
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import upright
from ..files import unreadable
from ..image import header
from ..left_out import LeftOut
from ..many import Many
from ..opening import opened
from ..worker import Answer
from ..workers import Workers
from .coding import MOST_CLASSES, Coding
from .found import Pair
from .reading import other_size
from .values import MaskFacts, mask_facts

UNFIT, UNKNOWN = "mask that does not fit", "mask with other values"
PHOTOGRAPH = "it is a photograph, not a mask: a mask has one value or colour per class"
UNDRAWN: Answer = (None, None)
SMEARED = "it is a photograph, or its colours were saved as JPEG, which smears them: save masks as PNG"


class ImageFacts(NamedTuple):
    """What an image's header says: upright size, whether it is grey, and how its stored pixels are turned."""

    size: tuple[int, int]
    grey: bool
    turn: int


class Looked(NamedTuple):
    """What a first look at a pair says: why it is left out, or what is needed to read it."""

    pair: Pair
    grey: bool
    facts: MaskFacts | None
    counts: list[int] | None
    left_out: LeftOut | None


def look(root: Path, pairs: Sequence[Pair], workers: Workers, progress: bool) -> list[Looked]:
    """A first look at every image and every mask, by workers."""
    name = root.resolve().name
    images = Many(name, root, [pair.image for pair in pairs], workers, progress).facts("images", partial(image_facts))
    files = [pair.mask for pair in pairs if isinstance(pair.mask, Path)]
    masks = iter(Many(name, root, files, workers, progress).facts("masks", partial(mask_facts)))
    both = list(zip(pairs, images, strict=True))
    drawn = iter(workers.each(_drawn, [pair for pair, image in both if _is_drawn(pair, image)]))
    seen = []
    for pair, image in both:
        regions = next(drawn) if _is_drawn(pair, image) else UNDRAWN
        seen.append(_seen(pair, image, next(masks) if isinstance(pair.mask, Path) else regions))
    return seen


def _is_drawn(pair: Pair, image: Answer) -> bool:
    """Whether there are regions to draw: at the size of the image, as annotations may state any other."""
    if isinstance(pair.mask, Path) or image[0] is None:
        return False
    size = tuple(image[0][0])
    return pair.mask.size in (size, size[::-1])


def _drawn(pair: Pair) -> list[int]:
    """The pixels of each class position in a mask of regions."""
    assert not isinstance(pair.mask, Path)
    return [int(count) for count in np.bincount(pair.mask.mask().ravel(), minlength=MOST_CLASSES)]


def _seen(pair: Pair, image: Answer, mask: Answer) -> Looked:
    """One pair, from what its two files say."""
    (header_says, no_image), (mask_says, no_mask) = image, mask
    if no_image:
        return Looked(pair, True, None, None, unreadable(pair.image, no_image))
    size, grey, turn = header_says
    size = int(size[0]), int(size[1])
    stored = size[::-1] if turn in upright.SIDEWAYS else size
    if no_mask:
        return Looked(pair, grey, None, None, unreadable(pair.where, no_mask))
    facts = MaskFacts(*mask_says) if isinstance(pair.mask, Path) else None
    made = (facts.size[0], facts.size[1]) if facts else pair.mask.size if not isinstance(pair.mask, Path) else size
    if made not in (size, stored):
        return Looked(pair, grey, None, None, _unfit(pair, other_size(made, size)))
    if facts and facts.is_photograph:
        return Looked(pair, grey, None, None, _unfit(pair, SMEARED if facts.lossy else PHOTOGRAPH))
    turned = 1 if made != stored or (facts and facts.turned) else turn
    return Looked(replace(pair, size=size, turn=turned), grey, facts, None if facts else mask_says, None)


def _unfit(pair: Pair, reason: str, kind: str = UNFIT) -> LeftOut:
    """The entry of a mask that is read and does not belong to its image or to the classes."""
    return LeftOut(str(pair.mask if isinstance(pair.mask, Path) else pair.image), kind, reason)


def image_facts(path: Path) -> ImageFacts:
    """What the header of the image at `path` says.

    Raises:
        ImageError: it is no image.
    """
    found = header(path)
    with opened(path) as image:
        return ImageFacts(found.size, found.grey, upright.orientation(image))


def known(one: Looked, coding: Coding) -> Looked:
    """The same, left out if its mask has a value that is no class."""
    if one.left_out or one.facts is None:
        return one
    strange = coding.unknown(value for value, _ in coding.of_facts(one.facts))
    return one._replace(left_out=_unfit(one.pair, coding.says_unknown(strange), UNKNOWN)) if strange else one


def class_counts(one: Looked, coding: Coding) -> NDArray[np.int64]:
    """The pixels of each class (K,) in a mask."""
    return coding.counts(one.facts) if one.facts else np.array(one.counts, np.int64)[: len(coding.classes)]
