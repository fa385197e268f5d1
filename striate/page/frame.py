"""What the page shows of one input: every value of the network, small enough to send with each stroke.

What is sent is a header in JSON and the numbers behind it, so that the browser draws maps without reading digits.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.inside.tracing import Trace
from striate.serving.answer import as_json

WHOLE = 300_000  # entries of all values up to which every one is sent
MAPS = 16  # otherwise so many maps of a value …
SIDE = 32  # … and so many rows and columns of each
INPUT_SIDE = 112  # of the input


@dataclass(frozen=True)
class Frame:
    """The network's work on one input.

    Attributes:
        number: Counts the inputs; questions about a value name it.
        version: Of the network that worked.
        trace: All values.
        shown: The numbers of the values that are sent.
        answer: What the network says, most probable first.
        seconds: That the network took.
        words: Of a sentence, as the network reads them.
        picture: A PNG file that says what an answer of maps says.
    """

    number: int
    version: int
    trace: Trace
    shown: Sequence[int]
    answer: Sequence[Mapping[str, Any]]
    seconds: float
    words: Sequence[str] = ()
    picture: bytes = b""

    def as_bytes(self) -> bytes:
        """The values that are shown, as `packed`."""
        said = {
            "frame": self.number,
            "version": self.version,
            "answer": list(self.answer),
            "seconds": self.seconds,
            "words": list(self.words),
            "picture": base64.b64encode(self.picture).decode(),
        }
        return packed(said, {number: self.trace.values[number] for number in self.shown})


def packed(said: Mapping[str, Any], values: Mapping[int, Tensor], whole: bool = False) -> bytes:
    """Values for the page: the length of the header (4 bytes, little-endian), the header, and float32 numbers.

    Args:
        said: What else stands in the header.
        values: (1, …) each, by number; where they are many, their first maps are sent, made small.
        whole: All entries are sent, however many.
    """
    whole = whole or sum(value.numel() for value in values.values()) <= WHOLE
    sent = [maps_of(value[0]) if whole else _small(maps_of(value[0]), number) for number, value in values.items()]
    ends = [value.aminmax() for value in values.values()]  # several times as fast as min and max
    told = [
        {
            "number": number,
            "shape": list(value.shape[1:]),
            "sent": list(some.shape),
            "low": finite(low),
            "high": finite(high),
        }
        for (number, value), some, (low, high) in zip(values.items(), sent, ends, strict=True)
    ]
    text = as_json({**said, "values": told}).encode()
    text += b" " * (-len(text) % 4)  # numbers begin at a multiple of their size
    return struct.pack("<I", len(text)) + text + b"".join(map(floats, sent))


def finite(value: Tensor) -> float:
    """A number that JSON has: the largest there is in the place of what is infinite, 0 for what is none."""
    return float(torch.nan_to_num(value.float()))


def floats(numbers: Tensor) -> bytes:
    """As float32, little-endian."""
    return numbers.float().contiguous().numpy().astype("<f4").tobytes()


def maps_of(value: Tensor) -> Tensor:
    """A value as (maps, rows, columns): (C, …) as C maps, two axes as one map, a row of numbers as one column."""
    return value.reshape(len(value) if value.ndim > 2 else 1, -1, value.shape[-1] if value.ndim > 1 else 1)


def _small(maps: Tensor, number: int) -> Tensor:
    """The first maps with few rows and columns; more of the input, which is shown in large."""
    rows, columns = (min(SIDE if number else INPUT_SIDE, side) for side in maps.shape[1:])
    return F.adaptive_avg_pool2d(maps[:MAPS].float(), (rows, columns))
