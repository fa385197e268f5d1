"""What is found in a folder of pictures with captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..left_out import LeftOut
from ..parts import Part

EMPTY, WORDLESS, LONG = "empty caption", "image without captions", "long caption"


@dataclass(frozen=True)
class Line:
    """One caption as a file has it.

    Attributes:
        name: How it names the image: a path below some folder, maybe without the suffix.
        text: The caption.
        source: Where it stands: `captions.tsv:3`.
        part: The part of the data; None where nothing tells.
    """

    name: str
    text: str
    source: str
    part: Part | None = None


@dataclass(frozen=True)
class Captioned:
    """An image with what people say of it.

    Attributes:
        image: Its file.
        part: The part of the data.
        captions: At least one.
    """

    image: Path
    part: Part
    captions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CaptionSet:
    """Images with captions.

    Attributes:
        images: In the order of their parts, and by name.
        left_out: What was not read; paths relative to the folder.
        notes: What was decided, a sentence each.
    """

    images: Sequence[Captioned]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
