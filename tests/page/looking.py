"""A page's frame as Python reads it, for tests."""

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Seen:
    """Header and numbers."""

    header: dict[str, Any]
    values: dict[int, np.ndarray[Any, np.dtype[np.float32]]]

    @classmethod
    def of(cls, data: bytes) -> "Seen":
        """From what the server sent."""
        (length,) = struct.unpack("<I", data[:4])
        header, at, values = json.loads(data[4 : 4 + length]), 4 + length, {}
        for value in header["values"]:
            count = int(np.prod(value["sent"]))
            values[value["number"]] = np.frombuffer(data, "<f4", count, at).reshape(value["sent"])
            at += 4 * count
        assert at == len(data)
        return cls(header, values)
