"""What the page shows of one input: every value of the network, small enough to send with each stroke.

A frame is a header in JSON and the numbers behind it, so that the browser draws maps without reading digits.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from striate.inside.tracing import Trace

WHOLE = 300_000  # entries of all values up to which every one is sent
MAPS = 16  # otherwise so many maps of a value …
SIDE = 32  # … and so many rows and columns of each


@dataclass(frozen=True)
class Frame:
    """The network's work on one input.

    Attributes:
        number: Counts the inputs; questions about a value name it.
        trace: All values.
        shown: The numbers of the values that are sent.
        answer: What the network says, most probable first.
        seconds: That the network took.
        words: Of a sentence, as the network reads them.
        picture: A PNG file that says what an answer of maps says.
    """

    number: int
    trace: Trace
    shown: Sequence[int]
    answer: Sequence[Mapping[str, Any]]
    seconds: float
    words: Sequence[str] = ()
    picture: bytes = b""

    def as_bytes(self) -> bytes:
        """The length of the header (4 bytes, little-endian), the header, and float32 numbers, little-endian."""
        values = [self.trace.values[number] for number in self.shown]
        whole = sum(value.numel() for value in values) <= WHOLE
        sent = [_maps(value[0], whole) for value in values]
        ends = [value.aminmax() for value in values]  # several times as fast as min and max
        header = {
            "frame": self.number,
            "answer": list(self.answer),
            "seconds": self.seconds,
            "words": list(self.words),
            "picture": base64.b64encode(self.picture).decode(),
            "values": [
                {
                    "number": number,
                    "shape": list(value.shape[1:]),
                    "sent": list(some.shape),
                    "low": float(low),
                    "high": float(high),
                }
                for number, value, some, (low, high) in zip(self.shown, values, sent, ends, strict=True)
            ],
        }
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 4)  # numbers begin at a multiple of their size
        return struct.pack("<I", len(text)) + text + b"".join(one.numpy().astype("<f4").tobytes() for one in sent)


def _maps(value: Tensor, whole: bool) -> Tensor:
    """A value as (maps, rows, columns): (C, …) as C maps, two axes as one map, a row of numbers as one column."""
    maps = value.float().reshape(len(value) if value.ndim > 2 else 1, -1, value.shape[-1] if value.ndim > 1 else 1)
    if whole:
        return maps.contiguous()
    rows, columns = (min(SIDE, side) for side in maps.shape[1:])
    return F.adaptive_avg_pool2d(maps[:MAPS], (rows, columns)).contiguous()
