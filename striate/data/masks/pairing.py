"""Images and masks under a folder, paired by their names: `images/7.png` with `masks/7_mask.png`, in each part.

>>> group = Group(images={"7": Path("images/7.jpg")}, masks={"7_mask": Path("masks/7_mask.png")})
>>> group.pairs()[0]
[(PosixPath('images/7.jpg'), PosixPath('masks/7_mask.png'))]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from striate.errors import InputError

from ..files import holds, sub_folders, walk
from ..left_out import LeftOut
from ..parts import PARTS
from .found import UNMASKED, UNPAIRED, Arranged, Pair
from .lists import listed, with_parts
from .names import names_classes, stated
from .words import IMAGE_ENDS, MASK_ENDS, Told, bare, told

DEEPEST = 5  # folders around images and masks
OUTSIDE = "folder without masks"
MOST_SHOWN = 3


@dataclass
class Group:
    """The images and masks of one part and place, by their files' stems."""

    images: dict[str, Path] = field(default_factory=dict)
    masks: dict[str, Path] = field(default_factory=dict)
    twice: list[Path] = field(default_factory=list)

    def pairs(self) -> tuple[list[tuple[Path, Path]], list[LeftOut]]:
        """Image and mask of equal names, and what has no counterpart."""
        plain = {bare(stem, IMAGE_ENDS) or stem: stem for stem in self.images}
        found: dict[str, Path] = {}
        left_out = [LeftOut(str(path), "second file of a name", "another file has its name") for path in self.twice]
        for stem, mask in self.masks.items():
            base = bare(stem, MASK_ENDS) or stem
            image = next((name for name in (stem, base, plain.get(stem), plain.get(base)) if name in self.images), None)
            if image is None:
                left_out.append(LeftOut(str(mask), UNPAIRED, "no image has its name"))
            elif found.setdefault(image, mask) != mask:
                left_out.append(LeftOut(str(mask), UNPAIRED, f"'{found[image].name}' is its image's mask"))
        missing = [image for stem, image in self.images.items() if stem not in found]
        left_out += [LeftOut(str(image), UNMASKED, "no mask has its name") for image in missing]
        return [(self.images[stem], mask) for stem, mask in found.items()], left_out


def arranged(root: Path, bad: Literal["skip", "refuse"] = "skip") -> Arranged | None:
    """The pairs of images and masks under `root`; None when nothing there is called a mask.

    Raises:
        InputError: masks are there and no image has the name of one, or a folder for masks is empty; with
            "refuse", an image or mask is without the other.
    """
    if not _named_for_masks(root):
        return None
    found = walk(root)
    groups = _grouped(root, found.images)
    if not any(group.pairs()[0] for group in groups.values()):
        groups = _grouped(root, found.images, loosely=True)
    matched = {key: group.pairs() for key, group in groups.items() if group.masks}
    if not any(pairs for pairs, _ in matched.values()):
        _refuse_unmatched(root, groups)
        return None
    alone = [file for _, others in matched.values() for file in others]
    if bad == "refuse" and alone:
        raise InputError(f"'{alone[0].path}': {alone[0].reason}; give both, or leave it out")
    pairs = [Pair(image, mask, key.part or "train") for key, (both, _) in matched.items() for image, mask in both]
    parts, lists = listed(root) if len({pair.part for pair in pairs}) == 1 else ({}, ())
    pairs, unlisted = with_parts(pairs, parts, lists)
    named = stated(_around(root, [pair.mask for pair in pairs if isinstance(pair.mask, Path)]))
    used = {str(path) for path in lists} | ({named.source} if named else set())
    others = [file for file in found.left_out if file.path not in used and not names_classes(Path(file.path).name)]
    unpaired = [LeftOut(f"{place}/", OUTSIDE, "no mask belongs to its images") for place in _outside(root, groups)]
    pairs = sorted(pairs, key=lambda pair: (PARTS.index(pair.part), pair.image.parts))
    return Arranged(tuple(pairs), (*others, *unpaired, *alone, *unlisted), named, tuple(_notes(root, pairs, lists)))


def _named_for_masks(root: Path) -> bool:
    """Whether a folder or file is called a mask: cheap, so that other data are passed by quickly."""
    waiting = [(root, 0)]
    while waiting:
        place, depth = waiting.pop()
        if told(place.relative_to(root).parts).mask:
            return True
        if any(bare(file.stem, MASK_ENDS) for file in place.iterdir() if file.suffix):
            return True
        inner = sub_folders(place) if depth < DEEPEST else []
        waiting += [(folder, depth + 1) for folder in inner if not holds(folder, place)]
    return False


def _grouped(root: Path, files: Sequence[Path], loosely: bool = False) -> dict[Told, Group]:
    """The files by what their folders say, where images and masks of the same part and place are together.

    Loosely, folders called images and masks belong together whatever else they are called.
    """
    groups: dict[Told, Group] = {}
    loose: list[tuple[Group, Path]] = []
    for path in files:
        says = told(path.relative_to(root).parts[:-1])
        rest = () if loosely and (says.image or says.mask) else says.rest
        group = groups.setdefault(Told(False, False, says.part, rest), Group())
        if not says.mask and bare(path.stem, MASK_ENDS):
            loose.append((group, path))  # beside its image, if there is one
        else:
            _add(group, group.masks if says.mask else group.images, path)
    for group, path in loose:
        base = bare(path.stem, MASK_ENDS) or ""
        beside = base in group.images or any(bare(stem, IMAGE_ENDS) == base for stem in group.images)
        _add(group, group.masks if beside else group.images, path)
    return groups


def _add(group: Group, files: dict[str, Path], path: Path) -> None:
    if files.setdefault(path.stem, path) != path:
        group.twice.append(path)


def _refuse_unmatched(root: Path, groups: dict[Told, Group]) -> None:
    """Raises an error where names say that masks were meant; other folders are other data."""
    for group in groups.values():
        image = next((path for path in group.images.values() if told(path.relative_to(root).parts[:-1]).image), None)
        if image and group.masks:
            mask = next(iter(group.masks.values()))
            names = f"'{mask.relative_to(root)}', '{image.relative_to(root)}'"
            raise InputError(f"no mask under '{root}' has the name of an image: {names}; give both the same name")
    for place in _folders(root):
        says = told(place.relative_to(root).parts)
        if says.mask and not any(place.iterdir()) and any(group.images for group in groups.values()):
            raise InputError(f"the folder '{place}' is empty; put a mask of the same name in it for each image")


def _folders(root: Path) -> Iterator[Path]:
    for folder in sub_folders(root):
        if not holds(folder, root):
            yield folder
            yield from _folders(folder)


def _outside(root: Path, groups: dict[Told, Group]) -> list[Path]:
    """The folders of images without any mask."""
    return sorted({path.parent for group in groups.values() if not group.masks for path in group.images.values()})


def _around(root: Path, masks: Sequence[Path]) -> list[Path]:
    """The folders from the masks up to the root, which may hold the classes' names."""
    places = {place for mask in masks for place in mask.parents if place.is_relative_to(root)}
    return sorted(places, key=lambda place: (len(place.parts), place))


def _notes(root: Path, pairs: Sequence[Pair], lists: Sequence[Path]) -> list[str]:
    first = pairs[0]
    names = " with ".join(f"'{path.relative_to(root).as_posix()}'" for path in (first.image, Path(first.where)))
    notes = [f"images and masks are paired by name: {names}"]
    return notes + ([f"parts are listed in {', '.join(path.name for path in lists)}"] if lists else [])
