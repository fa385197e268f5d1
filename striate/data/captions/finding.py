"""Images with captions, found under a folder in the layouts that people have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from striate.errors import InputError

from ..amounts import so_many
from ..files import walk
from ..left_out import MISSING, UNREADABLE, LeftOut, below, said
from ..parts import PARTS, Part, part_of, parts_said
from ..sentences.decoding import NotTextError, decoded
from .found import EMPTY, LONG, WORDLESS, Captioned, CaptionSet, Line
from .reading import ENDS, lines_in, listed
from .words import counted, is_word, words_of

EXPECTED = (
    "a table with the columns image and caption (and maybe split), COCO's captions as JSON, or lines as Flickr8k has "
    "them, `name.jpg#0`, a tab and a caption"
)
DEEPEST = 2
LEAST = 2  # words that are known
MOST_BYTES = 2000  # of a caption in UTF-8: in a table of captions each has room for the longest


def find(root: Path, bad: str = "skip") -> CaptionSet | None:
    """The images and captions under `root`; None where nothing there has captions.

    Args:
        root: A folder.
        bad: Whether what can't be used is left out ("skip"), or is an error ("refuse").

    Raises:
        InputError: No image has a caption, or all captions are of one word; with "refuse", something can't be used.
    """
    files = [path for path in _texts(root) if path.suffix.lower() in (*ENDS, ".json")]
    read, broken = _read(files, root)
    lines = [line for some, _ in read.values() for line in some]
    if broken and (bad == "refuse" or not lines):
        raise next(iter(broken.values()))
    if not lines:
        return None
    every = walk(root)
    names = _named(every.images, root)
    stated = _parts_listed([path for path, (some, _) in read.items() if not some], names)
    images, left_out = _joined(lines, names, stated, root)
    wanted = {one.image for one in images}
    left_out += [LeftOut(str(one), WORDLESS, "no caption names it") for one in every.images if one not in wanted]
    left_out += [LeftOut(str(path), f"{UNREADABLE}{path.suffix}", str(error)) for path, error in broken.items()]
    left_out += [one for one in every.left_out if one.path not in {str(path) for path in files}]
    left_out = [replace(one, path=below(one.path, root)) for one in left_out]
    faults = [one for one in left_out if one.kind in (EMPTY, LONG, MISSING)]
    if faults and bad == "refuse":
        raise InputError(f"'{root}': {faults[0]}; correct it, or leave `bad` at skip")
    if not images and broken:
        raise next(iter(broken.values()))
    if not images:
        first = (faults or left_out)[0]
        raise InputError(f"no image under '{root}' has a caption that can be used: {first.kind}, {first}")
    told = [text for one in images for text in one.captions]
    if sum(map(is_word, counted(told))) < LEAST:
        raise InputError(f"the captions under '{root}' have one word between them; there is nothing to learn from them")
    parts = parts_said([one.part for one in images])
    notes = [f"{so_many(len(images), 'images')} with {so_many(len(told), 'captions')} ({parts})"]
    notes += [note for some, more in read.values() if some for note in more]
    notes += [said(left_out)] if left_out else []
    return CaptionSet(images, tuple(left_out), tuple(notes))


def _texts(root: Path) -> list[Path]:
    """The files of a folder, and of those in it, that may hold captions."""
    found = (path for depth in range(DEEPEST + 1) for path in root.glob("*/" * depth + "*.*"))
    return sorted(path for path in found if path.is_file() and not _is_hidden(path.relative_to(root)))


def _is_hidden(path: Path) -> bool:
    return any(name.startswith(".") for name in path.parts)


def _read(
    files: Sequence[Path], root: Path
) -> tuple[dict[Path, tuple[list[Line], tuple[str, ...]]], dict[Path, InputError]]:
    """What is in each file, and what is wrong with those that can't be read."""
    read: dict[Path, tuple[list[Line], tuple[str, ...]]] = {}
    broken: dict[Path, InputError] = {}
    for path in files:
        try:
            read[path] = lines_in(path, root)
        except InputError as error:
            broken[path] = error
    return read, broken


def _named(images: Sequence[Path], root: Path) -> dict[str, list[Path]]:
    """The images by what captions may call them: each end of a path, `a/1.jpg` and `1.jpg`, and that without suffix."""
    names: dict[str, list[Path]] = {}
    for path in images:
        for name in _ends(path.relative_to(root).as_posix()):
            for call in {name, name.removesuffix(path.suffix)}:
                names.setdefault(call, []).append(path)
    return names


def _ends(path: str) -> list[str]:
    """A path, and what is left of it after each of its folders.

    >>> _ends("a/b/1.jpg")
    ['a/b/1.jpg', 'b/1.jpg', '1.jpg']
    """
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _meant(line: Line, names: Mapping[str, Sequence[Path]], root: Path) -> Sequence[Path]:
    """The images that a line may mean: the one beside its file, else those of its name that are nearest to that file.

    An image in the folder of another part than the file's is none of them.
    """
    around = Path(line.source).parent
    beside = (around / line.name).as_posix()
    found = next((names[name] for name in (beside, *_ends(line.name)) if name in names), [])
    own = _part_in(around)
    found = [path for path in found if own is None or _part_in(path.parent.relative_to(root)) in (own, None)]
    for folder in (around, *around.parents) if len(found) > 1 else ():
        if near := [path for path in found if path.is_relative_to(root / folder)]:
            found = near
            break
    same = [path for path in found if _part_in(path.parent.relative_to(root)) == line.part] if line.part else []
    return same if len(found) > 1 and same else found


@cache
def _part_in(folder: Path) -> Part | None:
    """The part that the folders of a path mean, if any does."""
    return next((part[0] for name in reversed(folder.parts) if (part := part_of(name))), None)


def _parts_listed(files: Sequence[Path], names: Mapping[str, Sequence[Path]]) -> dict[Path, Part]:
    """Of each image the part whose list has its name, as `Flickr_8k.trainImages.txt` does."""
    found: dict[Path, Part] = {}
    for path in files:
        part = part_of(path.stem)
        if part is None or path.suffix.lower() != ".txt":
            continue
        try:
            chosen = listed(decoded(path.read_bytes()).lines, names)
        except (NotTextError, OSError):
            continue
        found |= {names[name][0]: part[0] for name in chosen if len(names.get(name, ())) == 1}
    return found


def _joined(
    lines: Sequence[Line], names: Mapping[str, Sequence[Path]], stated: Mapping[Path, Part], root: Path
) -> tuple[list[Captioned], list[LeftOut]]:
    """The captions of each image, and what is wrong with others."""
    texts: dict[Path, list[str]] = {}
    parts: dict[Path, Part] = {}
    faults = list[LeftOut]()
    missing: dict[tuple[Path, str], tuple[str, str]] = {}
    for line in lines:
        if not words_of(line.text):
            faults.append(LeftOut(line.source, EMPTY, f"of {line.name}"))
        elif (size := len(line.text.encode("utf-8", "replace"))) > MOST_BYTES:
            faults.append(LeftOut(line.source, LONG, f"of {line.name}: {size:,} bytes, and {MOST_BYTES:,} at most"))
        elif len(images := _meant(line, names, root)) != 1:
            missing.setdefault((Path(line.source).parent, line.name), (line.source, _why(line.name, images, root)))
        else:
            (image,) = images
            texts.setdefault(image, []).append(line.text)
            parts.setdefault(image, stated.get(image) or line.part or "train")
    faults += [LeftOut(source, MISSING, why) for source, why in missing.values()]
    found = [Captioned(image, parts[image], tuple(some)) for image, some in texts.items()]
    return sorted(found, key=lambda one: (PARTS.index(one.part), one.image.parts)), faults


def _why(name: str, images: Sequence[Path], root: Path) -> str:
    if not images:
        return f"there is no image '{name}'"
    return f"several images are called '{name}': {', '.join(below(str(path), root) for path in images[:2])}"
