"""Which targets of validation examples a network disputes with confidence, epoch after epoch: hints at wrong targets.

The network of one epoch is sure of many wrong answers; what it says in epoch after epoch counts (Swayamdipta et al.
2020, "Dataset Cartography"). Of each of the last epochs a bit an example is kept.

>>> disputes = Disputes().plus([True, False]).plus([True, False]).plus([True, True])
>>> disputes.later(3)
(array([2, 1]), 2)
>>> Disputes.from_text(disputes.to_text()).later(3)
(array([2, 1]), 2)
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

LATEST = 32  # epochs that are remembered


@dataclass(frozen=True, eq=False)
class Disputes:
    """What was disputed after each of the last epochs.

    Attributes:
        epochs: (E, N), an epoch a row, the newest last; at most 32.
    """

    epochs: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), np.bool_))

    def plus(self, disputed: ArrayLike) -> Disputes:
        """With those (N,) of one more epoch; of other examples than before, with those alone."""
        newest = np.asarray(disputed, np.bool_)[None]
        before = self.epochs if self.epochs.shape[1:] == newest.shape[1:] else newest[:0]
        return Disputes(np.concatenate([before, newest])[-LATEST:])

    def later(self, done: int) -> tuple[NDArray[np.int64], int]:
        """In how many of the later epochs, the second half of all `done`, each was disputed, and how many these are."""
        some = self.epochs[-max(1, (done + 1) // 2) :]
        return some.sum(0), len(some)

    def to_text(self) -> str:
        """What `from_text` reads."""
        bits = base64.b64encode(zlib.compress(np.packbits(self.epochs).tobytes())).decode("ascii")
        return json.dumps([*self.epochs.shape, bits])

    @staticmethod
    def from_text(text: str) -> Disputes:
        """What `to_text` made.

        Raises:
            ValueError: It is no such text.
        """
        try:
            epochs, count, bits = json.loads(text)
            packed = np.frombuffer(zlib.decompress(base64.b64decode(bits)), np.uint8)
            return Disputes(np.unpackbits(packed)[: epochs * count].reshape(epochs, count).astype(np.bool_))
        except (TypeError, zlib.error) as error:
            raise ValueError(f"no disputes: {error}") from None
