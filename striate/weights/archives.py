"""Zip archives, checked before anything in them is used: torch's reader checks no sum, numpy's only what it reads.

>>> import tempfile
>>> path = Path(tempfile.mkdtemp()) / "a.zip"
>>> with ZipFile(path, "w") as archive:
...     archive.writestr("a", b"one")
>>> checked(path)
['a']
"""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from striate.errors import InputError

END = b"PK\5\6"  # marks the end record of an archive; the number of members follows at byte 10
FURTHEST = 22 + 0xFFFF  # bytes from there to the end of the file, at most
MANY = 0xFFFF  # member count from which the number is written elsewhere
FOLDER = 0x10  # a member's attribute
DAMAGED = "it is damaged; get it again"


def checked(path: Path) -> list[str]:
    """The names of the members, each checked to be as it was written.

    Raises:
        InputError: Names the first member that is not.
    """
    with ZipFile(path) as archive:
        members = archive.infolist()
        _check_directory(path, members)
        try:
            damaged = archive.testzip()
        except (BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InputError(f"{path}: {error}; {DAMAGED}") from None
    if damaged:
        raise InputError(f"{path}: the checksum of '{damaged}' is not that of its bytes; {DAMAGED}")
    return [member.filename for member in members]


def _check_directory(path: Path, members: list[ZipInfo]) -> None:
    """The list of members has no checksum of its own: it must agree with its count, and readers must agree on it."""
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, FURTHEST), os.SEEK_END)
        end = file.read()
    count = int.from_bytes(end[end.rindex(END) + 10 :][:2], "little")
    names = {member.filename for member in members}
    if count not in (len(members), MANY) or len(names) < len(members):  # a second of a name would hide the first
        raise InputError(f"{path} lists {count} members and has {len(names)}; {DAMAGED}")
    folders = [member.filename for member in members if member.external_attr & FOLDER]
    if folders:  # torch's reader leaves these empty
        raise InputError(f"{path}: its '{folders[0]}' is marked as a folder; {DAMAGED}")
