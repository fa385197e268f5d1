"""A checksum inside a safetensors file, a format without one, so that it stays with the file when that is copied.

The header's metadata hold the SHA-256 of the whole file, computed with zeros in place of that sum.

>>> import torch
>>> from safetensors.torch import save
>>> content = sealed(save({"w": torch.zeros(2)}, metadata=BLANK))
>>> is_whole(content), is_whole(content[:-1] + b"x"), is_whole(save({"w": torch.zeros(2)}))
(True, False, None)
"""

import hashlib
import re

KEY = "sha256"
BLANK = {KEY: "0" * 64}  # for the metadata of a file that will be sealed
SEAL = re.compile(rb'"sha256":"([0-9a-f]{64})"')


def sealed(content: bytes) -> bytes:
    """The file with its sum in place of the zeros."""
    place = _place(content)
    assert place
    return content[: place[0]] + hashlib.sha256(content).hexdigest().encode() + content[place[1] :]


def is_whole(content: bytes) -> bool | None:
    """Whether each bit is as it was written; None where the file carries no sum."""
    place = _place(content)
    if not place:
        return None
    begin, end = place
    sum_ = hashlib.sha256(content[:begin] + b"0" * (end - begin))
    sum_.update(memoryview(content)[end:])
    return sum_.hexdigest().encode() == content[begin:end]


def _place(content: bytes) -> tuple[int, int] | None:
    """The position of the sum in the header, which begins with its own size."""
    size = int.from_bytes(content[:8], "little")
    found = SEAL.search(content, 8, 8 + size)
    return found.span(1) if found else None
