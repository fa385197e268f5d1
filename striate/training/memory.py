"""Running out of memory becomes a one-line error.

>>> with enough_memory():
...     torch.empty(2**58)
Traceback (most recent call last):
striate.errors.WorkError: not enough memory; try a smaller `batch` or a smaller network
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from striate.errors import WorkError

SAID = ("not enough memory", "can't allocate memory", "DefaultCPUAllocator", "Storage size calculation overflowed")


@contextmanager
def enough_memory() -> Iterator[None]:
    """Turns an allocator's error, on the CPU or a GPU, into one for the user.

    Raises:
        WorkError: Memory ran out inside.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        raise WorkError("not enough memory; try a smaller `batch` or a smaller network") from None


def ran_out(error: Exception) -> bool:
    """Whether an allocator, on the CPU or a GPU, had not enough memory.

    >>> ran_out(RuntimeError("DefaultCPUAllocator: can't allocate memory")), ran_out(RuntimeError("no such shape"))
    (True, False)
    """
    refused = type(error) is RuntimeError and any(words in str(error) for words in SAID)
    return refused or isinstance(error, torch.OutOfMemoryError | MemoryError)
