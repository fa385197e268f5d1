"""How many CPU threads compute: as many as PyTorch takes by itself, or as many as are asked for, and then as before.

>>> before = torch.get_num_threads()
>>> with using(1):
...     torch.get_num_threads()
1
>>> torch.get_num_threads() == before
True
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from striate.errors import InputError

MOST = 1024


@contextmanager
def using(count: int | None) -> Iterator[None]:
    """PyTorch, and the native engines that are made meanwhile, compute with so many threads; None changes nothing.

    Raises:
        InputError: It is no number of threads.
    """
    if count is None:
        yield
        return
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST:
        raise InputError(f"`threads` must be a whole number from 1 to {MOST:,}. Received: {count!r}")
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
