"""Removes this machine's folder names from text that may be passed on: a report is about a network, not a home.

>>> shortened("left out: /home/ann/my pets/cat/1.png", {"/home/ann/my pets": "my pets"})
'left out: my pets/cat/1.png'
>>> shortened("found at /srv/data/mnist.npz")
'found at …/mnist.npz'
>>> inside("/home/ann/pets/cat/1.png", "/home/ann/pets"), inside("/srv/pets/cat/1.png", "/home/ann/pets")
('cat/1.png', 'cat/1.png')
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

# The folders before a file's name: from the root, a drive, the home or a network place, up to the last separator. A
# fraction ("1/2"), an address ("https://…") and a lone slash are none.
_START = r"(?<![\w.:/\\~…])(?:~|[A-Za-z]:(?=[/\\])|\\(?=\\))?[/\\]"
_FOLDERS = re.compile(_START + r"(?:[^\s/\\'\"<>|,;()]+[/\\])*(?=[^\s/\\])")


def shortened(text: str, roots: Mapping[str, str] | None = None) -> str:
    """The text with every absolute path cut to its end.

    Args:
        text: Any sentence or command.
        roots: What to write for known folders, whatever characters are in their names.
    """
    known = {root.rstrip(os.sep): said for root, said in (roots or {}).items() if Path(root).is_absolute()}
    for root in sorted(filter(None, known), key=len, reverse=True):
        text = re.sub(rf"{re.escape(root)}(?![\w.-])", known[root].replace("\\", r"\\"), text)
    return _FOLDERS.sub("…/", text)


def inside(path: str, root: str) -> str:
    """A file's place inside the folder `root`; elsewhere its last folder and its name."""
    full = Path(os.path.abspath(path))
    return (full.relative_to(root) if full.is_relative_to(root) else Path(*full.parts[-2:])).as_posix()
