"""The random numbers of a training: every use has a stream of its own, and no other generator is touched.

A stream is seeded by a hash of its purpose, so that no two uses, seeds or epochs share their numbers.

>>> order, moves = generator(0, "order", epoch=1), generator(0, "augment", epoch=1)
>>> torch.equal(torch.randperm(9, generator=order), torch.randperm(9, generator=moves))
False
"""

from hashlib import sha256

import torch


def derived_seed(seed: int, purpose: str, epoch: int = 0) -> int:
    """The seed of this purpose's stream, 63 bits; the same on any machine.

    Args:
        seed: The training's.
        purpose: What is drawn: "weights", "order", "augment".
        epoch: Its number, for what each epoch draws anew, so that a resumed training draws the same.

    >>> derived_seed(0, "weights") == derived_seed(0, "weights"), derived_seed(0, "weights") == derived_seed(0, "order")
    (True, False)
    """
    return int.from_bytes(sha256(f"{purpose} {seed} {epoch}".encode()).digest()[:8], "big") >> 1


def generator(seed: int, purpose: str, epoch: int = 0) -> torch.Generator:
    """The stream of this purpose from its beginning, on the CPU: the same numbers whatever device computes."""
    return torch.Generator().manual_seed(derived_seed(seed, purpose, epoch))
