"""Files found among the images of a folder and not read: each by its name, and all counted by kind in one line.

>>> files = [LeftOut("a/1.png", UNREADABLE + ".png", "not an image"), LeftOut("a/notes.txt", ".txt", "no image")]
>>> said(files)
'left out: 1 unreadable .png, 1 .txt; a/1.png (not an image)'
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

UNREADABLE = "unreadable "  # prefix of the kind of a file that should be an image
HIDDEN, SYSTEM, NO_SUFFIX = "hidden", "of the system", "without suffix"
LINKED, BROKEN, IMAGELESS = "linked folder", "broken link", "folder without images"
MISSING, NAMED_TWICE = "annotations without an image", "image named twice"
MOST_NAMED = 5  # most files named in the line


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that was not read.

    Attributes:
        path: relative to the data's folder, or as given; a folder's ends in "/".
        kind: what it is, in a word or two: ".txt", "unreadable .jpg", "hidden".
        reason: why it was not read.
    """

    path: str
    kind: str
    reason: str

    def said(self) -> str:
        """Kind and reason, on one line."""
        return f"{self.kind}: {printable(self.reason)}"

    def __str__(self) -> str:
        return f"{printable(self.path)} ({printable(self.reason)})"


def below(path: str, root: Path) -> str:
    """`path` as seen from `root`, with the "/" at a folder's end.

    >>> below("/data/a/b/", Path("/data"))
    'a/b/'
    """
    place = Path(path)
    return (place.relative_to(root).as_posix() if place.is_relative_to(root) else path) + "/" * path.endswith("/")


def said(files: Sequence[LeftOut]) -> str:
    """One line: how many of each kind, and the first few by name, except files that nobody expects to be read."""
    counts = Counter(file.kind for file in files)
    kinds = ", ".join(f"{count:,} {_plural(kind, count)}" for kind, count in sorted(counts.items(), key=_worst_first))
    missed = sorted((file for file in files if not _is_expected(file.kind)), key=_unreadable_last)
    named = ", ".join(map(str, missed[:MOST_NAMED]))
    more = f" and {len(missed) - MOST_NAMED:,} more" if len(missed) > MOST_NAMED else ""
    return f"left out: {kinds}" + (f"; {named}{more}" if named else "")


def as_text(files: Sequence[LeftOut]) -> str:
    """One line per file: its path, a tab, and the reason."""
    return "".join(f"{printable(file.path)}\t{file.said()}\n" for file in files)


def printable(text: str) -> str:
    """`text` with unprintable characters written as escapes, so that it stays one line.

    >>> printable("a\\nb")
    'a\\\\nb'
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _worst_first(counted: tuple[str, int]) -> tuple[bool, int, str]:
    kind, count = counted
    return not kind.startswith(UNREADABLE), -count, kind


def _unreadable_last(file: LeftOut) -> bool:
    """Folders, of which there are few, come first."""
    return file.kind.startswith(UNREADABLE)


def _is_expected(kind: str) -> bool:
    return kind.startswith(".") or kind in (HIDDEN, SYSTEM, NO_SUFFIX)


def _plural(kind: str, count: int) -> str:
    return kind if count == 1 else kind.replace("folder", "folders")
