"""What an index says of itself in `index.json`: the network and layer it was made with, and its chunks.

>>> about = About({"run": "/runs/a"}, "ab12", "fc1", 84)
>>> from_json(to_json(about, ["/photos"], [Chunk("00001", 3, (1,))]))[2]
[Chunk(name='00001', count=3, dead=(1,))]
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

INDEX = "index.json"
FORMAT = 1


@dataclass(frozen=True)
class About:
    """What decides the features.

    Attributes:
        source: Where the network is, as `Features.source` says it.
        sha256: Of its weights and of how it reads images.
        layer: The layers' names in the module, by commas.
        length: The number of features.
        tta: Whether they are means over several views.
    """

    source: Mapping[str, Any]
    sha256: str
    layer: str
    length: int
    tta: bool = False

    def makes_as(self, other: About) -> bool:
        """Whether the features are the same, wherever the network is."""
        return replace(self, source={}) == replace(other, source={})

    def said(self) -> str:
        """Where the network is, in words."""
        where = self.source.get("run") or f"{self.source.get('name')} with the weights {self.source.get('weights')}"
        return f"{where} (SHA-256 {self.sha256[:12]}…)"


@dataclass(frozen=True)
class Chunk:
    """Images whose features are in one file.

    Attributes:
        name: Of its files, without their suffix.
        count: How many images.
        dead: Which of them, by their row, have newer features in another chunk.
    """

    name: str
    count: int
    dead: tuple[int, ...] = ()

    @property
    def files(self) -> tuple[str, str]:
        """Its files: the features, and the images."""
        return f"{self.name}.npy", f"{self.name}.json"

    @property
    def alive(self) -> int:
        """How many images it is the place of."""
        return self.count - len(self.dead)


@dataclass(frozen=True)
class Image:
    """A file as it was when its features were computed.

    Attributes:
        path: Absolute.
        size: In bytes.
        changed: When it was, in nanoseconds.
    """

    path: str
    size: int
    changed: int


def to_json(about: About, folders: Sequence[str], chunks: Sequence[Chunk]) -> bytes:
    """The content of `index.json`."""
    made = {"sha256": about.sha256, "layer": about.layer, "length": about.length, "tta": about.tta}
    listed = {"folders": [*folders], "chunks": [asdict(one) for one in chunks]}
    return (json.dumps({"format": FORMAT, "network": about.source, **made, **listed}, indent=1) + "\n").encode()


def from_json(content: bytes) -> tuple[About, list[str], list[Chunk]]:
    """What it says: the network, the folders, the chunks.

    Raises:
        ValueError, TypeError, KeyError: It is none, or of a later format.
    """
    read = json.loads(content)
    if read["format"] > FORMAT:
        raise ValueError(f"it is of format {read['format']}, and this Striate knows {FORMAT}; use a newer one")
    about = About(read["network"], str(read["sha256"]), str(read["layer"]), int(read["length"]), bool(read["tta"]))
    chunks = [Chunk(str(one["name"]), int(one["count"]), tuple(map(int, one["dead"]))) for one in read["chunks"]]
    return about, [str(one) for one in read["folders"]], chunks


def stamped(path: str) -> Image | None:
    """A file as it is now; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return Image(path, found.st_size, found.st_mtime_ns)
